//! Availability: while all that is wrong is one node that hears nobody, or that nobody hears, work goes on.
//!
//! ```text
//! nemesis    ── deaf-node n1 ──────────────────────────────────────────────┤
//! process 0    fail  ok       a leader that hears nobody must not keep the others from work
//! process 1    fail  fail  info  fail  fail  fail  fail …                     nothing for 10 s: invalid
//! ```
//!
//! A node that is cut off in one direction only is worse than one that is dead: deaf, it may go on as a leader whose
//! heartbeats keep everybody quiet; dumb or flapping, it may depose one leader after the other. Pre-vote and
//! check-quorum are against both (Ongaro 2014, sections 6.2 and 9.6; Jensen, Howard and Mortier, "Examining Raft's
//! behaviour during partial network failures", HAOC 2021). A majority is fully connected all the while, so some client must
//! get something done.
//!
//! Judged are the times in which exactly one fault is in force, `deaf-node`, on exactly one node, as long as the limit
//! ([`Context::progress_ns_max`]) or longer: within the limit from when one is tried some operation must end with
//! ok. Reads do not count: the node may answer those alone, where they may be stale.

use perjury_histories::{Fate, History, Operation};

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

mod windows;

use windows::Window;

/// See the [module](self).
pub struct Availability;

impl Checker for Availability {
    fn name(&self) -> &'static str {
        "availability"
    }

    fn about(&self) -> &'static str {
        "While only one node is cut off one way, some client gets something done within the limit."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history, context))
    }
}

/// Whether there was such a time: without one nothing is owed, and nothing shown.
pub fn has_window(history: &History, context: &Context) -> bool {
    let limit = context.progress_ns_max.unwrap_or(u64::MAX);
    windows::all(history).is_ok_and(|windows| windows.iter().any(|window| window.length() >= limit))
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let limit = context.progress_ns_max.ok_or("it is not declared how long it may take")?;
    let tries = Tries::of(history)?;
    let mut findings = Findings::default();
    let mut is_judged = false;
    for window in windows::all(history)?.iter().filter(|window| window.length() >= limit) {
        is_judged |= tries.first(window.from, window.to).is_some();
        for (from, to) in window.gaps(tries.done(window.from, window.to)) {
            let first = tries.first(from, to).filter(|(began, _)| to - began >= limit);
            findings.extend(first.map(|(began, first)| nothing_done(window, began, to, first)));
        }
    }
    let unshown = "while only one node was cut off one way, nothing was tried for so long".to_owned();
    Ok(findings.or(if is_judged { Verdict::Valid(None) } else { Verdict::Unknown(unshown) }))
}

/// What clients tried that would change something.
struct Tries<'a> {
    /// In the order in which they began, each with when that was.
    begun: Vec<(u64, Operation<'a>)>,
    /// When those ended that were ok, in order.
    done: Vec<u64>,
}

