//! A node of the replicated log as a value: inputs and ticks in, effects out.
//!
//! Raft (Ongaro and Ousterhout 2014; Ongaro 2014): one leader per term, elected by a majority, orders all
//! changes in a log; what a majority holds durably is committed, and every node applies it in order.
//!
//! ```text
//! client ─ write ─► leader ── Append ──► followers      an entry is in three logs of five, durably:
//!                     │ ◄── Matched ────────┘           committed, applied, answered
//!                     └ the next Append says so ─► they apply it too
//! ```
//!
//! The parts, each an `impl` of [`Node`] or a value of its own:
//!
//! ```text
//! start           what the data directory holds
//! journal         term and vote, what is written down, and what waits for it
//! entries         the log in memory          members       who belongs to the cluster
//! election        who leads                  leader, progress, rounds   what only a leader knows
//! replication     the log goes out           following     … and comes in
//! snapshots       taken, and kept            sending, install   … sent out, and coming in
//! passive         active-passive replication with a witness
//! transfer        leadership handed over     changes       members come and go
//! commit          what is committed, and applied
//! requests, writes, reads, lease, waiting    the clients
//! ```

mod changes;
mod commit;
mod election;
mod entries;
mod following;
mod install;
mod journal;
mod leader;
mod lease;
mod members;
mod passive;
mod progress;
mod reads;
mod replication;
mod requests;
mod rounds;
mod sending;
mod snapshot;
mod snapshots;
mod start;
mod transfer;
mod waiting;
mod writes;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::config::Config;
use super::fact::Fact;
use super::log::{Index, Position, Record, Start, Term};
use super::machine::Machine;
use super::message::{Body, Message};
use super::request::{Request, Response};
use crate::protocol::{self, NodeId, Now, Protocol, RecordNumber};

use election::Candidacy;
use entries::Entries;
use following::Following;
use install::Part;
use journal::Journal;
use leader::Leader;
use members::Memberships;
use snapshots::Snapshots;
use start::Replayed;
use waiting::Waiting;

/// What happens to a node.
pub type Input = protocol::Input<Node>;
/// What a node wants done.
pub type Effect = protocol::Effect<Node>;

/// What a node is in the current term.
#[derive(Debug)]
enum Role {
    Follower,
    Candidate(Candidacy),
    Leader(Box<Leader>),
}

/// One node of the replicated log.
///
/// - A function of its inputs: no clock and no socket inside, and no randomness but from the seed in [`Start`].
/// - `applied ≤ commit ≤` the end of its log; neither ever falls while it runs (but for asynchronous copies).
/// - What it says of its log or its vote is durable when it is said.
/// - It does not expect [`Input::AppendFailed`](protocol::Input::AppendFailed): the shell ends it then.
#[derive(Debug)]
pub struct Node {
    config: Config,
    now: Now,
    random: Pcg64Mcg,
    journal: Journal,
    log: Entries,
    members: Memberships,
    machine: Machine,
    applied: Position,
    /// The high-water mark: everything up to here is committed.
    commit: Index,
    role: Role,
    /// Who leads the current term, if known.
    leader: Option<NodeId>,
    following: Following,
    /// When it last heard from a leader; its start counts as such.
    heard: u64,
    /// When it stands for election, unless it hears from a leader.
    election_due: u64,
    waiting: Waiting,
    snapshots: Snapshots,
    /// As a witness: the latest term of which it has confirmed a leader that has an entry of it.
    witnessed: Term,
    /// The record that says so.
    witnessed_by: RecordNumber,
    /// How many times it has been started.
    incarnation: u32,
    /// Replay found damage, and it has perhaps forgotten votes and entries: it does not count.
    is_damaged: bool,
}

impl Protocol for Node {
    const NAME: &'static str = "raft";
    const SURVIVES_FAILED_APPEND: bool = false;
    type Request = Request;
    type Response = Response;
    type Message = Message;
    type Record = Record;

    fn step(&mut self, input: Input, now: Now, effects: &mut Vec<Effect>) {
        self.now = now;
        match input {
            Input::Request { id, request } => self.on_request(id, request),
            Input::Message { from, message } => self.on_message(from, message),
            Input::Synced { through } => self.on_synced(through),
            Input::AppendFailed { record, reason } => {
                self.journal.note(format!("record {record} is not in the log: {reason}"));
            }
            Input::SnapshotSaved { index } => self.on_snapshot_saved(index),
            Input::TooLate { id } => self.on_too_late(id),
        }
        self.journal.drain_into(effects);
    }

    fn tick(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.now = now;
        self.expire();
        if matches!(self.role, Role::Leader(_)) {
            self.tick_leader();
        } else if now.monotonic >= self.election_due {
            self.on_election_due();
        }
        self.journal.drain_into(effects);
    }
}

