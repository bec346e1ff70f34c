//! A history: events in real-time order, paired into operations.
//!
//! ```text
//! index  process  type    function value        operations
//!   0       0     invoke  write    1            ┐ 0: write 1, ok
//!   1       1     invoke  read     null         │ ┐ 1: read 1, ok
//!   2       0     ok      write    1            ┘ │
//!   3       1     ok      read     1              ┘
//! ```

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use crate::event::{Event, Key, Kind, Process, Version};

/// Events in real-time order, paired into operations.
///
/// - A process has at most one operation open.
/// - A completion has the function and the key of its invocation.
/// - A completion without an invocation is an operation that was invoked at that same moment.
/// - Events of [`Process::Nemesis`] are notes: they pair with nothing.
/// - An operation that never completes is of unknown fate, as is one that completes with `info`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    events: Vec<Event>,
    spans: Vec<Span>,
    open: BTreeMap<u64, usize>,
}

/// Positions of an operation's two events.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    invocation: usize,
    completion: Option<usize>,
}

/// Why a list of events is no history.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("event {index}: {problem}")]
pub struct Malformed {
    /// The index of the event.
    pub index: u64,
    /// What is wrong with it.
    pub problem: String,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happened, between its invocation and its completion.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// It may have happened at any time after its invocation, or never.
    Unknown,
}

impl History {
    /// A history of these events, in this order.
    pub fn new(events: impl IntoIterator<Item = Event>) -> Result<History, Malformed> {
        let mut history = History::default();
        for event in events {
            history.push(event)?;
        }
        Ok(history)
    }

    /// Adds the next event. On an error the history is as it was.
    pub fn push(&mut self, event: Event) -> Result<(), Malformed> {
        let malformed = |problem: String| Malformed {
            index: event.index,
            problem,
        };
        let position = self.events.len();
        match (event.process, event.kind) {
            (Process::Nemesis, _) => {}
            (Process::Unknown, Kind::Invoke) => {
                return Err(malformed("an invocation without a process".to_owned()));
            }
            (Process::Unknown, _) => self.spans.push(Span {
                invocation: position,
                completion: Some(position),
            }),
            (Process::Client(process), Kind::Invoke) => {
                if let Some(&open) = self.open.get(&process) {
                    let earlier = &self.events[self.spans[open].invocation];
                    return Err(malformed(format!(
                        "process {process} invokes {} while its {} of event {} is still open",
                        event.function, earlier.function, earlier.index
                    )));
                }
                self.open.insert(process, self.spans.len());
                self.spans.push(Span {
                    invocation: position,
                    completion: None,
                });
            }
            (Process::Client(process), _) => match self.open.get(&process) {
                None => self.spans.push(Span {
                    invocation: position,
                    completion: Some(position),
                }),
                Some(&open) => {
                    let invocation = &self.events[self.spans[open].invocation];
                    if invocation.function != event.function {
                        return Err(malformed(format!(
                            "process {process} completes {}, but it had invoked {} at event {}",
                            event.function, invocation.function, invocation.index
                        )));
                    }
                    if event.key.is_some() && invocation.key != event.key {
                        return Err(malformed(format!(
                            "process {process} completes {} on another key than it invoked it on at event {}",
                            event.function, invocation.index
                        )));
                    }
                    self.spans[open].completion = Some(position);
                    self.open.remove(&process);
                }
            },
        }
        self.events.push(event);
        Ok(())
    }

    /// All events, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// All operations, in the order of their invocations.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Operation<'_>> + Clone {
        self.spans.iter().map(|&span| Operation { history: self, span })
    }

    /// The events of the nemesis: faults, dumps, acknowledgements.
    pub fn notes(&self) -> impl Iterator<Item = &Event> {
        self.events
            .iter()
            .filter(|event| event.process == Process::Nemesis)
    }

    /// The history of the operations and notes that `keep` accepts (it sees invocations and notes);
    /// events keep their indices.
    pub fn restrict(&self, mut keep: impl FnMut(&Event) -> bool) -> History {
        let mut kept = vec![false; self.events.len()];
        for span in &self.spans {
            if keep(&self.events[span.invocation]) {
                kept[span.invocation] = true;
                span.completion.inspect(|&completion| kept[completion] = true);
            }
        }
        for (position, event) in self.events.iter().enumerate() {
            if event.process == Process::Nemesis {
                kept[position] = keep(event);
            }
        }
        let events = self
            .events
            .iter()
            .zip(kept)
            .filter(|(_, kept)| *kept)
            .map(|(event, _)| event.clone());
        History::new(events).expect("a part of a history, by whole operations, is a history")
    }
}

/// An invocation with its completion, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    history: &'a History,
    span: Span,
}

impl<'a> Operation<'a> {
    /// The event that asked for it (for a lone completion, that completion).
    pub fn invocation(&self) -> &'a Event {
        &self.history.events[self.span.invocation]
    }

    /// The event that ended it, if any.
    pub fn completion(&self) -> Option<&'a Event> {
        self.span
            .completion
            .map(|position| &self.history.events[position])
    }

    /// What became of it.
    pub fn fate(&self) -> Fate {
        match self.completion().map(|event| event.kind) {
            Some(Kind::Ok) => Fate::Ok,
            Some(Kind::Fail) => Fate::Fail,
            _ => Fate::Unknown,
        }
    }

    /// What was asked for.
    pub fn function(&self) -> &'a str {
        &self.invocation().function
    }

    /// The object it acts on.
    pub fn key(&self) -> Option<&'a Key> {
        self.invocation().key.as_ref()
    }

    /// The value of the invocation.
    pub fn argument(&self) -> &'a Value {
        &self.invocation().value
    }

    /// The value of the completion, when it is ok.
    pub fn result(&self) -> Option<&'a Value> {
        self.completion()
            .filter(|event| event.kind == Kind::Ok)
            .map(|event| &event.value)
    }

    /// The version of the completion, when it is ok.
    pub fn version(&self) -> Option<&'a Version> {
        self.completion()
            .filter(|event| event.kind == Kind::Ok)?
            .version
            .as_ref()
    }

    /// Who did it.
    pub fn process(&self) -> Process {
        self.invocation().process
    }

    /// The client behind it: its session, else its process number.
    pub fn session(&self) -> Option<u64> {
        match (self.invocation().session, self.invocation().process) {
            (Some(session), _) => Some(session),
            (None, Process::Client(process)) => Some(process),
            (None, _) => None,
        }
    }

    /// Its place in the real-time order: the position of its invocation in the history.
    pub fn invoked_at(&self) -> usize {
        self.span.invocation
    }

    /// Its place in the real-time order: the position of its completion when its outcome is known;
    /// an operation of unknown fate never returns.
    pub fn returned_at(&self) -> Option<usize> {
        self.span.completion.filter(|_| self.fate() != Fate::Unknown)
    }

    /// Whether it belongs to the final reads.
    pub fn is_final(&self) -> bool {
        self.invocation().is_final
    }
}
