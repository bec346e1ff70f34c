//! Counter: every read lies within what the adds allow at its time.
//!
//! ```text
//! process 0  ├─ add 1 ─┤ ok        ├─ add 2 ─────────────┤ ok
//! process 1                             ├─ read ─┤ ok, 4       at least 1; at most 1 + 2, so 4 is out of range
//! ```
//!
//! An add that was ok before the read was invoked has happened; one that was invoked before the read returned,
//! and did not fail, may have; no other has. So the read is at least the initial value, and what has happened,
//! and everything below zero that may have; at most the same with everything above zero. The bounds are exact
//! in that each of them is reached by some choice of the adds that may have happened. Between them not every
//! value need be (two open adds of 5 never make 7), nor need two reads agree on one choice: that is
//! linearizability of a counter, which the model `counter` judges; this judges millions of operations in linear
//! time, as Jepsen's checker of that name does, and adds below zero too.
//!
//! Adds alone break nothing, and show nothing: a history without reads is unknown. Each key is a counter of its
//! own. It begins at the initial value of the context (null: 0), and a read of null
//! is one of a counter that nobody touched yet.

use perjury_histories::{Fate, History, KeyId, Operation, Value};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::numbers::integer;
use crate::sweep::{Step, Sweep};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Counter;

impl Checker for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn about(&self) -> &'static str {
        "Every read of a counter is at least what was surely added before it, at most what may have been."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut findings = Findings::default();
            judge_reads(history, context, |read, bounds| {
                if !bounds.holds() {
                    findings.push(out_of_range(read, bounds));
                }
            })?;
            Ok(findings.or_valid())
        })
    }
}

/// What a read returned, and between what it had to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// The index of its invocation.
    pub event: u64,
    /// The least that it could return.
    pub lower: i128,
    /// What it returned.
    pub value: i128,
    /// The most that it could return.
    pub upper: i128,
}

impl Bounds {
    /// Whether it does lie between them.
    pub fn holds(&self) -> bool {
        (self.lower..=self.upper).contains(&self.value)
    }
}

/// The bounds of every ok read, in the order in which they returned; or why the history has no counter.
pub fn measure(history: &History, context: &Context) -> Result<Vec<Bounds>, String> {
    let mut all = Vec::new();
    judge_reads(history, context, |_, bounds| all.push(bounds))?;
    Ok(all)
}

/// What was added to one counter up to some moment: above zero and below, tried and ok.
#[derive(Clone, Copy, Default)]
struct Added {
    tried: [i128; 2],
    ok: [i128; 2],
}

impl Added {
    /// Counts this amount, above zero in the first place and below in the second.
    fn count(sums: &mut [i128; 2], amount: i128) {
        sums[usize::from(amount < 0)] += amount;
    }

    /// From what was ok when a read began, and what had been tried when it ended.
    fn bounds(began: &Added, ended: &Added, initial: i128) -> (i128, i128) {
        let [above_ok, below_ok] = began.ok;
        let [above, below] = ended.tried;
        (initial + above_ok + below, initial + above + below_ok)
    }
}

