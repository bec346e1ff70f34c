use perjury_histories::Value;

use super::{Call, linearize};
use crate::linearizable::special::testing::general::{Told, agree_with_search};
use crate::linearizable::special::testing::histories::{
    FEW, MANY, Moments, agree_on_longer, agree_on_random, by_effect, long,
};
use crate::linearizable::special::testing::{Subject, agree, agree_on_all, fault};
use crate::linearizable::special::{Answer, NEVER, Operation};
use crate::model::cas_register::CasRegister;

/// A register that holds 0 at first.
struct Register;

impl Subject for Register {
    type Call = Call;
    type State = u32;

    fn initial(&self) -> u32 {
        0
    }

    fn step(&self, state: &mut u32, call: Call) -> bool {
        let before = std::mem::replace(state, call.written().unwrap_or(*state));
        call.observed().is_none_or(|value| value == before)
    }

    fn solve(&self, operations: &[Operation<Call>]) -> Answer {
        linearize(operations, 0)
    }
}

use Call::{Cas, Read, Write};

fn operation(invoked: u32, returned: u32, call: Call) -> Operation<Call> {
    Operation { invoked, returned, call }
}

fn solve(operations: &[(u32, u32, Call)]) -> Answer {
    let operations: Vec<_> = operations.iter().map(|&(from, to, call)| operation(from, to, call)).collect();
    agree(&Register, &operations).expect("solver and definition agree");
    linearize(&operations, 0)
}

