//! What faults want of the system's own administration: who shall be a member, who shall lead.
//!
//! ```text
//! fault ── wishes ──▶ Administration ── orders ──▶ administrator ── administer ──▶ system
//!                          ◀───────────── done ────────┘
//! ```
//!
//! Wishes stand under the number of their fault, as everything that a fault does: a node is to be out while
//! any fault says so, and is added back when none does. What was ordered and not done is ordered again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Cluster;
use crate::rng::Rng;
use crate::sim::FaultId;
use crate::system::Order;

/// How long an order that failed is not given again.
const RETRY: Duration = Duration::from_millis(100);

/// The wishes of all faults in force.
#[derive(Default)]
pub struct Administration(RefCell<Wishes>);

#[derive(Default)]
struct Wishes {
    /// Who wants a node out.
    out: BTreeMap<String, BTreeSet<FaultId>>,
    /// Nodes that were ordered out, and are not known to be back.
    gone: BTreeSet<String>,
    /// Nodes that are known to be out.
    removed: BTreeSet<String>,
    /// Nodes that an order is under way about, or failed about a moment ago: not before this time.
    waiting: BTreeMap<String, Duration>,
    transfers: BTreeMap<FaultId, Transfers>,
    rotations: BTreeMap<FaultId, Rotation>,
}

/// Leadership is handed on, again and again.
struct Transfers {
    nodes: Vec<String>,
    leads_for: (Duration, Duration),
    rng: Rng,
    due: Option<Duration>,
}

/// Members leave and come back, again and again.
struct Rotation {
    nodes: Vec<String>,
    /// How many may be out at once.
    minority: usize,
    lasts: (Duration, Duration),
    rng: Rng,
    is_out: bool,
    due: Option<Duration>,
}

impl Administration {
    /// The orders that are due; each is to be answered with [`done`](Self::done).
    pub fn orders(&self, now: Duration) -> Vec<Order> {
        let mut wishes = self.0.borrow_mut();
        wishes.rotate(now);
        let mut orders = wishes.orders_about_members(now);
        for order in &orders {
            wishes.waiting.insert(order.node().to_owned(), Duration::MAX);
        }
        orders.extend(wishes.transfers.values_mut().filter_map(|transfers| transfers.next(now)));
        orders
    }

    /// An order was carried out, or was not.
    pub fn done(&self, order: &Order, succeeded: bool, now: Duration) {
        let mut wishes = self.0.borrow_mut();
        let node = order.node();
        match order {
            Order::Lead(_) => return,
            Order::Remove(_) if succeeded => drop(wishes.removed.insert(node.to_owned())),
            Order::Add(_) if succeeded => {
                wishes.gone.remove(node);
                wishes.removed.remove(node);
            }
            Order::Remove(_) | Order::Add(_) => {}
        }
        let retry = if succeeded { now } else { now + RETRY };
        wishes.waiting.insert(node.to_owned(), retry);
    }

    /// The fault of this number wants nothing any more.
    pub(super) fn release(&self, id: FaultId) {
        let mut wishes = self.0.borrow_mut();
        wishes.transfers.remove(&id);
        wishes.rotations.remove(&id);
        wishes.let_back(id);
    }
}

impl Wishes {
    /// Wants this node out; one that is to leave already, where so many are.
    fn want_out(&mut self, id: FaultId, node: &str, minority: usize) -> Option<String> {
        let out: BTreeSet<&String> = self.out.keys().chain(&self.gone).collect();
        let is_one_more = !out.iter().any(|other| *other == node);
        let node = match is_one_more && out.len() >= minority {
            true => (*out.first()?).clone(),
            false => node.to_owned(),
        };
        self.out.entry(node.clone()).or_default().insert(id);
        Some(node)
    }

    /// The fault of this number wants nobody out.
    fn let_back(&mut self, id: FaultId) {
        self.out.retain(|_, ids| {
            ids.remove(&id);
            !ids.is_empty()
        });
    }

    /// Draws anew who is to be out.
    fn rotate(&mut self, now: Duration) {
        let mut rotations = std::mem::take(&mut self.rotations);
        for (&id, rotation) in &mut rotations {
            let Some(nodes) = rotation.next(now) else { continue };
            self.let_back(id);
            for node in nodes {
                self.want_out(id, &node, rotation.minority);
            }
        }
        self.rotations = rotations;
    }

    fn orders_about_members(&mut self, now: Duration) -> Vec<Order> {
        let mut orders = Vec::new();
        let about: BTreeSet<String> = self.out.keys().chain(&self.gone).cloned().collect();
        for node in about.into_iter().filter(|node| self.waiting.get(node).is_none_or(|until| *until <= now))
        {
            match (self.out.contains_key(&node), self.removed.contains(&node)) {
                (true, true) => {}
                (true, false) => {
                    self.gone.insert(node.clone());
                    orders.push(Order::Remove(node));
                }
                // It may be out although nobody heard that it is.
                (false, _) => orders.push(Order::Add(node)),
            }
        }
        orders
    }
}

impl Transfers {
    fn next(&mut self, now: Duration) -> Option<Order> {
        let due = *self.due.get_or_insert(now);
        (due <= now).then(|| {
            self.due = Some(now + self.rng.duration(self.leads_for.0, self.leads_for.1));
            Order::Lead(self.rng.pick(&self.nodes).clone())
        })
    }
}

impl Rotation {
    /// Who is to be out from now on, if that changes now: some, nobody, others.
    fn next(&mut self, now: Duration) -> Option<Vec<String>> {
        let due = *self.due.get_or_insert(now);
        (due <= now).then(|| {
            self.due = Some(now + self.rng.duration(self.lasts.0, self.lasts.1));
            self.is_out = !self.is_out && self.minority > 0;
            let count = if self.is_out { 1 + self.rng.below(self.minority as u64) } else { 0 };
            self.rng.subset(&self.nodes, count as usize)
        })
    }
}

impl Cluster {
    /// What the administrator is to see to.
    pub fn administration(&self) -> std::rc::Rc<Administration> {
        self.administration.clone()
    }

    /// Wants this node to leave the cluster; one that is to leave already, where a minority is. None where
    /// no node can be spared.
    pub fn remove_member(&mut self, id: FaultId, node: &str) -> Option<String> {
        self.administration.0.borrow_mut().want_out(id, node, self.minority())
    }

    /// From now on some of these nodes are to be out of the cluster, a minority at most, then none, then others;
    /// each for a time between these two.
    pub fn rotate_members(&mut self, id: FaultId, nodes: &[String], lasts: (Duration, Duration), rng: Rng) {
        let (nodes, minority) = (nodes.to_vec(), self.minority());
        let rotation = Rotation { nodes, minority, lasts, rng, is_out: false, due: None };
        self.administration.0.borrow_mut().rotations.insert(id, rotation);
    }

    pub(super) fn minority(&self) -> usize {
        self.names.len().saturating_sub(1) / 2
    }

    /// From now on leadership is handed to one of these nodes after another, each for a time between these
    /// two.
    pub fn hand_on_leadership(
        &mut self,
        id: FaultId,
        nodes: &[String],
        leads_for: (Duration, Duration),
        rng: Rng,
    ) {
        let transfers = Transfers { nodes: nodes.to_vec(), leads_for, rng, due: None };
        self.administration.0.borrow_mut().transfers.insert(id, transfers);
    }
}

#[cfg(test)]
mod tests;
