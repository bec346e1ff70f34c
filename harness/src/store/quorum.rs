//! The reference store's leaderless family, plugged in.
//!
//! A call of a workload becomes requests of the store, its versions become arrays of integers (`client`), and the store's
//! table of promises becomes promises about checkers (`promises`).

mod behind;
mod client;
mod level;
mod merged;
mod promises;
mod ring;

use std::collections::BTreeMap;
use std::time::Duration;

use perjury_histories::Key;
use perjury_store::env::{Env, LocalFuture};
use perjury_store::point::{self, Point};
use perjury_store::quorum::centres::{CentreId, Centres};
use perjury_store::quorum::config::{Config, Mode};
use perjury_store::quorum::message::NodeId;
use perjury_store::server::{ServerOptions, serve};
use perjury_store::storage::tables;

use crate::promise::Promise;
use crate::scenario::Scenario;
use crate::store::{PORT, features, names, safeguards};
use crate::system::{Choice, Client, Seam, System};
use client::{QuorumClient, client_of};
use level::LEVELS;
pub use ring::changes as changes_ring;

/// What can be done with registers under a last write that wins.
const WORKLOADS: [&str; 4] = ["register", "deletes", "set", "cas-register"];
/// What can be done where a key may hold several values.
const MERGED_SET: &str = "merged-set";
/// How writes are acknowledged, and what becomes of two that do not know each other.
const MODES: &[Choice] = &[
    Choice { name: "majority", about: "strict: only home replicas of a key acknowledge a write" },
    Choice {
        name: "sloppy",
        about: "at levels one and quorum also the next nodes on the ring, for home replicas that do not answer",
    },
    Choice {
        name: SIBLINGS,
        about: "as majority, but two writes that do not know each other both stay, for clients to merge",
    },
    Choice {
        name: "write-through",
        about: "strict, through a cache on one node for each key: it has a write once the store has it",
    },
    Choice {
        name: "write-behind",
        about: "the same, but the cache acknowledges a write before the store has it; K may be lost",
    },
];
/// The mode in which a key may hold several values.
const SIBLINGS: &str = "siblings";
/// How long a client waits for one answer.
const DEADLINE: Duration = Duration::from_millis(1500);
/// The longest latency under which seven messages, one after another, are there before the deadline: what an atomic
/// operation takes, and a connection.
const LATENCY_MS_MAX: u64 = 200;
/// Few, so that runs reach the bound.
const HINTS_MAX: usize = 200;
/// Few, so that values leave caches.
const CACHE_BYTES_MAX: usize = 300;
/// Quorums on a consistent-hash ring, at levels one, quorum, all and atomic.
pub struct Quorum;

impl System for Quorum {
    fn name(&self) -> &'static str {
        "quorum"
    }

    fn about(&self) -> &'static str {
        "leaderless quorums on a consistent-hash ring, at levels one, quorum, all and atomic"
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

    fn client(&self, scenario: &Scenario, session: u64, env: Env) -> Box<dyn Client> {
        Box::new(QuorumClient { client: client_of(session, scenario, &env), scenario: scenario.clone(), env })
    }

    fn promises(&self, scenario: &Scenario) -> Vec<Promise> {
        promises::all(scenario)
    }

    fn placement(&self, scenario: &Scenario, keys: &[Key]) -> BTreeMap<Key, Vec<String>> {
        let nodes = names(scenario);
        let ring = config(scenario, 0).ring();
        let homes = |key: &Key| {
            let homes = ring.homes(&key.to_string(), scenario.replication);
            homes.into_iter().map(|home| nodes[usize::from(home)].clone()).collect()
        };
        keys.iter().map(|key| (key.clone(), homes(key))).collect()
    }

    fn levels(&self) -> &'static [Choice] {
        LEVELS
    }

    fn mixed_levels(&self, scenario: &Scenario) -> Vec<&'static str> {
        let count = if scenario.data_centres > 1 { LEVELS.len() } else { level::WITHOUT_CENTRES };
        let is_there = |level: &&str| scenario.mode != SIBLINGS || *level != level::ATOMIC;
        LEVELS[..count].iter().map(|level| level.name).filter(is_there).collect()
    }

    fn modes(&self) -> &'static [Choice] {
        MODES
    }

    fn has_administration(&self, scenario: &Scenario) -> bool {
        ring::may_change(scenario)
    }

    fn refuses(&self, _: &Scenario) -> Vec<String> {
        vec!["cas".to_owned()]
    }

    fn problem(&self, scenario: &Scenario) -> Option<String> {
        if let Some(problem) = wrong_workload(scenario).or_else(|| atomic_siblings(scenario)) {
            return Some(problem);
        }
        let (usual, is_behind) = (Scenario::default(), mode(scenario) == Mode::WriteBehind);
        let loss_entries = if is_behind { usual.loss_entries } else { scenario.loss_entries };
        let of_logs = [
            ("loss-entries", loss_entries, usual.loss_entries),
            ("snapshot-every", scenario.snapshot_every, usual.snapshot_every),
            ("batch-bytes", scenario.batch_bytes as u64, usual.batch_bytes as u64),
        ];
        if let Some((setting, count, _)) = of_logs.into_iter().find(|(_, count, usual)| count != usual) {
            return Some(format!(
                "{setting} {count}: quorums keep no log; leave it out, or take --store raft"
            ));
        }
        let (min, max) = (scenario.latency_ms_min, scenario.latency_ms_max);
        if max > LATENCY_MS_MAX {
            return Some(format!(
                "latency {min}ms..{max}ms: an operation takes too many messages for its deadline; take {LATENCY_MS_MAX}ms at most"
            ));
        }
        let Scenario { nodes, replication, read_quorum, write_quorum, .. } = *scenario;
        if !(1..=nodes).contains(&replication) {
            return Some(format!(
                "replication {replication} with {nodes} nodes: take 1 to {nodes}, or more nodes"
            ));
        }
        let quorums = [("read-quorum", read_quorum), ("write-quorum", write_quorum)];
        let wrong = quorums.into_iter().find(|(_, quorum)| !(1..=replication).contains(quorum));
        let words = |(setting, quorum): (&str, usize)| {
            format!(
                "{setting} {quorum} with {replication} replicas: take 1 to {replication}, or more replication"
            )
        };
        let level = || Some(format!("level: {}", scenario.levels().into_iter().find_map(level::problem)?));
        let spread = || {
            let problem = centres(scenario).problem(nodes, replication)?;
            Some(format!("data-centres {}: {problem}", scenario.data_centres))
        };
        let behind = || behind::problem(scenario).filter(|_| is_behind);
        wrong.map(words).or_else(spread).or_else(level).or_else(behind)
    }

    fn points(&self, scenario: &Scenario) -> Vec<&'static Point> {
        point::of(self.name(), &scenario.mode, features(scenario))
    }

    fn seam(&self) -> Seam {
        Seam::ALL
    }
}