impl Node {
    /// A node that starts now, with what its data directory held.
    ///
    /// # Panics
    /// If the configuration has a [problem](Config::problem).
    pub fn new(config: Config, start: Start, now: Now) -> Node {
        assert!(
            config.problem().is_none(),
            "the configuration must be checked before: {:?}",
            config.problem()
        );
        let (seed, incarnation) = (start.seed, start.incarnation);
        let Replayed { term, voted_for, witnessed, log, members, machine, applied, snapshot, damaged } =
            Replayed::new(start, &config);
        let mut journal = Journal::new(term, voted_for, config.safeguards);
        journal.fact(Fact::Started {
            term,
            snapshot: applied,
            log: log.iter().map(|stored| (stored.entry.at, stored.digest)).collect(),
            damaged,
        });
        let mut node = Node {
            now,
            random: Pcg64Mcg::seed_from_u64(seed),
            journal,
            log,
            members,
            machine,
            applied,
            commit: applied.index,
            role: Role::Follower,
            leader: None,
            following: Following::default(),
            heard: now.monotonic,
            election_due: 0,
            waiting: Waiting::default(),
            snapshots: Snapshots::new(snapshot),
            witnessed,
            witnessed_by: 0,
            incarnation,
            is_damaged: damaged,
            config,
        };
        node.wait_for_leader();
        node.begin();
        node
    }

    /// What it does before anything happens to it.
    fn begin(&mut self) {
        if self.is_damaged {
            self.journal.append(Record::Damaged);
        }
        if !self.config.safeguards.replay_after_snapshot {
            self.replay_again();
        }
        if !self.config.safeguards.commit_rebuilt && self.log.last().index > self.commit {
            self.journal.reached("whole-log-committed");
            self.raise_commit(self.log.last().index);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message) {
        if from == self.me() || usize::from(from) >= self.config.nodes.len() {
            return;
        }
        if !message.is_possible() {
            return self.journal.note(format!("a number in a message of node {from} is impossible: dropped"));
        }
        let Message { term, body } = message;
        // Pre-votes speak of a term that nobody has moved to yet.
        match body {
            Body::Vote { is_pre, last, is_transfer } => {
                return self.on_vote(from, term, is_pre, last, is_transfer);
            }
            Body::Voted { is_pre: true, granted: true } => return self.on_pre_voted(from, term),
            _ => {}
        }
        if term > self.term() {
            self.adopt(term);
        }
        match body {
            Body::Append { round, previous, entries, commit } => {
                self.on_append(from, term, round, previous, entries, commit);
            }
            Body::Snapshot { round, at, offset, total, bytes } => {
                self.on_snapshot(from, term, Part { round, at, offset, total, bytes });
            }
            _ if term < self.term() => {}
            Body::Voted { granted, .. } => self.on_voted(from, granted),
            Body::Matched { round, index, incarnation } => self.on_matched(from, round, index, incarnation),
            Body::Copied { round, index, incarnation } => self.on_copied(from, round, index, incarnation),
            Body::Conflict { round, counts, previous, hint } => {
                self.on_conflict(from, counts.then_some(round), previous, hint);
            }
            Body::SnapshotPart { round, counts, at, received } => {
                self.on_snapshot_part(from, round, counts, at, received);
            }
            Body::Readmitted { incarnation } => self.on_readmitted(incarnation),
            Body::TimeoutNow => self.on_timeout_now(from),
            Body::Vote { .. } => {}
        }
    }

    fn on_synced(&mut self, through: u64) {
        self.journal.synced(through);
        self.log.synced(through);
        self.after_log_grew_durable();
    }

    /// More of the log may be durable, or of the vote.
    fn after_log_grew_durable(&mut self) {
        match self.role {
            Role::Follower => self.acknowledge(),
            Role::Candidate(_) => self.count_votes(),
            Role::Leader(_) => self.advance_commit(),
        }
    }

    fn me(&self) -> NodeId {
        self.config.node
    }

    fn term(&self) -> Term {
        self.journal.term()
    }

    fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Whether it is no member as far as it knows for certain: not in what is committed, and not in anything
    /// later either. Then it neither votes, nor stands, nor serves.
    fn is_outside(&self) -> bool {
        self.is_removed() && !self.acts_though_removed()
    }

    fn is_removed(&self) -> bool {
        // A node that starts knows of no commit: any line-up of its log may be the one that counts.
        !self.members.since(self.commit).any(|members| members.contains(self.me()))
    }

    /// With the safeguard off, one that was a member goes on.
    fn acts_though_removed(&self) -> bool {
        !self.config.safeguards.removed_is_silent && self.is_removed() && self.log.last().index > 0
    }

    /// The moment so many milliseconds from now, in monotonic nanoseconds.
    fn after_ms(&self, ms: u64) -> u64 {
        self.now.monotonic.saturating_add(ms.saturating_mul(1_000_000))
    }

    /// An election timeout in nanoseconds.
    fn election_ns(&self) -> u64 {
        self.config.election_ms * 1_000_000
    }

    /// A number below `n`.
    fn draw(&mut self, n: u64) -> u64 {
        // Multiply and shift: the bias is below n / 2^64.
        ((u128::from(self.random.next_u64()) * u128::from(n)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests;
