//! Monotonic applied index.

use super::*;

/// `n1` has applied three entries; then this.
fn then(fact: Fact) -> Story {
    [first_leader(4), vec![(N2, appended(1, 1)), (N2, appended(1, 2)), (N2, applied(1, 1)), (N2, fact)]]
        .concat()
}

#[test]
fn rejects_an_entry_that_is_applied_again() {
    accepts(&then(applied(1, 2)));
    let what = rejects("monotonic-applied-index", &then(applied(1, 1)));
    assert_eq!(what, "n2, which had applied everything up to index 1, applied index 1 again");
}

#[test]
fn rejects_an_entry_that_is_left_out() {
    rejects("monotonic-applied-index", &then(applied(1, 3)));
}

#[test]
fn rejects_a_snapshot_that_goes_back() {
    let install = |index| [first_leader(4), vec![(N1, installed(1, index, true))]].concat();
    accepts(&install(4));
    rejects("monotonic-applied-index", &install(3));
}

#[test]
fn applies_again_after_a_start_what_the_snapshot_does_not_cover() {
    let log: Vec<_> = (1..=4).map(|index| (at(1, index), digest(1, index))).collect();
    let restart = |index| {
        let start = started(1, at(1, 2), &log);
        [first_leader(4), vec![(N1, start), (N1, applied(1, index))]].concat()
    };
    accepts(&restart(3));
    rejects("monotonic-applied-index", &restart(2));
}

#[test]
fn accepts_a_roll_back_where_copies_are_asynchronous_only() {
    let back = [first_leader(4), vec![(N1, Fact::RolledBack { index: 2 }), (N1, applied(1, 3))]].concat();
    rejects("monotonic-applied-index", &back);
    assert_eq!(all_broken(false, &back), vec![]);
    let forgotten = [first_leader(4), vec![(N1, applied(1, 3))]].concat();
    assert_eq!(all_broken(false, &forgotten).len(), 1);
}