/// The store's configuration in a scenario, with its planted bug.
fn config(scenario: &Scenario, node: NodeId) -> Config {
    Config {
        centres: centres(scenario),
        replication: scenario.replication,
        read_quorum: scenario.read_quorum,
        write_quorum: scenario.write_quorum,
        has_read_repair: !scenario.is_without("read-repair"),
        has_exchange: !scenario.is_without("exchange"),
        hints_max: HINTS_MAX,
        grace_ms: scenario.tombstone_grace_ms,
        cache_bytes_max: CACHE_BYTES_MAX,
        unwritten_max: scenario.loss_entries,
        mode: mode(scenario),
        has_membership: mode(scenario) == Mode::Sloppy,
        has_ring_changes: ring::changes(scenario),
        tables: scenario.has_tables().then(tables),
        safeguards: safeguards(scenario),
        ..Config::new(node, names(scenario))
    }
}

/// Where the nodes are; nothing is said of a single place.
fn centres(scenario: &Scenario) -> Centres {
    let of_node = |node| scenario.data_centre_of(node) as CentreId;
    if scenario.data_centres > 1 {
        Centres::new((0..scenario.nodes).map(of_node).collect())
    } else {
        Centres::default()
    }
}

fn mode(scenario: &Scenario) -> Mode {
    match scenario.mode.as_str() {
        "sloppy" => Mode::Sloppy,
        SIBLINGS => Mode::Siblings,
        "write-through" => Mode::WriteThrough,
        "write-behind" => Mode::WriteBehind,
        _ => Mode::Strict,
    }
}

/// What is done must suit what a key holds: one value, or several.
fn wrong_workload(scenario: &Scenario) -> Option<String> {
    let workload = scenario.workload.as_str();
    match (scenario.mode == SIBLINGS, workload == MERGED_SET) {
        (true, true) => None,
        (true, false) if WORKLOADS.contains(&workload) => Some(format!(
            "workload {workload}: in mode {SIBLINGS} a key has several values; take {MERGED_SET}"
        )),
        (false, true) => {
            Some(format!("workload {workload}: it merges several values of a key; take --mode {SIBLINGS}"))
        }
        (false, false) if WORKLOADS.contains(&workload) => None,
        _ => Some(format!(
            "workload {workload}: quorums keep registers only; take one of {}, or --store raft",
            WORKLOADS.join(", ")
        )),
    }
}

/// Several values of a key cannot be linearizable.
fn atomic_siblings(scenario: &Scenario) -> Option<String> {
    let level = level::atomic(scenario).filter(|_| scenario.mode == SIBLINGS)?;
    Some(format!(
        "level {level}: it keeps one value of a key, and mode {SIBLINGS} several; take quorum, all, one, or mixed"
    ))
}

/// Small, so that a run flushes and merges often, and reads what it does not have in memory.
fn tables() -> tables::Options {
    tables::Options { memtable_bytes_max: 16 << 10, cache_bytes_max: 16 << 10, ..tables::Options::default() }
}

#[cfg(test)]
mod tests;
