//! The reference store's leaderless family, plugged in.
//!
//! A call of a workload becomes requests of the store, its versions become arrays of integers, and
//! the store's table of promises becomes promises about checkers.

mod level;

use std::collections::BTreeMap;
use std::time::Duration;

use perjury_histories::{Key, Value, Version};
use perjury_store::client::{Answer, ClientOptions};
use perjury_store::env::{Env, LocalFuture};
use perjury_store::point::{self, Point};
use perjury_store::quorum::centres::{CentreId, Centres};
use perjury_store::quorum::config::{Config, Mode};
use perjury_store::quorum::message::{Entry, Level, NodeId, Operation, Response};
use perjury_store::quorum::promise::{Guarantee, acknowledgements, detection_ms_max, promises};
use perjury_store::quorum::version::Version as StoreVersion;
use perjury_store::server::{ServerOptions, serve};
use perjury_store::storage::tables;

use crate::nemesis::{Kind, Selection};
use crate::promise::Promise;
use crate::scenario::Scenario;
use crate::store::{DAMAGE, LYING, PORT, decode, encode, names, safeguards};
use crate::system::{Call, Choice, Client, Held, Reply, Seam, System};
use level::{LEVELS, pair};

/// What can be done with registers under a last write that wins.
const WORKLOADS: [&str; 4] = ["register", "deletes", "set", "cas-register"];
/// How writes are acknowledged.
const MODES: &[Choice] = &[
    Choice { name: "majority", about: "strict: only home replicas of a key acknowledge a write" },
    Choice {
        name: "sloppy",
        about: "at levels one and quorum also the next nodes on the ring, for home replicas that do not answer",
    },
];
/// How long a client waits for one answer.
const DEADLINE: Duration = Duration::from_millis(1500);
/// The longest latency under which seven messages, one after another, are there before the deadline: what an atomic
/// operation takes, and a connection.
const LATENCY_MS_MAX: u64 = 200;
/// Keys that a read of all asks for at once.
const PARALLEL_READS: usize = 16;
/// Few, so that runs reach the bound.
const HINTS_MAX: usize = 200;
/// One call in so many goes to another coordinator, so that sessions meet all of them.
const WANDER_ONE_IN: u64 = 2;
/// How long a read may take before another node is asked, in mode sloppy.
const HEDGE_AFTER: Duration = Duration::from_millis(300);
/// Keys that a session's token has room for, at least.
const TOKEN_KEYS_MIN: usize = 4096;

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
        let levels = scenario.levels();
        let mut all: Vec<Promise> = levels.iter().flat_map(|level| promises_at(scenario, level)).collect();
        // Where nothing is deleted there is nothing to be seen of this promise.
        all.retain(|promise| promise.guarantee != "deleted-stays-deleted" || scenario.workload == "deletes");
        if scenario.workload == "set" {
            all.push(set(&all));
        }
        all.extend(detection_ms_max(&config(scenario, 0)).map(membership));
        all
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
        LEVELS[..count].iter().map(|level| level.name).collect()
    }

    fn modes(&self) -> &'static [Choice] {
        MODES
    }

    fn refuses(&self, _: &Scenario) -> Vec<String> {
        vec!["cas".to_owned()]
    }

    fn problem(&self, scenario: &Scenario) -> Option<String> {
        if !WORKLOADS.contains(&scenario.workload.as_str()) {
            return Some(format!(
                "workload {}: quorums keep registers only; take one of {}, or --store raft",
                scenario.workload,
                WORKLOADS.join(", ")
            ));
        }
        let usual = Scenario::default();
        let of_logs = [
            ("loss-entries", scenario.loss_entries, usual.loss_entries),
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
        wrong.map(words).or_else(spread).or_else(level)
    }

    fn points(&self, scenario: &Scenario) -> Vec<&'static Point> {
        point::of(self.name(), &scenario.mode, scenario.has_tables())
    }

    fn seam(&self) -> Seam {
        Seam::ALL
    }
}

