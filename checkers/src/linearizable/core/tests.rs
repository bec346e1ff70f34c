//! Cores of every shape of model: the operations that a reader needs, and no others.

use perjury_histories::{Operation, Value};
use proptest::prelude::*;
use serde_json::json;

use super::values::Values;
use super::*;
use crate::checker::Limits;
use crate::linearizable::Outcome;
use crate::linearizable::named;
use crate::model::oracle;
use crate::testing::history;

/// The core of this history: the places of its operations. Asserts that it fails, by the definition.
fn core(name: &str, text: &str) -> Vec<usize> {
    let history = history(text);
    let operations: Vec<Operation<'_>> = history.operations().collect();
    let problem = Problem::of(operations.iter().copied());
    let processes: Vec<Process> = operations.iter().map(|operation| operation.process()).collect();
    let model = named(name).expect("a model");
    let answer = model.search(&problem, &Value::Null, &Limits::default()).expect("an initial state");
    let Outcome::Impossible(stuck) = answer.outcome else { panic!("{text} has an order") };
    let core = minimize(model, &problem, &processes, &Value::Null, &Broken::Stuck(&stuck), &Stop::default());
    let part = problem.restrict(|place, _| core.places.contains(&place));
    let again = model.search(&part, &Value::Null, &Limits::default()).expect("an initial state");
    assert!(matches!(again.outcome, Outcome::Impossible(_)), "{text}: {:?} has an order", core.places);
    core.places
}

#[test]
fn leaves_values_out_of_a_queue() {
    let text = |last| {
        format!(
            "0:enqueue(_,1) 0:enqueue(_,2) 0:enqueue(_,3) 1:dequeue()=1 0:enqueue(_,4) 1:dequeue()={last}"
        )
    };
    assert_eq!(core("fifo-queue", &text(3)), [1, 2, 5]);
    assert_eq!(core("fifo-queue", &text(1)), [0, 3, 5]);
    assert_eq!(core("fifo-queue", &text(9)), [5]);
    assert_eq!(core("unordered-queue", &text(1)), [0, 3, 5]);
}

#[test]
fn leaves_values_out_of_a_stack_unless_they_are_counted() {
    let text = |last| format!("0:push(_,1) 0:push(_,2) 1:pop()=2 0:push(_,3) 0:push(_,4) 1:{last}");
    assert_eq!(core("stack", &text("pop()=3")), [3, 4, 5]);
    assert_eq!(core("stack", &text("len()=2")), [0, 1, 2, 3, 4, 5]);
    assert_eq!(core("stack", &text("pop()=2 1:len()=3")), [1, 2, 5]);
}

#[test]
fn leaves_values_out_of_a_priority_queue_and_a_set() {
    assert_eq!(core("priority-queue", "0:insert(_,1) 0:insert(_,7) 0:insert(_,3) 1:poll()=3"), [1, 2, 3]);
    assert_eq!(core("set", "0:add(_,1) 0:add(_,2) 0:remove(_,2) 1:read()=[1,2] 0:add(_,3)"), [0, 1, 2, 3]);
    assert_eq!(core("set", "0:add(_,1) 0:add(_,2) 0:remove(_,1) 1:read()=[]"), [1, 3]);
}

/// The take of unknown outcome may have taken 1, so it is part of the proof that something is missing.
#[test]
fn keeps_takes_of_unknown_outcome() {
    let text = "0:enqueue(_,1) 0:enqueue(_,2) 0:enqueue(_,3) 1:dequeue():info 2:dequeue()=3";
    assert_eq!(core("fifo-queue", text), [0, 1, 2, 3, 4]);
}

#[test]
fn leaves_holders_out_of_a_lock() {
    let text = "0:acquire() 0:release() 1:acquire() 1:release() 2:acquire() 0:acquire() 2:release()";
    assert_eq!(core("mutex", text), [4, 5]);
    // Who releases what another acquired may be anybody.
    assert_eq!(core("mutex", "0:acquire() 1:release() 2:acquire() 0:acquire()"), [2, 3]);
    assert_eq!(core("mutex", "0:acquire()? 1:release() 2:acquire() 0:ok 0:acquire()"), [0, 1, 2, 3]);
}

#[test]
fn leaves_detours_out_of_a_counter() {
    let text = "0:add(_,2) 0:add(_,-2) 0:add(_,5) 1:read()=5 1:read()=4";
    assert_eq!(core("counter", text), [2, 4]);
}

#[test]
fn keeps_what_the_object_held_from_the_beginning() {
    let history = history("0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()=1");
    let problem = Problem::of(history.operations());
    let (model, initial) = (named("fifo-queue").expect("a model"), json!([9, 2]));
    let answer = model.search(&problem, &initial, &Limits::default()).expect("an initial state");
    let Outcome::Impossible(stuck) = answer.outcome else { panic!("it has an order") };
    let processes = vec![Process::Client(0); 3];
    assert_eq!(
        minimize(model, &problem, &processes, &initial, &Broken::Stuck(&stuck), &Stop::default()).places,
        [0, 1, 2]
    );
}

