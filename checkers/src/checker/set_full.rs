//! Set, in full: what became of every element, judged by all reads and not only by the last.
//!
//! ```text
//! process 0  ├─ add 1 ─┤ ok
//! process 1                ├─ read ─┤ ok, []         1 is stale: it was known before this read began
//! process 2                           ├─ read ─┤ ok, [1]        ...and stable: from here on every read has it
//! process 3                                        ├─ read ─┤ ok, []        ...no: now it is lost
//! ```
//!
//! An element is *known* as soon as an add of it is ok, or a read that holds it returns. Then it is
//!
//! - *lost* if a read that began later lacks it, and so does every read that began after the last one with it:
//!   there is no time from which on reads see it;
//! - *stable* if there is such a time. If reads that began after it was known lacked it before, it is *stale*,
//!   and its latency is the time from when it was known until the last of these began. This is an anomaly only
//!   where the context says how much is too much;
//! - *never read* otherwise: nothing is shown of it.
//!
//! Reads that returned before anybody tried to add an element say nothing of its fate.
//!
//! No element may be in one read twice, nor in a read that returned before anybody tried to add it, nor if
//! every add of it certainly failed. Elements of the initial value are known from the beginning.
//!
//! A read without a key is of all elements, whatever keys they are under; a read of a key that returns an array
//! is of the elements added under that key. A read that returns an object of node and array reads the copy of
//! each node; each copy is judged by itself, and one that is no array was not reached (`write-set` and `read-set-all` are other names of `add` and `read`).
//! This follows Jepsen's checker of that name (whose duplicates it reports, which that does not), in time linear
//! in what the reads hold.

use perjury_histories::{History, Value};
use serde::Serialize;

use super::{Checker, Context, Undecided, decide, set};
use crate::findings::Findings;
use crate::verdict::Verdict;

mod copies;
mod elements;
mod explain;
mod fate;
#[cfg(test)]
mod oracle;
mod quantiles;
mod view;

use copies::Copies;
use fate::Fate;
pub use quantiles::Quantiles;

/// See the [module](self).
pub struct SetFull;

impl Checker for SetFull {
    fn name(&self) -> &'static str {
        "set-full"
    }

    fn about(&self) -> &'static str {
        "From some time on every read holds every element that was added, once, and no other."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut findings = Findings::default();
            let measures = judge(history, context, &mut findings)?;
            let shown = match measures.stable {
                0 => Verdict::Unknown("no element that was added is in the last reads".to_owned()),
                _ => Verdict::Valid(None),
            };
            Ok(findings.or(shown))
        })
    }
}

/// What became of the elements. Of several sets, and of several copies of one, each element of each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measures {
    /// Elements that somebody tried to add, and may have, or that were there from the beginning.
    pub attempted: usize,
    /// Those that from some time on every read holds.
    pub stable: usize,
    /// Of these, those that a read lacked that began after they were known.
    pub stale: usize,
    /// Those that are gone.
    pub lost: usize,
    /// Those of which nothing is shown.
    pub never_read: usize,
    /// Elements that are in some read twice.
    pub duplicated: usize,
    /// Elements that should not be there.
    pub unexpected: usize,
    /// How long stable elements took from when they were known until every read held them, in nanoseconds.
    pub stable_latency_ns: Option<Quantiles>,
    /// How long lost elements were seen after they were known, in nanoseconds.
    pub lost_latency_ns: Option<Quantiles>,
}

/// What became of the elements; or why the history has no set.
pub fn measure(history: &History, context: &Context) -> Result<Measures, String> {
    judge(history, context, &mut Findings::default())
}

fn judge(history: &History, context: &Context, findings: &mut Findings) -> Result<Measures, Undecided> {
    let all = Copies::of(history, set::initial(context)?)?;
    let mut measures = Measures::default();
    let (mut stable_ns, mut lost_ns) = (Vec::new(), Vec::new());
    for copies in all {
        let Copies { mut elements, views } = copies;
        for view in views {
            let seen = view.seen(&mut elements);
            for number in 0..elements.len() {
                let Some(fate) = view.fate(&elements, &seen, number) else { continue };
                measures.attempted += 1;
                match fate {
                    Fate::NeverRead => measures.never_read += 1,
                    Fate::Stable { missed, latency_ns } => {
                        measures.stable += 1;
                        measures.stale += usize::from(missed.is_some());
                        stable_ns.extend(latency_ns);
                        let missed = missed.filter(|_| is_too_stale(context, latency_ns));
                        findings
                            .extend(missed.map(|read| explain::stale(&view, &elements, &seen, number, read)));
                    }
                    Fate::Lost { latency_ns } => {
                        measures.lost += 1;
                        lost_ns.extend(latency_ns);
                        findings.push(explain::lost(&view, &elements, &seen, number));
                    }
                }
            }
            measures.duplicated += seen.duplicated.len();
            measures.unexpected += seen.unexpected.len();
            findings
                .extend(seen.duplicated.iter().map(|twice| explain::duplicated(&view, &elements, *twice)));
            findings.extend(seen.unexpected.iter().map(|new| explain::unexpected(&view, &elements, *new)));
        }
    }
    measures.stable_latency_ns = Quantiles::of(stable_ns);
    measures.lost_latency_ns = Quantiles::of(lost_ns);
    Ok(measures)
}

