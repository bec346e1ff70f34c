//! For tests: staleness by its definitions, on all small histories of one register.
//!
//! Every order of the operations that keeps real time is tried: whether each read returns one of the last k
//! writes in it, and by how many nanoseconds reads must be moved back until one order has k = 1.

use perjury_histories::{Event, History, Kind, Process, Value};

use super::{Measures, measure, verify_two};

/// An operation: where it begins and ends, and what it read (none: it writes; 0 the initial value, else the
/// write of that number plus one).
#[derive(Clone, Copy, Debug)]
struct Op {
    begin: usize,
    end: Option<usize>,
    read: Option<usize>,
}

/// When the event at this place happens: some close together, some at the same time.
const TIMES: [u64; 10] = [3, 4, 4, 9, 20, 21, 21, 50, 52, 60];

impl Op {
    /// Whether it ends before the other begins, when reads begin so much earlier.
    fn is_before(&self, other: &Op, delta: u64) -> bool {
        self.end.is_some_and(|end| match other.read {
            Some(_) if delta > 0 => TIMES[end] + delta < TIMES[other.begin],
            _ => end < other.begin,
        })
    }
}

/// What an order must satisfy.
struct Rule {
    delta: u64,
    /// Per operation: how many of the last writes it may return.
    last: Vec<usize>,
}

/// Whether the rest can be put behind these.
fn has_order(ops: &[Op], rule: &Rule, order: &mut Vec<usize>) -> bool {
    let is_over = |op: usize| order.contains(&op) || (ops[op].read.is_none() && ops[op].end.is_none());
    if (0..ops.len()).all(is_over) {
        return true;
    }
    let rest: Vec<usize> = (0..ops.len()).filter(|op| !order.contains(op)).collect();
    rest.iter().any(|&op| {
        if rest.iter().any(|&other| ops[other].is_before(&ops[op], rule.delta)) {
            return false;
        }
        let mut written: Vec<usize> = vec![0];
        written.extend(order.iter().filter(|op| ops[**op].read.is_none()).map(|op| op + 1));
        let is_recent =
            |source: usize| written.iter().rev().take(rule.last[op]).any(|write| *write == source);
        if !ops[op].read.is_none_or(is_recent) {
            return false;
        }
        order.push(op);
        let found = has_order(ops, rule, order);
        order.pop();
        found
    })
}

fn is_atomic(ops: &[Op], delta: u64, k: usize) -> bool {
    has_order(ops, &Rule { delta, last: vec![k; ops.len()] }, &mut Vec::new())
}

/// All histories of so many operations; a write may never end.
fn all(operations: usize, each: &mut impl FnMut(&[Op])) {
    let mut ops = Vec::new();
    interleave(operations, 0, &mut ops, each);
}

fn interleave(operations: usize, place: usize, ops: &mut Vec<Op>, each: &mut impl FnMut(&[Op])) {
    if ops.len() == operations {
        assign(&mut ops.clone(), 0, each);
    } else {
        ops.push(Op { begin: place, end: None, read: None });
        interleave(operations, place + 1, ops, each);
        ops.pop();
    }
    for op in 0..ops.len() {
        if ops[op].end.is_none() {
            ops[op].end = Some(place);
            interleave(operations, place + 1, ops, each);
            ops[op].end = None;
        }
    }
}

/// Makes each operation a write, or a read of each value.
fn assign(ops: &mut Vec<Op>, from: usize, each: &mut impl FnMut(&[Op])) {
    for reads in 0..1_u32 << ops.len() {
        let is_read = |op: usize| reads & (1 << op) != 0;
        if (0..ops.len()).all(|op| !is_read(op) || ops[op].end.is_some()) {
            (0..ops.len()).for_each(|op| ops[op].read = is_read(op).then_some(0));
            choose(ops, from, each);
        }
    }
}

