//! Who keeps which key: a consistent-hash ring with virtual nodes.
//!
//! Each node has several points on a ring of 64-bit hashes; a key belongs to the first N distinct
//! nodes clockwise from its own hash (Karger et al. 1997; DeCandia et al. 2007, section 4.2). With
//! virtual nodes, shares are even and a departing node's keys spread over all others.
//!
//! Who is on it may [change](changes) while the store serves.

pub mod agreement;
pub mod changes;
pub mod layout;

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::centres::Centres;
use super::message::NodeId;
use layout::Layout;

/// The home replicas of a key, in ring order.
pub type Homes = SmallVec<[NodeId; 3]>;

/// Where a key is on the ring.
pub fn position(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

/// The ring: points in ascending order.
#[derive(Clone, Debug)]
pub struct Ring {
    points: Points,
    /// What it is to become, while it changes.
    next: Option<Points>,
    centres: Centres,
}

type Points = Vec<(u64, NodeId)>;

/// Who is home to a key while the ring changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    /// As it was.
    pub old: Homes,
    /// As it will be; none: nothing changes for this key.
    pub new: Option<Homes>,
}

impl Owners {
    /// All of them: those that were first.
    pub fn all(&self) -> Homes {
        let new = self.new.iter().flatten().filter(|node| !self.old.contains(node));
        self.old.iter().chain(new).copied().collect()
    }
}

impl Ring {
    /// A ring of these nodes. The same names give the same ring, on every machine.
    pub fn new(nodes: &[String], virtual_nodes: usize) -> Ring {
        let members: Vec<NodeId> = (0..nodes.len() as NodeId).collect();
        Ring::in_layout(nodes, virtual_nodes, &Layout::first(members))
    }

    /// The ring in a layout of a cluster with these nodes.
    pub fn in_layout(nodes: &[String], virtual_nodes: usize, layout: &Layout) -> Ring {
        let next = layout.change.map(|_| points(nodes, virtual_nodes, &layout.members_after()));
        Ring { points: points(nodes, virtual_nodes, &layout.members), next, centres: Centres::default() }
    }

    /// The same ring, with the home replicas of each key spread over these data centres.
    pub fn spread_over(self, centres: Centres) -> Ring {
        Ring { centres, ..self }
    }

    /// All other nodes clockwise from the key than its home replicas.
    pub fn after_homes(&self, key: &str, replication: usize) -> Homes {
        let homes = self.homes(key, replication);
        clockwise(&self.points, key).filter(|node| !homes.contains(node)).collect()
    }

    /// The first `replication` distinct nodes clockwise from the key; of several data centres each has its share of them,
    /// and what is left over is had by those that come first. While that changes, then also those that it will be.
    pub fn homes(&self, key: &str, replication: usize) -> Homes {
        match self.next {
            None => self.first(&self.points, key, replication),
            Some(_) => self.owners(key, replication).all(),
        }
    }

    /// The same, as it was and as it will be.
    pub fn owners(&self, key: &str, replication: usize) -> Owners {
        let old = self.first(&self.points, key, replication);
        let is_other = |new: &Homes| new.len() != old.len() || !new.iter().all(|node| old.contains(node));
        let new = self.next.as_ref().map(|next| self.first(next, key, replication)).filter(is_other);
        Owners { old, new }
    }

    fn first(&self, points: &Points, key: &str, replication: usize) -> Homes {
        if self.centres.is_one() {
            return clockwise(points, key).take(replication).collect();
        }
        let (share, mut left_over) = (replication / self.centres.count(), replication % self.centres.count());
        let mut homes = Homes::new();
        for node in clockwise(points, key) {
            let centre = self.centres.of(node);
            let there = homes.iter().filter(|&&home| self.centres.of(home) == centre).count();
            if there < share || there == share && left_over > 0 {
                left_over -= usize::from(there == share);
                homes.push(node);
            }
        }
        homes
    }
}

/// The points of these members, of a cluster with these nodes.
fn points(nodes: &[String], virtual_nodes: usize, members: &[NodeId]) -> Points {
    let mut points = Vec::with_capacity(members.len() * virtual_nodes);
    for &member in members {
        let name = &nodes[usize::from(member)];
        let of_member = |point| (xxh3_64(format!("{name}#{point}").as_bytes()), member);
        points.extend((0..virtual_nodes).map(of_member));
    }
    points.sort_unstable();
    points
}

/// Distinct nodes in the order in which their points follow the key.
fn clockwise<'a>(points: &'a Points, key: &str) -> impl Iterator<Item = NodeId> + 'a {
    let position = position(key);
    let first = points.partition_point(|&(point, _)| point < position);
    let mut seen = Homes::new();
    points[first..].iter().chain(&points[..first]).filter_map(move |&(_, node)| {
        let is_new = !seen.contains(&node);
        is_new.then(|| seen.push(node))?;
        Some(node)
    })
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

    #[test]
    fn while_a_node_joins_it_is_home_beside_those_before() {
        let layout = Layout { epoch: 1, members: vec![0, 1, 2, 3, 4], change: Some(layout::Change::Join(5)) };
        let changing = Ring::in_layout(&names(6), 64, &layout);
        let (before, after) = (Ring::new(&names(5), 64), Ring::new(&names(6), 64));
        let mut moved = 0;
        for key in 0..600 {
            let key = format!("k{key}");
            let owners = changing.owners(&key, 3);
            assert_eq!(owners.old, before.homes(&key, 3));
            let new = owners.new.clone().unwrap_or_else(|| owners.old.clone());
            assert_eq!(new, after.homes(&key, 3));
            assert_eq!(owners.new.is_some(), new.contains(&5));
            assert_eq!(changing.homes(&key, 3).len(), if owners.new.is_some() { 4 } else { 3 });
            moved += usize::from(owners.new.is_some());
        }
        // Of 1,800 copies a sixth belongs to the new one.
        assert!((240..=360).contains(&moved), "{moved}");
    }
}
