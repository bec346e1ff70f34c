//! Changes that clients ask of the leader.

use super::entries::Stored;
use super::waiting::Want;
use super::{Node, Role};
use crate::protocol::RequestId;
use crate::raft::log::Payload;
use crate::raft::machine;
use crate::raft::request::{Command, CommandKind, Refusal, SessionId};

/// Entries that are not committed yet; more are refused until a majority has caught up.
const UNCOMMITTED_MAX: u64 = 10_000;
/// The same in bytes.
const UNCOMMITTED_BYTES_MAX: u64 = 64 << 20;

impl Node {
    /// A client wants a change: it is answered when that is applied.
    pub(super) fn write(
        &mut self,
        id: RequestId,
        deadline: u64,
        session: SessionId,
        sequence: u64,
        kind: CommandKind,
    ) {
        if let Err(refusal) = self.admit(&kind) {
            return self.refuse(id, refusal);
        }
        let log_ms = self.log_ms();
        let command = Command { session, sequence, log_ms, kind };
        let at = self.propose(Payload::Command(command));
        self.waiting.insert(id, deadline, Want::Applied { at });
        self.replicate();
    }

    /// The latest time that any entry of this log carries. What is applied alone does not tell: after a restart
    /// that is what the snapshot covers.
    pub(super) fn latest_log_ms(&self) -> u64 {
        let log_ms = |stored: &Stored| match &stored.entry.payload {
            Payload::Command(command) => command.log_ms,
            Payload::Noop | Payload::Members(_) => 0,
        };
        self.log.iter().map(log_ms).fold(self.machine.log_ms(), u64::max)
    }

    /// The time of the log now. While nobody leads it stands still.
    fn log_ms(&self) -> u64 {
        let Role::Leader(leader) = &self.role else { return self.machine.log_ms() };
        let (began_ms, began) = leader.log_clock;
        began_ms.saturating_add(self.now.monotonic.saturating_sub(began) / 1_000_000)
    }

    fn admit(&mut self, kind: &CommandKind) -> Result<(), Refusal> {
        let Role::Leader(leader) = &self.role else {
            return Err(Refusal::NotLeader { leader: self.leader, term: self.term() });
        };
        if leader.transfer.is_some() {
            return Err(Refusal::Unavailable("leadership is being handed over".to_owned()));
        }
        if let CommandKind::Change(operation) = kind
            && let Some(problem) = machine::problem(operation)
        {
            return Err(Refusal::Invalid(problem));
        }
        let last = self.log.last().index;
        let bytes = self.log.bytes_between(self.commit, last);
        if last.saturating_sub(self.commit) >= UNCOMMITTED_MAX || bytes >= UNCOMMITTED_BYTES_MAX {
            let why = format!("{} changes of {bytes} bytes wait for a majority already", last - self.commit);
            return Err(Refusal::Unavailable(why));
        }
        self.standby_problem().map_or(Ok(()), Err)
    }
}
