//! Sequential specifications: what an object answers when nobody else uses it.
//!
//! A [`Model`] says, for a state and a call with its result, which states may follow. It is all that the
//! search for a linearization needs; the facts beside `step` only let it search less.
//!
//! ```text
//! register    state 1   write 2 ──► 2      read = 1 ──► 1      read = 2 ──► none: impossible
//! ```

use std::fmt::Debug;
use std::hash::Hash;

use perjury_histories::{Operation, Value};

mod bag;
pub mod cas_register;
pub mod counter;
pub mod fifo_queue;
pub mod kv_append;
pub mod list_append;
pub mod multi_register;
pub mod mutex;
pub mod nondeterministic_register;
#[cfg(test)]
pub(crate) mod oracle;
pub(crate) mod order;
pub mod priority_queue;
pub mod register;
pub mod set;
pub mod stack;
#[cfg(test)]
mod tests;
pub mod unordered_queue;

/// What was asked of an object, and what it answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call<'a> {
    /// `read`, `write`, `enqueue`, …
    pub function: &'a str,
    /// The value of the invocation.
    pub argument: &'a Value,
    /// The value of the completion; none when the outcome is unknown: then any answer will do.
    pub result: Option<&'a Value>,
}

impl<'a> Call<'a> {
    /// What this operation asked for and was answered.
    pub fn of(operation: &Operation<'a>) -> Call<'a> {
        let (argument, result) = (operation.argument(), operation.result());
        Call { function: operation.function(), argument, result }
    }
}

/// A sequential specification of one object.
///
/// `step` alone decides what is right. Every other fact has a default that claims nothing; a claim that is
/// false makes verdicts wrong, so each is checked against `step` in the tests of the models.
///
/// A model of one's own goes into the [context](crate::Context) of the checker. This one is a register that
/// keeps the largest value; `examples/own_model.rs` shows one that leaves a choice.
///
/// ```
/// use perjury_checkers::model::{Call, Model};
/// use perjury_checkers::{Context, named};
/// use perjury_histories::{Value, notation};
///
/// struct Maximum;
///
/// impl Model for Maximum {
///     type State = u64;
///
///     fn name(&self) -> &'static str {
///         "maximum"
///     }
///
///     fn about(&self) -> &'static str {
///         "The largest number that was written."
///     }
///
///     fn functions(&self) -> &'static [&'static str] {
///         &["write", "read"]
///     }
///
///     fn initial(&self, value: &Value) -> Result<u64, String> {
///         if value.is_null() { Ok(0) } else { value.as_u64().ok_or(format!("{value} is no number")) }
///     }
///
///     fn check(&self, call: &Call<'_>) -> Result<(), String> {
///         match (call.function, call.result) {
///             ("write", _) if call.argument.is_u64() => Ok(()),
///             ("read", None) => Ok(()),
///             ("read", Some(result)) if result.is_u64() => Ok(()),
///             _ => Err("only write of a number and read are known".to_owned()),
///         }
///     }
///
///     fn step(&self, state: &u64, call: &Call<'_>, next: &mut Vec<u64>) {
///         match (call.function, call.argument.as_u64(), call.result.and_then(Value::as_u64)) {
///             ("write", Some(value), _) => next.push(value.max(*state)),
///             ("read", _, Some(seen)) if seen != *state => {}
///             _ => next.push(*state),
///         }
///     }
///
///     fn is_pure(&self, call: &Call<'_>) -> bool {
///         call.function == "read"
///     }
/// }
///
/// let linearizability = named("linearizability").expect("a checker");
/// let context = Context { model: Some(&Maximum), ..Context::default() };
/// let history = notation::parse("0:write(x,7) 1:write(x,5) 2:read(x)=7").expect("a history");
/// assert!(linearizability.check(&history, &context).is_valid());
/// let history = notation::parse("0:write(x,7) 1:write(x,5) 2:read(x)=5").expect("a history");
/// assert!(linearizability.check(&history, &context).is_invalid());
/// ```
pub trait Model: Sync {
    /// What the object holds. Equal states behave equally for ever after.
    type State: Clone + Debug + Eq + Hash + Send + Sync;

