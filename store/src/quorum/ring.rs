//! Who keeps which key: a consistent-hash ring with virtual nodes.
//!
//! Each node has several points on a ring of 64-bit hashes; a key belongs to the first N distinct
//! nodes clockwise from its own hash (Karger et al. 1997; DeCandia et al. 2007, section 4.2). With
//! virtual nodes, shares are even and a departing node's keys spread over all others.

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::centres::Centres;
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
    centres: Centres,
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
        Ring { points, centres: Centres::default() }
    }

    /// The same ring, with the home replicas of each key spread over these data centres.
    pub fn spread_over(self, centres: Centres) -> Ring {
        Ring { centres, ..self }
    }

    /// All other nodes clockwise from the key than its home replicas.
    pub fn after_homes(&self, key: &str, replication: usize) -> Homes {
        let homes = self.homes(key, replication);
        self.clockwise(key).filter(|node| !homes.contains(node)).collect()
    }

    /// The first `replication` distinct nodes clockwise from the key; of several data centres each has its share of them,
    /// and what is left over is had by those that come first.
    pub fn homes(&self, key: &str, replication: usize) -> Homes {
        if self.centres.is_one() {
            return self.clockwise(key).take(replication).collect();
        }
        let (share, mut left_over) = (replication / self.centres.count(), replication % self.centres.count());
        let mut homes = Homes::new();
        for node in self.clockwise(key) {
            let centre = self.centres.of(node);
            let there = homes.iter().filter(|&&home| self.centres.of(home) == centre).count();
            if there < share || there == share && left_over > 0 {
                left_over -= usize::from(there == share);
                homes.push(node);
            }
        }
        homes
    }

    /// Distinct nodes in the order in which their points follow the key.
    fn clockwise(&self, key: &str) -> impl Iterator<Item = NodeId> + '_ {
        let position = position(key);
        let first = self.points.partition_point(|&(point, _)| point < position);
        let mut seen = Homes::new();
        self.points[first..].iter().chain(&self.points[..first]).filter_map(move |&(_, node)| {
            let is_new = !seen.contains(&node);
            is_new.then(|| seen.push(node))?;
            Some(node)
        })
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
    fn each_data_centre_has_its_share() {
        let centres = Centres::new(vec![0, 1, 0, 1, 0, 1, 0]);
        let (flat, ring) = (Ring::new(&names(7), 64), Ring::new(&names(7), 64).spread_over(centres.clone()));
        let in_first = |key: &str, replication| {
            let homes = ring.homes(key, replication);
            assert_eq!(homes.len(), replication);
            assert_eq!(ring.after_homes(key, replication).len(), 7 - replication);
            homes.into_iter().filter(|&home| centres.of(home) == 0).count()
        };
        let keys: Vec<String> = (0..200).map(|key| format!("k{key}")).collect();
        assert!(keys.iter().all(|key| in_first(key, 4) == 2));
        assert!(keys.iter().all(|key| (1..=2).contains(&in_first(key, 3))));
        assert!(keys.iter().any(|key| flat.homes(key, 4) != ring.homes(key, 4)), "nothing had to be spread");
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
