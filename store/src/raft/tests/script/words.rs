//! The words of a command.

use crate::protocol::NodeId;
use crate::raft::config::{Config, Replication};
use crate::raft::request::{Ask, Change, Operation, ReadMode, SessionId};
use crate::raft::tests::safeguards;

/// A node: `n1`.
pub fn node(word: &str) -> NodeId {
    let number = word.strip_prefix('n').and_then(|number| number.parse::<NodeId>().ok());
    number.filter(|&number| number > 0).unwrap_or_else(|| panic!("{word} is no node")) - 1
}

/// Nodes, one a word.
pub fn nodes(words: &[&str]) -> Vec<NodeId> {
    words.iter().map(|word| node(word)).collect()
}

/// A number.
pub fn number<N: std::str::FromStr>(word: &str) -> N {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

/// Sets what `key=value` says.
pub fn configure(config: &mut Config, word: &str) {
    let (key, value) = word.split_once('=').unwrap_or_else(|| panic!("{word} is not key=value"));
    match key {
        "snapshot_every" => config.snapshot_every = number(value),
        "snapshot_keeps" => config.snapshot_keeps = number(value),
        "chunk_bytes" => config.chunk_bytes = number(value),
        "batch_bytes" => config.batch_bytes = number(value),
        "pipeline" => config.pipeline = number(value),
        "voters" => config.first_voters = Some(nodes(&value.split(',').collect::<Vec<_>>())),
        "off" => safeguards::switch_off(value, &mut config.safeguards),
        "copies" if value == "synchronous" => config.replication = Replication::Synchronous,
        "copies" => {
            let entries_max = number(value.strip_prefix("asynchronous:").unwrap_or(value));
            config.replication = Replication::Asynchronous { entries_max, lag_ms_max: 10_000 };
        }
        _ => panic!("{key} is nothing that a script sets"),
    }
}

/// What a client asks, in a session: `put k=v`, `append k+v`, `add k+1`, `read k leader`, `read k follower 7`,
/// `open`, `learner n4`, `promote n4`, `remove n1`, `transfer n2`.
pub fn ask(words: &[&str], session: SessionId, sequence: u64) -> Ask {
    let write = |operation| Ask::Write { session, sequence, operation };
    match words {
        ["open"] => Ask::Open,
        ["put", pair] => {
            let (key, value) = pair.split_once('=').expect("key=value");
            write(Operation::Put { key: key.to_owned(), value: value.as_bytes().to_vec() })
        }
        ["append", pair] => {
            let (key, element) = pair.split_once('+').expect("key+element");
            write(Operation::Append { key: key.to_owned(), element: element.as_bytes().to_vec() })
        }
        ["add", pair] => {
            let (key, amount) = pair.split_once('+').expect("key+amount");
            write(Operation::Add { key: key.to_owned(), amount: number(amount) })
        }
        ["read", key, mode] => read(key, mode, 0),
        ["read", key, mode, token] => read(key, mode, number(token)),
        ["learner", word] => Ask::Change(Change::AddLearner(node(word))),
        ["promote", word] => Ask::Change(Change::Promote(node(word))),
        ["remove", word] => Ask::Change(Change::Remove(node(word))),
        ["transfer", word] => Ask::Transfer { to: node(word) },
        _ => panic!("nobody asks that: {words:?}"),
    }
}

/// Whether this is a write within a session.
pub fn is_write(words: &[&str]) -> bool {
    matches!(words, ["put" | "append" | "add", ..])
}

fn read(key: &str, mode: &str, token: u64) -> Ask {
    let mode = match mode {
        "leader" => ReadMode::Leader,
        "lease" => ReadMode::Lease,
        "follower" => ReadMode::Follower,
        "any" => ReadMode::Any,
        _ => panic!("{mode} is no mode of reading"),
    };
    Ask::Read { keys: vec![key.to_owned()], mode, token }
}