impl<'a> Tries<'a> {
    /// Those of this history. Errs on one without a time.
    fn of(history: &'a History) -> Result<Tries<'a>, Undecided> {
        let changes = history.operations().filter(|operation| operation.function() != "read");
        let timed = changes.map(|operation| match operation.invocation().time {
            Some(time) => Ok((time, operation)),
            None => Err(format!("event {}: it has no time", operation.index())),
        });
        let mut begun = timed.collect::<Result<Vec<(u64, Operation<'a>)>, Undecided>>()?;
        begun.sort_by_key(|(began, _)| *began);
        let mut done: Vec<u64> = begun.iter().filter_map(|(_, operation)| done_at(operation)).collect();
        done.sort_unstable();
        Ok(Tries { begun, done })
    }

    /// The first that began in this time, and when.
    fn first(&self, from: u64, to: u64) -> Option<(u64, Operation<'a>)> {
        let place = self.begun.partition_point(|(began, _)| *began < from);
        self.begun.get(place).filter(|(began, _)| *began < to).copied()
    }

    /// When something was done in this time.
    fn done(&self, from: u64, to: u64) -> &[u64] {
        let later = &self.done[self.done.partition_point(|done| *done < from)..];
        &later[..later.partition_point(|done| *done < to)]
    }
}

/// When an operation ended with ok.
fn done_at(operation: &Operation<'_>) -> Option<u64> {
    operation.completion().filter(|_| operation.fate() == Fate::Ok)?.time
}

fn nothing_done(window: &Window<'_>, from: u64, to: u64, first: Operation<'_>) -> Anomaly {
    let explanation = format!(
        "from {} to {} no client got anything done but reads, although all that was wrong was that {} had been cut off \
         one way at {}; the first to try: {}",
        words::seconds(from),
        words::seconds(to),
        window.node,
        words::seconds(window.from),
        words::deed_during(first)
    );
    Anomaly::new(AnomalyKind::NoProgress, None, [window.note, first.index()], explanation)
}

#[cfg(test)]
mod tests {
    use perjury_histories::{Event, notation};

    use super::*;

    /// The history of this text, its events one second apart.
    fn timed(text: &str) -> History {
        let events = notation::parse(text).expect("a history").to_events();
        let seconds = |(position, event): (usize, Event)| Event {
            time: Some(position as u64 * 1_000_000_000),
            ..event
        };
        History::new(events.into_iter().enumerate().map(seconds)).expect("the same history")
    }

    fn note(fault: &str, state: &str, nodes: &str) -> String {
        format!(r#" nemesis:deaf(_,{{"fault":"{fault}","state":"{state}","nodes":[{nodes}]}}) "#)
    }

    fn deaf(state: &str) -> String {
        note("deaf-node", state, r#""n1""#)
    }

    fn check(text: &str) -> Verdict {
        let context = Context { progress_ns_max: Some(10_000_000_000), ..Context::default() };
        Availability.check(&timed(text), &context)
    }

    const NOTHING: &str =
        "0:write(x,1):fail 0:write(x,2):fail 0:write(x,3):fail 0:write(x,4):fail 0:write(x,5):fail ";

    #[test]
    fn rejects_a_window_in_which_nothing_is_done() {
        let text = |last| format!("{} {NOTHING} 0:write(x,6){last} {}", deaf("start"), deaf("end"));
        // 13 seconds: the cut, ten events, the last write, the end.
        let verdict = check(&text(":fail"));
        let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
        assert_eq!((anomaly.kind, &anomaly.operations[..]), (AnomalyKind::NoProgress, &[0, 1][..]));
        assert_eq!(
            anomaly.explanation,
            "from 1.000 s to 13.000 s no client got anything done but reads, although all that was wrong was that n1 \
             had been cut off one way at 0.000 s; the first to try: process 0 failed to write 1 to key x from 1.000 s \
             to 2.000 s"
        );
        let early = format!("{} 0:write(x,6) {NOTHING} {}", deaf("start"), deaf("end"));
        assert!(check(&early).is_invalid());
        assert!(check(&text("")).is_invalid(), "11 seconds from the first try to the first ok");
        let between = NOTHING.replace("0:write(x,3):fail", "0:write(x,3)");
        assert!(check(&text(":fail").replace(NOTHING, &between)).is_valid());
    }

    #[test]
    fn does_not_take_reads_for_work() {
        let text = |third| {
            let between = NOTHING.replace("0:write(x,3):fail", third);
            format!("{} {between} {}", deaf("start"), deaf("end"))
        };
        assert!(check(&text("0:write(x,3)")).is_valid());
        assert!(check(&text("0:read(x)=3")).is_invalid());
        let reads = "0:read(x)=1 ".repeat(6);
        assert!(check(&format!("{} {reads} {} 0:write(x,1)", deaf("start"), deaf("end"))).is_unknown());
    }

    #[test]
    fn judges_only_while_nothing_else_is_wrong() {
        let with = |before: &str, after: &str| {
            format!("{before} {} {NOTHING} {} {after}", deaf("start"), deaf("end"))
        };
        assert!(check(&with("", "")).is_invalid());
        for (fault, node) in [("kill", r#""n2""#), ("kill", r#""n1""#), ("deaf-node", r#""n2""#)] {
            let (start, end) = (note(fault, "start", node), note(fault, "end", node));
            assert!(check(&with(&start, &end)).is_unknown(), "{fault} {node}");
            assert!(check(&with(&format!("{start} {end}"), "")).is_invalid(), "{fault} {node}");
        }
        let both = format!(
            "{} {NOTHING} {}",
            note("deaf-node", "start", r#""n1","n2""#),
            note("deaf-node", "end", r#""n1","n2""#)
        );
        assert!(check(&both).is_unknown());
    }

    #[test]
    fn judges_no_shorter_time() {
        let text = |writes: &str| format!("{} {writes} {}", deaf("start"), deaf("end"));
        let short = NOTHING.replace("0:write(x,5):fail", "");
        assert!(check(&text(NOTHING)).is_invalid(), "10 seconds from the first try");
        assert!(check(&text(&short)).is_unknown(), "9 seconds");
        let context = Context { progress_ns_max: Some(10_000_000_000), ..Context::default() };
        let has_window = |writes| has_window(&timed(&text(writes)), &context);
        assert!(has_window(NOTHING) && !has_window(&short));
    }

    #[test]
    fn counts_what_began_before_the_window() {
        let text = |outcome| format!("1:write(x,9)? {} {NOTHING} 1:{outcome} {}", deaf("start"), deaf("end"));
        assert!(check(&text("fail")).is_invalid());
        assert!(check(&text("ok").replace("0:write(x,3):fail", "")).is_valid(), "8 seconds to the end");
        let between = NOTHING.replace("0:write(x,3):fail", "0:write(x,3):fail 1:ok");
        assert!(check(&text("ok").replace(" 1:ok", "").replace(NOTHING, &between)).is_valid());
    }

    /// Slow, and not wrong, where each window looks at all that was tried before: that would be 450 million.
    #[test]
    fn judges_many_windows_soon() {
        let window = format!("{} 0:write(x,1) {} ", deaf("start"), deaf("end"));
        let history = timed(&window.repeat(30_000));
        let context = Context { progress_ns_max: Some(3_000_000_000), ..Context::default() };
        assert!(Availability.check(&history, &context).is_valid());
    }

    #[test]
    fn ends_with_the_healing_of_all_or_with_the_history() {
        let healed = format!("{} {NOTHING} nemesis:healed()", deaf("start"));
        assert!(check(&healed).is_invalid());
        let healed_early = format!("{} nemesis:healed() {NOTHING}", deaf("start"));
        assert!(check(&healed_early).is_unknown());
        assert!(check(&format!("{} {NOTHING} 0:write(x,6):fail", deaf("start"))).is_invalid());
    }

    #[test]
    fn is_unsure_without_limit_or_times() {
        let text = format!("{} {NOTHING} {}", deaf("start"), deaf("end"));
        assert!(Availability.check(&timed(&text), &Context::default()).is_unknown());
        let untimed = crate::testing::history(&text);
        let context = Context { progress_ns_max: Some(1), ..Context::default() };
        let Verdict::Unknown(reason) = Availability.check(&untimed, &context) else { panic!("no times") };
        assert!(reason.starts_with("event 1: it has no time"), "{reason}");
    }
}
