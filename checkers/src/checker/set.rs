//! Set: what was added is in it at the end, and nothing else, and that once.
//!
//! ```text
//! process 0  ├─ add 1 ─┤ ok      ├─ add 2 ─┤ ok      ├─ add 3 ──── outcome unknown
//! process 1                                                  ├─ final read ─┤ ok, [1]      2 is lost, 3 may be
//! ```
//!
//! Judged by the last ok read of the set: of those marked final, where any is. A read without a key is of all
//! elements, whatever keys they are under; a read of a key that returns an array is of the elements added under
//! that key. Elements whose `add` was ok before the read was invoked must be in it. Elements that nobody tried
//! to add before it returned, or whose every `add` certainly failed, must not, and no element may be in it twice.
//! Elements of the initial value are there from the beginning. A final read that holds no element shows nothing
//! unless it lacks one: then the verdict is unknown.

use perjury_histories::{Fate, History, Key, Operation, Value};
use rustc_hash::FxHashMap;

use super::{Checker, Context, Undecided, decide};
use crate::access;
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Set;

impl Checker for Set {
    fn name(&self) -> &'static str {
        "set"
    }

    fn about(&self) -> &'static str {
        "The final read holds every element that was added, once, and no other."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history, initial(context)?))
    }
}

/// What every set holds from the beginning.
pub(super) fn initial(context: &Context) -> Result<&[Value], Undecided> {
    match &context.initial {
        Value::Null => Ok(&[]),
        Value::Array(elements) => Ok(elements),
        value => {
            Err(format!("a set begins with an array, not with the initial value {}", words::value(value)))
        }
    }
}

fn judge(history: &History, initial: &[Value]) -> Result<Verdict, Undecided> {
    let sets = access::sets(history);
    if sets.is_empty() {
        return Err("nothing was added".to_owned());
    }
    let mut findings = Findings::default();
    let (mut is_read, mut is_shown) = (false, false);
    for key in sets {
        let Some(read) = final_read(history, key) else { continue };
        is_read = true;
        let index = read.index();
        let not_array = || format!("event {index}: the final read of a set must return an array");
        let elements = read.result().and_then(Value::as_array).ok_or_else(not_array)?;
        let adds = history.operations().filter(|operation| operation.function() == "add");
        let adds: Vec<Operation<'_>> = adds.filter(|add| key.is_none() || add.key() == key).collect();
        is_shown |= !elements.is_empty();
        findings.extend(gone(initial, elements, read));
        findings.extend(lost(&adds, elements, read));
        findings.extend(unexpected(&adds, initial, elements, read));
    }
    Ok(findings.or(match (is_read, is_shown) {
        (false, _) => Verdict::Unknown("no final read of the set is ok".to_owned()),
        (true, false) => Verdict::Unknown("no element that was added is in the final read".to_owned()),
        (true, true) => Verdict::Valid(None),
    }))
}

/// The last ok read of this key, of the final ones if there are any.
fn final_read<'a>(history: &'a History, key: Option<&Key>) -> Option<Operation<'a>> {
    let reads = history.operations().filter(|operation| {
        operation.function() == "read" && operation.key() == key && operation.fate() == Fate::Ok
    });
    reads.max_by_key(|read| (read.is_final(), read.invoked_at()))
}

/// Elements that were there from the beginning and are not there.
fn gone(initial: &[Value], elements: &[Value], read: Operation<'_>) -> Vec<Anomaly> {
    let counts = counts(elements);
    let gone = initial.iter().filter(|element| !counts.contains_key(element));
    let anomaly = |element| {
        let (value, at) = (words::value(element), ended(read));
        let explanation =
            format!("{value} was in the set from the beginning, but it was not in the final read at {at}");
        Anomaly::new(AnomalyKind::LostElement, read.key(), [read.index()], explanation)
    };
    gone.map(anomaly).collect()
}

/// Elements that were added and are not there.
fn lost(adds: &[Operation<'_>], elements: &[Value], read: Operation<'_>) -> Vec<Anomaly> {
    let counts = counts(elements);
    let owed =
        adds.iter().filter(|add| add.fate() == Fate::Ok && add.returned_at() < Some(read.invoked_at()));
    let lost = owed.filter(|add| !counts.contains_key(add.argument()));
    let anomaly = |add: &Operation<'_>| {
        let at = ended(read);
        let explanation = format!("{}, but it was not in the final read at {at}", words::deed(*add));
        let shown = [add.index(), read.index()];
        Anomaly::new(AnomalyKind::LostElement, add.key(), shown, explanation)
    };
    lost.map(anomaly).collect()
}

