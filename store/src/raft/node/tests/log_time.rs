//! The time of the log goes on.

use super::Few;
use crate::raft::request::{Ask, Operation, Refusal, Response};

fn lock(few: &mut Few, for_ms: u32) -> Response {
    let leader = few.leader();
    let session = few.open(leader);
    let operation = Operation::Lock { key: "lock".to_owned(), for_ms };
    few.call(leader, Ask::Write { session, sequence: 1, operation })
}

#[test]
fn a_lock_ends_although_all_nodes_have_been_started_again() {
    let mut few = Few::new(3);
    few.elect();
    few.run(60_000);
    assert!(matches!(lock(&mut few, 10_000), Response::Done { .. }));
    for node in 0..3 {
        few.restart(node);
    }
    few.elect();
    let held = lock(&mut few, 10_000);
    assert!(matches!(held, Response::Refused(Refusal::Condition(_))), "{held:?}");
    few.run(10_000);
    let taken = lock(&mut few, 10_000);
    assert!(matches!(taken, Response::Done { .. }), "{taken:?}");
}
