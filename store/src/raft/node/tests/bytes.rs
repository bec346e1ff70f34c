//! The log in memory is bounded in bytes too.

use super::One;
use crate::protocol::Effect;
use crate::raft::log::{Entry, Index, Payload, Position};
use crate::raft::message::Body;
use crate::raft::node::Input;
use crate::raft::request::{Ask, Command, CommandKind, Operation, Refusal, Response};

fn put_large(key: &str) -> Operation {
    Operation::Put { key: key.to_owned(), value: vec![7; 1 << 20] }
}

#[test]
fn refuses_changes_while_those_before_are_too_large_and_not_committed() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    let is_refused = |one: &One| {
        one.effects.iter().any(|effect| {
            matches!(effect, Effect::Reply { response: Response::Refused(Refusal::Unavailable(_)), .. })
        })
    };
    for sequence in 1..=64 {
        one.ask(sequence, Ask::Write { session: 1, sequence, operation: put_large("k") });
        assert!(!is_refused(&one), "{sequence}");
    }
    one.ask(65, Ask::Write { session: 1, sequence: 65, operation: put_large("k") });
    assert!(is_refused(&one));
    one.sync();
    one.matched(1, 1, 60);
    one.ask(66, Ask::Write { session: 1, sequence: 66, operation: put_large("k") });
    assert!(!is_refused(&one));
}

#[test]
fn takes_a_snapshot_of_few_entries_that_are_large_and_keeps_a_part_of_them() {
    let mut one = One::new(&[], |_| {});
    let entry = |index: Index| {
        let kind = CommandKind::Change(put_large("k"));
        let command = Command { session: 1, sequence: index, log_ms: 0, kind };
        Entry { at: Position { term: 1, index }, payload: Payload::Command(command) }
    };
    let mut saved = None;
    for index in 1..=70 {
        let previous = Position { term: u64::from(index > 1), index: index - 1 };
        let body = Body::Append { round: 1, previous, entries: vec![entry(index)], commit: index };
        one.hear(1, 1, body);
        saved = saved.or(one.effects.iter().find_map(|effect| match effect {
            Effect::SaveSnapshot { index, records, .. } => Some((*index, records.len())),
            _ => None,
        }));
    }
    assert_eq!(saved, Some((64, 16)), "the vote, and fifteen entries of 16 MiB");
    one.step(Input::Synced { through: 1_000 });
    one.step(Input::SnapshotSaved { index: 64 });
    assert_eq!((one.node.log.start().index, one.node.log.last().index), (49, 70));
}
