//! Whether one object's operations can be put into one order that respects real time and the model.
//!
//! ```text
//! problem     one object's operations: when they were invoked and returned, and which calls they were
//! search      the general search, for any model: from a problem to an order, or to the place where it is stuck
//! ```

pub mod problem;
pub mod search;

pub use problem::{Op, Problem};
pub use search::{Answer, GaveUp, Outcome, Stuck, search};
