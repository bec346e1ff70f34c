use std::collections::BTreeSet;

use perjury_histories::Value;

use super::Call::{self, Add, Contains, Remove};
use super::linearize;
use crate::linearizable::special::testing::general::{Told, agree_with_search};
use crate::linearizable::special::testing::histories::{
    FEW, MANY, Moments, agree_on_longer, agree_on_random, by_effect, long,
};
use crate::linearizable::special::testing::{Subject, agree, agree_on_all, fault};
use crate::linearizable::special::{Answer, NEVER, Operation};
use crate::model;

/// A set, empty at first.
struct Set;

impl Subject for Set {
    type Call = Call;
    type State = BTreeSet<u32>;

    fn initial(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }

    fn step(&self, members: &mut BTreeSet<u32>, call: Call) -> bool {
        match call {
            Add(value, result) => {
                let is_new = members.insert(value);
                result.is_none_or(|result| result == is_new)
            }
            Remove(value, result) => {
                let was_there = members.remove(&value);
                result.is_none_or(|result| result == was_there)
            }
            Contains(value, result) => members.contains(&value) == result,
        }
    }

    fn solve(&self, operations: &[Operation<Call>]) -> Answer {
        linearize(operations)
    }
}

fn operation(invoked: u32, returned: u32, call: Call) -> Operation<Call> {
    Operation { invoked, returned, call }
}

#[track_caller]
fn solve(operations: &[(u32, u32, Call)]) -> Answer {
    let operations: Vec<_> = operations.iter().map(|&(from, to, call)| operation(from, to, call)).collect();
    agree(&Set, &operations).expect("solver and definition agree");
    linearize(&operations)
}

