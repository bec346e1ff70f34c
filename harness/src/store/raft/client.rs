//! A session of the store's own client.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{anyhow, bail};
use perjury_histories::{Key, Value};
use perjury_store::env::{Env, LocalFuture};
use perjury_store::protocol::NodeId;
use perjury_store::raft::client::{Answer, Client as Session, ClientOptions};
use perjury_store::raft::config::Replication;
use perjury_store::raft::machine::KEYS_MAX;
use perjury_store::raft::request::{Change, Response};

use super::calls::{self, Versions};
use super::replication;
use crate::scenario::Scenario;
use crate::store::{PORT, names, safeguards};
use crate::system::{Call, Client, Held, Order, Reply};

/// How long a client waits for one answer.
const DEADLINE: Duration = Duration::from_millis(1500);
/// One read in so many goes to another node, so that sessions meet all of them.
const WANDER_ONE_IN: u64 = 2;

/// See the [module](self).
pub(super) struct RaftClient {
    session: Session,
    names: Vec<String>,
    workload: String,
    versions: Versions,
}

impl RaftClient {
    pub(super) fn new(scenario: &Scenario, env: Env) -> RaftClient {
        let names = names(scenario);
        let nodes = names.iter().map(|name| (name.clone(), format!("{name}:{PORT}"))).collect();
        let options = ClientOptions {
            safeguards: safeguards(scenario),
            wander_one_in: WANDER_ONE_IN,
            ..ClientOptions::new(nodes)
        };
        let is_asynchronous = matches!(replication(scenario), Replication::Asynchronous { .. });
        RaftClient {
            session: Session::new(env, options),
            names,
            workload: scenario.workload.clone(),
            versions: Versions(!is_asynchronous),
        }
    }

    async fn perform(&mut self, call: &Call) -> Reply {
        if call.function == "read" {
            return match &call.key {
                Some(key) => self.read(call, key).await,
                None => self.read_all(call).await,
            };
        }
        match calls::operation(call, &self.workload) {
            Some(operation) => {
                let Answer { node, outcome } = self.session.write(operation, DEADLINE).await;
                self.served(node, calls::changed(call, outcome, self.versions))
            }
            None => Reply::fail(format!("the store has no {} of {}", call.function, call.value)),
        }
    }

    async fn read(&mut self, call: &Call, key: &Key) -> Reply {
        let (keys, mode) = (vec![key.to_string()], calls::mode(&call.level));
        let at = call.node.as_deref().and_then(|name| self.id(name));
        let Answer { node, outcome } = self.session.read(keys, mode, DEADLINE, at).await;
        self.served(node, calls::read(outcome, self.versions))
    }

    /// Reads many keys, those of one level at one moment where they are not too many; fails if any part does.
    async fn read_all(&mut self, call: &Call) -> Reply {
        let mut by_level: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (key, level) in &call.keys {
            by_level.entry(level).or_default().push(key.to_string());
        }
        let mut found = BTreeMap::new();
        for (level, keys) in by_level {
            for part in keys.chunks(KEYS_MAX) {
                let answer = self.session.read(part.to_vec(), calls::mode(level), DEADLINE, None).await;
                let Response::Cells { cells, .. } = answer.outcome else {
                    return calls::not_done(answer.outcome);
                };
                let held = part.iter().zip(cells).filter_map(|(key, cell)| Some((key.clone(), cell?.cell?)));
                found.extend(held.map(|(key, cell)| (key, calls::value(&cell))));
            }
        }
        if self.workload == "bank" && found.is_empty() {
            // A node may be as far behind as that: nobody had an account yet.
            return Reply::fail("the bank is not open yet, for all that this node has applied");
        }
        Reply::ok(as_one(&self.workload, call, &found), None)
    }

    fn served(&self, node: NodeId, reply: Reply) -> Reply {
        Reply { node: self.names.get(usize::from(node)).cloned(), ..reply }
    }

    fn id(&self, name: &str) -> Option<NodeId> {
        self.names.iter().position(|known| known == name).map(|position| position as NodeId)
    }

    /// What this node has applied, once it has caught up with its own log: after a restart it does not know
    /// what of that is committed before a leader says so.
    async fn held_by(&mut self, node: NodeId) -> anyhow::Result<Vec<Held>> {
        match self.session.status(node, DEADLINE).await.outcome {
            Response::Status { leader: Some(_), applied, last, .. } if applied == last => {}
            Response::Status { leader, applied, last, .. } => {
                bail!("it has applied {applied} of {last} entries, and its leader is {leader:?}")
            }
            other => done(other)?,
        }
        let cells = self.session.dump(node, DEADLINE).await?;
        Ok(cells.into_iter().map(|(key, cell)| calls::held(key, &cell, self.versions)).collect())
    }

    async fn carry_out(&mut self, order: &Order) -> anyhow::Result<()> {
        let node = self.id(order.node()).ok_or_else(|| anyhow!("there is no node {}", order.node()))?;
        match order {
            Order::Remove(_) => done(self.session.change(Change::Remove(node), DEADLINE).await.outcome),
            Order::Add(_) => {
                done(self.session.change(Change::AddLearner(node), DEADLINE).await.outcome)?;
                done(self.session.change(Change::Promote(node), DEADLINE).await.outcome)
            }
            Order::Lead(_) => done(self.session.transfer(node, DEADLINE).await.outcome),
        }
    }
}

impl Client for RaftClient {
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply> {
        Box::pin(self.perform(call))
    }

    fn dump<'a>(&'a mut self, node: &'a str) -> LocalFuture<'a, Option<anyhow::Result<Vec<Held>>>> {
        Box::pin(async move { Some(self.held_by(self.id(node)?).await) })
    }

    fn administer<'a>(&'a mut self, order: &'a Order) -> LocalFuture<'a, Option<anyhow::Result<()>>> {
        Box::pin(async move { Some(self.carry_out(order).await) })
    }
}

/// All that was read, as the workload wants it: the balance of every account, or the elements that are there.
fn as_one(workload: &str, call: &Call, found: &BTreeMap<String, Value>) -> Value {
    let each = call.keys.iter().map(|(key, _)| found.get(&key.to_string()).cloned());
    match workload {
        "bank" => each.map(Option::unwrap_or_default).collect(),
        _ => each.flatten().collect(),
    }
}

fn done(response: Response) -> anyhow::Result<()> {
    match response {
        Response::Done { .. } => Ok(()),
        Response::Refused(refusal) => Err(refusal.into()),
        Response::Unknown(why) => Err(anyhow!("nobody knows: {why}")),
        other => Err(anyhow!("not an answer: {other:?}")),
    }
}
