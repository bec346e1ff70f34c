use super::*;

#[test]
fn a_late_conflict_moves_nothing() {
    let mut follower = Progress::new(11);
    follower.on_matched(10, 1);
    follower.sent(20);
    assert!(!follower.on_conflict(10, 3), "it is known to be the same up to 10");
    assert!(!follower.on_conflict(30, 3), "nothing after 20 was sent");
    assert_eq!((follower.matched, follower.next), (10, 21));
    assert!(follower.on_conflict(20, 3), "what was sent is lost");
    assert_eq!((follower.matched, follower.next), (10, 11));
}

#[test]
fn while_probing_only_the_answer_to_the_last_question_counts() {
    let mut follower = Progress::new(31);
    assert!(follower.on_conflict(30, 20));
    assert!(!follower.on_conflict(30, 10), "asked before, answered twice");
    assert_eq!(follower.next, 21);
    assert!(follower.on_conflict(20, 25), "a hint leads back, never on");
    assert_eq!(follower.next, 20);
}

#[test]
fn so_many_messages_are_under_way_at_most() {
    let mut follower = Progress::new(1);
    assert!(!follower.has_room(2), "nothing is sent before the logs are known to meet");
    follower.on_matched(0, 1);
    follower.sent(1);
    follower.sent(2);
    assert!(!follower.has_room(2));
    follower.on_matched(1, 1);
    assert!(follower.has_room(2));
}

#[test]
fn what_a_damaged_node_said_before_does_not_count() {
    let mut follower = Progress::new(11);
    follower.on_matched(10, 1);
    follower.on_copied(4, 2);
    assert_eq!((follower.counted(), follower.next), (0, 5));
    follower.on_matched(10, 1);
    assert_eq!((follower.counted(), follower.matched), (0, 4), "late, and void");
    follower.on_copied(7, 1);
    assert_eq!(follower.matched, 4);
    follower.on_matched(6, 2);
    assert_eq!(follower.counted(), 6, "readmitted");
}
