//! Partitions: links between nodes are cut. Clients still reach every node.

use super::aim::{Aim, Size, others};
use super::{Fault, Injected, Kind};
use crate::cluster::Cluster;

/// Two halves that do not see each other.
pub struct Halves;

impl Fault for Halves {
    fn name(&self) -> &'static str {
        "partition-halves"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "two halves of the nodes do not see each other"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let side = aim.nodes(cluster, Size::Minority);
        let rest = others(cluster, &side);
        let id = cluster.new_fault();
        cluster.block_between(id, &side, &rest);
        let detail = format!("{} | {}", side.join(" "), rest.join(" "));
        Injected::new(self, id, side, detail)
    }
}

/// One node that nobody sees.
pub struct OneAlone;

impl Fault for OneAlone {
    fn name(&self) -> &'static str {
        "partition-one"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "one node sees no other"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let alone = aim.nodes(cluster, Size::One);
        let rest = others(cluster, &alone);
        let id = cluster.new_fault();
        cluster.block_between(id, &alone, &rest);
        let detail = format!("{} | {}", alone.join(" "), rest.join(" "));
        Injected::new(self, id, alone, detail)
    }
}

/// Every node sees a majority, and no two the same one.
pub struct MajoritiesRing;

impl Fault for MajoritiesRing {
    fn name(&self) -> &'static str {
        "partition-ring"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "every node sees a majority, its neighbours on a ring, and no two the same"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let ring = aim.order(cluster);
        let id = cluster.new_fault();
        for (from, to) in cut_by_ring(ring.len()) {
            cluster.block(id, &ring[from], &ring[to]);
        }
        let detail = format!("ring {}", ring.join(" "));
        Injected::new(self, id, ring, detail)
    }
}

/// Which directions between places of a ring are cut: those beyond the nearest neighbours that make
/// up a majority. Where these are all, each node no longer hears the one before it.
fn cut_by_ring(len: usize) -> Vec<(usize, usize)> {
    let reach = (len / 2).div_ceil(2);
    let distance = |a: usize, b: usize| a.abs_diff(b).min(len - a.abs_diff(b));
    let pairs = (0..len).flat_map(|a| (0..len).map(move |b| (a, b)));
    let far: Vec<_> = pairs.filter(|(a, b)| distance(*a, *b) > reach).collect();
    if far.is_empty() && len > 1 {
        return (0..len).map(|a| (a, (a + 1) % len)).collect();
    }
    far
}

/// Two halves, and one node that sees both.
pub struct Bridge;

impl Fault for Bridge {
    fn name(&self) -> &'static str {
        "partition-bridge"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "two halves do not see each other, but one node sees both"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let order = aim.order(cluster);
        let (bridge, rest) = order.split_at(1);
        let (left, right) = rest.split_at(rest.len() / 2);
        let id = cluster.new_fault();
        cluster.block_between(id, left, right);
        let detail = format!("{} | {} bridges | {}", left.join(" "), bridge[0], right.join(" "));
        Injected::new(self, id, bridge, detail)
    }
}

/// Some nodes are not heard, or do not hear, while the other direction works.
pub struct OneWay;

impl Fault for OneWay {
    fn name(&self) -> &'static str {
        "partition-one-way"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "some nodes hear the others but are not heard, or the reverse"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let side = aim.few_nodes(cluster);
        let rest = others(cluster, &side);
        let unheard = aim.rng.chance(0.5);
        let id = cluster.new_fault();
        for node in &side {
            for other in &rest {
                let (from, to) = if unheard { (node, other) } else { (other, node) };
                cluster.block(id, from, to);
            }
        }
        let how = if unheard { "not heard" } else { "hear nothing" };
        let detail = format!("{} {how}", side.join(" "));
        Injected::new(self, id, side, detail)
    }
}

/// Each direction of each link is cut or not, at random.
pub struct Random;

impl Fault for Random {
    fn name(&self) -> &'static str {
        "partition-random"
    }
    fn kind(&self) -> Kind {
        Kind::Partition
    }
    fn about(&self) -> &'static str {
        "each direction of each link is cut or not, at random"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, Size::All);
        let chance = aim.rng.range(20..60) as f64 / 100.0;
        let id = cluster.new_fault();
        let mut cut = Vec::new();
        for from in &nodes {
            for to in cluster.nodes().to_vec() {
                if *from != to && aim.rng.chance(chance) {
                    cluster.block(id, from, &to);
                    cut.push(format!("{from}>{to}"));
                }
            }
        }
        let detail = if cut.is_empty() { "nothing cut".to_string() } else { cut.join(" ") };
        Injected::new(self, id, nodes, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_leaves_each_node_a_majority() {
        for len in 4..10 {
            let cut = cut_by_ring(len);
            assert!(!cut.is_empty());
            for node in 0..len {
                let lost = cut.iter().filter(|(from, _)| *from == node).count();
                assert!(len - lost > len / 2, "{len}: node {node} lost {lost}");
                assert_eq!(lost, cut.iter().filter(|(_, to)| *to == node).count());
            }
        }
        assert_eq!(cut_by_ring(3), [(0, 1), (1, 2), (2, 0)]);
        assert_eq!(cut_by_ring(1), []);
    }
}
