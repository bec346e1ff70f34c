//! State machine safety.

use super::*;

/// `n1` applies one entry; then `n2`, which has it too, tells this.
fn then(fact: Fact) -> Story {
    [first_leader(1), vec![(N2, appended(1, 1)), (N2, fact)]].concat()
}

#[test]
fn rejects_another_payload() {
    let apply = |digest| Fact::Applied { at: at(1, 1), digest, outcome: 7 };
    accepts(&then(apply(digest(1, 1))));
    let what = rejects("state-machine-safety", &then(apply(5)));
    assert_eq!(what, "at index 1 of term 1, n1 and n2 applied entries with different payloads");
}

#[test]
fn rejects_another_outcome() {
    let apply = |outcome| Fact::Applied { at: at(1, 1), digest: digest(1, 1), outcome };
    accepts(&then(apply(7)));
    let what = rejects("state-machine-safety", &then(apply(8)));
    assert_eq!(what, "at index 1 of term 1, n1 and n2 came to different outcomes");
}

#[test]
fn rejects_an_entry_of_another_term() {
    let apply = |term| [first_leader(1), vec![(N2, applied(term, 1))]].concat();
    accepts(&apply(1));
    let what = rejects("state-machine-safety", &apply(2));
    assert_eq!(what, "at index 1, n1 applied an entry of term 1, and n2 one of term 2");
}

#[test]
fn rejects_a_snapshot_that_ends_with_another_entry() {
    let install = |term| [first_leader(1), vec![(N2, installed(term, 1, false))]].concat();
    accepts(&install(1));
    rejects("state-machine-safety", &install(2));
    let start = |term| [first_leader(1), vec![(N2, started(2, at(term, 1), &[]))]].concat();
    accepts(&start(1));
    rejects("state-machine-safety", &start(2));
}

#[test]
fn rejects_what_no_leader_had_committed() {
    let story = |index| {
        [first_leader(1), vec![(N1, appended(1, 2)), (N1, committed(index)), (N1, applied(1, 2))]].concat()
    };
    accepts(&story(2));
    let what = rejects("state-machine-safety", &story(1));
    assert_eq!(
        what,
        "n1 is in the state after the entry of term 1 at index 2, which no leader had committed"
    );
}

#[test]
fn compares_within_a_term_where_copies_are_asynchronous() {
    let story = |outcome| {
        let lost = vec![(N2, leads(2)), (N2, applied(2, 1)), (N1, Fact::RolledBack { index: 0 })];
        let again = Fact::Applied { at: at(2, 1), digest: digest(2, 1), outcome };
        [first_leader(1), lost, vec![(N1, again)]].concat()
    };
    assert_eq!(all_broken(false, &story(7)), vec![]);
    assert_eq!(all_broken(false, &story(8)).len(), 1);
}
