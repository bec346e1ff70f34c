//! The reference store's leaderless family, plugged in.
//!
//! A call of a workload becomes requests of the store, its versions become arrays of integers, and
//! the store's table of promises becomes promises about checkers.

mod behind;
mod level;
mod merged;

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
use perjury_store::quorum::siblings::Siblings;
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
/// Keys that a read of all asks for at once.
const PARALLEL_READS: usize = 16;
/// Few, so that runs reach the bound.
const HINTS_MAX: usize = 200;
/// Few, so that values leave caches.
const CACHE_BYTES_MAX: usize = 300;
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
        let deletes = scenario.workload == "deletes" && outlasts_what_is_under_way(scenario);
        all.retain(|promise| promise.guarantee != "deleted-stays-deleted" || deletes);
        if scenario.workload == "set" {
            all.push(set(scenario, &all));
        }
        // What is lost is counted in sets alone, over all levels.
        all.retain(|promise| promise.guarantee != "bounded-loss" || promise.level.is_empty());
        all.extend(detection_ms_max(&config(scenario, 0)).map(membership));
        if scenario.mode == SIBLINGS {
            let sets: Vec<Promise> = all.iter().flat_map(merged_sets).collect();
            all.extend(sets);
        }
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
        let is_there = |level: &&str| scenario.mode != SIBLINGS || *level != level::ATOMIC;
        LEVELS[..count].iter().map(|level| level.name).filter(is_there).collect()
    }

    fn modes(&self) -> &'static [Choice] {
        MODES
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
        point::of(self.name(), &scenario.mode, scenario.has_tables())
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
    let is_atomic = |level: &&str| level.split('/').any(|level| level == level::ATOMIC);
    let level = scenario.levels().into_iter().find(is_atomic).filter(|_| scenario.mode == SIBLINGS)?;
    Some(format!(
        "level {level}: it keeps one value of a key, and mode {SIBLINGS} several; take quorum, all, one, or mixed"
    ))
}

/// A set whose siblings clients merge is as durable as its writes. What a read has shown that nobody acknowledged may
/// lie on one replica alone.
fn merged_sets(promise: &Promise) -> Vec<Promise> {
    if promise.guarantee != checker(Guarantee::AcknowledgedOrDominated) {
        return Vec::new();
    }
    let named = |name: &str| Promise { guarantee: name.to_owned(), ..promise.clone() };
    vec![named("set"), named("set-full").while_at_most(0, DAMAGE)]
}

/// Small, so that a run flushes and merges often, and reads what it does not have in memory.
fn tables() -> tables::Options {
    tables::Options { memtable_bytes_max: 16 << 10, cache_bytes_max: 16 << 10, ..tables::Options::default() }
}

/// A set is as durable as the least durable of its elements; so many may be lost where caches may lose some.
fn set(scenario: &Scenario, promises: &[Promise]) -> Promise {
    let is_behind = mode(scenario) == Mode::WriteBehind;
    let of_elements = if is_behind { "bounded-loss" } else { "durability" };
    let durability = promises.iter().filter(|promise| promise.guarantee == of_elements);
    let bounds = durability.flat_map(|promise| &promise.tolerates).filter(|bound| bound.faults == DAMAGE);
    let weakest = |of_all| {
        bounds.clone().filter(|bound| bound.counts_all_nodes == of_all).map(|bound| bound.homes_max).min()
    };
    let set = match is_behind {
        true => Promise::new("bounded-loss", "").with_loss(scenario.loss_entries).while_at_most(0, LYING),
        false => Promise::new("set", ""),
    };
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

/// The faults and kinds of fault that a scenario may have.
fn named_faults(scenario: &Scenario) -> Vec<&str> {
    match &scenario.schedule {
        Some(schedule) => schedule.faults(),
        None => scenario.nemesis.iter().map(String::as_str).collect(),
    }
}

fn kind(name: &str) -> Option<Kind> {
    name.parse().map(|named: Selection| named.kind()).ok()
}

/// Whether nothing but messages and clocks goes wrong in a scenario.
fn is_messages_only(scenario: &Scenario) -> bool {
    named_faults(scenario).into_iter().all(|name| matches!(kind(name), Some(Kind::Message | Kind::Clock)))
}

/// Whether no message is under way for longer than the grace period of tombstones: three of the longest faults may hold
/// one up in turn, and a coordinator sends again until its deadline. What cuts links or ends processes holds up nothing.
fn outlasts_what_is_under_way(scenario: &Scenario) -> bool {
    let holds_up = |name: &str| match kind(name) {
        Some(Kind::Partition | Kind::DataCentre) => false,
        _ => !["kill", "power-loss"].contains(&name),
    };
    let longest_ms = 3 * scenario.longest_fault_ms() + 2 * DEADLINE.as_millis() as u64;
    longest_ms <= scenario.tombstone_grace_ms || !named_faults(scenario).into_iter().any(holds_up)
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
        Guarantee::AcknowledgedOrDominated => "acknowledged-or-dominated",
        Guarantee::BoundedLoss => "bounded-loss",
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
            if self.scenario.mode == SIBLINGS {
                return self.merge(call).await;
            }
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
            let has_siblings = self.scenario.mode == SIBLINGS;
            let held = |entry| held(entry, has_siblings);
            Some(entries.map(|entries| entries.into_iter().map(held).collect()))
        })
    }
}

impl QuorumClient {
    async fn one(&mut self, call: &Call, operation: Operation, level: Level) -> Reply {
        let answer = self.call(call, operation, level).await;
        Reply { node: self.name_of(&answer), ..reply(call, answer) }
    }

    /// Asks the node that a call names, or any.
    async fn call(&mut self, call: &Call, operation: Operation, level: Level) -> Answer {
        let names = names(&self.scenario);
        let node = call.node.as_ref().and_then(|node| names.iter().position(|name| name == node));
        self.client.call(operation, level, DEADLINE, node.map(|node| node as NodeId)).await
    }

    fn name_of(&self, answer: &Answer) -> Option<String> {
        names(&self.scenario).get(usize::from(answer.node)).cloned()
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
        Response::Dump { .. } | Response::Members { .. } | Response::Siblings { .. } => {
            Reply::info("the store answered another question")
        }
    }
}

/// What a replica holds; of siblings the array of all of them.
fn held((key, entry): (String, Entry), has_siblings: bool) -> Held {
    let value = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, decode);
    let value = match has_siblings {
        true => Siblings::of(&entry).values().map(value).collect(),
        false => value(entry.value.as_deref()),
    };
    Held { key: Key::Name(key), version: Some(integers(entry.version)), value }
}

fn integers(version: StoreVersion) -> Version {
    Version(version.to_integers().to_vec())
}

#[cfg(test)]
mod tests;
