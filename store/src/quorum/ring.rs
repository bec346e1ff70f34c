//! Who keeps which key: a consistent-hash ring with virtual nodes.
//!
//! Each node has several points on a ring of 64-bit hashes; a key belongs to the first N distinct
//! nodes clockwise from its own hash (Karger et al. 1997; DeCandia et al. 2007, section 4.2). With
//! virtual nodes, shares are even and a departing node's keys spread over all others.

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::message::NodeId;

/// The home replicas of a key, in ring order.
pub type Homes = SmallVec<[NodeId; 3]>;

/// Where a key is on the ring.
pub fn position(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

/// The ring: points in ascending order.
#[derive(Clone, Debug)]
pub struct Ring {
    points: Vec<(u64, NodeId)>,
}

impl Ring {
    /// A ring of these nodes. The same names give the same ring, on every machine.
    pub fn new(nodes: &[String], virtual_nodes: usize) -> Ring {
        let mut points = Vec::with_capacity(nodes.len() * virtual_nodes);
        for (id, name) in (0..).zip(nodes) {
            points
                .extend((0..virtual_nodes).map(|point| (xxh3_64(format!("{name}#{point}").as_bytes()), id)));
        }
        points.sort_unstable();
        Ring { points }
    }

    /// All nodes clockwise from the key after its home replicas.
    pub fn after_homes(&self, key: &str, replication: usize) -> Homes {
        self.homes(key, usize::MAX).into_iter().skip(replication).collect()
    }

    /// The first `replication` distinct nodes clockwise from the key.
    pub fn homes(&self, key: &str, replication: usize) -> Homes {
        let position = position(key);
        let first = self.points.partition_point(|&(point, _)| point < position);
        let mut homes = Homes::new();
        for &(_, node) in self.points[first..].iter().chain(&self.points[..first]) {
            if homes.len() == replication {
                break;
            }
            if !homes.contains(&node) {
                homes.push(node);
            }
        }
        homes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (1..=count).map(|number| format!("n{number}")).collect()
    }

    #[test]
    fn homes_are_distinct_and_as_many_as_asked_for() {
        let ring = Ring::new(&names(5), 64);
        for key in 0..200 {
            let mut homes = ring.homes(&format!("k{key}"), 3);
            assert_eq!(homes.len(), 3);
            homes.sort_unstable();
            homes.dedup();
            assert_eq!(homes.len(), 3);
        }
    }

    #[test]
    fn every_node_is_home_or_comes_after() {
        let ring = Ring::new(&names(5), 64);
        for key in 0..200 {
            let key = format!("k{key}");
            let (homes, after) = (ring.homes(&key, 3), ring.after_homes(&key, 3));
            assert_eq!(ring.homes(&key, 5).to_vec(), [homes, after].concat());
        }
    }

    #[test]
    fn shares_are_even_within_a_third() {
        let ring = Ring::new(&names(5), 64);
        let mut shares = [0u32; 5];
        for key in 0..10_000 {
            for home in ring.homes(&format!("k{key}"), 3) {
                shares[usize::from(home)] += 1;
            }
        }
        assert!(shares.iter().all(|share| (4_000..=8_000).contains(share)), "{shares:?}");
    }

    #[test]
    fn a_new_node_moves_only_keys_to_itself() {
        let before = Ring::new(&names(5), 64);
        let after = Ring::new(&names(6), 64);
        for key in 0..500 {
            let key = format!("k{key}");
            let (old, new) = (before.homes(&key, 1)[0], after.homes(&key, 1)[0]);
            assert!(new == old || new == 5, "{key} moved from {old} to {new}");
        }
    }
}
