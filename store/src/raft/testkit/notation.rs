//! What happens, in words: the trace of a run and the output of scripts.
//!
//! An entry is written `index@term`, a node `n1`, a request `#1`.

use crate::protocol::NodeId;
use crate::raft::fact::Fact;
use crate::raft::log::{Entry, Payload, Position, Record};
use crate::raft::message::{Body, Message};
use crate::raft::request::{
    Ask, Cell, Change, CommandKind, Members, Operation, ReadMode, Refusal, Response, Versioned,
};

/// A node's name.
pub fn name(node: NodeId) -> String {
    format!("n{}", node + 1)
}

fn names(nodes: impl IntoIterator<Item = NodeId>) -> String {
    nodes.into_iter().map(name).collect::<Vec<_>>().join(" ")
}

/// An entry's place.
pub fn position(at: Position) -> String {
    format!("{}@{}", at.index, at.term)
}

/// A message.
pub fn message(Message { term, body }: &Message) -> String {
    let text = match body {
        Body::Vote { is_pre, last, is_transfer } => {
            let kind = if *is_pre { "pre-vote" } else { "vote" };
            let transfer = if *is_transfer { ", a transfer" } else { "" };
            format!("{kind}? last {}{transfer}", position(*last))
        }
        Body::Voted { is_pre, granted } => {
            let kind = if *is_pre { "pre-vote" } else { "vote" };
            format!("{kind} {}", if *granted { "granted" } else { "refused" })
        }
        Body::Append { round, previous, entries, commit } => {
            let list: String = entries.iter().map(|each| format!(" {}", entry(each))).collect();
            let what = if entries.is_empty() { "heartbeat" } else { "append" };
            format!("{what} round {round} after {}:{list} commit {commit}", position(*previous))
        }
        Body::Matched { round, index, .. } => format!("matched {index} round {round}"),
        Body::Copied { round, index, .. } => format!("copied {index} round {round}"),
        Body::Conflict { round, counts, previous, hint } => {
            format!("conflict at {previous} hint {} round {round}{}", position(*hint), counted(*counts))
        }
        Body::Snapshot { round, at, offset, total, bytes } => {
            let end = offset + bytes.len() as u64;
            format!("snapshot {} bytes {offset}..{end} of {total} round {round}", position(*at))
        }
        Body::SnapshotPart { round, counts, at, received } => {
            format!("snapshot {} received {received} round {round}{}", position(*at), counted(*counts))
        }
        Body::Readmitted { incarnation } => format!("readmitted incarnation {incarnation}"),
        Body::TimeoutNow => "stand now".to_owned(),
    };
    format!("t{term} {text}")
}

fn counted(counts: bool) -> &'static str {
    if counts { "" } else { ", which does not count" }
}

/// An entry with what it says.
pub fn entry(Entry { at, payload }: &Entry) -> String {
    let text = match payload {
        Payload::Noop => "noop".to_owned(),
        Payload::Members(line_up) => members(line_up),
        Payload::Command(command) => match &command.kind {
            CommandKind::Open => "open".to_owned(),
            CommandKind::Change(change) => operation(change),
        },
    };
    format!("{}[{text}]", position(*at))
}

fn members(Members { voters, learners }: &Members) -> String {
    match learners.is_empty() {
        true => format!("members {}", names(voters.iter().copied())),
        false => {
            format!("members {} + {}", names(voters.iter().copied()), names(learners.iter().copied()))
        }
    }
}

/// A change of the state machine.
pub fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Put { key, value } => format!("put {key}={}", text(value)),
        Operation::Append { key, element } => format!("append {key}+{}", text(element)),
        Operation::Add { key, amount } => format!("add {key}+{amount}"),
        Operation::Delete { key } => format!("delete {key}"),
        other => format!("{other:?}"),
    }
}

