//! Which problems the special cases decide, told in the words that these know.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use super::problem::{NEVER, Problem};
use super::special::{self, Answer, register};
use crate::model::{Call, Shape};

/// What a special case says of this problem; not applicable, if none decides it. Operations are named by their
/// places in the problem.
pub(crate) fn linearize(shape: Shape, problem: &Problem<'_>, initial: &Value) -> Answer {
    match shape {
        Shape::Register => of_register(problem, initial),
        _ => Answer::NotApplicable("the general search decides"),
    }
}

fn of_register(problem: &Problem<'_>, initial: &Value) -> Answer {
    let mut ids = Ids::default();
    let initial = ids.of(initial);
    let calls: Vec<Option<register::Call>> =
        problem.calls.iter().map(|call| register_call(call, &mut ids)).collect();
    solve(problem, &calls, |operations| register::linearize(operations, initial))
}

/// None for a read of unknown result.
fn register_call<'a>(call: &Call<'a>, ids: &mut Ids<'a>) -> Option<register::Call> {
    Some(match (call.function, call.argument.as_array().map(Vec::as_slice)) {
        ("read", _) => register::Call::Read(ids.of(call.result?)),
        ("cas", Some([old, new])) => register::Call::Cas(ids.of(old), ids.of(new)),
        ("delete", _) => register::Call::Write(ids.of(&Value::Null)),
        _ => register::Call::Write(ids.of(call.argument)),
    })
}

/// Solves the problem of the operations whose calls are known, and names them by their places again.
fn solve<C: Copy>(
    problem: &Problem<'_>,
    calls: &[Option<C>],
    linearize: impl FnOnce(&[special::Operation<C>]) -> Answer,
) -> Answer {
    let (mut places, mut operations) = (Vec::new(), Vec::new());
    for (place, op) in (0..).zip(&problem.ops) {
        let Some(call) = calls[op.call as usize] else { continue };
        // A completion without an invocation has but one position: doubled, it begins before it ends.
        let returned = if op.returned == NEVER { special::NEVER } else { 2 * op.returned + 1 };
        places.push(place);
        operations.push(special::Operation { invoked: 2 * op.invoked, returned, call });
    }
    let back = |found: Vec<u32>| found.into_iter().map(|place| places[place as usize]).collect();
    match linearize(&operations) {
        Answer::Order(order) => Answer::Order(back(order)),
        Answer::Impossible(core) => Answer::Impossible(back(core)),
        Answer::NotApplicable(why) => Answer::NotApplicable(why),
    }
}

/// Equal values have equal numbers.
#[derive(Default)]
struct Ids<'a>(FxHashMap<&'a Value, u32>);

impl<'a> Ids<'a> {
    fn of(&mut self, value: &'a Value) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(value).or_insert(next)
    }
}
