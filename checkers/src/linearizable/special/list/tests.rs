use perjury_histories::Value;

use super::Call::{self, Append, Read};
use super::linearize;
use crate::linearizable::special::testing::general::{Told, agree_with_search};
use crate::linearizable::special::testing::histories::{
    FEW, MANY, Moments, agree_on_longer, agree_on_random, by_effect, long,
};
use crate::linearizable::special::testing::{Subject, agree, agree_on_all, fault};
use crate::linearizable::special::{Answer, NEVER, Operation};
use crate::model::list_append::ListAppend;

type Op = Operation<Call<'static>>;

/// A list, empty at first.
struct List;

impl Subject for List {
    type Call = Call<'static>;
    type State = Vec<u32>;

    fn initial(&self) -> Vec<u32> {
        Vec::new()
    }

    fn step(&self, list: &mut Vec<u32>, call: Call<'static>) -> bool {
        match call {
            Append(value) => {
                list.push(value);
                true
            }
            Read(seen) => seen == list.as_slice(),
        }
    }

    fn solve(&self, operations: &[Op]) -> Answer {
        linearize(operations)
    }
}

fn operation(invoked: u32, returned: u32, call: Call<'static>) -> Op {
    Operation { invoked, returned, call }
}

#[track_caller]
fn solve(operations: &[(u32, u32, Call<'static>)]) -> Answer {
    let operations: Vec<_> = operations.iter().map(|&(from, to, call)| operation(from, to, call)).collect();
    agree(&List, &operations).expect("solver and definition agree");
    linearize(&operations)
}

#[test]
fn rejects_read_that_lacks_an_element() {
    let history = |seen| [(0, 1, Append(1)), (2, 3, Append(2)), (4, 5, Read(seen))];
    assert_eq!(solve(&history(&[1, 2])), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(&[1])), Answer::Impossible(vec![0, 1, 2]));
    assert_eq!(solve(&history(&[])), Answer::Impossible(vec![0, 2]));
}

#[test]
fn rejects_read_that_goes_back() {
    let history = |second| [(0, 9, Append(1)), (1, 2, Read(&[1])), (3, 4, Read(second))];
    assert_eq!(solve(&history(&[1])), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(&[])), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_two_orders() {
    let history = |seen| [(0, 3, Append(1)), (1, 2, Append(2)), (4, 7, Read(&[1, 2])), (5, 6, Read(seen))];
    assert_eq!(solve(&history(&[1, 2])), Answer::Order(vec![0, 1, 2, 3]));
    assert_eq!(solve(&history(&[2, 1])), Answer::Impossible(vec![0, 1, 2, 3]));
}

#[test]
fn rejects_appends_in_the_wrong_order() {
    let history = |seen| [(0, 1, Append(1)), (2, 3, Append(2)), (4, 5, Read(seen))];
    assert_eq!(solve(&history(&[2, 1])), Answer::Impossible(vec![0, 1, 2]));
    let unseen = [(0, 1, Append(1)), (2, 5, Append(2)), (3, 4, Read(&[2]))];
    assert_eq!(solve(&unseen), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_elements_before_they_were_appended_or_twice_or_of_nobody() {
    assert_eq!(solve(&[(0, 1, Read(&[1])), (2, 3, Append(1))]), Answer::Impossible(vec![0, 1]));
    assert_eq!(solve(&[(0, 1, Append(1)), (2, 3, Read(&[1, 1]))]), Answer::Impossible(vec![0, 1]));
    assert_eq!(solve(&[(0, 1, Append(1)), (2, 3, Read(&[1, 2]))]), Answer::Impossible(vec![1]));
}

#[test]
fn lets_an_append_of_unknown_outcome_be_seen_or_not() {
    let history = |invoked, seen| [(invoked, NEVER, Append(1)), (2, 3, Append(2)), (4, 5, Read(seen))];
    assert_eq!(solve(&history(0, &[1, 2])), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(0, &[2])), Answer::Order(vec![1, 2]));
    assert_eq!(solve(&history(6, &[2, 1])), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn does_not_judge_values_that_were_appended_twice() {
    let twice = [operation(0, 1, Append(1)), operation(2, 3, Append(1))];
    assert!(matches!(linearize(&twice), Answer::NotApplicable(_)));
}

/// What a wrong read lists is the shortest that shows it.
#[test]
fn shows_the_shortest_reads() {
    let all = [
        (0, 1, Append(1)),
        (2, 3, Append(2)),
        (4, 5, Append(3)),
        (6, 7, Read(&[2, 1])),
        (8, 9, Read(&[2, 1, 3])),
    ];
    assert_eq!(solve(&all), Answer::Impossible(vec![0, 1, 3]));
    assert_eq!(
        solve(&[(0, 1, Append(1)), (2, 3, Read(&[1, 7])), (4, 9, Append(2)), (5, 6, Read(&[1, 7, 2]))]),
        Answer::Impossible(vec![1])
    );
}

const CALLS: [(Call<'static>, bool); 9] = [
    (Append(1), false),
    (Append(2), false),
    (Append(2), true),
    (Append(3), false),
    (Read(&[]), false),
    (Read(&[1]), false),
    (Read(&[2]), false),
    (Read(&[1, 2]), false),
    (Read(&[2, 1]), false),
];

#[test]
fn agrees_with_the_definition_on_all_histories_of_three() {
    assert!(agree_on_all(&List, &CALLS, 3) > 5_000);
}

#[test]
#[ignore = "a minute"]
fn agrees_with_the_definition_on_all_histories_of_four() {
    assert!(agree_on_all(&List, &CALLS, 4) > 200_000);
}

/// What a correct list does at these moments; `bits` of each choice say what. Of the operations of unknown outcome
/// some have an effect. Lists are leaked: there are few, and short.
fn correct(moments: &[Moments]) -> Vec<Op> {
    let unread = |moments: &Moments| operation(moments.invoked, moments.returned, Read(&[]));
    let mut operations: Vec<_> = moments.iter().map(unread).collect();
    let mut list: Vec<u32> = Vec::new();
    for place in by_effect(moments) {
        let choice = moments[place].choice;
        let operation = &mut operations[place];
        if choice.is_multiple_of(2) {
            operation.call = Read(Vec::leak(list.clone()));
            continue;
        }
        operation.call = Append(place as u32);
        let is_unknown = (choice / 2).is_multiple_of(5);
        if is_unknown {
            operation.returned = NEVER;
        }
        if !is_unknown || (choice / 16).is_multiple_of(2) {
            list.push(place as u32);
        }
    }
    operations
}

/// The same, where often one read lost an element, or found two in the other order, or one that nobody appended.
fn maybe_wrong(moments: &[Moments]) -> Vec<Op> {
    let mut operations = correct(moments);
    let choice = moments[0].choice as usize / 512;
    if let Some(Operation { call: Read(seen), .. }) = operations.get_mut(choice % moments.len()) {
        let mut wrong = seen.to_vec();
        match choice / 64 % 4 {
            0 => drop(wrong.pop()),
            1 => wrong.reverse(),
            2 if !wrong.is_empty() => drop(wrong.remove(0)),
            _ => wrong.push(choice as u32 % moments.len() as u32),
        }
        *seen = Vec::leak(wrong);
    }
    operations
}

#[test]
fn agrees_with_the_definition_on_random_histories() {
    agree_on_random(&List, FEW, maybe_wrong);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_many_random_histories() {
    agree_on_random(&List, MANY, maybe_wrong);
}

/// Asserts that solver and general search agree.
fn agrees_with_search(cases: u32) {
    let tell = |operation: &Op| match operation.call {
        Append(value) => {
            let argument = Value::from(value);
            let result = (operation.returned != NEVER).then(|| argument.clone());
            Told { function: "append", argument, result }
        }
        Read(seen) => {
            Told { function: "read", argument: Value::Null, result: Some(Value::from(seen.to_vec())) }
        }
    };
    agree_on_longer(cases, |moments| {
        agree_with_search(&List, &ListAppend, &Value::Null, &maybe_wrong(moments), tell)
    });
}

#[test]
fn agrees_with_the_search_on_longer_histories() {
    agrees_with_search(FEW / 10);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_search_on_many_longer_histories() {
    agrees_with_search(MANY / 10);
}

#[test]
fn judges_long_histories() {
    let mut operations = correct(&long(3_000, 20, 1));
    let Answer::Order(order) = linearize(&operations) else { panic!("valid by construction") };
    assert_eq!(fault(&List, &operations, &order), None);
    // An element that was read is gone.
    let seen = operations.iter().filter_map(|operation| match operation.call {
        Read(seen) => Some(seen),
        Append(_) => None,
    });
    let longest: &'static [u32] = seen.max_by_key(|seen| seen.len()).expect("a read");
    operations.push(operation(9_000, 9_001, Read(&longest[..longest.len() - 1])));
    assert!(matches!(linearize(&operations), Answer::Impossible(_)));
}
