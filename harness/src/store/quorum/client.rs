//! A session of the store's own client: calls become requests, answers become replies.

use std::collections::BTreeMap;
use std::time::Duration;

use perjury_histories::{Key, Value, Version};
use perjury_store::client::{Answer, ClientOptions};
use perjury_store::env::{Env, LocalFuture};
use perjury_store::quorum::message::{Entry, Level, NodeId, Operation, Response};
use perjury_store::quorum::siblings::Siblings;
use perjury_store::quorum::version::Version as StoreVersion;

use super::level::pair;
use super::{DEADLINE, SIBLINGS};
use crate::scenario::Scenario;
use crate::store::{PORT, decode, encode, names, safeguards};
use crate::system::{Call, Client, Held, Order, Reply};

/// Keys that a read of all asks for at once.
const PARALLEL_READS: usize = 16;
/// One call in so many goes to another coordinator, so that sessions meet all of them.
const WANDER_ONE_IN: u64 = 2;
/// How long a read may take before another node is asked, in mode sloppy.
const HEDGE_AFTER: Duration = Duration::from_millis(300);
/// Keys that a session's token has room for, at least.
const TOKEN_KEYS_MIN: usize = 4096;

/// A client of the store for the session with this number: it is at home in one of the data centres.
pub(super) fn client_of(session: u64, scenario: &Scenario, env: &Env) -> perjury_store::client::Client {
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
pub(super) struct QuorumClient {
    pub(super) client: perjury_store::client::Client,
    pub(super) scenario: Scenario,
    pub(super) env: Env,
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

    fn placement<'a>(&'a mut self, keys: &'a [Key]) -> LocalFuture<'a, Option<BTreeMap<Key, Vec<String>>>> {
        Box::pin(self.homes(keys))
    }

    fn administer<'a>(&'a mut self, order: &'a Order) -> LocalFuture<'a, Option<anyhow::Result<()>>> {
        Box::pin(async move { Some(self.change_ring(order).await) })
    }
}

impl QuorumClient {
    async fn one(&mut self, call: &Call, operation: Operation, level: Level) -> Reply {
        let answer = self.call(call, operation, level).await;
        Reply { node: self.name_of(&answer), ..reply(call, answer) }
    }

    /// Asks the node that a call names, or any.
    pub(super) async fn call(&mut self, call: &Call, operation: Operation, level: Level) -> Answer {
        let names = names(&self.scenario);
        let node = call.node.as_ref().and_then(|node| names.iter().position(|name| name == node));
        self.client.call(operation, level, DEADLINE, node.map(|node| node as NodeId)).await
    }

    pub(super) fn name_of(&self, answer: &Answer) -> Option<String> {
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
pub(super) fn operation(call: &Call) -> Option<(Operation, Level)> {
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

pub(super) fn reply(call: &Call, answer: Answer) -> Reply {
    match answer.outcome {
        Response::Value { value, version } => {
            Reply::ok(value.as_deref().map_or(Value::Null, decode), version.map(integers))
        }
        Response::Written { version } => Reply::ok(call.value.clone(), Some(integers(version))),
        Response::Refused(refusal) => Reply::fail(refusal.to_string()),
        Response::Unknown(why) => Reply::info(why),
        Response::Dump { .. }
        | Response::Members { .. }
        | Response::Ring { .. }
        | Response::Siblings { .. } => Reply::info("the store answered another question"),
    }
}

/// What a replica holds; of siblings the array of all of them.
pub(super) fn held((key, entry): (String, Entry), has_siblings: bool) -> Held {
    let value = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, decode);
    let value = match has_siblings {
        true => Siblings::of(&entry).values().map(value).collect(),
        false => value(entry.value.as_deref()),
    };
    Held { key: Key::Name(key), version: Some(integers(entry.version)), value }
}

pub(super) fn integers(version: StoreVersion) -> Version {
    Version(version.to_integers().to_vec())
}
