//! The table of sessions.

use super::*;

#[test]
fn a_retry_is_told_what_the_first_attempt_was_told_and_changes_nothing() {
    let mut feed = Feed::new();
    let session = feed.open();
    let first = feed.write(session, 1, &append("l", "a"));
    let retry = feed.write(session, 1, &append("l", "a"));
    assert_eq!((&first.response, first.reached), (&done(2), None));
    assert_eq!((&retry.response, retry.reached), (&done(2), Some("retry-recognised")));
    assert_eq!(retry.digest, first.digest);
    assert_eq!(feed.held("l"), list(&["a"]));
}

#[test]
fn a_refusal_is_remembered_too() {
    let mut feed = Feed::new();
    let (session, other) = (feed.open(), feed.open());
    let refused = feed.write(session, 1, &compare_and_set("k", Some("a"), "b")).response;
    feed.write(other, 1, &put("k", "a"));
    assert_eq!(feed.write(session, 1, &compare_and_set("k", Some("a"), "b")).response, refused);
    assert_eq!(feed.held("k"), register("a"));
}

#[test]
fn a_superseded_write_has_no_effect() {
    let mut feed = Feed::new();
    let session = feed.open();
    feed.write(session, 2, &put("k", "new"));
    let late = feed.write(session, 1, &put("k", "old"));
    let superseded = format!("write 1 of session {session} was superseded by write 2");
    assert_eq!(late.response, Response::Unknown(superseded));
    assert_eq!(feed.held("k"), register("new"));
}

#[test]
fn sessions_have_their_own_numbers() {
    let mut feed = Feed::new();
    let (one, two) = (feed.open(), feed.open());
    feed.write(one, 1, &append("l", "a"));
    assert_eq!(feed.write(two, 1, &append("l", "b")).response, done(4));
    assert_eq!(feed.held("l"), list(&["a", "b"]));
}

#[test]
fn nobody_writes_without_a_session() {
    let mut feed = Feed::new();
    let ended = Response::Refused(Refusal::SessionEnded { session: 9 });
    assert_eq!(feed.write(9, 1, &put("k", "v")).response, ended);
    assert_eq!(feed.get("k"), None);
}

#[test]
fn the_session_used_least_recently_makes_room() {
    let mut feed = Feed::with(2, Safeguards::default());
    let (one, two) = (feed.open(), feed.open());
    feed.write(one, 1, &put("k", "v"));
    // A retry is a use as well.
    feed.write(two, 1, &put("k", "v"));
    feed.write(one, 1, &put("k", "v"));
    let three = feed.open();
    let ended = Response::Refused(Refusal::SessionEnded { session: two });
    assert_eq!(feed.write(two, 2, &put("k", "v")).response, ended);
    assert_eq!(feed.write(one, 2, &put("k", "v")).response, done(8));
    assert_eq!(feed.write(three, 1, &put("k", "v")).response, done(9));
}

#[test]
fn without_the_safeguard_a_retry_is_applied_twice() {
    let mut feed = Feed::with(100, Safeguards { session_table: false, ..Safeguards::default() });
    let session = feed.open();
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, None);
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-applied-twice"));
    assert_eq!(feed.write(session, 2, &append("l", "b")).reached, None);
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-applied-twice"));
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-applied-twice"));
    assert_eq!(feed.write(session, 2, &append("l", "b")).reached, Some("retry-applied-twice"));
    assert_eq!(feed.held("l"), list(&["a", "a", "b", "a", "a", "b"]));
    // What has no effect twice does no harm twice.
    assert_eq!(feed.write(session, 2, &add("l", 1)).reached, None);
}

#[test]
fn an_entry_applied_unchecked_takes_effect_again() {
    let mut feed = Feed::new();
    let session = feed.open();
    let (at, command) = feed.entry(session, 1, CommandKind::Change(append("l", "a")));
    feed.machine.apply(at, &command);
    assert_eq!(feed.machine.apply_unchecked(at, &command).response, done(2));
    assert_eq!(feed.held("l"), list(&["a", "a"]));
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-recognised"));
}

#[test]
fn nobody_knows_what_came_of_a_write_that_was_superseded() {
    let mut feed = Feed::new();
    let session = feed.open();
    feed.write(session, 1, &put("k", "old"));
    feed.write(session, 2, &put("k", "new"));
    let again = feed.write(session, 1, &put("k", "old")).response;
    assert!(matches!(again, Response::Unknown(_)), "the first attempt had an effect: {again:?}");
}
