//! The terms of a log, against a log that holds one for each index.

use proptest::prelude::*;

use super::*;
use crate::raft::invariants::terms::Terms;

/// What each index of a log holds, from 1 on.
fn model(terms: &Terms) -> Vec<Option<Term>> {
    (1..=terms.last()).map(|index| terms.term(index)).collect()
}

/// A log of so many entries of each term.
fn log(entries: &[u64]) -> Terms {
    let mut terms = Terms::default();
    for (term, &count) in (1..).zip(entries) {
        for _ in 0..count {
            terms.put(at(term, terms.last() + 1));
        }
    }
    terms
}

#[test]
fn knows_nothing_of_what_a_snapshot_covers() {
    let mut terms = Terms::after(at(3, 5));
    terms.put(at(4, 6));
    assert_eq!([0, 4, 5, 6, 7].map(|index| terms.term(index)), [Some(0), None, Some(3), Some(4), None]);
}

proptest! {
    #[test]
    fn a_put_cuts_what_comes_after(entries in prop::collection::vec(0..5u64, 0..6), cut in 1..20u64) {
        let before = log(&entries);
        let mut after = before.clone();
        let cut = cut.min(before.last() + 1);
        after.put(at(9, cut));
        let mut expected = model(&before);
        expected.truncate(cut as usize - 1);
        expected.push(Some(9));
        prop_assert_eq!(model(&after), expected);
    }

    #[test]
    fn an_extension_is_what_the_other_holds(
        entries in prop::collection::vec(0..5u64, 0..6),
        known in 0..20u64,
        through in 0..20u64,
    ) {
        let other = log(&entries);
        let (known, through) = (known.min(other.last()), through.min(other.last()));
        let mut terms = Terms::default();
        terms.extend(&other, known);
        terms.extend(&other, through);
        let end = known.max(through) as usize;
        prop_assert_eq!(model(&terms), &model(&other)[..end]);
    }

    #[test]
    fn a_tail_holds_what_comes_after(entries in prop::collection::vec(0..5u64, 0..6), index in 0..20u64) {
        let all = log(&entries);
        let tail = all.tail(index);
        prop_assert_eq!(tail.last(), all.last());
        let index = index.min(all.last());
        let beyond = |terms: &Terms| (index + 1..=all.last()).map(|index| terms.term(index)).collect::<Vec<_>>();
        prop_assert_eq!(beyond(&tail), beyond(&all));
    }
}
