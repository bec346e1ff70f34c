//! The state machine: what the log, applied entry by entry, makes of the keys.
//!
//! A function of the entries alone: nodes that have applied the same entries hold the same cells, have told
//! the same answers, and know the same sessions. Time is the log's: the latest that an entry carries, so a lock
//! ends at the same entry everywhere.
//!
//! ```text
//!  index  session  sequence  command          told
//!    1       –        –      open             session s     named after term and index of this entry
//!    2       s        1      append l ← a     done at 2
//!    3       s        1      append l ← a     done at 2     a retry: recognised, without effect
//!    4       s        2      append l ← b     done at 4     l holds a, b
//!    5       s        1      append l ← a     unknown       superseded: nobody remembers how it ended
//! ```
//!
//! Exactly once needs the table of sessions in here, where it is replicated, and not at the leader, which may
//! be gone by the time of the retry (Ongaro 2014, section 6.3).

mod cells;
mod change;
mod limits;
mod sessions;
mod snapshot;
mod transaction;

use xxhash_rust::xxh3::xxh3_64;

use super::log::Position;
use super::request::{Command, CommandKind, Operation, Refusal, Response, Versioned, session_of};
use crate::marker;
use crate::safeguards::Safeguards;

use cells::Cells;
use change::Cause;
pub use limits::{KEYS_MAX, STEPS_MAX, keys_problem, problem};
use sessions::{Sessions, Standing};

/// What came of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the client is told.
    pub response: Response,
    /// Hash of the response: equal on every node.
    pub digest: u64,
    /// The marker of what happened on the way, if it is worth one: a retry was recognised, or the absence of
    /// a safeguard has bitten.
    pub reached: Option<&'static str>,
}

impl Outcome {
    fn new(response: Response, reached: Option<&'static str>) -> Outcome {
        let bytes = postcard::to_allocvec(&response).expect("a vector takes every response");
        Outcome { digest: xxh3_64(&bytes), response, reached }
    }
}

/// Keys with what they hold, sessions with what they were told, and the time of the log.
///
/// - Equal where the same entries were applied in the same order, from the same snapshot.
/// - A command takes effect at most once per session and sequence number (with the safeguard
///   `session_table` on).
/// - What is refused has changed no key.
/// - A cell's version is the index of the last entry that changed it; a key that was deleted keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    cells: Cells,
    sessions: Sessions,
    /// The latest time of any entry, in milliseconds.
    log_ms: u64,
    safeguards: Safeguards,
}

impl Machine {
    /// A machine that has applied nothing, and keeps `sessions_max` sessions at most (one at least).
    pub fn new(sessions_max: usize, safeguards: Safeguards) -> Machine {
        Machine { cells: Cells::default(), sessions: Sessions::new(sessions_max), log_ms: 0, safeguards }
    }

    /// Applies an entry: what its client is told, which is [`Response::Opened`], [`Response::Done`], or a
    /// refusal: a condition did not hold, or the session has ended.
    ///
    /// A retry is told what the first attempt was told, and changes nothing. One that the session has since
    /// superseded with a later number changes nothing either; what came of earlier attempts is not known any
    /// more, and it is told so ([`Response::Unknown`]).
    pub fn apply(&mut self, at: Position, command: &Command) -> Outcome {
        self.advance(command);
        match &command.kind {
            CommandKind::Open => {
                let session = session_of(at);
                self.sessions.open(session, at.index);
                Outcome::new(Response::Opened { session }, None)
            }
            CommandKind::Change(operation) => self.change_once(at, command, operation),
        }
    }

    /// Applies an entry without a look at the table of sessions: the replay of what was checked before.
    /// Applied twice, it takes effect twice.
    pub fn apply_unchecked(&mut self, at: Position, command: &Command) -> Outcome {
        self.advance(command);
        let response = match &command.kind {
            CommandKind::Open => Response::Opened { session: session_of(at) },
            CommandKind::Change(operation) => self.change(at, command, operation),
        };
        Outcome::new(response, None)
    }

    /// What these keys hold; none: never written.
    pub fn read(&self, keys: &[String]) -> Vec<Option<Versioned>> {
        keys.iter().map(|key| self.cells.get(key).cloned()).collect()
    }

    /// Why [`Machine::read`] of these keys, which have no [problem](keys_problem), cannot be answered, if so:
    /// they hold more than a frame takes.
    pub fn read_problem(&self, keys: &[String]) -> Option<String> {
        limits::read_problem(keys.iter().filter_map(|key| self.cells.get(key)))
    }

    /// The cells of keys after `after`, in order, about 512 KiB of them: a [`Response::Page`].
    pub fn page(&self, after: Option<&str>) -> Response {
        self.cells.page(after)
    }

    /// The time of the log, in milliseconds: the latest that any entry carried.
    pub fn log_ms(&self) -> u64 {
        self.log_ms
    }

    fn advance(&mut self, command: &Command) {
        self.log_ms = self.log_ms.max(command.log_ms);
    }

    fn change_once(&mut self, at: Position, command: &Command, operation: &Operation) -> Outcome {
        let Command { session, sequence, .. } = *command;
        let standing = self.sessions.meet(session, sequence, at.index);
        let is_again = matches!(standing, Standing::Retry(_) | Standing::Superseded { .. });
        match standing {
            Standing::Ended => {
                return Outcome::new(Response::Refused(Refusal::SessionEnded { session }), None);
            }
            Standing::Retry(response) if self.safeguards.session_table => {
                return Outcome::new(response, Some(marker::RETRY_RECOGNISED.name));
            }
            Standing::Superseded { by } if self.safeguards.session_table => {
                let why = format!("write {sequence} of session {session} was superseded by write {by}");
                return Outcome::new(Response::Unknown(why), Some(marker::RETRY_SUPERSEDED.name));
            }
            _ => {}
        }
        let response = self.change(at, command, operation);
        self.sessions.answered(session, sequence, &response);
        let reached = match standing {
            Standing::Forgotten => Some("sessions-not-in-snapshot"),
            _ if is_again && matches!(response, Response::Done { .. }) => Some("retry-applied-twice"),
            _ => None,
        };
        Outcome::new(response, reached)
    }

    fn change(&mut self, at: Position, command: &Command, operation: &Operation) -> Response {
        let cause = Cause { index: at.index, session: command.session, log_ms: self.log_ms };
        match change::change(&mut self.cells, cause, operation) {
            Ok(cells) => Response::Done { index: at.index, term: at.term, cells },
            Err(why) => Response::Refused(Refusal::Condition(why)),
        }
    }
}

#[cfg(test)]
mod tests;
