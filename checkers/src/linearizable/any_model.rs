//! Models behind one type, so that they can be picked by name.

use std::collections::BTreeMap;
use std::fmt;

use perjury_histories::{Fate, History, Operation, Value};

use super::core::quiet::{self, Quiet};
use super::{Answer, Outcome, Problem, Stuck, search, witness};
use crate::chained::{self, Chained, Found};
use crate::checker::Limits;
use crate::model::unordered_queue;
use crate::model::{Call, Mentions, Model, Shape, cas_register, counter, fifo_queue, kv_append};
use crate::model::{
    list_append, multi_register, mutex, nondeterministic_register, priority_queue, register, set, stack,
};

/// All models of ours; where several fit a history, the first is taken.
pub const ALL: &[&dyn AnyModel] = &[
    &register::Register,
    &cas_register::CasRegister,
    &multi_register::MultiRegister,
    &kv_append::KvAppend,
    &list_append::ListAppend,
    &mutex::Mutex,
    &fifo_queue::FifoQueue,
    &unordered_queue::UnorderedQueue,
    &stack::Stack,
    &priority_queue::PriorityQueue,
    &set::Set,
    &counter::Counter,
    &nondeterministic_register::NondeterministicRegister,
];

/// The model of this name.
pub fn named(name: &str) -> Option<&'static dyn AnyModel> {
    ALL.iter().copied().find(|model| model.name() == name)
}

/// The first of [`ALL`] that knows every function of the history and what it was asked, or why there is none.
///
/// Operations that failed do not count, unless there are no others. Of every function, one operation is looked
/// at: a set is told from a counter by what its reads return, a multi-register from other transactions by what
/// is in them.
pub fn model_for(history: &History) -> Result<&'static dyn AnyModel, String> {
    let samples = samples(history);
    let knows = |model: &&&dyn AnyModel| samples.keys().all(|function| model.functions().contains(function));
    let mut candidates = ALL.iter().filter(knows).peekable();
    if candidates.peek().is_none() {
        let functions = samples.into_keys().collect::<Vec<_>>().join(", ");
        return Err(format!("no model has the functions {functions}"));
    }
    let mut problem = String::new();
    for model in candidates {
        let refused =
            samples.values().find_map(|sample| Some((sample, model.check(&Call::of(sample)).err()?)));
        match refused {
            None => return Ok(*model),
            Some((sample, reason)) => {
                problem = format!("event {}: {reason} ({})", sample.index(), model.name());
            }
        }
    }
    Err(problem)
}

/// An operation of every function, one with a result where there is any: with another than null, which means the
/// untouched object to most models, and tells none from another.
fn samples(history: &History) -> BTreeMap<&str, Operation<'_>> {
    let is_only_failed = history.operations().all(|operation| operation.fate() == Fate::Fail);
    let mut samples: Vec<Option<Operation<'_>>> = Vec::new();
    for operation in history.operations().filter(|op| is_only_failed || op.fate() != Fate::Fail) {
        let number = operation.function_id().0 as usize;
        if samples.len() <= number {
            samples.resize(number + 1, None);
        }
        let sample = samples[number].get_or_insert(operation);
        let tells = |operation: Operation<'_>| operation.result().map(|result| !result.is_null());
        if tells(*sample) < tells(operation) {
            *sample = operation;
        }
    }
    samples.into_iter().flatten().map(|sample| (sample.function(), sample)).collect()
}