/// What a client asks.
pub fn ask(ask: &Ask) -> String {
    match ask {
        Ask::Open => "open a session".to_owned(),
        Ask::Write { session, sequence, operation: change } => {
            format!("{}, write {sequence} of session {session}", operation(change))
        }
        Ask::Read { keys, mode, token } => {
            format!("read {} {} token {token}", keys.join(" "), read_mode(*mode))
        }
        Ask::Change(Change::AddLearner(node)) => format!("add learner {}", name(*node)),
        Ask::Change(Change::Promote(node)) => format!("promote {}", name(*node)),
        Ask::Change(Change::Remove(node)) => format!("remove {}", name(*node)),
        Ask::Transfer { to } => format!("transfer to {}", name(*to)),
        Ask::Dump { .. } => "dump".to_owned(),
        Ask::Status => "status".to_owned(),
    }
}

fn read_mode(mode: ReadMode) -> &'static str {
    match mode {
        ReadMode::Leader => "leader",
        ReadMode::Lease => "lease",
        ReadMode::Follower => "follower",
        ReadMode::Any => "any",
    }
}

/// What a client is told.
pub fn response(response: &Response) -> String {
    match response {
        Response::Opened { session } => format!("opened session {session}"),
        Response::Done { index, term, .. } => format!("done at {index}@{term}"),
        Response::Cells { cells: found, applied, term } => {
            format!("{} as of {applied}@{term}", cells(found))
        }
        Response::Page { cells, more } => {
            let list: Vec<String> =
                cells.iter().map(|(key, found)| format!("{key}={}", cell(found))).collect();
            format!("page {}{}", list.join(" "), if *more { " …" } else { "" })
        }
        Response::Status { term, leader, commit, applied, last, members: line_up } => {
            let leader = leader.map_or("nobody".to_owned(), name);
            format!(
                "term {term} leader {leader} commit {commit} applied {applied} last {last} {}",
                members(line_up)
            )
        }
        Response::Refused(Refusal::NotLeader { leader, term }) => {
            format!("refused: {} leads term {term}", leader.map_or("nobody known".to_owned(), name))
        }
        Response::Refused(refusal) => format!("refused: {refusal}"),
        Response::Unknown(why) => format!("unknown: {why}"),
    }
}

fn cells(cells: &[Option<Versioned>]) -> String {
    let list: Vec<String> =
        cells.iter().map(|found| found.as_ref().map_or("nothing".to_owned(), cell)).collect();
    list.join(" ")
}

fn cell(Versioned { cell, version }: &Versioned) -> String {
    let value = match cell {
        None => "deleted".to_owned(),
        Some(Cell::Register(value)) => text(value),
        Some(Cell::List(elements)) => {
            format!("[{}]", elements.iter().map(|element| text(element)).collect::<Vec<_>>().join(" "))
        }
        Some(Cell::Counter(count)) => count.to_string(),
        Some(other) => format!("{other:?}"),
    };
    format!("{value} (v{version})")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A record of the log.
pub fn record(record: &Record) -> String {
    match record {
        Record::Vote { term, voted_for: None } => format!("term {term}"),
        Record::Vote { term, voted_for: Some(candidate) } => format!("term {term} vote {}", name(*candidate)),
        Record::Entry(each) => entry(each),
        Record::Witnessed { term } => format!("witnessed {term}"),
        Record::Damaged => "damaged".to_owned(),
    }
}

/// What a node tells of itself.
pub fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Started { term, snapshot, log, damaged } => {
            let log = log.last().map_or(String::new(), |(last, _)| format!(" log to {}", position(*last)));
            let snapshot = match snapshot.index {
                0 => String::new(),
                _ => format!(" snapshot {}", position(*snapshot)),
            };
            format!("starts in term {term}{snapshot}{log}{}", if *damaged { ", damaged" } else { "" })
        }
        Fact::Term(term) => format!("speaks in term {term}"),
        Fact::Leader { term } => format!("leads term {term}"),
        Fact::Appended { at, .. } => format!("holds {}", position(*at)),
        Fact::Committed { index } => format!("commits {index}"),
        Fact::Installed { at, keeps_tail: true } => format!("installs {}, keeps its tail", position(*at)),
        Fact::Installed { at, keeps_tail: false } => format!("installs {}", position(*at)),
        Fact::Applied { at, .. } => format!("applies {}", position(*at)),
        Fact::RolledBack { index } => format!("rolls back to {index}"),
        Fact::Lost { .. } => unreachable!("no node of a replicated log says it"),
    }
}
