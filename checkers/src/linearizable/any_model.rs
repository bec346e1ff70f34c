//! Models behind one type, so that they can be picked by name.

use perjury_histories::{Operation, Value};

use super::{Answer, GaveUp, Outcome, Problem, Stuck, search, witness};
use crate::checker::Limits;
use crate::model::{Call, Mentions, Model, Shape, cas_register, counter, fifo_queue, kv_append};
use crate::model::{multi_register, mutex, nondeterministic_register, priority_queue, register, set, stack};
use crate::model::unordered_queue;

/// All models of ours; where several fit a history, the first is taken.
pub const ALL: &[&dyn AnyModel] = &[
    &register::Register,
    &cas_register::CasRegister,
    &multi_register::MultiRegister,
    &kv_append::KvAppend,
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
    /// See [`search`]; states come as a reader would write them.
    fn search(&self, problem: &Problem<'_>, initial: &Value, limits: &Limits) -> Answer<String>;
    /// Whether these operations in this order (places in the list) prove that they are linearizable.
    fn proves(&self, operations: &[Operation<'_>], initial: &Value, order: &[u32]) -> bool;
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

    /// An initial value without a meaning, which [`check_initial`](AnyModel::check_initial) refuses, is given
    /// up at once.
    fn search(&self, problem: &Problem<'_>, initial: &Value, limits: &Limits) -> Answer<String> {
        let Ok(initial) = self.initial(initial) else {
            let gave_up = GaveUp { reason: None, position: 0 };
            return Answer { outcome: Outcome::GaveUp(gave_up), configurations: 0 };
        };
        let Answer { outcome, configurations } = search(self, problem, &initial, limits);
        let outcome = match outcome {
            Outcome::Order(order) => Outcome::Order(order),
            Outcome::GaveUp(gave_up) => Outcome::GaveUp(gave_up),
            Outcome::Impossible(Stuck { position, states }) => {
                let states = states.iter().map(|state| self.show(state)).collect();
                Outcome::Impossible(Stuck { position, states })
            }
        };
        Answer { outcome, configurations }
    }

    fn proves(&self, operations: &[Operation<'_>], initial: &Value, order: &[u32]) -> bool {
        let initial = self.initial(initial);
        initial.is_ok_and(|initial| witness::proves(self, operations, initial, order))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

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
