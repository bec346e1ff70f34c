//! A ring that changes: nodes that leave it and come back, as faults of kind `membership` want it.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use perjury_histories::Key;
use perjury_store::quorum::message::{Level, NodeId, Operation, Response};
use perjury_store::quorum::ring::layout::{Change, Layout, Order as RingOrder};

use super::client::QuorumClient;
use super::{DEADLINE, config};
use crate::nemesis::Kind;
use crate::nemesis::selection::kind_of;
use crate::scenario::Scenario;
use crate::store::names;
use crate::system::Order;

/// Whether nodes can leave the ring: hints, caches and tables do not move, and enough must stay.
pub(super) fn may_change(scenario: &Scenario) -> bool {
    let moves = ["majority", super::SIBLINGS].contains(&scenario.mode.as_str());
    let has_room = scenario.replication < scenario.nodes;
    moves && has_room && scenario.data_centres == 1 && !scenario.has_tables()
}

/// Whether they may in this scenario. Where no fault wants it, the ring is fixed.
pub fn changes(scenario: &Scenario) -> bool {
    may_change(scenario) && scenario.faults().into_iter().any(|name| kind_of(name) == Some(Kind::Membership))
}

impl QuorumClient {
    /// Has a node leave the ring, or come back. Done once that has begun: the next change waits until it is over.
    pub(super) async fn change_ring(&mut self, order: &Order) -> anyhow::Result<()> {
        let names = names(&self.scenario);
        let node = names.iter().position(|name| name == order.node());
        let node = node.ok_or_else(|| anyhow!("there is no node {}", order.node()))? as NodeId;
        let change = match order {
            Order::Remove(_) => Change::Leave(node),
            Order::Add(_) => Change::Join(node),
            Order::Lead(_) => bail!("nobody leads"),
        };
        let operation = Operation::ChangeRing { order: RingOrder::Begin(change) };
        match self.client.call(operation, Level::Quorum, DEADLINE, None).await.outcome {
            Response::Ring { .. } => Ok(()),
            Response::Refused(refusal) => Err(refusal.into()),
            other => bail!("nobody knows: {other:?}"),
        }
    }

    /// The home replicas of each key, by the latest layout that any node knows; none: the ring is fixed. While it changes
    /// these are the owners before and after.
    pub(super) async fn homes(&mut self, keys: &[Key]) -> Option<BTreeMap<Key, Vec<String>>> {
        if !changes(&self.scenario) {
            return None;
        }
        let names = names(&self.scenario);
        let mut latest: Option<Layout> = None;
        for node in 0..names.len() as NodeId {
            let answer = self.client.call(Operation::Ring, Level::Quorum, DEADLINE, Some(node)).await;
            if let Response::Ring { layout, .. } = answer.outcome
                && latest.as_ref().is_none_or(|latest| latest.epoch < layout.epoch)
            {
                latest = Some(layout);
            }
        }
        let ring = config(&self.scenario, 0).ring_in(&latest?);
        let homes = |key: &Key| {
            let homes = ring.homes(&key.to_string(), self.scenario.replication);
            homes.into_iter().map(|home| names[usize::from(home)].clone()).collect()
        };
        Some(keys.iter().map(|key| (key.clone(), homes(key))).collect())
    }
}
