//! What happened: histories of operations on a distributed store, as plain data.
//!
//! An [`Event`] is one line of a history; an [`Operation`] is an invocation with its completion; a
//! [`History`] is a list of events that is well formed by construction. Nothing here knows a clock,
//! a network or a random number: a history is a file, and what it says is the same years later.
//!
//! ```text
//! event.rs      Event, Process, Kind, Key, Version: one entry of a history
//! history.rs    History and Operation: pairing, and what makes a history well formed
//! format/       text in and out, one file per format
//! notation.rs   the one-line form of a history, for tests and reports
//! ```

pub mod event;
pub mod history;

pub use event::{Event, Key, Kind, Process, Version};
pub use history::{Fate, History, Malformed, Operation};
pub use serde_json::Value;
