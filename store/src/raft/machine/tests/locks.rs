//! Locks that expire by the time of the log, and registers that are guarded by their tokens.

use super::*;

#[test]
fn a_lock_that_is_held_is_not_taken() {
    let mut feed = Feed::new();
    assert_eq!(feed.change(lock("m", 500)), done(1));
    assert_eq!(feed.held("m"), Some(Cell::Lock { session: 7, token: 1, until_ms: 1_500 }));
    feed.log_ms = 1_499;
    assert_eq!(unmet(feed.change(lock("m", 500))), "session 7 holds m for another 1 ms");
}

#[test]
fn a_lock_ends_by_the_time_of_the_log() {
    let mut feed = Feed::new();
    feed.change(lock("m", 500));
    feed.log_ms = 1_500;
    // Any entry carries the time, and an earlier clock does not take it back.
    feed.change(put("k", "v"));
    feed.log_ms = 0;
    assert_eq!(feed.change(lock("m", 300)), done(3));
    assert_eq!(feed.held("m"), Some(Cell::Lock { session: 7, token: 3, until_ms: 1_800 }));
}

#[test]
fn opening_a_session_carries_the_time_too() {
    let mut feed = Feed::new();
    feed.change(lock("m", 500));
    feed.log_ms = 1_500;
    feed.open();
    feed.log_ms = 0;
    assert_eq!(feed.change(lock("m", 300)), done(3));
}

#[test]
fn only_the_holders_token_unlocks() {
    let mut feed = Feed::new();
    unmet(feed.change(unlock("m", 1)));
    feed.change(lock("m", 500));
    unmet(feed.change(unlock("m", 1)));
    assert_eq!(feed.change(unlock("m", 2)), done(4));
    assert_eq!(feed.get("m"), Some(Versioned { cell: None, version: 4 }));
    unmet(feed.change(unlock("m", 2)));
    assert_eq!(feed.change(lock("m", 500)), done(6));
}

#[test]
fn a_holder_whose_lock_was_taken_by_another_does_not_unlock_it() {
    let mut feed = Feed::new();
    feed.change(lock("m", 500));
    feed.log_ms = 1_500;
    feed.change(lock("m", 500));
    unmet(feed.change(unlock("m", 1)));
    assert_eq!(feed.held("m"), Some(Cell::Lock { session: 7, token: 2, until_ms: 2_000 }));
}

#[test]
fn a_guarded_register_never_accepts_an_older_token() {
    let mut feed = Feed::new();
    assert_eq!(feed.change(put_fenced("k", "a", 5)), done(1));
    assert_eq!(feed.change(put_fenced("k", "b", 5)), done(2));
    assert_eq!(unmet(feed.change(put_fenced("k", "c", 4))), "token 4 is older than 5, which has written k");
    assert_eq!(feed.change(put_fenced("k", "d", 6)), done(4));
    unmet(feed.change(put_fenced("k", "e", 5)));
    assert_eq!(feed.held("k"), Some(Cell::Fenced { value: b"d".to_vec(), token: 6 }));
}

#[test]
fn neither_a_lock_nor_a_guarded_register_is_deleted() {
    let mut feed = Feed::new();
    feed.change(lock("m", 500));
    feed.change(put_fenced("k", "a", 5));
    let before = feed.machine.clone();
    unmet(feed.change(delete("m")));
    unmet(feed.change(delete("k")));
    assert_eq!(feed.machine, before);
}
