//! What must hold of a run beside the invariants, whatever the order of messages was.
//!
//! The log is the order of everything: applied to a machine of its own, entry by entry, it says what each
//! answer should have been. That is linearizable where an answer never comes from before what was known
//! when it was asked for.

use std::collections::BTreeMap;

use super::clients::{Call, KEYS};
use crate::raft::log::{Entry, Index, Payload, Position, Term};
use crate::raft::machine::Machine;
use crate::raft::request::{Ask, Command, ReadMode, Refusal, Response};
use crate::raft::testkit::Cluster;
use crate::raft::testkit::notation;
use crate::safeguards::Safeguards;

/// Whether a call was answered from before what had been seen when it was made.
pub fn goes_back(call: &Call) -> Option<String> {
    let at = call.position()?;
    let is_in_order = match &call.ask {
        Ask::Read { mode: ReadMode::Leader | ReadMode::Lease, .. } => at >= call.floor,
        Ask::Read { mode: ReadMode::Follower, token, .. } => at.index >= *token,
        Ask::Read { mode: ReadMode::Any, .. } => true,
        _ => at > call.floor,
    };
    let what = || format!("goes back behind {}: {}", notation::position(call.floor), described(call));
    (!is_in_order).then(what)
}

/// The committed log up to here, and what a machine makes of it.
pub struct Truth {
    log: BTreeMap<Index, Entry>,
    /// What each entry was answered, by the machine.
    answers: BTreeMap<Index, Response>,
    /// What the keys held after each entry.
    states: BTreeMap<Index, Response>,
    /// What all keys hold at the end.
    pub page: Response,
}

impl Truth {
    /// What a cluster has applied, up to an index.
    pub fn new(cluster: &Cluster, through: Index) -> Truth {
        let positions = cluster.applied.range(..=through).map(|(_, at)| at);
        let log: BTreeMap<Index, Entry> =
            positions.filter_map(|at| Some((at.index, cluster.entries.get(at)?.clone()))).collect();
        let mut machine = Machine::new(cluster.config.sessions_max, Safeguards::default());
        let (mut answers, mut states) = (BTreeMap::new(), BTreeMap::new());
        states.insert(0, state(&machine, Position::default()));
        for (&index, entry) in &log {
            if let Payload::Command(command) = &entry.payload {
                answers.insert(index, machine.apply(entry.at, command).response);
            }
            states.insert(index, state(&machine, entry.at));
        }
        Truth { log, answers, states, page: machine.page(None) }
    }

    /// What is wrong with a call; none also if it is of a part of the log that was lost, where that may be.
    pub fn contradicts(&self, call: &Call, may_lose: bool) -> Option<String> {
        if may_lose && call.position().is_some_and(|at| self.has_lost(at)) {
            return None;
        }
        let is_true = match (&call.response, &call.ask) {
            (Response::Cells { applied, .. }, _) => self.states.get(applied) == Some(&call.response),
            (Response::Done { index, .. }, Ask::Write { session, sequence, .. }) => {
                let is_its_own =
                    |command: &Command| command.session == *session && command.sequence == *sequence;
                self.command(*index).is_some_and(is_its_own)
                    && self.answers.get(index) == Some(&call.response)
            }
            (Response::Opened { .. }, _) => {
                may_lose || self.answers.values().any(|answer| *answer == call.response)
            }
            _ => true,
        };
        (!is_true).then(|| format!("the log says otherwise: {}", described(call)))
    }

    /// Whether more writes of one term than this were acknowledged and are lost.
    pub fn lacks_too_much(&self, calls: &[Call], max: u64) -> Option<String> {
        let mut lost: BTreeMap<Term, u64> = BTreeMap::new();
        let written = calls.iter().filter(|call| matches!(call.response, Response::Done { .. }));
        for at in written.filter_map(Call::position).filter(|&at| self.has_lost(at)) {
            *lost.entry(at.term).or_default() += 1;
        }
        let (term, count) = lost.into_iter().find(|&(_, count)| count > max)?;
        Some(format!("lost {count} acknowledged writes of term {term}: {max} may be"))
    }

    fn has_lost(&self, at: Position) -> bool {
        at.index > 0 && self.log.get(&at.index).is_none_or(|entry| entry.at != at)
    }

    fn command(&self, index: Index) -> Option<&Command> {
        match &self.log.get(&index)?.payload {
            Payload::Command(command) => Some(command),
            _ => None,
        }
    }
}

/// A write that was refused each time, and stands in a log.
pub fn refused_in_vain(cluster: &Cluster, calls: &[Call]) -> Option<String> {
    let is_refused = |call: &&Call| matches!(call.response, Response::Refused(Refusal::Unavailable(_)));
    calls.iter().filter(is_refused).find_map(|call| {
        let Ask::Write { session, sequence, .. } = call.ask else { return None };
        let is_it = |entry: &&Entry| match &entry.payload {
            Payload::Command(command) => command.session == session && command.sequence == sequence,
            _ => false,
        };
        let entry = cluster.entries.values().find(is_it)?;
        Some(format!("refused, and in a log as {}: {}", notation::entry(entry), described(call)))
    })
}

fn state(machine: &Machine, Position { term, index }: Position) -> Response {
    Response::Cells { cells: machine.read(&KEYS.map(str::to_owned)), applied: index, term }
}

fn described(call: &Call) -> String {
    format!(
        "client {} asked to {}: {}",
        call.client,
        notation::ask(&call.ask),
        notation::response(&call.response)
    )
}
