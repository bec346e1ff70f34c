//! Numbers on the wire that no cluster comes to.

use super::One;
use crate::raft::log::Position;
use crate::raft::message::Body;

#[test]
fn messages_of_impossible_terms_and_places_are_dropped() {
    let end = Position { term: 1, index: u64::MAX };
    let mut one = One::new(&[], |_| {});
    one.hear(1, u64::MAX, Body::TimeoutNow);
    one.hear(1, u64::MAX, Body::Vote { is_pre: false, last: end, is_transfer: true });
    assert_eq!(one.node.term(), 0);
    one.hear(1, 1, Body::Append { round: 1, previous: end, entries: vec![], commit: 0 });
    one.hear(1, 1, Body::Snapshot { round: 1, at: end, offset: 0, total: 0, bytes: vec![] });
    one.elect();
    one.matched(1, 1, 1);
    one.matched(2, u64::MAX, u64::MAX);
    assert_eq!(one.node.commit, 1);
}
