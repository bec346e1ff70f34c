//! What happened: histories of operations on a distributed store, as plain data.
//!
//! An [`Event`] is one line of a history; an [`Operation`] is an invocation with its completion; a
//! [`History`] is a list of events that is well formed by construction. Nothing here knows a clock,
//! a network or a random number: a history is a file, and what it says is the same years later.
//!
//! ```text
//! event.rs         Event, Process, Kind, Key, Version: one entry of a history
//! history.rs       History: events in real-time order, and what makes them well formed
//! history/         keys inside of values, as Jepsen's independent tests have them
//! operation.rs     Operation: an invocation with its completion, and its fate
//! view.rs          EventRef: an event, seen where it stands in a history
//! columns.rs       how events are stored; intern.rs: equal things once; values.rs: their numbers
//! format/          text in and out, one file per format
//! open.rs          a file or folder, whatever its format
//! notation.rs      the one-line form of a history, for tests and reports
//! error.rs         what can go wrong when a history is read
//! exact.rs         JSON values, read without losing the digits of an integer
//! edn.rs           EDN, the notation of Clojure: values from text, text from values, both from and to JSON
//! ../corpus/       histories of our own making, good and bad, by model
//! ```
//!
//! A client writes, another reads at the same time; the history goes to a file and comes back:
//!
//! ```
//! use perjury_histories::format::jsonl;
//! use perjury_histories::{Fate, Value, notation};
//!
//! let history = notation::parse("0:write(x,1)?  1:read(x)=1@3  0:info")?;
//!
//! let mut file = Vec::new();
//! jsonl::write(&history, &mut file)?;
//! assert_eq!(
//!     String::from_utf8_lossy(&file).lines().nth(3),
//!     Some(r#"{"index":2,"process":1,"type":"ok","f":"read","value":1,"key":"x","version":[3]}"#)
//! );
//!
//! let history = jsonl::read(file.as_slice())?;
//! let operations: Vec<_> = history.operations().collect();
//! assert_eq!(operations[0].fate(), Fate::Unknown);
//! assert_eq!(operations[1].result(), Some(&Value::from(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
pub mod edn;
mod error;
pub mod event;
mod exact;
pub mod format;
pub mod history;
mod intern;
pub mod notation;
mod open;
pub mod operation;
pub mod order;
#[cfg(test)]
mod testing;
pub mod values;
mod view;

pub use error::Error;
pub use event::{Event, Key, Kind, Process, Version};
pub use exact::read_value;
pub use history::{History, Malformed};
pub use open::{open, open_as, read_as};
pub use operation::{Fate, Operation};
pub use serde_json::Value;
pub use values::{FunctionId, KeyId, ValueId, Values};
pub use view::EventRef;
