use super::{Few, put, read};
use crate::raft::request::{Ask, ReadMode, Response};

#[test]
fn elects_one_leader_that_commits_and_answers_reads() {
    let mut few = Few::new(5);
    few.run(1500);
    let leader = few.leader().expect("a leader");
    let Response::Opened { session } = few.call(leader, Ask::Open) else { panic!("no session") };
    for sequence in 1..=1000 {
        let written = few.call(leader, put(session, sequence, "k"));
        assert!(matches!(written, Response::Done { .. }), "{written:?}");
    }
    let answer = few.call(leader, read("k", ReadMode::Leader));
    assert!(matches!(&answer, Response::Cells { cells, .. } if cells[0].is_some()), "{answer:?}");
    few.run(200);
    for node in &few.nodes {
        assert_eq!(node.applied, few.nodes[0].applied);
    }
}
