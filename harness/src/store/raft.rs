//! The reference store's leader and followers family, plugged in: a replicated log.
//!
//! A call of a workload becomes requests of the store, log indices become versions, the members change through
//! the store's own administration, and the store's table of promises becomes promises about checkers.

mod calls;
mod client;
mod promises;

use std::collections::BTreeMap;

use perjury_histories::Key;
use perjury_store::env::{Env, LocalFuture};
use perjury_store::features::Features;
use perjury_store::point::{self, Point};
use perjury_store::protocol::NodeId;
use perjury_store::raft::config::{Config, Replication};
use perjury_store::raft::machine::STEPS_MAX;
use perjury_store::server::{ServerOptions, serve};

use crate::promise::Promise;
use crate::scenario::Scenario;
use crate::store::{PORT, names, safeguards};
use crate::system::{Choice, Client, Seam, System};

/// Bytes of a snapshot in one message: small, so that one takes several.
const CHUNK_BYTES: usize = 2 << 10;
/// Entries before a snapshot that stay in the log, of those between two snapshots: one in so many.
const KEEPS_ONE_IN: u64 = 4;
/// How long a standby may lack an entry in mode asynchronous, in milliseconds.
const LAG_MS_MAX: u64 = 1_000;

/// All levels, in the order in which `mixed` deals them out: how keys are read. All writes go through the log.
const LEVELS: &[Choice] = &[
    Choice { name: "leader", about: "the leader reads once a majority has confirmed it: linearizable" },
    Choice {
        name: "lease",
        about: "the leader reads within its lease: linearizable while clocks drift little",
    },
    Choice { name: "follower", about: "any node reads, not before what the session has seen: sequential" },
    Choice { name: "any", about: "any node reads what it has applied: eventual" },
];

/// All replication modes.
const MODES: &[Choice] = &[
    Choice { name: "majority", about: "an entry counts once a majority of the members has it" },
    Choice { name: "synchronous", about: "once the active node and its standby have it; a witness votes" },
    Choice {
        name: "asynchronous",
        about: "once the active node has it; the standby may lack a bounded number",
    },
];

/// A replicated log with a leader, in three replication modes, read in four ways.
pub struct Raft;

