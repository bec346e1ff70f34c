//! Whom a fault hits: drawn, or fixed by a schedule.

use perjury_store::point::Point;

use super::Entry;
use crate::cluster::Cluster;
use crate::rng::Rng;
use crate::sim::role::Role;

/// How many of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One.
    One,
    /// More than one where that is possible, fewer than half.
    Minority,
    /// More than half, not all.
    Majority,
    /// All.
    All,
}

impl Size {
    /// Small ones more often: a cluster that is mostly down shows little.
    pub fn draw(rng: &mut Rng) -> Size {
        match rng.below(20) {
            0..10 => Size::One,
            10..15 => Size::Minority,
            15..18 => Size::Majority,
            _ => Size::All,
        }
    }

    /// How many of `nodes` nodes that is; at least one.
    fn count(self, nodes: usize) -> usize {
        match self {
            Size::One => 1,
            Size::Minority => (nodes.saturating_sub(1) / 2).max(1),
            Size::Majority => nodes / 2 + 1,
            Size::All => nodes,
        }
    }
}

/// The aim of one injection: its randomness, and what a schedule fixed, if it did.
#[derive(Clone, Debug)]
pub struct Aim {
    /// Decides everything about the injection that is not fixed.
    pub rng: Rng,
    nodes: Option<Vec<String>>,
    point: Option<String>,
    pass: Option<u64>,
    role_percent: u64,
}

impl Aim {
    /// Draws from `seed`; hits `nodes` where they are given.
    pub fn new(seed: u64, nodes: Option<Vec<String>>) -> Aim {
        Aim { rng: Rng::new(seed), nodes, point: None, pass: None, role_percent: 0 }
    }

    /// As this entry of a schedule has it; what it leaves open hits the node with a role so often, in percent.
    pub fn of(entry: &Entry, role_percent: u64) -> Aim {
        let Entry { nodes, point, pass, seed, .. } = entry.clone();
        Aim { point, pass, role_percent, ..Aim::new(seed, nodes) }
    }

    /// The fixed nodes, or as many as `size` says.
    pub fn nodes(&mut self, cluster: &Cluster, size: Size) -> Vec<String> {
        // Drawn in any case, so that fixing the nodes leaves the rest of the fault as it was.
        let mut drawn = self.rng.subset(cluster.nodes(), size.count(cluster.nodes().len()));
        self.aim_at_role(&mut drawn, cluster);
        self.nodes.clone().unwrap_or(drawn)
    }

    /// Puts the node that leads, or coordinates, in the place of another one, now and then.
    fn aim_at_role(&self, drawn: &mut [String], cluster: &Cluster) {
        let absent = self.wanted_role(cluster).filter(|role| !drawn.contains(role));
        if let (Some(role), Some(first)) = (absent, drawn.first_mut()) {
            *first = role;
        }
    }

    /// The node that leads, or coordinates, where it is to be hit.
    fn wanted_role(&self, cluster: &Cluster) -> Option<String> {
        let leader = cluster.leader().map(|leader| leader.node);
        let role = leader.or_else(|| cluster.holder_of(Role::Coordinator).map(|holder| holder.node));
        // A fork: what else the fault draws stays as it is.
        role.filter(|_| self.rng.fork("role").below(100) < self.role_percent)
    }

    /// The fixed nodes, or a number of them that is drawn too.
    pub fn some_nodes(&mut self, cluster: &Cluster) -> Vec<String> {
        let size = Size::draw(&mut self.rng);
        self.nodes(cluster, size)
    }

    /// The fixed nodes, or one, or a minority: for faults that would stop a larger part for long.
    pub fn few_nodes(&mut self, cluster: &Cluster) -> Vec<String> {
        let size = *self.rng.pick(&[Size::One, Size::Minority]);
        self.nodes(cluster, size)
    }

    /// The fixed nodes, or the one that leads; a drawn one where nobody is known to.
    pub fn leader(&mut self, cluster: &Cluster) -> Vec<String> {
        self.known(cluster, cluster.leader().map(|leader| leader.node))
    }

    /// The fixed nodes, or the one that has this role; a drawn one where nobody is known to.
    pub fn holder(&mut self, cluster: &Cluster, role: Role) -> Vec<String> {
        self.known(cluster, cluster.holder_of(role).map(|holder| holder.node))
    }

    fn known(&mut self, cluster: &Cluster, known: Option<String>) -> Vec<String> {
        let drawn = self.nodes(cluster, Size::One);
        known.filter(|_| self.nodes.is_none()).map_or(drawn, |node| vec![node])
    }

    /// The fixed nodes, or those of one data centre.
    pub fn centre(&mut self, cluster: &Cluster) -> Vec<String> {
        let drawn = self.rng.pick(cluster.centres()).clone();
        self.nodes.clone().unwrap_or(drawn)
    }

    /// The fixed point, or one of these, of those that the nodes pass.
    pub fn point(&mut self, cluster: &Cluster, among: &[&'static Point]) -> &'static Point {
        let drawn = *self.rng.pick(among);
        let fixed = cluster.points().iter().find(|point| self.point.as_deref() == Some(point.name));
        fixed.copied().unwrap_or(drawn)
    }

    /// The pass of that point, if one is fixed.
    pub fn pass(&self) -> Option<u64> {
        self.pass
    }

    /// All nodes in random order, but first those that are fixed, or else, now and then, the one that leads or
    /// coordinates.
    pub fn order(&mut self, cluster: &Cluster) -> Vec<String> {
        let mut order = cluster.nodes().to_vec();
        self.rng.shuffle(&mut order);
        let first = self.nodes.clone().unwrap_or_else(|| self.wanted_role(cluster).into_iter().collect());
        order.sort_by_key(|node| !first.contains(node));
        order
    }
}

/// All nodes but these.
pub fn others(cluster: &Cluster, nodes: &[String]) -> Vec<String> {
    let all = cluster.nodes().iter();
    all.filter(|node| !nodes.contains(node)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_they_say() {
        let counts = |nodes| [Size::One, Size::Minority, Size::Majority, Size::All].map(|s| s.count(nodes));
        assert_eq!(counts(5), [1, 2, 3, 5]);
        assert_eq!(counts(4), [1, 1, 3, 4]);
        assert_eq!(counts(3), [1, 1, 2, 3]);
        assert_eq!(counts(1), [1, 1, 1, 1]);
    }
}
