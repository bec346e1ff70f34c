use std::collections::BTreeSet;

use perjury_histories::Value;

use super::Call::{self, Put, Take, TakeEmpty, TakeUnknown};
use crate::linearizable::special::testing::general::{Told, agree_with_search};
use crate::linearizable::special::testing::histories::{
    FEW, MANY, Moments, agree_on_longer, agree_on_random, by_effect, long,
};
use crate::linearizable::special::testing::{Subject, agree, agree_on_all, fault};
use crate::linearizable::special::{Answer, NEVER, Operation, priority_queue, queue, stack};
use crate::model::{self, fifo_queue};

/// A container, empty at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Queue,
    Stack,
    /// The greatest value is taken first.
    PriorityQueue,
}

use Container::{PriorityQueue, Queue, Stack};

const ALL: [Container; 3] = [Queue, Stack, PriorityQueue];

impl Container {
    /// Where the next to be taken stands among what was put, the earliest first.
    fn next(self, held: &[u32]) -> Option<usize> {
        match self {
            Queue => (!held.is_empty()).then_some(0),
            Stack => held.len().checked_sub(1),
            PriorityQueue => (0..held.len()).max_by_key(|place| held[*place]),
        }
    }
}

impl Subject for Container {
    type Call = Call;
    type State = Vec<u32>;

    fn initial(&self) -> Vec<u32> {
        Vec::new()
    }

    fn step(&self, held: &mut Vec<u32>, call: Call) -> bool {
        let next = self.next(held);
        match call {
            Put(value) => {
                held.push(value);
                true
            }
            Take(value) => next.is_some_and(|next| held.remove(next) == value),
            TakeEmpty => next.is_none(),
            TakeUnknown => {
                next.map(|next| held.remove(next));
                true
            }
        }
    }

    fn solve(&self, operations: &[Operation<Call>]) -> Answer {
        match self {
            Queue => queue::linearize(operations),
            Stack => stack::linearize(operations),
            PriorityQueue => priority_queue::linearize(operations, |value| value),
        }
    }
}

fn operation(invoked: u32, returned: u32, call: Call) -> Operation<Call> {
    Operation { invoked, returned, call }
}

#[track_caller]
fn solve(container: Container, operations: &[(u32, u32, Call)]) -> Answer {
    let operations: Vec<_> = operations.iter().map(|&(from, to, call)| operation(from, to, call)).collect();
    agree(&container, &operations).expect("solver and definition agree");
    container.solve(&operations)
}

/// Asserts that the same operations are right with these values taken, and wrong with those.
#[track_caller]
fn tells_apart(
    container: Container,
    history: impl Fn([u32; 2]) -> Vec<(u32, u32, Call)>,
    right: [u32; 2],
    wrong: [u32; 2],
) {
    assert!(matches!(solve(container, &history(right)), Answer::Order(_)));
    assert!(matches!(solve(container, &history(wrong)), Answer::Impossible(_)));
}

#[test]
fn rejects_wrong_order_of_takes() {
    let history = |[first, second]: [u32; 2]| {
        vec![(0, 1, Put(1)), (2, 3, Put(2)), (4, 5, Take(first)), (6, 7, Take(second))]
    };
    tells_apart(Queue, history, [1, 2], [2, 1]);
    tells_apart(Stack, history, [2, 1], [1, 2]);
    tells_apart(PriorityQueue, history, [2, 1], [1, 2]);
}

#[test]
fn rejects_empty_take_while_something_is_inside() {
    for container in ALL {
        let history = |returned| [(0, returned, Put(1)), (2, 3, TakeEmpty), (4, 5, Take(1))];
        assert_eq!(solve(container, &history(6)), Answer::Order(vec![1, 0, 2]));
        assert_eq!(solve(container, &history(1)), Answer::Impossible(vec![0, 2, 1]));
    }
}

#[test]
fn rejects_what_was_never_put_or_taken_twice_or_too_early() {
    for container in ALL {
        assert_eq!(solve(container, &[(0, 1, Put(1)), (2, 3, Take(2))]), Answer::Impossible(vec![1]));
        let twice = [(0, 1, Put(1)), (2, 3, Take(1)), (4, 5, Take(1))];
        assert_eq!(solve(container, &twice), Answer::Impossible(vec![0, 1, 2]));
        assert_eq!(solve(container, &[(2, 3, Put(1)), (0, 1, Take(1))]), Answer::Impossible(vec![0, 1]));
        assert_eq!(solve(container, &[(1, 3, Put(1)), (0, 2, Take(1))]), Answer::Order(vec![0, 1]));
    }
}

