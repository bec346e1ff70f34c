//! For tests: causal consistency by its definitions, on all small histories.
//!
//! Every strict partial order that contains session order is tried as causal order; nothing is inferred, and
//! no pattern is looked for (Bouajjani et al. 2017, definitions 3 to 5). Sets of operations are bits.

use perjury_histories::notation;

use super::{Variant, judge};
use crate::checker::Context;

/// An operation: its session, its key, and what it read (`None`: it writes; `Some(None)`: the initial value).
#[derive(Clone, Copy, Debug)]
struct Op {
    session: usize,
    key: usize,
    read: Option<Option<usize>>,
}

/// What comes before each operation.
type Order = Vec<u32>;

/// All strict partial orders of this many operations.
fn partial_orders(operations: usize) -> Vec<Order> {
    let pairs: Vec<(usize, usize)> =
        (0..operations).flat_map(|second| (0..second).map(move |first| (first, second))).collect();
    let orders = (0..3_u32.pow(pairs.len() as u32)).filter_map(|code| {
        let mut before = vec![0; operations];
        for (place, &(first, second)) in pairs.iter().enumerate() {
            match code / 3_u32.pow(place as u32) % 3 {
                0 => {}
                1 => before[second] |= 1 << first,
                _ => before[first] |= 1 << second,
            }
        }
        let is_transitive = |op: &usize| members(before[*op]).all(|other| before[other] & !before[*op] == 0);
        (0..operations).all(|op| is_transitive(&op)).then_some(before)
    });
    orders.collect()
}

fn members(set: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |op| set & (1 << op) != 0)
}

/// Whether some order of `set`, with what must come before what, explains the reads among `shown`. `last` is
/// the last write of each key so far.
fn has_order(
    ops: &[Op],
    before: &Order,
    set: u32,
    shown: u32,
    done: u32,
    last: &mut [Option<usize>; 3],
) -> bool {
    if done == set {
        return true;
    }
    members(set & !done).any(|op| {
        let Op { key, read, .. } = ops[op];
        if before[op] & set & !done != 0
            || (shown & (1 << op) != 0 && read.is_some_and(|read| read != last[key]))
        {
            return false;
        }
        let saved = *last;
        if read.is_none() {
            last[key] = Some(op);
        }
        let found = has_order(ops, before, set, shown, done | (1 << op), last);
        *last = saved;
        found
    })
}

/// Operations that are earlier in the session of this one, and it.
fn program_past(ops: &[Op], op: usize) -> u32 {
    (0..=op).filter(|&other| ops[other].session == ops[op].session).map(|other| 1 << other).sum()
}

/// Whether this causal order makes the history consistent.
fn holds_by(ops: &[Op], before: &Order, variant: Variant) -> bool {
    let past = |op: usize| before[op] | (1 << op);
    match variant {
        Variant::Causal => {
            (0..ops.len()).all(|op| has_order(ops, before, past(op), 1 << op, 0, &mut [None; 3]))
        }
        Variant::Memory => (0..ops.len())
            .all(|op| has_order(ops, before, past(op), program_past(ops, op), 0, &mut [None; 3])),
        Variant::Convergence => agrees_on_one_order(ops, before, &mut Vec::new()),
    }
}

/// Whether some total order, of which this is a beginning, explains every read from its past.
fn agrees_on_one_order(ops: &[Op], before: &Order, order: &mut Vec<usize>) -> bool {
    let done: u32 = order.iter().map(|op| 1 << op).sum();
    if order.len() == ops.len() {
        return (0..ops.len()).all(|op| {
            let is_seen = |other: &&usize| before[op] & (1 << **other) != 0;
            let is_write = |other: &&usize| ops[**other].read.is_none() && ops[**other].key == ops[op].key;
            let last = order.iter().rev().filter(is_seen).find(is_write).copied();
            ops[op].read.is_none_or(|read| read == last)
        });
    }
    (0..ops.len()).filter(|&op| done & (1 << op) == 0 && before[op] & !done == 0).any(|op| {
        order.push(op);
        let found = agrees_on_one_order(ops, before, order);
        order.pop();
        found
    })
}

fn holds(ops: &[Op], orders: &[Order], variant: Variant) -> bool {
    let is_in = |before: &Order| {
        let must = |op: usize| program_past(ops, op) & !(1 << op);
        let source = |op: usize| ops[op].read.flatten().map_or(0, |source| 1 << source);
        (0..ops.len()).all(|op| (must(op) | source(op)) & !before[op] == 0)
    };
    orders.iter().filter(|before| is_in(before)).any(|before| holds_by(ops, before, variant))
}

/// All histories of operations in these sessions, on two keys.
fn histories(sessions: &[usize], each: &mut impl FnMut(&[Op])) {
    let operations = sessions.len();
    for shape in 0..4_usize.pow(operations as u32) {
        let kind = |op: usize| shape / 4_usize.pow(op as u32) % 4;
        let mut ops: Vec<Op> = (0..operations)
            .map(|op| Op { session: sessions[op], key: kind(op) % 2, read: (kind(op) >= 2).then_some(None) })
            .collect();
        assign_sources(&mut ops, 0, each);
    }
}

