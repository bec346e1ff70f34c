//! A history: events in real-time order, paired into operations.
//!
//! ```text
//! index  process  type    function value        operations
//!   0       0     invoke  write    1            ┐ 0: write 1, ok
//!   1       1     invoke  read     null         │ ┐ 1: read 1, ok
//!   2       0     ok      write    1            ┘ │
//!   3       1     ok      read     1              ┘
//! ```

use std::fmt;

use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::columns::{Columns, EVENTS_MAX, Row};
use crate::event::{Event, Kind, Process};
use crate::operation::Operation;
use crate::values::Values;
use crate::view::EventRef;

mod independent;

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
///
/// An event takes 32 bytes, its index nothing as long as it is its position; what repeats itself (functions,
/// values, keys, nodes) is stored once, so that equal values have equal [ids](crate::ValueId).
#[derive(Clone, Default)]
pub struct History {
    columns: Columns,
    indices: Indices,
    spans: Vec<Span>,
    /// By process, the operation that it has open.
    open: FxHashMap<u64, u32>,
}

/// The names of the events.
#[derive(Clone, Default)]
enum Indices {
    /// Each is named by its position.
    #[default]
    Positions,
    /// By position.
    Listed(Vec<u64>),
}

/// Positions of an operation's two events.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    invocation: u32,
    completion: u32,
}

/// Where an operation has no completion.
const NONE: u32 = u32::MAX;

impl Span {
    pub(crate) fn invocation(self) -> usize {
        self.invocation as usize
    }

    pub(crate) fn completion(self) -> Option<usize> {
        (self.completion != NONE).then_some(self.completion as usize)
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

    /// Adds the next event. On an error the history holds the same events as before.
    pub fn push(&mut self, event: Event) -> Result<(), Malformed> {
        if let Some(last) = self.last_index().filter(|&last| last >= event.index) {
            let problem = format!("its index does not exceed that of the event before it, {last}");
            return Err(Malformed { index: event.index, problem });
        }
        self.pair(event)
    }

    /// Adds the next event, whatever its index. On an error the history holds the same events as before.
    pub(crate) fn pair(&mut self, event: Event) -> Result<(), Malformed> {
        let index = event.index;
        let row = self.columns.row(event);
        self.pair_row(row, index)
    }

    /// The index of the last event.
    pub(crate) fn last_index(&self) -> Option<u64> {
        self.columns.rows.len().checked_sub(1).map(|last| self.index(last))
    }

    /// Takes over what these columns hold beside their rows, which come back to be added one by one.
    pub(crate) fn absorb(&mut self, columns: Columns) -> impl Iterator<Item = Row> + use<> {
        self.columns.absorb(columns)
    }

    /// Adds the next event, a row of our own columns, whatever its index.
    pub(crate) fn pair_row(&mut self, row: Row, index: u64) -> Result<(), Malformed> {
        let malformed = |problem| Err(Malformed { index, problem });
        let position = self.columns.rows.len();
        if position >= EVENTS_MAX {
            return malformed(format!("more events than a history can hold, {EVENTS_MAX}"));
        }
        let lone = Span { invocation: position as u32, completion: position as u32 };
        match (row.process(), row.kind()) {
            (Process::Nemesis, _) => {}
            (Process::Unknown, Kind::Invoke) => {
                return malformed("an invocation without a process".to_owned());
            }
            (Process::Unknown, _) => self.spans.push(lone),
            (Process::Client(process), Kind::Invoke) => {
                let operation = self.spans.len() as u32;
                if let Some(open) = self.open.insert(process, operation) {
                    self.open.insert(process, open);
                    return malformed(self.busy(open, &row));
                }
                self.spans.push(Span { invocation: position as u32, completion: NONE });
            }
            (Process::Client(process), _) => match self.open.remove(&process) {
                None => self.spans.push(lone),
                Some(open) => {
                    if let Err(problem) = self.check_completion(open, &row) {
                        self.open.insert(process, open);
                        return malformed(problem);
                    }
                    self.spans[open as usize].completion = position as u32;
                }
            },
        }
        self.columns.rows.push(row);
        self.name_last(index);
        Ok(())
    }

    /// Names the event that was added last.
    fn name_last(&mut self, index: u64) {
        let position = self.columns.rows.len() - 1;
        match &mut self.indices {
            Indices::Positions if index == position as u64 => {}
            Indices::Positions => {
                self.indices = Indices::Listed((0..position as u64).chain([index]).collect());
            }
            Indices::Listed(indices) => indices.push(index),
        }
    }

    /// A process may invoke only when it has nothing open.
    fn busy(&self, open: u32, row: &Row) -> String {
        let earlier = self.at(self.spans[open as usize].invocation());
        format!(
            "process {} invokes {} while its {} of event {} is still open",
            row.process(),
            self.columns.functions.get(row.function()),
            earlier.function,
            earlier.index
        )
    }

    /// A completion must be of what its process has open.
    fn check_completion(&self, open: u32, row: &Row) -> Result<(), String> {
        let position = self.spans[open as usize].invocation();
        let invocation = &self.columns.rows[position];
        let process = row.process();
        let function = self.columns.functions.get(row.function());
        if invocation.function() != row.function() {
            let event = self.at(position);
            let (invoked, index) = (event.function, event.index);
            Err(format!(
                "process {process} completes {function}, but it had invoked {invoked} at event {index}"
            ))
        } else if row.key().is_some() && invocation.key() != row.key() {
            let index = self.index(position);
            Err(format!(
                "process {process} completes {function} on another key than it invoked it on at event {index}"
            ))
        } else {
            Ok(())
        }
    }

    /// Names every event by its position.
    pub(crate) fn renumber(&mut self) {
        self.indices = Indices::Positions;
    }

    /// The invocation that this process has open.
    pub(crate) fn open(&self, process: Process) -> Option<EventRef<'_>> {
        let Process::Client(process) = process else {
            return None;
        };
        let open = self.open.get(&process)?;
        Some(self.at(self.spans[*open as usize].invocation()))
    }