/// A random history of a queue, a stack or a set: each operation is a put or a take of a small value, or a take of
/// unknown outcome; how they overlap is random, too.
fn operations(put: &'static str, take: &'static str) -> impl Strategy<Value = String> {
    let operation = (0..4_u8, 1..3_i32, 0..4_usize).prop_map(move |(kind, value, process)| match kind {
        0 => format!("{process}:{put}(_,{value})"),
        1 => format!("{process}:{take}()={value}"),
        2 => format!("{process}:{take}()=null"),
        _ => format!("{process}:{take}():info"),
    });
    // Odd ones begin before the one before them ends.
    prop::collection::vec((operation, any::<bool>()), 1..7).prop_map(overlapping)
}

/// Puts operations behind each other, or one inside the other.
fn overlapping(operations: Vec<(String, bool)>) -> String {
    let mut text = String::new();
    for (number, (operation, is_around)) in operations.iter().enumerate() {
        let (process, call) = operation.split_once(':').expect("an operation");
        let process = format!("{process}{number}");
        let (call, end) = match call.split_once(['=', ':']) {
            Some((call, "info")) => (call, "info".to_owned()),
            Some((call, result)) => (call, format!("ok={result}")),
            None => (call, "ok".to_owned()),
        };
        text = match is_around {
            true => format!("{process}:{call}? {text} {process}:{end}"),
            false => format!("{text} {process}:{call}? {process}:{end}"),
        };
    }
    text
}

/// Whatever is left out of a history with an order, the rest has one: so no part that is tried fails by itself.
fn is_sound(
    name: &str,
    model: &impl crate::model::Model,
    text: &str,
    choice: u64,
) -> Result<(), TestCaseError> {
    let history = history(text);
    let problem = Problem::of(history.operations());
    prop_assume!(oracle::is_linearizable(model, &problem, &Value::Null));
    let places: Vec<usize> = (0..problem.ops.len()).collect();
    let out = places.iter().map(|place| choice >> place & 1 == 1).collect::<Vec<bool>>();
    let model_of_ours = named(name).expect("a model");
    let rest = Values::of(model_of_ours, &problem, &Value::Null).without(&problem, &places, &out);
    let rest = problem.restrict(|place, _| rest.contains(&place));
    prop_assert!(oracle::is_linearizable(model, &rest, &Value::Null), "{text}: {:?}", rest.ops);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_left_of_a_queue_has_an_order(text in operations("enqueue", "dequeue"), choice: u64) {
        is_sound("fifo-queue", &crate::model::fifo_queue::FifoQueue, &text, choice)?;
        is_sound("unordered-queue", &crate::model::unordered_queue::UnorderedQueue, &text, choice)?;
    }

    #[test]
    fn what_is_left_of_a_stack_has_an_order(text in operations("push", "pop"), choice: u64) {
        is_sound("stack", &crate::model::stack::Stack, &text, choice)?;
    }

    #[test]
    fn what_is_left_of_a_priority_queue_has_an_order(text in operations("insert", "poll"), choice: u64) {
        is_sound("priority-queue", &crate::model::priority_queue::PriorityQueue, &text, choice)?;
    }
}

/// What is left when the flag is raised is the beginning of the history, up to where it broke.
#[test]
fn is_a_proof_when_it_is_cut_short() {
    let text = "0:enqueue(_,1) 1:dequeue()=1 0:enqueue(_,2) 0:enqueue(_,3) 1:dequeue()=3 0:enqueue(_,4)";
    let history = history(text);
    let problem = Problem::of(history.operations());
    let model = named("fifo-queue").expect("a model");
    let answer = model.search(&problem, &Value::Null, &Limits::default()).expect("an initial state");
    let Outcome::Impossible(stuck) = answer.outcome else { panic!("{text} has an order") };
    let processes = vec![Process::Client(0); problem.ops.len()];
    let stop = Stop::new();
    let core =
        |stop: &Stop| minimize(model, &problem, &processes, &Value::Null, &Broken::Stuck(&stuck), stop);
    assert_eq!((core(&stop).places, core(&stop).is_smallest), (vec![2, 3, 4], true));
    stop.raise(crate::stop::Reason::TimeLimit);
    assert_eq!((core(&stop).places, core(&stop).is_smallest), (vec![0, 1, 2, 3, 4], false));
    let places = Broken::Places(&[2, 3, 4]);
    let core = minimize(model, &problem, &processes, &Value::Null, &places, &stop);
    assert_eq!((core.places, core.is_smallest), (vec![2, 3, 4], false));
}
