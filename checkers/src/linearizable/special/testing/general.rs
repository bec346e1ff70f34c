//! For tests: the general search as the judge of histories that are too long for the definition.

use perjury_histories::Value;

use super::{Subject, fault};
use crate::checker::Limits;
use crate::linearizable::problem::{Op, Problem};
use crate::linearizable::search::{Outcome, search};
use crate::linearizable::special::{Answer, Operation};
use crate::model::{self, Model};

/// A call in the words of the models.
pub(in crate::linearizable::special) struct Told {
    pub(in crate::linearizable::special) function: &'static str,
    pub(in crate::linearizable::special) argument: Value,
    pub(in crate::linearizable::special) result: Option<Value>,
}

impl Told {
    fn call(&self) -> model::Call<'_> {
        model::Call { function: self.function, argument: &self.argument, result: self.result.as_ref() }
    }
}

/// Asserts that solver and search agree, where both decide.
pub(in crate::linearizable::special) fn agree_with_search<S: Subject, M: Model>(
    subject: &S,
    model: &M,
    initial: &Value,
    operations: &[Operation<S::Call>],
    tell: impl Fn(&Operation<S::Call>) -> Told,
) -> Result<Answer, String> {
    let told: Vec<Told> = operations.iter().map(tell).collect();
    let op = |(operation, call): (&Operation<S::Call>, u32)| Op {
        invoked: operation.invoked,
        returned: operation.returned,
        call,
    };
    let ops = operations.iter().zip(0..).map(op).collect();
    let problem = Problem { ops, calls: told.iter().map(Told::call).collect() };
    let initial = model.initial(initial)?;
    let limits = Limits { configurations_max: 1_000, ..Limits::default() };
    let searched = search(model, &problem, &initial, &limits).outcome;
    let answer = subject.solve(operations);
    match (&answer, &searched) {
        (Answer::Order(order), Outcome::Order(_)) => match fault(subject, operations, order) {
            None => Ok(answer),
            Some(fault) => Err(format!("{fault} in {answer:?} of {operations:?}")),
        },
        (Answer::Impossible(_), Outcome::Impossible(_)) => Ok(answer),
        (Answer::NotApplicable(_), _) => Ok(answer),
        (_, Outcome::GaveUp(_)) => Ok(Answer::NotApplicable("the search gave up")),
        _ => Err(format!("{answer:?}, but {searched:?}: {operations:?}")),
    }
}