#[test]
fn rejects_absence_while_present() {
    let history = |result| [(0, 1, Add(1, None)), (2, 3, Contains(1, result)), (4, 5, Remove(1, Some(true)))];
    assert_eq!(solve(&history(true)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(false)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_presence_after_removal() {
    let history = |result| [(0, 1, Add(1, None)), (2, 3, Remove(1, Some(true))), (4, 5, Contains(1, result))];
    assert_eq!(solve(&history(false)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(true)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_presence_before_addition() {
    let history = |result| [(0, 1, Contains(1, result)), (2, 3, Add(1, Some(true)))];
    assert_eq!(solve(&history(false)), Answer::Order(vec![0, 1]));
    assert_eq!(solve(&history(true)), Answer::Impossible(vec![0, 1]));
}

#[test]
fn rejects_second_removal() {
    let history =
        |result| [(0, 1, Add(1, None)), (2, 5, Remove(1, Some(true))), (3, 4, Remove(1, Some(result)))];
    assert_eq!(solve(&history(false)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(true)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_what_nobody_added() {
    let history = |value| [(0, 1, Add(1, None)), (2, 3, Contains(value, true))];
    assert_eq!(solve(&history(1)), Answer::Order(vec![0, 1]));
    assert_eq!(solve(&history(2)), Answer::Impossible(vec![1]));
}

#[test]
fn lets_a_remove_of_unknown_outcome_explain_absence() {
    let history =
        |invoked| [(0, 1, Add(1, None)), (invoked, NEVER, Remove(1, None)), (4, 5, Contains(1, false))];
    assert_eq!(solve(&history(2)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(6)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn lets_the_first_of_several_removes_explain_absence() {
    let second = (6, NEVER, Remove(1, None));
    let history = [(0, 1, Add(1, None)), (2, NEVER, Remove(1, None)), (4, 5, Contains(1, false)), second];
    assert_eq!(solve(&history), Answer::Order(vec![0, 1, 2]));
}

#[test]
fn does_not_judge_values_that_were_added_twice() {
    let history = |second| [operation(0, 1, Add(1, Some(true))), operation(2, 3, Add(1, second))];
    assert!(matches!(linearize(&history(Some(true))), Answer::NotApplicable(_)));
    assert_eq!(linearize(&history(Some(false))), Answer::Order(vec![0, 1]));
}

#[test]
fn does_not_judge_removes_that_say_nothing() {
    assert!(matches!(linearize(&[operation(0, 1, Remove(1, None))]), Answer::NotApplicable(_)));
}

const CALLS: [(Call, bool); 10] = [
    (Add(1, None), false),
    (Add(1, Some(true)), false),
    (Add(1, Some(false)), false),
    (Add(1, None), true),
    (Remove(1, Some(true)), false),
    (Remove(1, Some(false)), false),
    (Remove(1, None), true),
    (Contains(1, true), false),
    (Contains(1, false), false),
    (Contains(2, false), false),
];

#[test]
fn agrees_with_the_definition_on_all_histories_of_three() {
    assert!(agree_on_all(&Set, &CALLS, 3) > 10_000);
}

#[test]
#[ignore = "a minute"]
fn agrees_with_the_definition_on_all_histories_of_four() {
    assert!(agree_on_all(&Set, &CALLS, 4) > 500_000);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_all_histories_of_five() {
    let calls = [CALLS[0], CALLS[3], CALLS[4], CALLS[5], CALLS[6], CALLS[7], CALLS[8]];
    assert!(agree_on_all(&Set, &calls, 5) > 1_000_000);
}

/// What a correct set does at these moments; `bits` of each choice say what. Of the operations of unknown
/// outcome some have an effect. A value is added once, unless it is there.
fn correct(moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations: Vec<_> = moments
        .iter()
        .map(|moments| operation(moments.invoked, moments.returned, Contains(0, false)))
        .collect();
    let (mut members, mut added) = (BTreeSet::new(), 0);
    for place in by_effect(moments) {
        let choice = moments[place].choice;
        let operation = &mut operations[place];
        let is_unknown = (choice / 8).is_multiple_of(6);
        let has_effect = !is_unknown || (choice / 64).is_multiple_of(2);
        let value = (added + 1_u32).saturating_sub(choice / 128 % 3);
        operation.call = match choice % 8 {
            0..2 => {
                added += 1;
                Add(added, (choice.is_multiple_of(2) && !is_unknown).then_some(true))
            }
            2 if members.contains(&value) && !is_unknown => Add(value, Some(false)),
            3..6 => Remove(value, (!is_unknown).then_some(members.contains(&value))),
            _ => Contains(value, members.contains(&value)),
        };
        if is_unknown {
            operation.returned = NEVER;
        }
        match operation.call {
            Add(value, _) if has_effect => _ = members.insert(value),
            Remove(value, _) if has_effect => _ = members.remove(&value),
            _ => {}
        }
    }
    operations
}

/// The same, where often one operation said the opposite.
fn maybe_wrong(moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations = correct(moments);
    let place = moments[0].choice as usize / 512 % (moments.len() + 1);
    if let Some(Operation { call, .. }) = operations.get_mut(place) {
        match call {
            Add(_, Some(result)) | Remove(_, Some(result)) | Contains(_, result) => *result = !*result,
            Add(_, None) | Remove(_, None) => {}
        }
    }
    operations
}

#[test]
fn agrees_with_the_definition_on_random_histories() {
    agree_on_random(&Set, FEW, maybe_wrong);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_many_random_histories() {
    agree_on_random(&Set, MANY, maybe_wrong);
}

/// Asserts that solver and general search agree.
fn agrees_with_search(cases: u32) {
    let tell = |operation: &Operation<Call>| {
        let (function, result) = match operation.call {
            Add(_, result) => ("add", result),
            Remove(_, result) => ("remove", result),
            Contains(_, result) => ("contains", Some(result)),
        };
        let argument = Value::from(operation.call.value());
        let result = result.map_or_else(|| argument.clone(), Value::from);
        Told { function, argument, result: (!operation.is_unknown()).then_some(result) }
    };
    agree_on_longer(cases, |moments| {
        agree_with_search(&Set, &model::set::Set, &Value::Null, &maybe_wrong(moments), tell)
    });
}

#[test]
fn agrees_with_the_search_on_longer_histories() {
    agrees_with_search(FEW / 4);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_search_on_many_longer_histories() {
    agrees_with_search(MANY);
}

#[track_caller]
fn judges_long_history(count: usize, seed: u64) {
    let mut operations = correct(&long(count, 20, seed));
    let Answer::Order(order) = linearize(&operations) else { panic!("valid by construction") };
    assert_eq!(fault(&Set, &operations, &order), None);
    // What was removed at last is there again.
    let end = 3 * count as u32;
    let removed = operations.iter().rev().find(|late| matches!(late.call, Remove(_, Some(true))));
    let Call::Remove(value, _) = removed.expect("a remove").call else { return };
    operations.push(operation(end, end + 1, Contains(value, false)));
    assert!(matches!(linearize(&operations), Answer::Order(_)));
    operations.push(operation(end + 2, end + 3, Contains(value, true)));
    assert!(matches!(linearize(&operations), Answer::Impossible(_)));
}

#[test]
fn judges_long_histories() {
    judges_long_history(20_000, 1);
}

#[test]
#[ignore = "a minute"]
fn judges_histories_of_a_million() {
    (1..=5).for_each(|seed| judges_long_history(1_000_000, seed));
}