#[test]
fn leaves_out_what_may_not_have_been_put() {
    for container in ALL {
        assert_eq!(solve(container, &[(0, NEVER, Put(1)), (1, 2, TakeEmpty)]), Answer::Order(vec![1]));
        let taken = [(0, NEVER, Put(1)), (1, 2, TakeEmpty), (3, 4, Take(1))];
        assert_eq!(solve(container, &taken), Answer::Order(vec![1, 0, 2]));
        assert_eq!(solve(container, &[(0, 1, Put(1)), (2, NEVER, TakeEmpty)]), Answer::Order(vec![0]));
    }
}

#[test]
fn does_not_judge_values_that_were_put_twice() {
    for container in ALL {
        let twice = [operation(0, 1, Put(1)), operation(2, 3, Put(1))];
        assert!(matches!(container.solve(&twice), Answer::NotApplicable(_)), "{container:?}");
    }
}

#[test]
fn does_not_judge_values_of_one_priority() {
    let puts = [operation(0, 1, Put(1)), operation(2, 3, Put(2))];
    assert!(matches!(priority_queue::linearize(&puts, |_| 7), Answer::NotApplicable(_)));
}

#[test]
fn asks_whether_a_take_of_unknown_outcome_matters() {
    for container in ALL {
        // The value that is missing may have been taken;
        let missing = [(0, 1, Put(1)), (2, NEVER, TakeUnknown), (4, 5, TakeEmpty)];
        assert!(matches!(solve(container, &missing), Answer::NotApplicable(_)));
        // but not before the take was invoked.
        let late = [(0, 1, Put(1)), (2, 3, TakeEmpty), (4, NEVER, TakeUnknown)];
        assert_eq!(solve(container, &late), Answer::Impossible(vec![0, 2, 1]));
        // Nothing is missing.
        let complete = [(0, 1, Put(1)), (2, NEVER, TakeUnknown), (4, 5, TakeEmpty), (6, 7, Take(1))];
        assert!(matches!(solve(container, &complete), Answer::Impossible(_)));
        let harmless = [(0, 1, Put(1)), (2, NEVER, TakeUnknown), (4, 5, Take(1))];
        assert_eq!(solve(container, &harmless), Answer::Order(vec![0, 2]));
    }
}

const CALLS: [(Call, bool); 9] = [
    (Put(1), false),
    (Put(2), false),
    (Put(3), false),
    (Put(1), true),
    (Take(1), false),
    (Take(2), false),
    (Take(3), false),
    (TakeEmpty, false),
    (TakeUnknown, true),
];

#[test]
fn agrees_with_the_definition_on_all_histories_of_three() {
    for container in ALL {
        assert!(agree_on_all(&container, &CALLS, 3) > 5_000);
    }
}