fn choose(ops: &mut Vec<Op>, from: usize, each: &mut impl FnMut(&[Op])) {
    let Some(read) = (from..ops.len()).find(|&op| ops[op].read.is_some()) else {
        return each(ops);
    };
    for source in 0..=ops.len() {
        if source == 0 || ops[source - 1].read.is_none() {
            ops[read].read = Some(source);
            choose(ops, read + 1, each);
        }
    }
    ops[read].read = Some(0);
}

fn history(ops: &[Op]) -> History {
    let places =
        ops.iter().flat_map(|op| [Some(op.begin), op.end]).flatten().max().map_or(0, |last| last + 1);
    let event = |place: usize| {
        let at = |op: &&Op| op.begin == place || op.end == Some(place);
        let number = ops.iter().position(|op| at(&op)).expect("an operation at each place");
        let op = ops[number];
        let kind = if op.begin == place { Kind::Invoke } else { Kind::Ok };
        let function = if op.read.is_some() { "read" } else { "write" };
        let mut event = Event::new(place as u64, Process::Client(number as u64), kind, function);
        event.time = Some(TIMES[place]);
        event.value = match op.read {
            None => (number + 1).into(),
            Some(0) => Value::Null,
            Some(source) => source.into(),
        };
        event
    };
    History::new((0..places).map(event)).expect("well formed")
}

/// Compares everything that is measured.
fn agrees(ops: &[Op]) -> Option<Measures> {
    let mut measured = measure(&history(ops), &Value::Null);
    let is_early = |op: &Op| {
        op.read.is_some_and(|source| source > 0 && op.end.is_some_and(|end| end < ops[source - 1].begin))
    };
    if ops.iter().any(is_early) {
        assert!(measured[0].is_err(), "{ops:?}");
        return None;
    }
    let measures = measured.remove(0).expect("measures");
    let k = (1..).find(|&k| is_atomic(ops, 0, k)).expect("some k") as u64;
    assert!(measures.k_min <= k && k <= measures.k_max, "k is {k}: {ops:?}: {measures:?}");
    assert!(k > 2 || measures.k_min == measures.k_max, "k is {k}: {ops:?}: {measures:?}");
    assert_eq!(verify_two(&history(ops)), k <= 2, "k is {k}: {ops:?}");
    let delta = (0..).find(|&delta| is_atomic(ops, delta, 1));
    assert_eq!(measures.delta_ns, delta, "{ops:?}");
    for (number, op) in ops.iter().enumerate().filter(|(_, op)| op.read.is_some()) {
        let found = measures.behind.iter().find(|behind| behind.index == op.begin as u64);
        let versions = (0..).find(|&versions| {
            let mut rule = Rule { delta: 0, last: vec![usize::MAX; ops.len()] };
            rule.last[number] = versions as usize + 1;
            has_order(ops, &rule, &mut Vec::new())
        });
        assert_eq!(found.map_or(0, |found| found.versions_min), versions.unwrap_or(0), "{ops:?}: {op:?}");
        let ns = found.and_then(|found| found.ns_min).unwrap_or(0);
        assert!(ns <= measures.delta_ns.unwrap_or(0), "{ops:?}: {measures:?}");
    }
    Some(measures)
}

/// How many histories of so many operations there are, and how many have k = 1, 2, and more.
fn compare(operations: usize) -> [usize; 3] {
    let mut of_k = [0; 3];
    all(operations, &mut |ops| {
        if let Some(measures) = agrees(ops) {
            of_k[measures.k_min.min(3) as usize - 1] += 1;
        }
    });
    of_k
}

#[test]
fn agrees_with_the_definitions_on_all_histories_of_four() {
    let of_k = compare(4);
    assert!(of_k.iter().all(|count| *count > 20), "{of_k:?}");
}

#[test]
#[ignore = "minutes: all histories of five operations"]
fn agrees_with_the_definitions_on_all_histories_of_five() {
    compare(5);
}
