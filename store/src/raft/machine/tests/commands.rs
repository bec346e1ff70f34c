//! Random commands: few keys, sessions and numbers, so that everything meets everything.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// A command before its session is known: that of the `session`th that was opened, counted in a circle.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    session: usize,
    sequence: u64,
    log_ms: u64,
    kind: CommandKind,
}

fn key() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    vec(0..2_u8, 0..2)
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -5..=5_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        key().prop_map(|key| Step::Read { key }),
        (key(), value()).prop_map(|(key, value)| Step::Put { key, value }),
        (key(), amount(), option::of(-3..3_i64)).prop_map(|(key, amount, floor)| Step::Add {
            key,
            amount,
            floor
        }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let token = || 0..30_u64;
    prop_oneof![
        (key(), value()).prop_map(|(key, value)| Operation::Put { key, value }),
        key().prop_map(|key| Operation::Delete { key }),
        (key(), option::of(value()), value()).prop_map(|(key, expected, new)| Operation::CompareAndSet {
            key,
            expected,
            new
        }),
        (key(), value()).prop_map(|(key, element)| Operation::Append { key, element }),
        (key(), amount()).prop_map(|(key, amount)| Operation::Add { key, amount }),
        (key(), 1..20_u32).prop_map(|(key, for_ms)| Operation::Lock { key, for_ms }),
        (key(), token()).prop_map(|(key, token)| Operation::Unlock { key, token }),
        (key(), value(), token()).prop_map(|(key, value, token)| Operation::PutFenced { key, value, token }),
        vec(step(), 0..5).prop_map(|steps| Operation::Transact { steps }),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let kind = prop_oneof![1 => Just(CommandKind::Open), 6 => operation().prop_map(CommandKind::Change)];
    (0..5_usize, 0..6_u64, 0..50_u64, kind).prop_map(|(session, sequence, log_ms, kind)| Draft {
        session,
        sequence,
        log_ms,
        kind,
    })
}

/// A log: its entries from the first on.
pub(super) fn log() -> impl Strategy<Value = Vec<(Position, Command)>> {
    vec(draft(), 0..60).prop_map(|drafts| {
        let mut opened = vec![0];
        let mut log = Vec::new();
        for (index, Draft { session, sequence, log_ms, kind }) in (1..).zip(drafts) {
            let session = match kind {
                CommandKind::Open => 0,
                CommandKind::Change(_) => opened[session % opened.len()],
            };
            if kind == CommandKind::Open {
                opened.push(index);
            }
            let at = Position { term: 1 + index / 10, index };
            log.push((at, Command { session, sequence, log_ms, kind }));
        }
        log
    })
}