/// A model whose type of states does not matter: every [`Model`] is one. What the methods mean stands there.
pub trait AnyModel: Sync {
    /// See [`Model::name`].
    fn name(&self) -> &'static str;
    /// See [`Model::about`].
    fn about(&self) -> &'static str;
    /// See [`Model::functions`].
    fn functions(&self) -> &'static [&'static str];
    /// See [`Model::shape`].
    fn shape(&self) -> Shape;
    /// See [`Model::check`].
    fn check(&self, call: &Call<'_>) -> Result<(), String>;
    /// Whether this value denotes an initial state, or why it denotes none.
    fn check_initial(&self, value: &Value) -> Result<(), String>;
    /// See [`Model::is_pure`].
    fn is_pure(&self, call: &Call<'_>) -> bool;
    /// See [`Model::part`].
    fn part<'a>(&self, call: &Call<'a>) -> Option<&'a Value>;
    /// See [`Model::needs`].
    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value>;
    /// See [`Model::brings`].
    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value>;
    /// See [`Model::mentions`].
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a>;
    /// See [`search`](fn@search); states come as a reader would write them. Errs when the initial value denotes
    /// no state.
    fn search(
        &self,
        problem: &Problem<'_>,
        initial: &Value,
        limits: &Limits,
    ) -> Result<Answer<String>, String>;
    /// Whether operations in chains have one order. Errs when the initial value denotes no state.
    fn chained(&self, chained: &Chained<'_>, initial: &Value, limits: &Limits) -> Result<Found, String>;
    /// The quiet points of a problem.
    fn quiet(&self, problem: &Problem<'_>, initial: &Value) -> Vec<Quiet>;
    /// Whether the operations of this problem in this order (places in it) prove that they are linearizable.
    fn proves(&self, problem: &Problem<'_>, initial: &Value, order: &[u32]) -> bool;
}

impl fmt::Debug for dyn AnyModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl<M: Model> AnyModel for M {
    fn name(&self) -> &'static str {
        Model::name(self)
    }

    fn about(&self) -> &'static str {
        Model::about(self)
    }

    fn functions(&self) -> &'static [&'static str] {
        Model::functions(self)
    }

    fn shape(&self) -> Shape {
        Model::shape(self)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        Model::check(self, call)
    }

    fn check_initial(&self, value: &Value) -> Result<(), String> {
        self.initial(value).map(|_| ())
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        Model::is_pure(self, call)
    }

    fn part<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        Model::part(self, call)
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        Model::needs(self, call)
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        Model::brings(self, call)
    }

    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        Model::mentions(self, call)
    }

    fn search(
        &self,
        problem: &Problem<'_>,
        initial: &Value,
        limits: &Limits,
    ) -> Result<Answer<String>, String> {
        let Answer { outcome, configurations } = search(self, problem, &self.initial(initial)?, limits);
        let outcome = match outcome {
            Outcome::Order(order) => Outcome::Order(order),
            Outcome::GaveUp(gave_up) => Outcome::GaveUp(gave_up),
            Outcome::Impossible(Stuck { position, states }) => {
                let states = states.iter().map(|state| self.show(state)).collect();
                Outcome::Impossible(Stuck { position, states })
            }
        };
        Ok(Answer { outcome, configurations })
    }

    fn chained(&self, chained: &Chained<'_>, initial: &Value, limits: &Limits) -> Result<Found, String> {
        Ok(chained::search(self, chained, self.initial(initial)?, limits))
    }

    fn quiet(&self, problem: &Problem<'_>, initial: &Value) -> Vec<Quiet> {
        self.initial(initial).map_or_else(|_| Vec::new(), |initial| quiet::points(self, problem, initial))
    }

    fn proves(&self, problem: &Problem<'_>, initial: &Value, order: &[u32]) -> bool {
        let initial = self.initial(initial);
        initial.is_ok_and(|initial| witness::proves(self, problem, initial, order))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn name_for(text: &str) -> Result<&'static str, String> {
        model_for(&crate::testing::history(text)).map(|model| model.name())
    }

    #[test]
    fn fits_models_to_functions() {
        assert_eq!(name_for("0:write(x,1) 0:read(x)=1"), Ok("register"));
        assert_eq!(name_for("0:write(x,1) 0:cas(x,[1,2])"), Ok("cas-register"));
        assert_eq!(name_for("0:enqueue(_,1) 0:dequeue()=1"), Ok("fifo-queue"));
        assert_eq!(name_for("0:push(_,1)"), Ok("stack"));
        assert_eq!(name_for("0:acquire() 0:release()"), Ok("mutex"));
        assert_eq!(name_for("0:append(x,1) 0:read(x)=[1]"), Ok("list-append"));
    }

    #[test]
    fn tells_models_apart_by_what_is_in_their_operations() {
        assert_eq!(name_for("1:read()? 0:add(_,1) 0:read()=[1]"), Ok("set"));
        assert_eq!(name_for("1:read()? 0:add(_,1) 0:read()=1"), Ok("counter"));
        assert_eq!(name_for("0:read(x)=null 0:add(x,1) 0:read(x)=1"), Ok("counter"));
        assert_eq!(name_for("0:read(x)=null 0:add(x,1) 0:read(x)=[1] 0:read(x)=null"), Ok("set"));
        assert_eq!(name_for(r#"0:txn(_,[["read","x",null]]):info"#), Ok("multi-register"));
        let reason = name_for(r#"0:txn(_,[["append","x",1]])=[["append","x",1]]"#).expect_err("no model");
        assert!(reason.starts_with("event 0: a micro-op must be"), "{reason}");
    }

    #[test]
    fn overlooks_what_failed_unless_all_did() {
        assert_eq!(name_for("0:write(x,1) 0:txn(_,[]):fail"), Ok("register"));
        assert_eq!(name_for("0:cas(x,[1,2]):fail"), Ok("cas-register"));
        let reason = name_for("0:write(x,1) 0:pop(x)=1").expect_err("no model");
        assert_eq!(reason, "no model has the functions pop, write");
    }

    /// What every model shares, and what tests it.
    const NO_MODELS: &[&str] = &["bag", "oracle", "order", "tests"];

    #[test]
    fn lists_every_model_under_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model");
        let files = std::fs::read_dir(folder).expect("the folder of the models");
        let files = files.map(|file| file.expect("a file").path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let stems = files.filter_map(|path| Some(path.file_stem()?.to_str()?.replace('_', "-")));
        let stems: BTreeSet<String> = stems.filter(|stem| !NO_MODELS.contains(&stem.as_str())).collect();
        let names: BTreeSet<String> = ALL.iter().map(|model| model.name().to_owned()).collect();
        assert_eq!(stems, names);
        assert!(names.iter().all(|name| named(name).is_some_and(|model| model.name() == name)));
    }
}