#[test]
#[ignore = "a minute"]
fn agrees_with_the_definition_on_all_histories_of_four() {
    for container in ALL {
        assert!(agree_on_all(&container, &CALLS, 4) > 200_000);
    }
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_all_histories_of_five() {
    let calls = [CALLS[0], CALLS[1], CALLS[4], CALLS[5], CALLS[7]];
    for container in ALL {
        assert!(agree_on_all(&container, &calls, 5) > 100_000);
    }
}

/// What a correct container does at these moments; `bits` of each choice say what. Of the operations of unknown
/// outcome some have an effect. Every value is put once.
fn correct(container: Container, moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations: Vec<_> =
        moments.iter().map(|moments| operation(moments.invoked, moments.returned, TakeEmpty)).collect();
    let mut held = Vec::new();
    for place in by_effect(moments) {
        let choice = moments[place].choice;
        let operation = &mut operations[place];
        let is_unknown = (choice / 2).is_multiple_of(8);
        let has_effect = !is_unknown || (choice / 16).is_multiple_of(2);
        // Values whose order is not that of their puts.
        let new = if container == PriorityQueue { place as u32 ^ 5 } else { place as u32 };
        operation.call = match (choice.is_multiple_of(2), container.next(&held)) {
            (true, _) => Put(new),
            (false, next) => match next.filter(|_| has_effect).map(|next| held.remove(next)) {
                Some(value) => Take(value),
                None => TakeEmpty,
            },
        };
        if is_unknown {
            operation.returned = NEVER;
        }
        match operation.call {
            Put(value) if has_effect => held.push(value),
            Take(_) | TakeEmpty if is_unknown => operation.call = TakeUnknown,
            _ => {}
        }
    }
    operations
}

/// The same, where often two takes have each other's values, or one took something else, or a take found
/// nothing.
fn maybe_wrong(container: Container, moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations = correct(container, moments);
    let takes: Vec<usize> =
        (0..operations.len()).filter(|place| matches!(operations[*place].call, Take(_))).collect();
    let choice = moments[0].choice / 32;
    let pick = |number: u32| takes.get(number as usize % takes.len().max(1)).copied();
    if let (Some(left), Some(right)) = (pick(choice / 8), pick(choice / 1_024)) {
        match choice % 8 {
            0..4 => {
                (operations[left].call, operations[right].call) =
                    (operations[right].call, operations[left].call);
            }
            4 => operations[left].call = Take(choice / 32 % moments.len() as u32),
            5 => operations[left].call = TakeEmpty,
            _ => {}
        }
    }
    operations
}

#[test]
fn agrees_with_the_definition_on_random_histories() {
    for container in ALL {
        agree_on_random(&container, FEW, |moments| maybe_wrong(container, moments));
    }
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_many_random_histories() {
    for container in ALL {
        agree_on_random(&container, MANY, |moments| maybe_wrong(container, moments));
    }
}

/// Asserts that solver and general search agree.
fn agrees_with_search(container: Container, cases: u32) {
    let (put, take) = match container {
        Queue => ("enqueue", "dequeue"),
        Stack => ("push", "pop"),
        PriorityQueue => ("insert", "poll"),
    };
    let tell = |operation: &Operation<Call>| match operation.call {
        Put(value) => {
            let result = (!operation.is_unknown()).then(|| Value::from(value));
            Told { function: put, argument: Value::from(value), result }
        }
        Take(value) => Told { function: take, argument: Value::Null, result: Some(Value::from(value)) },
        TakeEmpty => Told { function: take, argument: Value::Null, result: Some(Value::Null) },
        TakeUnknown => Told { function: take, argument: Value::Null, result: None },
    };
    let empty = &Value::Null;
    agree_on_longer(cases, |moments| {
        let operations = maybe_wrong(container, moments);
        match container {
            Queue => agree_with_search(&container, &fifo_queue::FifoQueue, empty, &operations, tell),
            Stack => agree_with_search(&container, &model::stack::Stack, empty, &operations, tell),
            PriorityQueue => {
                agree_with_search(&container, &model::priority_queue::PriorityQueue, empty, &operations, tell)
            }
        }
    });
}

#[test]
fn agrees_with_the_search_on_longer_histories() {
    ALL.into_iter().for_each(|container| agrees_with_search(container, FEW / 4));
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_search_on_many_longer_histories() {
    ALL.into_iter().for_each(|container| agrees_with_search(container, MANY));
}

/// Asserts that a long correct history is found so, and no longer when two takes far apart have each other's
/// values.
#[track_caller]
fn judges_long_history(container: Container, count: usize, seed: u64) {
    let mut moments = long(count, 20, seed);
    // All outcomes are known.
    moments.iter_mut().for_each(|moments| moments.choice |= 2);
    let mut operations = correct(container, &moments);
    assert!(operations.iter().filter(|operation| operation.call == TakeEmpty).count() > 10);
    let Answer::Order(order) = container.solve(&operations) else { panic!("valid by construction") };
    assert_eq!(fault(&container, &operations, &order), None);
    let takes: BTreeSet<usize> =
        (0..count).filter(|place| matches!(operations[*place].call, Take(_))).collect();
    let (left, right) = (takes.range(count / 3..).next(), takes.range(count / 2..).next());
    let (left, right) = (*left.expect("a take"), *right.expect("a take"));
    (operations[left].call, operations[right].call) = (operations[right].call, operations[left].call);
    let Answer::Impossible(few) = container.solve(&operations) else {
        panic!("{left} and {right} are swapped")
    };
    assert!(few.len() < 100, "{container:?}: {few:?}");
    let few: Vec<_> = few.iter().map(|place| operations[*place as usize]).collect();
    assert!(matches!(container.solve(&few), Answer::Impossible(_)), "{container:?}: {few:?}");
}

#[test]
fn judges_long_histories() {
    for container in ALL {
        judges_long_history(container, 20_000, 1);
    }
}

#[test]
#[ignore = "minutes"]
fn judges_histories_of_a_million() {
    for container in ALL {
        (1..=5).for_each(|seed| judges_long_history(container, 1_000_000, seed));
    }
}