/// Visits every ok read with its bounds.
fn judge_reads<'a>(
    history: &'a History,
    context: &Context,
    mut visit: impl FnMut(Operation<'a>, Bounds),
) -> Result<(), Undecided> {
    let initial = initial(context)?;
    let mut counters: FxHashMap<Option<KeyId>, Added> = FxHashMap::default();
    let mut began: FxHashMap<usize, Added> = FxHashMap::default();
    for Step { operation, number, is_end } in Sweep::of(history).steps() {
        let counter = counters.entry(operation.key_id()).or_default();
        match operation.function() {
            "add" => {
                let Some(amount) = amount(operation)? else { continue };
                match is_end {
                    false => Added::count(&mut counter.tried, amount),
                    true => Added::count(&mut counter.ok, amount),
                }
            }
            "read" if operation.fate() != Fate::Ok => {}
            "read" if !is_end => {
                began.insert(number, *counter);
            }
            "read" => {
                let began = began.remove(&number).unwrap_or(*counter);
                let (lower, upper) = Added::bounds(&began, counter, initial);
                let (event, value) = (operation.index(), total(operation, initial)?);
                visit(operation, Bounds { event, lower, value, upper });
            }
            other if operation.fate() != Fate::Fail => {
                let event = operation.index();
                return Err(format!("event {event}: {other} is no operation on a counter"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where every counter begins.
pub(super) fn initial(context: &Context) -> Result<i128, Undecided> {
    match &context.initial {
        Value::Null => Ok(0),
        value => integer(value).ok_or_else(|| {
            format!("a counter begins with an integer, not with the initial value {}", words::value(value))
        }),
    }
}

/// How much an add adds; none when it certainly added nothing.
pub(super) fn amount(add: Operation<'_>) -> Result<Option<i128>, Undecided> {
    if add.fate() == Fate::Fail {
        return Ok(None);
    }
    let not_integer = || format!("event {}: a counter adds integers", add.index());
    integer(add.argument()).ok_or_else(not_integer).map(Some)
}

/// What an ok read returned, on a counter that begins so.
pub(super) fn total(read: Operation<'_>, initial: i128) -> Result<i128, Undecided> {
    match read.result() {
        None | Some(Value::Null) => Ok(initial),
        Some(value) => integer(value)
            .ok_or_else(|| format!("event {}: the read of a counter must return an integer", read.index())),
    }
}

fn out_of_range(read: Operation<'_>, bounds: Bounds) -> Anomaly {
    let Bounds { event, lower, value, upper } = bounds;
    let deed = words::deed_during(read);
    let why = match value < lower {
        true => format!("the adds that were ok before it began make at least {lower}"),
        false => format!("all adds tried before it ended make at most {upper}"),
    };
    Anomaly::new(AnomalyKind::OutOfRangeRead, read.key(), [event], format!("{deed}, although {why}"))
}

#[cfg(test)]
mod tests {
    use perjury_histories::Kind;
    use serde_json::json;

    use super::*;
    use crate::small_histories::{Shape, every_history};
    use crate::testing::*;

    const OUT: AnomalyKind = AnomalyKind::OutOfRangeRead;

    #[test]
    fn rejects_read_below_what_was_added() {
        accepts(&Counter, "0:add(_,1) 0:add(_,2) 1:read()=3");
        let why = rejects(&Counter, "0:add(_,1) 0:add(_,2) 1:read()=2", OUT, &[4]);
        assert_eq!(
            why,
            "process 1 read 2 from event 4 to event 5, although the adds that were ok before it began make at \
             least 3"
        );
    }

    #[test]
    fn rejects_read_above_what_was_tried() {
        accepts(&Counter, "0:add(_,1)? 1:read()=1");
        let why = rejects(&Counter, "0:add(_,1)? 1:read()=2", OUT, &[1]);
        assert!(why.ends_with("all adds tried before it ended make at most 1"), "{why}");
    }

    #[test]
    fn accepts_either_fate_of_open_add() {
        accepts(&Counter, "1:read()? 0:add(_,1) 1:ok=0");
        accepts(&Counter, "1:read()? 0:add(_,1) 1:ok=1");
        rejects(&Counter, "1:read()? 1:ok=1 0:add(_,1)", OUT, &[0]);
        accepts(&Counter, "0:add(_,1):info 1:read()=1 1:read()=0");
    }

    #[test]
    fn ignores_failed_add() {
        accepts(&Counter, "0:add(_,1):fail 1:read()=0");
        rejects(&Counter, "0:add(_,1):fail 1:read()=1", OUT, &[2]);
    }

    #[test]
    fn counts_down_too() {
        accepts(&Counter, "0:add(_,5) 0:add(_,-2)? 1:read()=3 1:read()=5");
        rejects(&Counter, "0:add(_,5) 0:add(_,-2)? 1:read()=2", OUT, &[3]);
        rejects(&Counter, "0:add(_,5) 0:add(_,-2) 1:read()=5", OUT, &[4]);
    }

    #[test]
    fn keeps_keys_apart() {
        accepts(&Counter, "0:add(x,1) 1:read(x)=1 1:read(y)=0");
        rejects(&Counter, "0:add(x,1) 1:read(x)=1 1:read(y)=1", OUT, &[4]);
    }

    #[test]
    fn begins_with_the_initial_value() {
        let ten = Context { initial: json!(10), ..Context::default() };
        accepts_in(&ten, &Counter, "0:read()=null 0:add(_,1) 1:read()=11");
        rejects_in(&ten, &Counter, "0:add(_,1) 1:read()=1", OUT, &[2]);
        rejects_in(&ten, &Counter, "0:add(_,1) 1:read()=null", OUT, &[2]);
    }

    #[test]
    fn is_unsure_of_what_is_no_counter() {
        assert!(is_unsure(&Counter, "0:add(_,1) 0:add(_,one) 1:read()=1").starts_with("event 2"));
        assert!(is_unsure(&Counter, "0:add(_,1) 1:read()=[1]").starts_with("event 2"));
        assert!(is_unsure(&Counter, "0:add(_,1) 1:read()=1 1:pop()").starts_with("event 4"));
        let words = Context { initial: json!("ten"), ..Context::default() };
        assert!(Counter.check(&history("0:read()=1"), &words).is_unknown());
    }

    #[test]
    fn is_unsure_without_reads() {
        assert!(is_unsure(&Counter, "0:add(_,1) 1:read():fail").starts_with("nothing was ever read"));
        accepts(&Counter, "0:add(_,1) 1:read()=1");
        accepts(&Counter, "0:add(x,1) 0:add(y,1) 1:read(x)=1");
    }

    #[test]
    fn measures_the_bounds() {
        let history = history("0:add(_,2) 0:add(_,-1)? 1:read()=1");
        let bounds = measure(&history, &Context::default()).expect("a counter");
        assert_eq!(bounds, [Bounds { event: 3, lower: 1, value: 1, upper: 2 }]);
    }

    /// The definition: least and greatest over every choice of the adds that may have happened.
    fn is_within_bounds(history: &History) -> bool {
        let operations: Vec<Operation<'_>> = history.operations().collect();
        operations.iter().filter(|read| read.function() == "read").all(|read| {
            let ended = read.returned_at().expect("it is ok");
            let adds = operations.iter().filter(|add| add.function() == "add" && add.fate() != Fate::Fail);
            let mut sums = vec![0_i128];
            for add in adds.filter(|add| add.invoked_at() < ended) {
                let amount = integer(add.argument()).expect("a number");
                let is_sure = add.returned_at().is_some_and(|end| end < read.invoked_at());
                let with: Vec<i128> = sums.iter().map(|sum| sum + amount).collect();
                sums = if is_sure { with } else { [sums, with].concat() };
            }
            let value = integer(read.result().expect("it is ok")).expect("a number");
            sums.iter().any(|sum| *sum <= value) && sums.iter().any(|sum| *sum >= value)
        })
    }

    #[test]
    fn agrees_with_the_definition() {
        let add = |amount: i64, kind| Shape::of("add", amount, kind);
        let mut shapes: Vec<Shape> = [-1, 1, 3].map(|total: i64| Shape::giving("read", total)).to_vec();
        shapes.extend([add(1, Kind::Ok), add(-1, Kind::Ok), add(2, Kind::Info)]);
        let mut invalid = 0;
        every_history(&shapes, 4, |history| {
            let verdict = Counter.check(history, &Context::default());
            let expected = is_within_bounds(history);
            invalid += usize::from(!expected);
            assert_eq!(verdict.is_invalid(), !expected, "{:?}", perjury_histories::notation::print(history));
        });
        assert!(invalid > 1000, "{invalid}");
    }
}
