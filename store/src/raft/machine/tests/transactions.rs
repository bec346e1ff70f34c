//! Transactions.

use super::*;
use crate::raft::request::Cell::Counter;

fn step_put(key: &str, value: &str) -> Step {
    Step::Put { key: key.into(), value: value.into() }
}

fn step_add(key: &str, amount: i64, floor: Option<i64>) -> Step {
    Step::Add { key: key.into(), amount, floor }
}

fn step_read(key: &str) -> Step {
    Step::Read { key: key.into() }
}

#[test]
fn later_steps_see_what_earlier_ones_did() {
    let mut feed = Feed::new();
    feed.change(put("k", "before"));
    let steps = vec![
        step_read("k"),
        step_put("k", "after"),
        step_read("k"),
        step_read("none"),
        step_add("c", 2, None),
        step_add("c", 3, None),
        step_read("c"),
    ];
    let cells = vec![
        Some(Versioned { cell: register("before"), version: 1 }),
        Some(Versioned { cell: register("after"), version: 2 }),
        None,
        Some(Versioned { cell: Some(Counter(5)), version: 2 }),
    ];
    assert_eq!(feed.change(transact(steps)), Response::Done { index: 2, term: 3, cells });
    assert_eq!(feed.held("k"), register("after"));
    assert_eq!(feed.get("c"), Some(Versioned { cell: Some(Counter(5)), version: 2 }));
}

#[test]
fn all_of_it_happens_or_nothing() {
    let mut feed = Feed::new();
    feed.change(add("a", 10));
    feed.change(append("l", "x"));
    let before = feed.machine.clone();
    let transfer = |amount| vec![step_add("b", amount, None), step_add("a", -amount, Some(0))];
    assert_eq!(unmet(feed.change(transact(transfer(11)))), "a would hold -1: it must not fall below 0");
    unmet(feed.change(transact(vec![step_put("k", "v"), step_put("l", "v")])));
    unmet(feed.change(transact(vec![step_put("k", "v"), step_add("a", i64::MAX, None)])));
    assert_eq!(feed.machine, before);
    assert_eq!(feed.change(transact(transfer(10))), done(6));
    assert_eq!((feed.held("a"), feed.held("b")), (Some(Counter(0)), Some(Counter(10))));
}

#[test]
fn a_floor_is_looked_at_after_its_own_step() {
    let mut feed = Feed::new();
    feed.change(add("a", 10));
    let dips = vec![step_add("a", -20, None), step_add("a", 15, Some(0))];
    assert_eq!(feed.change(transact(dips)), done(2));
    assert_eq!(feed.held("a"), Some(Counter(5)));
}

#[test]
fn a_transaction_reads_no_more_than_the_table_of_sessions_can_keep() {
    let mut feed = Feed::new();
    feed.change(put("k", &"v".repeat(200 << 10)));
    assert!(matches!(feed.change(transact(vec![step_read("k")])), Response::Done { .. }));
    let steps = vec![step_put("j", "v"), step_read("k"), step_read("k")];
    assert_eq!(unmet(feed.change(transact(steps))), "the transaction reads over 262144 bytes");
    assert_eq!(feed.get("j"), None);
}