#[test]
fn rejects_stale_read() {
    let history = |second| [(0, 1, Write(1)), (2, 3, Write(2)), (4, 5, Read(second))];
    assert_eq!(solve(&history(2)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(1)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_cas_of_what_was_overwritten() {
    let history = |old| [(0, 1, Write(1)), (2, 3, Write(2)), (4, 5, Cas(old, 3))];
    assert_eq!(solve(&history(2)), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&history(1)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn rejects_two_cas_from_one_value() {
    let history = |old| [(0, 5, Cas(0, 1)), (1, 4, Cas(old, 2))];
    assert_eq!(solve(&history(1)), Answer::Order(vec![0, 1]));
    assert_eq!(solve(&history(0)), Answer::Impossible(vec![0, 1]));
}

#[test]
fn rejects_circle_of_cas() {
    assert_eq!(solve(&[(0, 5, Cas(2, 1)), (1, 4, Cas(1, 2))]), Answer::Impossible(vec![0, 1]));
}

#[test]
fn accepts_write_of_unknown_outcome_that_is_read_much_later() {
    let history = |returned| [(0, returned, Write(1)), (2, 3, Write(2)), (4, 5, Read(1))];
    assert_eq!(solve(&history(NEVER)), Answer::Order(vec![1, 0, 2]));
    assert_eq!(solve(&history(1)), Answer::Impossible(vec![0, 1, 2]));
}

#[test]
fn leaves_out_what_nobody_observed() {
    assert_eq!(
        solve(&[(0, NEVER, Write(1)), (1, NEVER, Cas(1, 2)), (2, 3, Read(0))]),
        Answer::Order(vec![2])
    );
}

#[test]
fn takes_cas_of_equal_values_for_a_read() {
    assert_eq!(solve(&[(0, 1, Write(1)), (2, 3, Cas(1, 1)), (4, 5, Read(1))]), Answer::Order(vec![0, 1, 2]));
    assert_eq!(solve(&[(0, 1, Cas(1, 1)), (2, 3, Write(1))]), Answer::Impossible(vec![0, 1]));
}

#[test]
fn does_not_mind_the_order_of_its_input() {
    assert_eq!(solve(&[(4, 5, Read(1)), (2, 3, Read(1)), (0, 1, Write(1))]), Answer::Order(vec![2, 1, 0]));
}

#[test]
fn blames_what_was_never_written() {
    assert_eq!(
        solve(&[(0, 1, Write(1)), (2, NEVER, Cas(5, 6)), (4, 5, Read(6))]),
        Answer::Impossible(vec![1, 2])
    );
}

#[test]
fn does_not_judge_values_that_were_written_twice() {
    let history = |value| {
        linearize(&[operation(0, 1, Write(1)), operation(2, 3, Write(1)), operation(4, 5, Read(value))], 0)
    };
    assert!(matches!(history(1), Answer::NotApplicable(_)));
    assert_eq!(history(0), Answer::Impossible(vec![0, 2]));
}

const CALLS: [(Call, bool); 14] = [
    (Read(0), false),
    (Read(1), false),
    (Read(2), false),
    (Write(1), false),
    (Write(2), false),
    (Write(1), true),
    (Write(2), true),
    (Cas(0, 1), false),
    (Cas(1, 2), false),
    (Cas(2, 1), false),
    (Cas(0, 1), true),
    (Cas(1, 2), true),
    (Cas(1, 1), false),
    (Cas(2, 0), true),
];

#[test]
fn agrees_with_the_definition_on_all_histories_of_three() {
    assert!(agree_on_all(&Register, &CALLS, 3) > 20_000);
}

#[test]
#[ignore = "a minute"]
fn agrees_with_the_definition_on_all_histories_of_four() {
    assert!(agree_on_all(&Register, &CALLS, 4) > 1_000_000);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_all_histories_of_five() {
    let calls = [CALLS[0], CALLS[1], CALLS[2], CALLS[3], CALLS[6], CALLS[8], CALLS[10]];
    assert!(agree_on_all(&Register, &calls, 5) > 1_000_000);
}

/// What a correct register does at these moments; `bits` of each choice say what. Of the operations that are
/// of unknown outcome some have an effect. Every written value is new.
fn correct(moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations: Vec<_> =
        moments.iter().map(|moments| operation(moments.invoked, moments.returned, Read(0))).collect();
    let mut present = 0;
    for place in by_effect(moments) {
        let (choice, new) = (moments[place].choice, place as u32 + 1);
        let operation = &mut operations[place];
        operation.call = match choice % 5 {
            0 | 1 => Write(new),
            2 => Cas(present, new),
            _ => Read(present),
        };
        if (choice / 8).is_multiple_of(6) && operation.call.written().is_some() {
            operation.returned = NEVER;
        }
        if operation.returned != NEVER || (choice / 64).is_multiple_of(2) {
            present = operation.call.written().unwrap_or(present);
        }
    }
    operations
}

/// The same, where often one operation saw something else.
fn maybe_wrong(moments: &[Moments]) -> Vec<Operation<Call>> {
    let mut operations = correct(moments);
    let choice = moments[0].choice / 128;
    let mut observers: Vec<_> =
        operations.iter_mut().filter(|operation| operation.call.observed().is_some()).collect();
    let count = observers.len();
    if let Some(operation) =
        observers.get_mut(choice as usize / 4 % count.max(1)).filter(|_| !choice.is_multiple_of(4))
    {
        let seen = choice / 128 % (moments.len() as u32 + 1);
        match &mut operation.call {
            Read(value) | Cas(value, _) => *value = seen,
            Write(_) => {}
        }
    }
    operations
}

#[test]
fn agrees_with_the_definition_on_random_histories() {
    agree_on_random(&Register, FEW, maybe_wrong);
}

#[test]
#[ignore = "minutes"]
fn agrees_with_the_definition_on_many_random_histories() {
    agree_on_random(&Register, MANY, maybe_wrong);
}

/// Asserts that solver and general search agree.
fn agrees_with_search(cases: u32) {
    let tell = |operation: &Operation<Call>| {
        let known = |value: Value| (!operation.is_unknown()).then_some(value);
        match operation.call {
            Read(value) => Told { function: "read", argument: Value::Null, result: Some(Value::from(value)) },
            Write(value) => {
                Told { function: "write", argument: Value::from(value), result: known(Value::from(value)) }
            }
            Cas(old, new) => {
                let argument = Value::from(vec![old, new]);
                Told { function: "cas", result: known(argument.clone()), argument }
            }
        }
    };
    agree_on_longer(cases, |moments| {
        agree_with_search(&Register, &CasRegister, &Value::from(0), &maybe_wrong(moments), tell)
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
    let mut operations = correct(&long(count, 10, seed));
    let Answer::Order(order) = linearize(&operations, 0) else { panic!("valid by construction") };
    assert_eq!(fault(&Register, &operations, &order), None);
    // Something late sees what was written long ago.
    let old = operations[..count / 2].iter().rev().find_map(|early| early.call.written()).expect("a write");
    let late =
        operations[count - 100..].iter_mut().find(|late| matches!(late.call, Read(_))).expect("a read");
    late.call = Read(old);
    let Answer::Impossible(core) = linearize(&operations, 0) else { panic!("read {old} again") };
    assert!(!core.is_empty());
}

#[test]
fn judges_long_histories() {
    judges_long_history(20_000, 1);
}

#[test]
#[ignore = "a minute"]
fn judges_histories_of_a_million() {
    (1..=20).for_each(|seed| judges_long_history(1_000_000, seed));
}