fn assign_sources(ops: &mut Vec<Op>, from: usize, each: &mut impl FnMut(&[Op])) {
    let Some(read) = (from..ops.len()).find(|&op| ops[op].read.is_some()) else {
        return each(ops);
    };
    let is_source = |op: &usize| ops[*op].read.is_none() && ops[*op].key == ops[read].key;
    let sources: Vec<usize> = (0..ops.len()).filter(is_source).collect();
    for source in sources.into_iter().map(Some).chain([None]) {
        ops[read].read = Some(source);
        assign_sources(ops, read + 1, each);
    }
    ops[read].read = Some(None);
}

fn text(ops: &[Op]) -> String {
    let term = |(number, op): (usize, &Op)| {
        let (session, key) = (op.session, ["x", "y", "z"][op.key]);
        match op.read {
            None => format!("{session}:write({key},{number})"),
            Some(None) => format!("{session}:read({key})=null"),
            Some(Some(source)) => format!("{session}:read({key})={source}"),
        }
    };
    ops.iter().enumerate().map(term).collect::<Vec<_>>().join(" ")
}

/// Compares all three notions on all histories with these sessions; how many there were, and how many of them
/// each notion rejected.
fn compare(sessions: &[&[usize]]) -> (usize, [usize; 3]) {
    let (mut seen, mut rejected) = (0, [0; 3]);
    for sessions in sessions {
        let orders = partial_orders(sessions.len());
        histories(sessions, &mut |ops| {
            let text = text(ops);
            let history = notation::parse(&text).expect("a history");
            seen += 1;
            let variants = [Variant::Causal, Variant::Memory, Variant::Convergence];
            for (rejected, variant) in rejected.iter_mut().zip(variants) {
                let verdict = judge(&history, &Context::default(), variant).expect("differentiated");
                let holds = holds(ops, &orders, variant);
                *rejected += usize::from(!holds);
                assert_eq!(verdict.is_valid(), holds, "{variant:?}: {text}: {verdict:?}");
            }
        });
    }
    (seen, rejected)
}

#[test]
fn agrees_with_the_definitions_on_all_histories_of_four() {
    let (seen, [causal, memory, convergence]) = compare(&[&[0, 0, 1, 1], &[0, 1, 1, 1], &[0, 1, 2, 2]]);
    assert!(causal > 100 && causal < memory && causal < convergence && convergence < seen);
}

#[test]
#[ignore = "a minute: all histories of five operations"]
fn agrees_with_the_definitions_on_all_histories_of_five() {
    compare(&[&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 1], &[0, 0, 1, 1, 2], &[0, 1, 2, 2, 2]]);
}

/// Session order, reads-from, and what follows; where a source comes after its read there is no order.
fn least_order(ops: &[Op]) -> Option<Order> {
    let source = |op: &Op| op.read.flatten().map_or(0, |source| 1 << source);
    let own = |op: usize| (program_past(ops, op) & !(1 << op)) | source(&ops[op]);
    let mut before: Order = (0..ops.len()).map(own).collect();
    for _ in 0..ops.len() {
        for op in 0..ops.len() {
            before[op] |= members(before[op]).map(|other| before[other]).fold(0, |all, set| all | set);
        }
    }
    (0..ops.len()).all(|op| before[op] & (1 << op) == 0).then_some(before)
}

/// Longer histories, at random, on three keys. The least causal order will do for them: if any makes a
/// history consistent, the least does, because a larger one only asks for more.
fn compare_at_random(histories: u64) -> [usize; 3] {
    let mut rejected = [0; 3];
    for seed in 0..histories {
        let mut random = crate::testing::Random(seed);
        let mut below = |bound: u64| random.below(bound) as usize;
        let length = 6 + below(4);
        let mut ops: Vec<Op> = (0..length)
            .map(|_| Op { session: below(3), key: below(3), read: (below(5) < 3).then_some(None) })
            .collect();
        for read in 0..length {
            let is_source = |op: &usize| ops[*op].read.is_none() && ops[*op].key == ops[read].key;
            let sources: Vec<usize> = (0..length).filter(is_source).collect();
            if ops[read].read.is_some() && below(6) > 0 && !sources.is_empty() {
                ops[read].read = Some(Some(sources[below(sources.len() as u64)]));
            }
        }
        let (text, before) = (text(&ops), least_order(&ops));
        let history = notation::parse(&text).expect("a history");
        for (rejected, variant) in
            rejected.iter_mut().zip([Variant::Causal, Variant::Memory, Variant::Convergence])
        {
            let verdict = judge(&history, &Context::default(), variant).expect("differentiated");
            let holds = before.as_ref().is_some_and(|before| holds_by(&ops, before, variant));
            *rejected += usize::from(!holds);
            assert_eq!(verdict.is_valid(), holds, "{variant:?}: {text}: {verdict:?}");
        }
    }
    rejected
}

#[test]
fn agrees_with_the_definitions_on_longer_histories() {
    let [causal, memory, convergence] = compare_at_random(3_000);
    assert!(causal > 100 && causal < memory && causal < convergence && convergence < 3_000);
}

#[test]
#[ignore = "minutes: the same, many times"]
fn agrees_with_the_definitions_on_many_longer_histories() {
    compare_at_random(300_000);
}
