//! The machine as bytes.

use std::collections::BTreeMap;

use super::Machine;
use super::cells::Cells;
use super::sessions::{Session, Sessions};
use crate::raft::request::SessionId;
use crate::safeguards::Safeguards;

/// The first byte of a snapshot.
const VERSION: u8 = 1;

/// The rest: the time of the log, the keys, the sessions.
type Body = (u64, Cells, Option<BTreeMap<SessionId, Session>>);

impl Machine {
    /// The whole state, table of sessions included (with the safeguard `session_table_in_snapshot` on).
    pub fn encode(&self) -> Vec<u8> {
        let sessions = self.safeguards.session_table_in_snapshot.then(|| self.sessions.table());
        let body = (self.log_ms, &self.cells, sessions);
        postcard::to_extend(&body, vec![VERSION]).expect("a vector takes every state")
    }

    /// Reads what [`Machine::encode`] wrote; none if it is anything else, or lacks the table of sessions.
    ///
    /// With the safeguard `session_table_in_snapshot` off the table is lacking, and the machine takes each
    /// session that it meets for one that has written nothing yet; the first [`Outcome`](super::Outcome) of
    /// such a session carries the marker.
    pub fn decode(bytes: &[u8], sessions_max: usize, safeguards: Safeguards) -> Option<Machine> {
        let (&version, body) = bytes.split_first()?;
        if version != VERSION {
            return None;
        }
        let ((log_ms, cells, table), rest): (Body, _) = postcard::take_from_bytes(body).ok()?;
        let sessions = match table {
            Some(table) => Sessions::from_table(table, sessions_max),
            None if safeguards.session_table_in_snapshot => return None,
            None => Sessions::forgotten(sessions_max),
        };
        rest.is_empty().then_some(Machine { cells, sessions, log_ms, safeguards })
    }
}