impl System for Raft {
    fn name(&self) -> &'static str {
        "raft"
    }

    fn about(&self) -> &'static str {
        "a replicated log with an elected leader, read at levels leader, lease, follower and any"
    }

    fn start(&self, scenario: &Scenario, node: &str, env: Env) -> LocalFuture<'static, anyhow::Result<()>> {
        let nodes = names(scenario);
        let id = nodes.iter().position(|name| name == node).unwrap_or_default();
        let addresses = nodes.iter().map(|name| format!("{name}:{PORT}")).collect();
        let mut options =
            ServerOptions::new(config(scenario, id as NodeId), format!("0.0.0.0:{PORT}"), addresses);
        options.segment_bytes_max = scenario.segment_bytes;
        Box::pin(async move { Ok(serve(options, env).await?) })
    }

    fn client(&self, scenario: &Scenario, _: u64, env: Env) -> Box<dyn Client> {
        Box::new(client::RaftClient::new(scenario, env))
    }

    fn promises(&self, scenario: &Scenario) -> Vec<Promise> {
        promises::of(scenario)
    }

    /// Every node but the witness keeps everything.
    fn placement(&self, scenario: &Scenario, keys: &[Key]) -> BTreeMap<Key, Vec<String>> {
        let mut homes = names(scenario);
        if replication(scenario) != Replication::Majority {
            homes.pop();
        }
        keys.iter().map(|key| (key.clone(), homes.clone())).collect()
    }

    fn levels(&self) -> &'static [Choice] {
        LEVELS
    }

    fn modes(&self) -> &'static [Choice] {
        MODES
    }

    fn tells_facts(&self) -> bool {
        true
    }

    /// With a standby and a witness each node has its place.
    fn has_administration(&self, scenario: &Scenario) -> bool {
        replication(scenario) == Replication::Majority
    }

    fn problem(&self, scenario: &Scenario) -> Option<String> {
        let unknown = |level: &&str| LEVELS.iter().all(|known| known.name != *level);
        if let Some(level) = scenario.levels().into_iter().find(unknown) {
            let known = LEVELS.iter().map(|level| level.name).collect::<Vec<_>>().join(", ");
            return Some(format!("level: '{level}' is no level of this store: take {known}, or mixed"));
        }
        let usual = Scenario::default();
        let of_quorums = [
            ("data-centres", scenario.data_centres, usual.data_centres),
            ("replication", scenario.replication, usual.replication),
            ("read-quorum", scenario.read_quorum, usual.read_quorum),
            ("write-quorum", scenario.write_quorum, usual.write_quorum),
        ];
        if let Some((setting, count, _)) = of_quorums.into_iter().find(|(_, count, usual)| count != usual) {
            return Some(format!("{setting} {count}: raft keeps everything on every node; leave it out"));
        }
        if !scenario.without.is_empty() {
            let without = scenario.without.join(",");
            return Some(format!(
                "without {without}: a replicated log has no such repair paths; leave it out, or take --store quorum"
            ));
        }
        if scenario.storage != usual.storage {
            let storage = &scenario.storage;
            return Some(format!(
                "storage {storage}: raft keeps its state in snapshots; leave it out, or take --store quorum"
            ));
        }
        if scenario.loss_entries != usual.loss_entries && scenario.mode != "asynchronous" {
            let (count, mode) = (scenario.loss_entries, &scenario.mode);
            return Some(format!("loss-entries {count}: mode {mode} loses none; take --mode asynchronous"));
        }
        if scenario.workload == "merged-set" {
            return Some(
                "workload merged-set: raft keeps one value of a key; take --store quorum --mode siblings"
                    .to_owned(),
            );
        }
        if scenario.workload == "bank" && scenario.keys > STEPS_MAX {
            let keys = scenario.keys;
            return Some(format!("keys {keys}: raft opens {STEPS_MAX} accounts at most in one transaction"));
        }
        if let Some(needed) = bound_too_low(scenario) {
            let Scenario { loss_entries, rate, latency_ms_max, .. } = scenario;
            return Some(format!(
                "loss-entries {loss_entries}: {rate} operations a second keep up to {needed} entries on their way at \
                 latencies of up to {latency_ms_max}ms; take {needed} or more, or a lower rate"
            ));
        }
        if let Some(problem) = too_slow(scenario) {
            return Some(problem);
        }
        let (mode, nodes) = (&scenario.mode, scenario.nodes);
        let wanted = Scenario::nodes_in(mode);
        (replication(scenario) != Replication::Majority && nodes != wanted)
            .then(|| format!("nodes {nodes}: mode {mode} wants {wanted}, two with data and a witness"))
    }

    fn points(&self, scenario: &Scenario) -> Vec<&'static Point> {
        point::of(self.name(), &scenario.mode, Features::NONE)
    }

    fn seam(&self) -> Seam {
        Seam::ALL
    }
}

/// The store's configuration in a scenario, with its planted bug.
fn config(scenario: &Scenario, node: NodeId) -> Config {
    Config {
        replication: replication(scenario),
        snapshot_every: scenario.snapshot_every,
        snapshot_keeps: scenario.snapshot_every / KEEPS_ONE_IN,
        chunk_bytes: CHUNK_BYTES,
        batch_bytes: scenario.batch_bytes,
        safeguards: safeguards(scenario),
        ..Config::new(node, names(scenario))
    }
}

/// How many entries the standby may have to lack under this load, where the bound does not allow for so many: the
/// store then refuses most writes, as it should, and not every client can get something done.
fn bound_too_low(scenario: &Scenario) -> Option<u64> {
    let is_asynchronous = matches!(replication(scenario), Replication::Asynchronous { .. });
    let there_and_back_s = 2.0 * scenario.latency_ms_max as f64 / 1_000.0;
    let needed = (scenario.rate * there_and_back_s).ceil() as u64;
    (is_asynchronous && scenario.script.is_none() && scenario.loss_entries < needed).then_some(needed)
}

fn replication(scenario: &Scenario) -> Replication {
    match scenario.mode.as_str() {
        "synchronous" => Replication::Synchronous,
        "asynchronous" => {
            Replication::Asynchronous { entries_max: scenario.loss_entries, lag_ms_max: LAG_MS_MAX }
        }
        _ => Replication::Majority,
    }
}

/// Messages that are too long under way, as measured: a leader and its clients need several, one after another, within
/// an election timeout, and where a standby may lack only so much, writes are refused sooner.
fn too_slow(scenario: &Scenario) -> Option<String> {
    let Scenario { latency_ms_min: min, latency_ms_max: max, ref mode, .. } = *scenario;
    let config = config(scenario, 0);
    let most = match config.replication {
        Replication::Asynchronous { .. } => config.election_ms / 8,
        Replication::Majority | Replication::Synchronous => config.election_ms / 4,
    };
    (max > most)
        .then(|| format!("latency {min}ms..{max}ms: mode {mode} would not go on; take {most}ms at most"))
}

#[cfg(test)]
mod tests;