    /// The index of the event at this position.
    pub(crate) fn index(&self, position: usize) -> u64 {
        match &self.indices {
            Indices::Positions => position as u64,
            Indices::Listed(indices) => indices[position],
        }
    }

    /// The event of this index.
    pub fn event(&self, index: u64) -> Option<EventRef<'_>> {
        let position = match &self.indices {
            Indices::Positions => {
                usize::try_from(index).ok().filter(|&position| position < self.columns.rows.len())
            }
            Indices::Listed(indices) => indices.binary_search(&index).ok(),
        };
        position.map(|position| self.at(position))
    }

    /// The event at this position.
    ///
    /// # Panics
    ///
    /// When there are not that many.
    pub fn at(&self, position: usize) -> EventRef<'_> {
        self.columns.event(position, self.index(position))
    }

    /// All events, in order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = EventRef<'_>> + DoubleEndedIterator + Clone {
        (0..self.columns.rows.len()).map(|position| self.at(position))
    }

    /// All events on their own, in order: to build another history from.
    pub fn to_events(&self) -> Vec<Event> {
        self.events().map(EventRef::to_event).collect()
    }

    /// All operations, in the order of their invocations.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Operation<'_>> + Clone {
        self.spans.iter().map(|&span| Operation::new(self, span))
    }

    /// The events of the nemesis: faults, dumps, acknowledgements.
    pub fn notes(&self) -> impl Iterator<Item = EventRef<'_>> + Clone {
        let rows = self.columns.rows.iter().enumerate();
        let notes = rows.filter(|(_, row)| row.process() == Process::Nemesis);
        notes.map(|(position, _)| self.at(position))
    }

    /// The distinct values of all events, by [`ValueId`](crate::ValueId).
    pub fn values(&self) -> Values<'_> {
        Values(self.columns.values.items())
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The history of the operations and notes that `keep` accepts (it sees invocations and notes);
    /// events keep their indices.
    pub fn restrict(&self, keep: impl FnMut(EventRef<'_>) -> bool) -> History {
        let events = self.part(keep).map(EventRef::to_event);
        History::new(events).expect("a part of a history, by whole operations, is a history")
    }

    /// The events of the operations and notes that `keep` accepts (it sees invocations and notes), in order.
    pub fn part(&self, mut keep: impl FnMut(EventRef<'_>) -> bool) -> impl Iterator<Item = EventRef<'_>> {
        let mut kept = vec![false; self.columns.rows.len()];
        for span in &self.spans {
            if keep(self.at(span.invocation())) {
                kept[span.invocation()] = true;
                span.completion().inspect(|&completion| kept[completion] = true);
            }
        }
        for (position, row) in self.columns.rows.iter().enumerate() {
            if row.process() == Process::Nemesis {
                kept[position] = keep(self.at(position));
            }
        }
        let positions = kept.into_iter().enumerate().filter(|(_, kept)| *kept);
        positions.map(|(position, _)| self.at(position))
    }
}

/// Equal when their events are.
impl PartialEq for History {
    fn eq(&self, other: &History) -> bool {
        self.events().eq(other.events())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.events()).finish()
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
        assert!(history.push(event(1, CLIENT, Kind::Ok, "write")).is_err());
        assert_eq!(history, before);
        assert_eq!(history.open(CLIENT).map(|invocation| invocation.index), Some(0));
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
        assert_eq!(history.event(20).unwrap().key, Some(&"y".into()));
        assert_eq!(history.event(8), None);
    }

    #[test]
    fn restricts_to_whole_operations_and_notes() {
        let history = parse(
            "0:write(x,1)? 1:write(y,2)? 1:ok 0:ok ..2:read(x)=1 ..2:read(y)=2
             nemesis:healed() 3:write(x,3)?",
        )
        .unwrap();
        let only_x = history.restrict(|event| event.key == Some(&"x".into()));
        assert_eq!(print(&only_x), "0:write(x,1)? #3 0:ok ..2:read(x,1) #7 3:write(x,3)?");
        let notes = history.restrict(|event| event.process == Process::Nemesis);
        assert_eq!(print(&notes), "#6 nemesis:healed()");
        assert_eq!(history.restrict(|_| true), history);
    }

    #[test]
    fn lists_the_notes() {
        let history = parse("0:read(x) nemesis:healed() nemesis:corrupt(x)/n1").unwrap();
        let notes = history.notes().map(|note| note.function);
        assert_eq!(notes.collect::<Vec<_>>(), ["healed", "corrupt"]);
    }
}
