//! Leader completeness.

use super::*;

/// `n1` commits two entries in term 1, which `n2` has up to `held`.
fn copied(held: Index) -> Story {
    [first_leader(2), (1..=held).map(|index| (N2, appended(1, index))).collect()].concat()
}

#[test]
fn rejects_a_leader_that_lacks_what_is_committed() {
    let elected = |held| [copied(held), vec![(N2, leads(2))]].concat();
    accepts(&elected(2));
    let what = rejects("leader-completeness", &elected(1));
    assert_eq!(
        what,
        "the entry of term 1 at index 2 is committed, and n2, leader of term 2, ends its log at index 1"
    );
}

#[test]
fn rejects_a_leader_with_another_entry_there() {
    let elected = |term| [copied(1), vec![(N2, appended(term, 2)), (N2, leads(3))]].concat();
    accepts(&elected(1));
    let what = rejects("leader-completeness", &elected(2));
    assert!(what.ends_with("has one of term 2 there"), "{what}");
}

#[test]
fn owes_nothing_of_what_a_higher_term_committed() {
    let mut story = vec![(N1, Fact::Term(3)), (N1, leads(3)), (N1, appended(3, 1)), (N1, committed(1))];
    story.push((N2, leads(2)));
    accepts(&story);
    story[4] = (N2, leads(4));
    rejects("leader-completeness", &story);
}

#[test]
fn rejects_a_commit_after_the_election_of_a_leader_that_lacks_it() {
    let late = |held| {
        let mut story = vec![(N1, leads(1)), (N1, appended(1, 1)), (N1, appended(1, 2)), (N1, committed(1))];
        story.extend((1..=held).map(|index| (N2, appended(1, index))));
        story.extend([(N2, leads(2)), (N2, appended(2, held + 1)), (N1, committed(2))]);
        story
    };
    accepts(&late(2));
    let what = rejects("leader-completeness", &late(1));
    assert_eq!(
        what,
        "n1 commits through index 2 in term 1, and n2 was elected leader of term 2 without that entry"
    );
}

/// Raft's figure 8: a majority holds an entry of term 2, and the leader of term 4 counts it as committed; `n3`,
/// whose last entry is of term 3, can still be elected.
#[test]
fn rejects_figure_8() {
    let story = |of_its_own: bool| {
        let mut story = vec![(N1, leads(2)), (N1, appended(2, 1))];
        story.extend([(N3, leads(3)), (N3, appended(3, 1))]);
        story.extend([(N1, leads(4)), (N2, appended(2, 1))]);
        if !of_its_own {
            story.push((N1, committed(1)));
        }
        story.push((N3, leads(5)));
        story
    };
    accepts(&story(true));
    rejects("leader-completeness", &story(false));
}

#[test]
fn a_snapshot_holds_what_it_covers() {
    let install = |index| [copied(0), vec![(N2, installed(1, index, false)), (N2, leads(2))]].concat();
    accepts(&install(2));
    rejects("leader-completeness", &install(1));
}

#[test]
fn what_a_snapshot_covers_is_not_looked_at_again() {
    let story = |snapshot: (Term, Index)| {
        let mut story = [copied(2), vec![(N2, leads(3)), (N2, appended(3, 3)), (N2, committed(3))]].concat();
        // Elected late, for a term that is over: it owes what term 1 committed.
        story.extend([(N3, installed(snapshot.0, snapshot.1, false)), (N3, leads(2))]);
        story
    };
    accepts(&story((3, 3)));
    rejects("leader-completeness", &story((1, 1)));
}

#[test]
fn a_leader_with_a_snapshot_commits_past_it() {
    let mut story = copied(0);
    story.extend([(N2, installed(1, 2, false)), (N2, leads(2)), (N2, appended(2, 3)), (N2, committed(3))]);
    story.push((N2, applied(2, 3)));
    accepts(&story);
    let another = [story.clone(), vec![(N1, appended(2, 3)), (N1, leads(3))]].concat();
    accepts(&another);
    rejects("leader-completeness", &[story, vec![(N1, leads(3))]].concat());
}

#[test]
fn rejects_a_commit_that_contradicts_an_earlier_one() {
    // n2 is elected late, for a term that is over.
    let story = |term| {
        let mut story = vec![(N1, appended(1, 1)), (N1, appended(2, 2)), (N1, leads(3)), (N1, committed(2))];
        story.extend([(N2, appended(1, 1)), (N2, appended(term, 2)), (N2, leads(2)), (N2, committed(2))]);
        story
    };
    accepts(&story(2));
    rejects("leader-completeness", &story(1));
}

#[test]
fn rejects_a_leader_that_replaces_what_is_committed() {
    let story =
        |index| [copied(2), vec![(N2, leads(2)), (N2, appended(2, index)), (N2, committed(index))]].concat();
    accepts(&story(3));
    rejects("leader-completeness", &story(2));
}

#[test]
fn is_owed_by_leaders_of_higher_terms() {
    let elected = |term| [copied(1), vec![(N2, leads(term))]].concat();
    rejects("leader-completeness", &elected(2));
    rejects("one-leader-per-term", &elected(1));
}

#[test]
fn rejects_a_commit_past_the_end_of_the_log() {
    let commit = |index| [(N1, leads(1)), (N1, appended(1, 1)), (N1, committed(index))];
    accepts(&commit(1));
    rejects("leader-completeness", &commit(2));
}

#[test]
fn is_not_owed_where_copies_are_asynchronous() {
    let story = [copied(1), vec![(N2, leads(2)), (N2, appended(2, 2)), (N2, committed(2))]].concat();
    rejects("leader-completeness", &story);
    assert_eq!(all_broken(false, &story), vec![]);
}