/// The store's configuration in a scenario, with its planted bug.
fn config(scenario: &Scenario, node: NodeId) -> Config {
    let is_sloppy = scenario.mode == "sloppy";
    Config {
        centres: centres(scenario),
        replication: scenario.replication,
        read_quorum: scenario.read_quorum,
        write_quorum: scenario.write_quorum,
        has_read_repair: !scenario.is_without("read-repair"),
        has_exchange: !scenario.is_without("exchange"),
        hints_max: HINTS_MAX,
        mode: if is_sloppy { Mode::Sloppy } else { Mode::Strict },
        has_membership: is_sloppy,
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

/// Small, so that a run flushes and merges often, and reads what it does not have in memory.
fn tables() -> tables::Options {
    tables::Options { memtable_bytes_max: 16 << 10, cache_bytes_max: 16 << 10, ..tables::Options::default() }
}

/// A set is as durable as the least durable of its elements.
fn set(promises: &[Promise]) -> Promise {
    let durability = promises.iter().filter(|promise| promise.guarantee == "durability");
    let bounds = durability.flat_map(|promise| &promise.tolerates);
    let weakest = |of_all| {
        bounds.clone().filter(|bound| bound.counts_all_nodes == of_all).map(|bound| bound.homes_max).min()
    };
    let set = Promise::new("set", "");
    let set = weakest(false).map_or(set.clone(), |homes_max| set.while_at_most(homes_max, DAMAGE));
    weakest(true).map_or(set.clone(), |nodes_max| set.while_at_most_of_all(nodes_max, DAMAGE))
}

/// Who is there, whatever the level. A sync that lied may have taken with it how often a node was started.
fn membership(detection_ms_max: u64) -> Promise {
    Promise::new(checker(Guarantee::Membership), "")
        .while_at_most_of_all(0, LYING)
        .with_detection(detection_ms_max)
}

/// The store's promises for keys of one level, in the words of the harness.
fn promises_at(scenario: &Scenario, level: &str) -> Vec<Promise> {
    let (config, (write, read)) = (&config(scenario, 0), pair(level));
    let in_our_words = |promise: perjury_store::quorum::promise::Promise| {
        let mut ours = Promise::new(checker(promise.guarantee), level);
        if let Some(homes_max) = promise.damaged_homes_max {
            ours = ours.while_at_most(homes_max, DAMAGE);
        }
        if let Some(nodes_max) = promise.damaged_nodes_max {
            ours = ours.while_at_most_of_all(nodes_max, DAMAGE);
        }
        if let Some(homes_max) = promise.lying_homes_max {
            ours = ours.while_at_most(homes_max, LYING);
        }
        match acknowledgements(config, write).filter(|_| promise.guarantee == Guarantee::Durability) {
            Some(min) => ours.with_acknowledgements(min),
            None => ours,
        }
    };
    let mut promises = promises(config, write, read);
    promises.retain(|promise| !promise.messages_only || is_messages_only(scenario));
    promises.into_iter().map(in_our_words).collect()
}

/// Whether nothing but messages and clocks goes wrong in a scenario.
fn is_messages_only(scenario: &Scenario) -> bool {
    let names = match &scenario.schedule {
        Some(schedule) => schedule.faults(),
        None => scenario.nemesis.iter().map(String::as_str).collect(),
    };
    let kind = |name: &str| name.parse().map(|named: Selection| named.kind());
    names.into_iter().all(|name| matches!(kind(name), Ok(Kind::Message | Kind::Clock)))
}

/// The checker that judges a guarantee.
fn checker(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Integrity => "integrity",
        Guarantee::Convergence => "convergence",
        Guarantee::Durability => "durability",
        Guarantee::ReplicaDurability => "replica-durability",
        Guarantee::DeletedStaysDeleted => "deleted-stays-deleted",
        Guarantee::Membership => "membership",
        Guarantee::ReadYourWrites => "read-your-writes",
        Guarantee::MonotonicReads => "monotonic-reads",
        Guarantee::MonotonicWrites => "monotonic-writes",
        Guarantee::WritesFollowReads => "writes-follow-reads",
        Guarantee::MonotonicWritesAcrossKeys => "monotonic-writes-across-keys",
        Guarantee::WritesFollowReadsAcrossKeys => "writes-follow-reads-across-keys",
        Guarantee::Linearizability => "linearizability",
    }
}

/// A client of the store for the session with this number: it is at home in one of the data centres.
fn client_of(session: u64, scenario: &Scenario, env: &Env) -> perjury_store::client::Client {
    let nodes = names(scenario).into_iter().map(|name| (name.clone(), format!("{name}:{PORT}")));
    let centre = (session % scenario.data_centres as u64) as usize;
    let near = (0..scenario.nodes).filter(|&node| scenario.data_centre_of(node) == centre);
    let near = near.filter(|_| scenario.data_centres > 1).map(|node| node as NodeId);
    let options = ClientOptions {
        safeguards: safeguards(scenario),
        wander_one_in: WANDER_ONE_IN,
        // What is made for being there shows it.
        hedge_after: (scenario.mode == "sloppy").then_some(HEDGE_AFTER),
        near: near.collect(),
        // Keys that left a token would be owed less than the promises say.
        token_keys_max: scenario.keys.max(TOKEN_KEYS_MIN),
        ..ClientOptions::new(nodes.collect())
    };
    perjury_store::client::Client::new(env.clone(), options)
}

/// A session of the store's own client.
struct QuorumClient {
    client: perjury_store::client::Client,
    scenario: Scenario,
    env: Env,
}

impl Client for QuorumClient {
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply> {
        Box::pin(async move {
            match operation(call) {
                Some((operation, level)) => self.one(call, operation, level).await,
                None if call.function == "read" => self.read_all(call).await,
                None => Reply::fail(format!("the store has no {} of {}", call.function, call.value)),
            }
        })
    }

    fn dump<'a>(&'a mut self, node: &'a str) -> LocalFuture<'a, Option<anyhow::Result<Vec<Held>>>> {
        Box::pin(async move {
            let node = names(&self.scenario).iter().position(|name| name == node)? as NodeId;
            let entries = self.client.dump(node, DEADLINE).await.map_err(anyhow::Error::from);
            Some(entries.map(|entries| entries.into_iter().map(held).collect()))
        })
    }
}

impl QuorumClient {
    async fn one(&mut self, call: &Call, operation: Operation, level: Level) -> Reply {
        let names = names(&self.scenario);
        let node = call.node.as_ref().and_then(|node| names.iter().position(|name| name == node));
        let answer = self.client.call(operation, level, DEADLINE, node.map(|node| node as NodeId)).await;
        let node = names.get(usize::from(answer.node)).cloned();
        Reply { node, ..reply(call, answer) }
    }

    /// Reads many keys, several at a time, each part in a session of its own; fails if any read fails.
    async fn read_all(&self, call: &Call) -> Reply {
        let parts = call.keys.chunks(call.keys.len().div_ceil(PARALLEL_READS).max(1));
        let reads: Vec<_> = parts
            .zip(0..)
            .map(|(part, session)| {
                let (mut client, part) = (client_of(session, &self.scenario, &self.env), part.to_vec());
                tokio::task::spawn_local(async move { read_part(&mut client, &part).await })
            })
            .collect();
        let mut elements = Vec::new();
        for read in reads {
            match read.await {
                Ok(Ok(values)) => elements.extend(values),
                Ok(Err(why)) => return Reply::fail(why),
                Err(end) => return Reply::fail(end.to_string()),
            }
        }
        Reply::ok(Value::Array(elements), None)
    }
}

/// The values of these keys, those that are there.
async fn read_part(
    client: &mut perjury_store::client::Client,
    keys: &[(Key, String)],
) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    for (key, level) in keys {
        match client.get(&key.to_string(), pair(level).1, DEADLINE).await.outcome {
            Response::Value { value, .. } => values.extend(value.as_deref().map(decode)),
            Response::Refused(refusal) => return Err(format!("{key}: {refusal}")),
            other => return Err(format!("{key}: {other:?}")),
        }
    }
    Ok(values)
}

