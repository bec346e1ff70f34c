//! Log matching.

use super::*;

#[test]
fn rejects_entries_of_one_place_and_term_that_differ() {
    let other = |term| (N2, Fact::Appended { at: at(term, 1), digest: 1 });
    accepts(&[(N1, appended(2, 1)), other(1)]);
    let what = rejects("log-matching", &[(N1, appended(2, 1)), other(2)]);
    assert_eq!(what, "the entries of term 2 at index 1 in the logs of n1 and n2 are not the same");
}

#[test]
fn rejects_equal_entries_after_different_ones() {
    let n2 = |term| [(N2, appended(term, 1)), (N2, appended(3, 2))];
    let story = |term| [vec![(N1, appended(2, 1)), (N1, appended(3, 2))], n2(term).to_vec()].concat();
    accepts(&story(2));
    let what = rejects("log-matching", &story(1));
    assert_eq!(
        what,
        "the entries of term 3 at index 2 in the logs of n1 and n2 follow entries of different terms"
    );
}

#[test]
fn rejects_what_differs_further_back_where_it_differs() {
    // n2 has another entry at index 1; the link that shows it is the one from index 2.
    let n1 = vec![(N1, appended(1, 1)), (N1, appended(2, 2)), (N1, appended(2, 3))];
    let n2 = |first| vec![(N2, appended(first, 1)), (N2, appended(2, 2)), (N2, appended(2, 3))];
    accepts(&[n1.clone(), n2(1)].concat());
    rejects("log-matching", &[n1, n2(2)].concat());
}

#[test]
fn compares_with_what_is_left_after_a_conflict_was_cut_off() {
    let cut = |cuts: bool| {
        let mut story = vec![(N1, appended(2, 1)), (N1, appended(2, 2))];
        story.extend([(N2, appended(1, 1)), (N2, appended(1, 2))]);
        if cuts {
            story.push((N2, appended(2, 1)));
        }
        story.push((N2, appended(2, 2)));
        story
    };
    accepts(&cut(true));
    rejects("log-matching", &cut(false));
}

#[test]
fn rejects_a_log_with_a_hole() {
    accepts(&[(N1, appended(1, 1)), (N1, appended(1, 2))]);
    let what = rejects("log-matching", &[(N1, appended(1, 1)), (N1, appended(1, 3))]);
    assert_eq!(what, "the log of n1 ended at index 1, and goes on at index 3");
}

#[test]
fn the_first_entry_after_a_snapshot_is_linked_to_it() {
    let story = |term| {
        let mut story = first_leader(3);
        story.extend([(N1, Fact::Term(3)), (N1, leads(3)), (N1, appended(3, 4))]);
        // The snapshot is of the same entries, or a node of another history.
        story.extend([(N2, started(3, at(0, 0), &[])), (N2, appended(term, 1)), (N2, appended(term, 2))]);
        story.extend([(N2, installed(1, 3, false)), (N2, appended(3, 4))]);
        story
    };
    accepts(&story(1));
    // What was in the log before the snapshot does not matter.
    accepts(&story(2));
    let unlinked = |snapshot| {
        let start = started(3, at(snapshot, 3), &[(at(3, 4), digest(3, 4))]);
        [story(1), vec![(N3, start)]].concat()
    };
    accepts(&unlinked(1));
    let broken = all_broken(true, &unlinked(2));
    assert!(broken.iter().any(|broken| broken.invariant == "log-matching"), "{broken:?}");
}

#[test]
fn a_log_that_starts_inside_compares_its_first_payload_only() {
    let story = |first: (Term, u64)| {
        let log = [(at(first.0, 2), first.1), (at(1, 3), digest(1, 3))];
        [first_leader(3), vec![(N2, started(1, at(1, 3), &log))]].concat()
    };
    accepts(&story((1, digest(1, 2))));
    rejects("log-matching", &story((1, 5)));
}

#[test]
fn what_was_not_known_of_an_entry_is_learnt_later() {
    // n1 starts with entry 2 as its first: which entry it follows, n2 tells.
    let snapshot = at(1, 2);
    let story = |before| {
        let begins = started(1, snapshot, &[(at(1, 2), digest(1, 2))]);
        let n2 = [(N2, appended(1, 1)), (N2, appended(1, 2))];
        let n3 = [(N3, Fact::Appended { at: at(before, 1), digest: 3 }), (N3, appended(1, 2))];
        [vec![(N1, begins)], n2.to_vec(), n3.to_vec()].concat()
    };
    let broken = |before| {
        let broken = all_broken(false, &story(before));
        broken.into_iter().filter(|broken| broken.what.contains("index 2")).count()
    };
    assert_eq!((broken(1), broken(0)), (0, 1));
}

#[test]
fn rejects_a_tail_that_does_not_follow_the_snapshot() {
    let story = |term, keeps_tail| {
        let logs = (1..=4).map(|index| (N2, appended(term, index)));
        let mut story: Story = first_leader(3);
        story.extend(logs);
        story.push((N2, installed(1, 3, keeps_tail)));
        story
    };
    accepts(&story(1, true));
    accepts(&story(2, false));
    rejects("log-matching", &story(2, true));
}

#[test]
fn rejects_a_start_whose_log_does_not_follow_its_snapshot() {
    let story = |term| {
        let log: Vec<_> = (2..=4).map(|index| (at(term, index), digest(term, index))).collect();
        [first_leader(3), vec![(N2, started(2, at(1, 3), &log))]].concat()
    };
    accepts(&story(1));
    rejects("log-matching", &story(2));
}

#[test]
fn a_log_that_ends_before_the_snapshot_goes_on_after_it() {
    let log = [(at(1, 1), digest(1, 1))];
    let story =
        |next| [first_leader(3), vec![(N2, started(1, at(1, 3), &log)), (N2, appended(1, next))]].concat();
    accepts(&story(4));
    rejects("log-matching", &story(5));
}
