use super::super::Input;
use super::super::snapshot::Snapshot;
use super::{Few, One, noop};
use crate::protocol::Effect;
use crate::raft::log::{Entry, Payload, Position, Record};
use crate::raft::machine::Machine;
use crate::raft::message::Body;
use crate::raft::request::Members;

#[test]
fn restarts_from_a_snapshot() {
    let mut few = Few::with(3, |config| (config.snapshot_every, config.snapshot_keeps) = (100, 10));
    let leader = few.elect();
    few.write(leader, 450);
    few.run(200);
    for node in 0..3 {
        let before = few.nodes[node].applied;
        let machine = few.nodes[node].machine.clone();
        assert!(few.nodes[node].log.start().index >= 390);
        few.restart(node as u16);
        assert!(few.nodes[node].applied.index >= 400);
        few.run(1500);
        assert!(few.nodes[node].applied >= before);
        assert_eq!(few.nodes[node].machine, machine);
    }
}

#[test]
fn sends_a_snapshot_in_parts_to_one_that_lacks_what_is_gone() {
    let mut few = Few::with(3, |config| {
        (config.snapshot_every, config.snapshot_keeps, config.chunk_bytes) = (100, 10, 7);
    });
    let leader = few.elect();
    let late = (leader + 1) % 3;
    few.cut = vec![late];
    few.write(leader, 450);
    few.cut.clear();
    few.run(1000);
    assert!(few.has_reached("snapshot-installed"));
    let (late, leader) = (&few.nodes[usize::from(late)], &few.nodes[usize::from(leader)]);
    assert_eq!(late.applied, leader.applied);
    assert_eq!(late.machine, leader.machine);
}

/// A snapshot of entries 1 and 2 in one part, with three voters.
fn snapshot(one: &One) -> Body {
    let at = Position { term: 1, index: 2 };
    let machine = Machine::new(one.node.config.sessions_max, one.node.config.safeguards);
    let members = Members { voters: [0, 1, 2].into(), ..Members::default() };
    let bytes = Snapshot::new(at, 0, members, &machine).encode();
    Body::Snapshot { round: 1, at, offset: 0, total: bytes.len() as u64, bytes }
}

#[test]
fn keeps_the_entries_after_a_snapshot_that_it_installs() {
    let mut one = One::new(&[1, 1, 1, 1], |_| {});
    one.hear(1, 1, snapshot(&one));
    let saved = one.effects.iter().find_map(|effect| match effect {
        Effect::SaveSnapshot { records, .. } => Some(&records[1..]),
        _ => None,
    });
    let tail = [noop(1, 3), noop(1, 4)].map(Record::Entry);
    assert_eq!(saved, Some(&tail[..]), "beside it on the disk");
    one.step(Input::SnapshotSaved { index: 2 });
    assert_eq!((one.node.applied.index, one.node.log.start().index), (2, 2));
    assert_eq!((one.node.log.last().index, one.node.log.durable()), (4, 4));
}

#[test]
fn members_that_stand_after_a_snapshot_count_once_it_is_installed() {
    let mut one = One::new(&[1, 1], |_| {});
    let two = Members { voters: [0, 1].into(), ..Members::default() };
    let entry = Entry { at: Position { term: 1, index: 3 }, payload: Payload::Members(two.clone()) };
    let previous = Position { term: 1, index: 2 };
    one.hear(1, 1, Body::Append { round: 1, previous, entries: vec![entry], commit: 0 });
    one.sync();
    one.hear(1, 1, snapshot(&one));
    one.step(Input::SnapshotSaved { index: 2 });
    assert_eq!(one.node.applied.index, 2);
    assert_eq!(one.node.members.latest(), &two);
}
