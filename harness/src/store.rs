//! The systems that can be put on trial from the command line.

pub mod quorum;
pub mod raft;

use perjury_histories::Value;
use perjury_store::Safeguards;
use perjury_store::features::Features;

use crate::bug;
use crate::scenario::Scenario;
use crate::system::System;

/// All systems.
pub const ALL: &[&dyn System] = &[&quorum::Quorum, &raft::Raft];

/// Where every node of ours listens.
const PORT: u16 = 7000;
/// A sync that said it was done, and was not: the node cannot know.
const LYING: &[&str] = &["disk-lying-sync"];
/// Faults that leave a disk without what it said it had.
const DAMAGE: &[&str] = &["disk-bit-flip", LYING[0]];

/// The system of this name.
pub fn named(name: &str) -> Option<&'static dyn System> {
    ALL.iter().find(|system| system.name() == name).copied()
}

/// The names of all nodes, sorted as the store wants them: `n10` comes before `n2`.
fn names(scenario: &Scenario) -> Vec<String> {
    let mut names = scenario.node_names();
    names.sort();
    names
}

/// What the nodes have in a scenario that others have not.
pub fn features(scenario: &Scenario) -> Features {
    let ring_changes = scenario.store == quorum::Quorum.name() && quorum::changes_ring(scenario);
    Features { tables: scenario.has_tables(), ring_changes }
}

/// The safeguards of the store in a scenario.
fn safeguards(scenario: &Scenario) -> Safeguards {
    bug::safeguards(scenario.bug.as_deref())
}

/// A value as the store keeps it.
fn encode(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Bytes that are no JSON are garbage that somebody must see: they become a string.
fn decode(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
