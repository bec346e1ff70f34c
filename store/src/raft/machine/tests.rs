//! The machine: one behaviour a test, then random commands against a naive model.

mod commands;
mod keys;
mod locks;
mod model;
mod sessions;
mod snapshots;
mod transactions;

use super::*;
use crate::raft::request::{Cell, SessionId, Step};

/// A machine and the log that it is fed from.
struct Feed {
    machine: Machine,
    index: u64,
    log_ms: u64,
}

impl Feed {
    fn new() -> Feed {
        Feed::with(100, Safeguards::default())
    }

    fn with(sessions_max: usize, safeguards: Safeguards) -> Feed {
        Feed { machine: Machine::new(sessions_max, safeguards), index: 0, log_ms: 1_000 }
    }

    fn entry(&mut self, session: SessionId, sequence: u64, kind: CommandKind) -> (Position, Command) {
        self.index += 1;
        let command = Command { session, sequence, log_ms: self.log_ms, kind };
        (Position { term: 3, index: self.index }, command)
    }

    fn open(&mut self) -> SessionId {
        let (at, command) = self.entry(0, 0, CommandKind::Open);
        let response = self.machine.apply(at, &command).response;
        assert_eq!(response, Response::Opened { session: session_of(at) });
        session_of(at)
    }

    fn write(&mut self, session: SessionId, sequence: u64, operation: &Operation) -> Outcome {
        let (at, command) = self.entry(session, sequence, CommandKind::Change(operation.clone()));
        self.machine.apply(at, &command)
    }

    /// Past the table of sessions.
    fn change(&mut self, operation: Operation) -> Response {
        let (at, command) = self.entry(7, 0, CommandKind::Change(operation));
        self.machine.apply_unchecked(at, &command).response
    }

    fn get(&self, key: &str) -> Option<Versioned> {
        self.machine.read(&[key.to_owned()]).remove(0)
    }

    fn held(&self, key: &str) -> Option<Cell> {
        self.get(key)?.cell
    }
}

fn done(index: u64) -> Response {
    Response::Done { index, term: 3, cells: Vec::new() }
}

/// Why a condition did not hold.
#[track_caller]
fn unmet(response: Response) -> String {
    match response {
        Response::Refused(Refusal::Condition(why)) => why,
        other => panic!("a condition should not have held: {other:?}"),
    }
}

fn register(value: &str) -> Option<Cell> {
    Some(Cell::Register(value.into()))
}

fn list(elements: &[&str]) -> Option<Cell> {
    Some(Cell::List(elements.iter().map(|element| element.as_bytes().to_vec()).collect()))
}

fn put(key: &str, value: &str) -> Operation {
    Operation::Put { key: key.into(), value: value.into() }
}

fn delete(key: &str) -> Operation {
    Operation::Delete { key: key.into() }
}

fn compare_and_set(key: &str, expected: Option<&str>, new: &str) -> Operation {
    Operation::CompareAndSet { key: key.into(), expected: expected.map(Into::into), new: new.into() }
}

fn append(key: &str, element: &str) -> Operation {
    Operation::Append { key: key.into(), element: element.into() }
}

fn add(key: &str, amount: i64) -> Operation {
    Operation::Add { key: key.into(), amount }
}

fn lock(key: &str, for_ms: u32) -> Operation {
    Operation::Lock { key: key.into(), for_ms }
}

fn unlock(key: &str, token: u64) -> Operation {
    Operation::Unlock { key: key.into(), token }
}

fn put_fenced(key: &str, value: &str, token: u64) -> Operation {
    Operation::PutFenced { key: key.into(), value: value.into(), token }
}

fn transact(steps: Vec<Step>) -> Operation {
    Operation::Transact { steps }
}