/// Elements that are there and should not be, or too often.
fn unexpected(
    adds: &[Operation<'_>],
    initial: &[Value],
    elements: &[Value],
    read: Operation<'_>,
) -> Vec<Anomaly> {
    let initial = counts(initial);
    let returned_at = read.returned_at().unwrap_or(usize::MAX);
    let mut attempts: FxHashMap<&Value, Vec<&Operation<'_>>> = FxHashMap::default();
    for add in adds.iter().filter(|add| add.invoked_at() < returned_at) {
        attempts.entry(add.argument()).or_default().push(add);
    }
    let mut anomalies = Vec::new();
    let mut counts = counts(elements);
    for element in elements {
        let Some(count) = counts.remove(element) else { continue };
        let attempts = attempts.get(element).map_or(&[][..], Vec::as_slice);
        let is_possible =
            attempts.iter().any(|add| add.fate() != Fate::Fail) || initial.contains_key(element);
        let (kind, what) = match attempts {
            _ if is_possible && count == 1 => continue,
            _ if is_possible => (AnomalyKind::DuplicatedElement, format!("it was there {count} times")),
            [] => (AnomalyKind::UnexpectedElement, "nobody had tried to add it".to_owned()),
            [first, ..] => (AnomalyKind::UnexpectedElement, words::deed(**first)),
        };
        let explanation =
            format!("the final read at {} held {}, but {what}", ended(read), words::value(element));
        let shown = attempts.iter().take(1).map(|add| add.index());
        let shown = shown.chain([read.index()]);
        anomalies.push(Anomaly::new(kind, read.key(), shown, explanation));
    }
    anomalies
}

/// When a read was over.
fn ended(read: Operation<'_>) -> String {
    words::moment(read.completion().unwrap_or(read.invocation()))
}

/// How often each element is there.
fn counts(elements: &[Value]) -> FxHashMap<&Value, usize> {
    let mut counts = FxHashMap::default();
    for element in elements {
        *counts.entry(element).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn accepts_elements_that_were_added() {
        accepts(&Set, "0:add(_,1) 0:add(_,2) 1:read!()=[2,1]");
    }

    #[test]
    fn rejects_lost_element() {
        let verdict = rejects(&Set, "0:add(_,1) 0:add(_,2) 1:read!()=[1]", AnomalyKind::LostElement, &[2, 4]);
        assert!(verdict.contains("process 0 added 2 at event 3"), "{verdict}");
    }

    #[test]
    fn accepts_element_added_during_the_read() {
        accepts(&Set, "0:add(_,1) 1:read!()? 0:add(_,2) 1:ok=[1]");
    }

    #[test]
    fn accepts_either_fate_of_unknown_add() {
        accepts(&Set, "0:add(_,1) 2:add(_,2):info 1:read!()=[1,2]");
        accepts(&Set, "0:add(_,1) 2:add(_,2):info 1:read!()=[1]");
    }

    #[test]
    fn rejects_element_that_failed() {
        accepts(&Set, "0:add(_,1) 2:add(_,2):fail 1:read!()=[1]");
        rejects(&Set, "0:add(_,1) 2:add(_,2):fail 1:read!()=[1,2]", AnomalyKind::UnexpectedElement, &[2, 4]);
    }

    #[test]
    fn rejects_element_that_nobody_added() {
        rejects(&Set, "0:add(_,1) 1:read!()=[1,2]", AnomalyKind::UnexpectedElement, &[2]);
    }

    #[test]
    fn rejects_element_from_the_future() {
        accepts(&Set, "1:read!()? 0:add(_,1)? 1:ok=[1] 0:ok");
        rejects(&Set, "1:read!()? 1:ok=[1] 0:add(_,1)? 0:ok", AnomalyKind::UnexpectedElement, &[0]);
    }

    #[test]
    fn rejects_duplicate() {
        accepts(&Set, "0:add(_,1) 0:add(_,1) 1:read!()=[1]");
        let why = rejects(&Set, "0:add(_,1) 1:read!()=[1,1]", AnomalyKind::DuplicatedElement, &[0, 2]);
        assert_eq!(why, "the final read at event 3 held 1, but it was there 2 times");
    }

    #[test]
    fn begins_with_the_elements_of_the_initial_value() {
        let nine = Context { initial: Value::from(vec![9]), ..Context::default() };
        accepts_in(&nine, &Set, "0:add(_,1) 1:read!()=[9,1]");
        rejects(&Set, "0:add(_,1) 1:read!()=[9,1]", AnomalyKind::UnexpectedElement, &[2]);
        let why = rejects_in(&nine, &Set, "0:add(_,1) 1:read!()=[1]", AnomalyKind::LostElement, &[2]);
        assert!(why.starts_with("9 was in the set from the beginning"), "{why}");
        rejects_in(&nine, &Set, "0:add(_,1) 1:read!()=[9,9,1]", AnomalyKind::DuplicatedElement, &[2]);
        accepts_in(&nine, &Set, "0:add(_,1) 0:add(_,9):fail 1:read!()=[9,1]");
        let zero = Context { initial: Value::from(0), ..Context::default() };
        assert!(Set.check(&history("0:add(_,1) 1:read!()=[1]"), &zero).is_unknown());
    }

    #[test]
    fn is_unsure_when_no_element_shows() {
        is_unsure(&Set, "1:read!()? 0:add(_,1)? 1:ok=[] 0:ok");
        accepts(&Set, "1:read!()? 0:add(_,1)? 1:ok=[1] 0:ok");
        is_unsure(&Set, "0:add(_,1):info 1:read!()=[]");
        rejects(&Set, "0:add(_,1) 1:read!()=[]", AnomalyKind::LostElement, &[0, 2]);
    }

    #[test]
    fn judges_the_final_read_alone() {
        accepts(&Set, "0:add(_,1) 1:read!()=[1] 2:read()=[]");
        rejects(&Set, "0:add(_,1) 1:read()=[1] 2:read()=[]", AnomalyKind::LostElement, &[0, 4]);
    }

    #[test]
    fn judges_sets_under_keys_apart() {
        accepts(&Set, "0:add(s,1) 0:add(t,2) 1:read(s)=[1] 1:read(t)=[2]");
        rejects(&Set, "0:add(s,1) 0:add(t,2) 1:read(s)=[1] 1:read(t)=[]", AnomalyKind::LostElement, &[2, 6]);
        accepts(&Set, "0:add(s,1) 0:add(t,2) 1:read!(s)=1 1:read!()=[1,2]");
    }

    #[test]
    fn is_unsure_without_an_array() {
        assert!(is_unsure(&Set, "0:add(_,1) 1:read!()=7").contains("event 2"));
        is_unsure(&Set, "0:add(_,1) 1:read!():fail");
        is_unsure(&Set, "1:read!()=[]");
    }
}