    /// Its name on the command line: the file name in kebab-case.
    fn name(&self) -> &'static str;

    /// What it specifies, in one sentence.
    fn about(&self) -> &'static str;

    /// The functions that it knows.
    fn functions(&self) -> &'static [&'static str];

    /// The state that this value denotes (null: the empty or untouched object), or why it denotes none.
    fn initial(&self, value: &Value) -> Result<Self::State, String>;

    /// Whether a call has the shape that `step` expects, or what is wrong with it. Asked once of each
    /// distinct call, before any step.
    fn check(&self, call: &Call<'_>) -> Result<(), String>;

    /// Adds to `next` the states that may follow this call: none when it is impossible, several when the
    /// model leaves a choice. Without a result, every state that may follow with any result; and one that
    /// certainly had no effect need not be among them, since such an operation may as well be absent.
    fn step(&self, state: &Self::State, call: &Call<'_>, next: &mut Vec<Self::State>);

    /// The same from a state that nobody needs any more: models with large states change it in place.
    fn step_from(&self, state: Self::State, call: &Call<'_>, next: &mut Vec<Self::State>) {
        self.step(&state, call, next);
    }

    /// Whether the call can never change any state, whichever it meets: reads, contains, cas(a, a).
    fn is_pure(&self, _call: &Call<'_>) -> bool {
        false
    }

    /// Whether the call is possible in every state and leaves the same state behind, whichever it met: a
    /// plain write.
    fn is_overwrite(&self, _call: &Call<'_>) -> bool {
        false
    }

    /// The part of the object that the call is about, where the model is a product of independent parts
    /// (the element of a set, the key of a map); none for a call that concerns the whole.
    fn part<'a>(&self, _call: &Call<'a>) -> Option<&'a Value> {
        None
    }

    /// The values that the call cannot do without: it is possible only in states to which each of them was
    /// brought by another call that [`brings`](Model::brings) it, or by the initial state.
    fn needs<'a>(&self, _call: &Call<'a>) -> Vec<&'a Value> {
        Vec::new()
    }

    /// The value that the call may bring into the state.
    fn brings<'a>(&self, _call: &Call<'a>) -> Option<&'a Value> {
        None
    }

    /// Whether some result depends on a value being absent (an empty queue, a set that lacks an element):
    /// then a call of unknown outcome may matter even if nobody can have seen what it brought.
    fn observes_absence(&self) -> bool {
        true
    }

    /// Which well-known object it is, if any: these have algorithms and words of their own.
    fn shape(&self) -> Shape {
        Shape::Other
    }

    /// A state as a reader would write it.
    fn show(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }

    /// The values that the call is about, for leaving values out: from any possible sequence of calls, leave
    /// out all that mention some value (which the object does not hold from the beginning), all that mention
    /// everything, and some of those without a result; then the rest is possible too.
    fn mentions<'a>(&self, _call: &Call<'a>) -> Mentions<'a> {
        Mentions::Everything
    }
}

/// Well-known objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The state is the value that was brought last, and what needs a value is possible only while it is that.
    /// No result depends on a value being absent. Read, write, delete, cas.
    Register,
    /// First in, first out: enqueue, dequeue.
    FifoQueue,
    /// In any order: enqueue, dequeue.
    UnorderedQueue,
    /// Last in, first out: push, pop, len.
    Stack,
    /// The largest out first: insert, poll.
    PriorityQueue,
    /// Add, remove, contains, read.
    Set,
    /// Add, increment, decrement, read.
    Counter,
    /// Acquire, release.
    Mutex,
    /// Append, read.
    List,
    /// Anything else.
    Other,
}

/// The values that a call is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Mentions<'a> {
    /// No value can be left out while this call stays.
    Everything,
    /// These; all others can be left out without it.
    Values(Vec<&'a Value>),
}

/// What is wrong with a call of a function that the model does not know.
fn unknown_function(model: &impl Model, call: &Call<'_>) -> String {
    format!("{} is no operation on a {}", call.function, model.name())
}
