//! What a snapshot holds.

use serde::{Deserialize, Serialize};

use crate::raft::config::Config;
use crate::raft::log::{Index, Position};
use crate::raft::machine::Machine;
use crate::raft::request::Members;

/// The state after an entry: instead of it, and of all entries before.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// The last entry it covers.
    pub(super) at: Position,
    /// The members there.
    pub(super) members: Members,
    /// The entry that made them so.
    pub(super) members_at: Index,
    machine: Vec<u8>,
}

impl Snapshot {
    /// The state of a machine that has applied everything up to `at`.
    pub(super) fn new(at: Position, members_at: Index, members: Members, machine: &Machine) -> Snapshot {
        Snapshot { at, members, members_at, machine: machine.encode() }
    }

    /// As bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes every snapshot")
    }

    /// Reads what [`Snapshot::encode`] wrote; none if it is anything else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Snapshot> {
        let (snapshot, rest) = postcard::take_from_bytes(bytes).ok()?;
        rest.is_empty().then_some(snapshot)
    }

    /// The machine.
    pub(super) fn machine(&self, config: &Config) -> Option<Machine> {
        Machine::decode(&self.machine, config.sessions_max, config.safeguards)
    }
}
