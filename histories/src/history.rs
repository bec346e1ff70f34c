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

use thiserror::Error;

use crate::event::{Event, Kind, Process};
use crate::operation::Operation;

/// Events in real-time order, paired into operations.
///
/// - The order of the events is the real-time order. Their times are information: taken from several
///   clocks they may even decrease.
/// - Indices strictly increase, so that each names one event, also in a part of the history. They may
///   leave gaps. Repeated indices are refused by [`History::push`]; files that have them are read with
///   positions for indices.
/// - A process has at most one operation open.
/// - A completion has the function of its invocation, and its key unless it names none.
/// - A completion without an invocation is an operation that was invoked at that same moment. Only such
///   a completion may come from [`Process::Unknown`].
/// - Events of [`Process::Nemesis`] are notes: they pair with nothing, whatever their type.
/// - An operation that never completes is of unknown fate, as is one that completes with `info`. A
///   process that goes on after `info` nevertheless, as in histories of others, begins a new operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    events: Vec<Event>,
    spans: Vec<Span>,
    open: BTreeMap<u64, usize>,
}

/// Positions of an operation's two events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) invocation: usize,
    pub(crate) completion: Option<usize>,
}

impl Span {
    /// That of a completion without an invocation.
    fn lone(position: usize) -> Span {
        Span { invocation: position, completion: Some(position) }
    }
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
        if let Some(last) = self.events.last().filter(|last| last.index >= event.index) {
            let problem = format!("its index does not exceed that of the event before it, {}", last.index);
            return Err(Malformed { index: event.index, problem });
        }
        self.pair(event)
    }

    /// Adds the next event, whatever its index. On an error the history is as it was.
    pub(crate) fn pair(&mut self, event: Event) -> Result<(), Malformed> {
        let position = self.events.len();
        match (event.process, event.kind) {
            (Process::Nemesis, _) => {}
            (Process::Unknown, Kind::Invoke) => {
                let problem = "an invocation without a process".to_owned();
                return Err(Malformed { index: event.index, problem });
            }
            (Process::Unknown, _) => self.spans.push(Span::lone(position)),
            (Process::Client(process), Kind::Invoke) => {
                self.check_idle(process, &event)?;
                self.open.insert(process, self.spans.len());
                self.spans.push(Span { invocation: position, completion: None });
            }
            (Process::Client(process), _) => match self.open.get(&process) {
                None => self.spans.push(Span::lone(position)),
                Some(&open) => {
                    self.check_completion(open, &event)?;
                    self.spans[open].completion = Some(position);
                    self.open.remove(&process);
                }
            },
        }
        self.events.push(event);
        Ok(())
    }

    /// A process may invoke only when it has nothing open.
    fn check_idle(&self, process: u64, event: &Event) -> Result<(), Malformed> {
        let Some(&open) = self.open.get(&process) else {
            return Ok(());
        };
        let earlier = &self.events[self.spans[open].invocation];
        let problem = format!(
            "process {process} invokes {} while its {} of event {} is still open",
            event.function, earlier.function, earlier.index
        );
        Err(Malformed { index: event.index, problem })
    }

    /// A completion must be of what its process has open.
    fn check_completion(&self, open: usize, event: &Event) -> Result<(), Malformed> {
        let invocation = &self.events[self.spans[open].invocation];
        let problem = if invocation.function != event.function {
            format!(
                "process {} completes {}, but it had invoked {} at event {}",
                event.process, event.function, invocation.function, invocation.index
            )
        } else if event.key.is_some() && invocation.key != event.key {
            format!(
                "process {} completes {} on another key than it invoked it on at event {}",
                event.process, event.function, invocation.index
            )
        } else {
            return Ok(());
        };
        Err(Malformed { index: event.index, problem })
    }

    /// Names every event by its position.
    pub(crate) fn renumber(&mut self) {
        for (position, event) in (0..).zip(&mut self.events) {
            event.index = position;
        }
    }

    /// The invocation that this process has open.
    pub(crate) fn open(&self, process: Process) -> Option<&Event> {
        let Process::Client(process) = process else {
            return None;
        };
        let open = self.open.get(&process)?;
        Some(&self.events[self.spans[*open].invocation])
    }

    /// The event of this index.
    pub fn event(&self, index: u64) -> Option<&Event> {
        let position = self.events.binary_search_by_key(&index, |event| event.index);
        position.ok().map(|position| &self.events[position])
    }

    /// All events, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// All operations, in the order of their invocations.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Operation<'_>> + Clone {
        self.spans.iter().map(|&span| Operation::new(self, span))
    }

    /// The events of the nemesis: faults, dumps, acknowledgements.
    pub fn notes(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.process == Process::Nemesis)
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
        let events = self.events.iter().zip(kept).filter(|(_, kept)| *kept).map(|(event, _)| event.clone());
        History::new(events).expect("a part of a history, by whole operations, is a history")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::{parse, print};

    fn event(index: u64, process: Process, kind: Kind, function: &str) -> Event {
        Event::new(index, process, kind, function)
    }

    fn problem(events: impl IntoIterator<Item = Event>) -> String {
        History::new(events).unwrap_err().to_string()
    }

    const CLIENT: Process = Process::Client(0);

    #[test]
    fn pairs_overlapping_operations() {
        let history = parse("0:write(_,1)? 1:read()? 1:ok=1 0:ok 1:read()?").unwrap();
        let places = history.operations().map(|operation| {
            let completion = operation.completion().map(|event| event.index);
            (operation.invocation().index, completion)
        });
        assert_eq!(places.collect::<Vec<_>>(), [(0, Some(3)), (1, Some(2)), (4, None)]);
    }

    #[test]
    fn takes_a_completion_without_an_invocation_for_an_operation() {
        for process in [CLIENT, Process::Unknown] {
            let history = History::new([event(0, process, Kind::Ok, "read")]).unwrap();
            let operation = history.operations().next().unwrap();
            assert_eq!((operation.invoked_at(), operation.returned_at()), (0, Some(0)));
        }
    }

    #[test]
    fn refuses_an_invocation_without_a_process() {
        assert_eq!(
            problem([event(3, Process::Unknown, Kind::Invoke, "read")]),
            "event 3: an invocation without a process"
        );
    }

    #[test]
    fn refuses_a_second_invocation_of_a_busy_process() {
        assert_eq!(
            problem([event(0, CLIENT, Kind::Invoke, "read"), event(1, CLIENT, Kind::Invoke, "write")]),
            "event 1: process 0 invokes write while its read of event 0 is still open"
        );
    }

    #[test]
    fn refuses_a_completion_of_another_function() {
        assert_eq!(
            problem([event(0, CLIENT, Kind::Invoke, "read"), event(1, CLIENT, Kind::Ok, "write")]),
            "event 1: process 0 completes write, but it had invoked read at event 0"
        );
    }

    #[test]
    fn refuses_a_completion_on_another_key() {
        let on = |index, kind, key: Option<&str>| Event {
            key: key.map(Into::into),
            ..event(index, CLIENT, kind, "read")
        };
        assert_eq!(
            problem([on(0, Kind::Invoke, Some("x")), on(1, Kind::Ok, Some("y"))]),
            "event 1: process 0 completes read on another key than it invoked it on at event 0"
        );
        assert!(History::new([on(0, Kind::Invoke, Some("x")), on(1, Kind::Ok, None)]).is_ok());
    }

    #[test]
    fn refuses_indices_that_do_not_increase() {
        let note = |index| event(index, Process::Nemesis, Kind::Info, "healed");
        assert_eq!(
            problem([note(4), note(4)]),
            "event 4: its index does not exceed that of the event before it, 4"
        );
    }

    #[test]
    fn stays_as_it_was_after_a_refusal() {
        let mut history = parse("0:read(x)?").unwrap();
        let before = history.clone();
        assert!(history.push(event(1, CLIENT, Kind::Invoke, "read")).is_err());
        assert!(history.push(event(0, CLIENT, Kind::Ok, "read")).is_err());
        assert_eq!(history, before);
    }

    #[test]
    fn accepts_times_that_decrease_and_processes_that_go_on_after_info() {
        let at = |index, kind, time| Event { time: Some(time), ..event(index, CLIENT, kind, "read") };
        let events = [at(0, Kind::Invoke, 9), at(1, Kind::Info, 3), at(2, Kind::Invoke, 1)];
        assert_eq!(History::new(events).unwrap().operations().len(), 2);
    }

    #[test]
    fn finds_events_by_index() {
        let history = parse("#5 0:read(x) nemesis:healed() #20 0:read(y)").unwrap();
        assert_eq!(history.event(7).unwrap().function, "healed");
        assert_eq!(history.event(20).unwrap().key, Some("y".into()));
        assert_eq!(history.event(8), None);
    }

    #[test]
    fn restricts_to_whole_operations_and_notes() {
        let history = parse(
            "0:write(x,1)? 1:write(y,2)? 1:ok 0:ok ..2:read(x)=1 ..2:read(y)=2
             nemesis:healed() 3:write(x,3)?",
        )
        .unwrap();
        let only_x = history.restrict(|event| event.key == Some("x".into()));
        assert_eq!(print(&only_x), "0:write(x,1)? #3 0:ok ..2:read(x,1) #7 3:write(x,3)?");
        let notes = history.restrict(|event| event.process == Process::Nemesis);
        assert_eq!(print(&notes), "#6 nemesis:healed()");
        assert_eq!(history.restrict(|_| true), history);
    }

    #[test]
    fn lists_the_notes() {
        let history = parse("0:read(x) nemesis:healed() nemesis:corrupt(x)/n1").unwrap();
        let notes = history.notes().map(|note| note.function.as_str());
        assert_eq!(notes.collect::<Vec<_>>(), ["healed", "corrupt"]);
    }
}
