//! Whether one object's operations can be put into one order that respects real time and the model.
//!
//! ```text
//! problem        one object's operations: when they were invoked and returned, and which calls they were
//! search         the general search, for any model: from a problem to an order, or to where it is stuck
//!   pruning/     what it need not try, one proof each
//!   sweep        from return to return: configurations, and which follow
//!   timeline     invocations and returns in order; open: the operations that are, by slot
//!   configuration  layer: many of them; mask: sets of slots; states, tallies: states and counts as numbers
//!   facts        what is known of each call; changes: what those of unknown outcome can do to each state
//!   trail, order   how a configuration came about, and the order of all operations that this gives
//! special/       objects that are decided without any search; shortcut: which histories these are
//! any_model      models by name, and those that fit a history
//! witness        whether an order really is one
//! core/          the fewest operations that still fail; explain/: why they do, in plain words
//! ```

#[cfg(test)]
mod agreement;
pub mod any_model;
mod changes;
mod configuration;
pub(crate) mod core;
pub(crate) mod explain;
mod facts;
mod layer;
mod mask;
mod open;
mod order;
pub mod problem;
pub mod pruning;
pub mod search;
pub(crate) mod shortcut;
pub(crate) mod special;
mod states;
mod sweep;
mod tallies;
mod timeline;
mod trail;
pub mod witness;

pub use any_model::{ALL, AnyModel, model_for, named};
pub use problem::{Op, Problem};
pub use search::{Answer, GaveUp, Outcome, Stuck, search};
