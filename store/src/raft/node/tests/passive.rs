use super::{Few, put, read};
use crate::raft::config::Replication;
use crate::raft::fact::Fact;
use crate::raft::request::{Ask, ReadMode, Refusal, Response};

const WITNESS: u16 = 2;

fn synchronous() -> Few {
    Few::with(3, |config| config.replication = Replication::Synchronous)
}

fn asynchronous() -> Few {
    Few::with(3, |config| {
        config.replication = Replication::Asynchronous { entries_max: 5, lag_ms_max: 10_000 };
    })
}

fn is_unavailable(response: &Response) -> bool {
    matches!(response, Response::Refused(Refusal::Unavailable(_)))
}

#[test]
fn refuses_writes_while_the_standby_is_cut_off() {
    let mut few = synchronous();
    let active = few.elect();
    few.write(active, 10);
    assert_eq!(few.nodes[usize::from(WITNESS)].log.last().index, 0);
    few.cut = vec![1 - active];
    few.run(1000);
    assert_eq!(few.leader(), active);
    let refused = few.call(active, put(1, 11, "k"));
    assert!(is_unavailable(&refused), "{refused:?}");
    let answer = few.call(active, read("k", ReadMode::Leader));
    assert!(matches!(answer, Response::Cells { .. }), "{answer:?}");
    few.cut.clear();
    few.run(200);
    few.write(active, 1);
}

#[test]
fn fails_over_with_the_witness_and_reads_without_the_old_active() {
    let mut few = synchronous();
    let active = few.elect();
    let last = few.write(active, 10);
    few.cut = vec![active];
    few.run(2000);
    let next = few.leader();
    assert_eq!(next, 1 - active);
    let answer = few.call(next, read("k", ReadMode::Leader));
    assert!(matches!(answer, Response::Cells { applied, .. } if applied > last), "{answer:?}");
    assert!(is_unavailable(&few.call(next, Ask::Open)));
    // The old one lacks the first entry of the new term: the witness does not help it back.
    few.cut = vec![next];
    few.run(5000);
    assert!(!few.nodes[usize::from(active)].is_leader());
    few.cut.clear();
    few.run(2000);
    let leader = few.leader();
    few.write(leader, 10);
}

#[test]
fn refuses_writes_when_too_much_is_not_replicated_and_rolls_it_back_after_fail_over() {
    let mut few = asynchronous();
    let active = few.elect();
    let last = few.write(active, 20);
    few.run(100);
    let standby = 1 - active;
    few.cut = vec![standby];
    let session = few.open(active);
    assert_eq!(session % 1_000_000, last + 1);
    for sequence in 1..=4 {
        assert!(matches!(few.call(active, put(session, sequence, "lost")), Response::Done { .. }));
    }
    assert!(is_unavailable(&few.call(active, put(session, 5, "lost"))));
    few.cut = vec![active];
    few.run(2000);
    assert_eq!(few.leader(), standby);
    few.write(standby, 3);
    few.cut.clear();
    few.run(1000);
    let rolled_back = Fact::RolledBack { index: last };
    assert!(few.facts.contains(&(active, rolled_back)));
    assert_eq!(few.nodes[0].machine, few.nodes[1].machine);
}

#[test]
fn stops_taking_changes_before_it_can_be_replaced() {
    let mut few = asynchronous();
    let active = few.elect();
    few.write(active, 1);
    few.cut = vec![active];
    few.run(200);
    assert!(few.nodes[usize::from(active)].is_leader());
    assert!(is_unavailable(&few.call(active, put(2, 2, "k"))));
}

/// A leader and a witness that has perhaps forgotten what it confirmed.
fn with_damaged_witness() -> (Few, u16) {
    let mut few = synchronous();
    let active = few.elect();
    few.write(active, 1);
    few.disks[usize::from(WITNESS)].damaged = true;
    few.restart(WITNESS);
    (few, active)
}

#[test]
fn a_damaged_witness_confirms_nobody_s_lead() {
    let (mut few, active) = with_damaged_witness();
    few.cut = vec![1 - active];
    let id = few.ask(active, read("k", ReadMode::Leader));
    few.run(2000);
    let answer = few.replies.get(&id);
    assert!(matches!(answer, Some(Response::Refused(_))), "{answer:?}");
    assert!(!few.nodes[usize::from(active)].is_leader(), "it has not heard a majority that counts");
}

#[test]
fn a_damaged_witness_gives_no_vote() {
    let (mut few, active) = with_damaged_witness();
    few.cut = vec![active];
    few.run(2000);
    let is_elected = |(node, fact): &(u16, Fact)| *node != active && matches!(fact, Fact::Leader { .. });
    assert!(!few.facts.iter().any(is_elected));
}

#[test]
fn a_damaged_standby_gets_no_writes() {
    let mut few = synchronous();
    let active = few.elect();
    few.write(active, 1);
    let standby = 1 - active;
    few.disks[usize::from(standby)].damaged = true;
    few.restart(standby);
    few.run(1000);
    let answer = few.call(active, put(1, 11, "k"));
    let words = format!("{answer:?}");
    assert!(matches!(answer, Response::Refused(_)) && words.contains("damaged"), "{words}");
}
