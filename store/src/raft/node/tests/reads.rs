use super::{Few, read};
use crate::raft::request::{ReadMode, Response};

#[test]
fn answers_every_mode() {
    let mut few = Few::new(3);
    let leader = few.elect();
    few.write(leader, 10);
    few.run(100);
    for mode in [ReadMode::Leader, ReadMode::Lease, ReadMode::Follower, ReadMode::Any] {
        let answer = few.call(leader, read("k", mode));
        assert!(
            matches!(&answer, Response::Cells { cells, .. } if cells[0].is_some()),
            "{mode:?} {answer:?}"
        );
    }
    assert!(few.has_reached("lease-read"));
    let answer = few.call((leader + 1) % 3, read("k", ReadMode::Follower));
    assert!(matches!(&answer, Response::Cells { cells, .. } if cells[0].is_some()), "{answer:?}");
}