/// Whether an element was missing for longer than the context tolerates. Without times only a bound of zero can
/// be judged.
fn is_too_stale(context: &Context, latency_ns: Option<u64>) -> bool {
    let bound = context.staleness_ns_max;
    bound.is_some_and(|bound| bound == 0 || latency_ns.is_some_and(|latency| latency > bound))
}

/// The elements of a read: none for null, the set that nobody touched yet.
fn array(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        Value::Array(elements) => Some(elements),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use perjury_histories::Event;

    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    const LOST: AnomalyKind = AnomalyKind::LostElement;

    fn measured(text: &str) -> Measures {
        measure(&history(text), &Context::default()).expect("a set")
    }

    #[test]
    fn rejects_element_that_goes_missing() {
        accepts(&SetFull, "0:add(_,7) 3:read()=[7] 4:read()=[7]");
        let why = rejects(&SetFull, "0:add(_,7) 3:read()=[7] 4:read()=[]", LOST, &[0, 4]);
        assert_eq!(
            why,
            "element 7 was acknowledged to process 0 at event 1, seen last by process 3 at event 3, and missing \
             from every read that began at event 4 or later"
        );
    }

    #[test]
    fn rejects_element_that_never_shows() {
        let why = rejects(&SetFull, "0:add(_,7) 3:read()=[] 4:read()=[]", LOST, &[0, 4]);
        assert!(
            why.ends_with("event 1, and missing from every read that began at event 2 or later"),
            "{why}"
        );
        rejects(&SetFull, "0:add(_,7) 3:read()=null", LOST, &[0, 2]);
    }

    #[test]
    fn owes_an_unknown_element_from_when_it_was_seen() {
        is_unsure(&SetFull, "0:add(_,7):info 3:read()=[]");
        let why = rejects(&SetFull, "0:add(_,7):info 3:read()=[7] 4:read()=[]", LOST, &[2, 4]);
        assert!(why.starts_with("element 7 was seen by process 3 at event 3"), "{why}");
    }

    #[test]
    fn owes_nothing_to_reads_that_began_before() {
        is_unsure(&SetFull, "1:read()? 0:add(_,7) 1:ok=[]");
        accepts(&SetFull, "1:read()? 0:add(_,7) 1:ok=[] 2:read()=[7]");
        rejects(&SetFull, "0:add(_,7) 1:read()? 1:ok=[]", LOST, &[0, 2]);
    }

    #[test]
    fn tolerates_stale_elements_within_the_bound() {
        let text = "0:add(_,7) 3:read()=[] 4:read()=[7]";
        accepts(&SetFull, text);
        let context = Context { staleness_ns_max: Some(0), ..Context::default() };
        let why = rejects_in(&context, &SetFull, text, AnomalyKind::StaleElement, &[0, 2]);
        assert_eq!(
            why,
            "element 7 was acknowledged to process 0 at event 1, but the read of process 3 that began at event 2 \
             still lacked it"
        );
        accepts_in(&context, &SetFull, "0:add(_,7) 3:read()=[7] 4:read()=[7]");
    }

    #[test]
    fn measures_how_stale_elements_are() {
        let text = "0:add(_,7) 3:read()=[] 4:read()=[7] 0:add(_,8) 4:read()=[7,8] 4:read()=[7]";
        let mut history = History::default();
        for event in history_events(text) {
            history.push(event).expect("well formed");
        }
        let check = |staleness_ns_max| {
            SetFull.check(&history, &Context { staleness_ns_max, ..Context::default() }).anomalies().len()
        };
        // 7 is known at 10 ns, and missing from a read that began at 20 ns; 8 is lost in any case.
        assert_eq!((check(None), check(Some(10)), check(Some(9))), (1, 1, 2));
        let measures = measure(&history, &Context::default()).expect("a set");
        assert_eq!(measures.stable_latency_ns.map(|all| all.p100), Some(10));
        // 8 is known at 70 ns, and the last read with it began at 80 ns.
        assert_eq!(measures.lost_latency_ns.map(|all| all.p100), Some(10));
    }

    /// The events of this history, ten nanoseconds from each to the next.
    fn history_events(text: &str) -> Vec<Event> {
        let events: Vec<Event> = history(text).events().map(|event| event.to_event()).collect();
        events.into_iter().map(|event| Event { time: Some(10 * event.index), ..event }).collect()
    }

    #[test]
    fn rejects_duplicate() {
        accepts(&SetFull, "0:add(_,7) 3:read()=[7]");
        let why = rejects(&SetFull, "0:add(_,7) 3:read()=[7,7]", AnomalyKind::DuplicatedElement, &[2]);
        assert_eq!(why, "the read of process 3 at event 3 held element 7 2 times");
    }

    #[test]
    fn rejects_element_that_should_not_be_there() {
        let kind = AnomalyKind::UnexpectedElement;
        let why = rejects(&SetFull, "0:add(_,7) 3:read()=[7,8]", kind, &[2]);
        assert!(why.ends_with("held element 8, but nobody had tried to add it"), "{why}");
        let why = rejects(&SetFull, "0:add(_,7) 0:add(_,8):fail 3:read()=[7,8]", kind, &[2, 4]);
        assert!(why.ends_with("but process 0 failed to add 8 at event 3"), "{why}");
        rejects(&SetFull, "3:read()=[7] 0:add(_,7) 3:read()=[7]", kind, &[0]);
        accepts(&SetFull, "3:read()? 0:add(_,7) 3:ok=[7]");
    }

    #[test]
    fn begins_with_the_elements_of_the_initial_value() {
        let nine = Context { initial: Value::from(vec![9]), ..Context::default() };
        let kind = AnomalyKind::UnexpectedElement;
        accepts_in(&nine, &SetFull, "0:add(_,7) 3:read()=[7,9]");
        rejects(&SetFull, "0:add(_,7) 3:read()=[7,9]", kind, &[2]);
        let why = rejects_in(&nine, &SetFull, "0:add(_,7) 3:read()=[7]", LOST, &[2]);
        assert_eq!(
            why,
            "element 9 was there from the beginning, and missing from every read that began at event 2 or later"
        );
        rejects_in(&nine, &SetFull, "3:read()=[9] 0:add(_,7) 3:read()=[7]", LOST, &[4]);
    }

    #[test]
    fn judges_sets_under_keys_apart() {
        accepts(&SetFull, "0:add(s,1) 0:add(t,2) 1:read(s)=[1] 1:read(t)=[2]");
        rejects(&SetFull, "0:add(s,1) 0:add(t,2) 1:read(s)=[1] 1:read(t)=[]", LOST, &[2, 6]);
        accepts(&SetFull, "0:add(s,1) 0:add(t,2) 1:read(s)=1 1:read()=[1,2]");
    }

    #[test]
    fn judges_the_copy_of_each_node() {
        let adds = "0:write-set(_,1) 0:write-set(_,2)";
        accepts(&SetFull, &format!(r#"{adds} 1:read-set-all()={{"n1":[1,2],"n2":[1,2]}}"#));
        let text = format!(r#"{adds} 1:read-set-all()={{"n1":[1,2],"n2":[1]}}"#);
        let why = rejects(&SetFull, &text, LOST, &[2, 4]);
        assert!(why.contains("missing from every read of node n2 that"), "{why}");
        accepts(&SetFull, &format!(r#"{adds} 1:read-set-all()={{"n1":[1,2],"n2":"unreachable"}}"#));
    }

    #[test]
    fn is_unsure_without_reads_or_adds() {
        assert_eq!(is_unsure(&SetFull, "0:add(_,7)"), "no read of the set is ok");
        assert_eq!(is_unsure(&SetFull, "0:read()=[]"), "nothing was added");
        assert!(is_unsure(&SetFull, "0:add(_,7) 1:read()=7").starts_with("event 2"));
        assert!(is_unsure(&SetFull, "0:add(_,7) 1:remove(_,7) 1:read()=[7]").starts_with("event 2"));
    }

    #[test]
    fn measures_what_became_of_each_element() {
        let measures = measured("0:add(_,1) 0:add(_,2) 0:add(_,3) 1:read()=[2,2,9] 1:read()=[1] 0:add(_,4)");
        assert_eq!((measures.attempted, measures.stable, measures.stale), (4, 1, 1));
        assert_eq!((measures.lost, measures.never_read), (2, 1));
        assert_eq!((measures.duplicated, measures.unexpected), (1, 1));
    }
}