/// What the store is asked for, and at which level; none for a read of everything.
fn operation(call: &Call) -> Option<(Operation, Level)> {
    let key = call.key.as_ref()?.to_string();
    let (write, read) = pair(&call.level);
    match call.function {
        "read" => Some((Operation::Get { key }, read)),
        "write" | "add" => Some((Operation::Put { key, value: encode(&call.value) }, write)),
        "delete" => Some((Operation::Delete { key }, write)),
        "cas" => {
            let [expected, new] = call.value.as_array()?.as_slice() else { return None };
            let expected = (!expected.is_null()).then(|| encode(expected));
            Some((Operation::CompareAndSet { key, expected, new: encode(new) }, write))
        }
        _ => None,
    }
}

fn reply(call: &Call, answer: Answer) -> Reply {
    match answer.outcome {
        Response::Value { value, version } => {
            Reply::ok(value.as_deref().map_or(Value::Null, decode), version.map(integers))
        }
        Response::Written { version } => Reply::ok(call.value.clone(), Some(integers(version))),
        Response::Refused(refusal) => Reply::fail(refusal.to_string()),
        Response::Unknown(why) => Reply::info(why),
        Response::Dump { .. } | Response::Members { .. } => {
            Reply::info("the store answered another question")
        }
    }
}

fn held((key, entry): (String, Entry)) -> Held {
    let value = entry.value.as_deref().map_or(Value::Null, decode);
    Held { key: Key::Name(key), version: Some(integers(entry.version)), value }
}

fn integers(version: StoreVersion) -> Version {
    Version(version.to_integers().to_vec())
}

#[cfg(test)]
mod tests;
