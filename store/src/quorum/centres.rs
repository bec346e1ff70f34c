//! Data centres: which node is in which.

use super::message::NodeId;

/// Names a data centre: its position among all.
pub type CentreId = u16;

/// The data centre of each node, by number; without any, all nodes are in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Centres {
    of_nodes: Vec<CentreId>,
    /// How many nodes each has, in the order of their numbers.
    sizes: Vec<usize>,
}

impl Centres {
    /// The data centre of each node; any numbers will do, equal ones are the same place.
    pub fn new(of_nodes: Vec<CentreId>) -> Centres {
        let mut sorted = of_nodes.clone();
        sorted.sort_unstable();
        let sizes = sorted.chunk_by(|one, other| one == other).map(<[CentreId]>::len).collect();
        Centres { of_nodes, sizes }
    }

    /// The data centre of a node.
    pub fn of(&self, node: NodeId) -> CentreId {
        self.of_nodes.get(usize::from(node)).copied().unwrap_or_default()
    }

    /// How many there are; at least one.
    pub fn count(&self) -> usize {
        self.sizes.len().max(1)
    }

    /// Whether all nodes are in one.
    pub fn is_one(&self) -> bool {
        self.count() == 1
    }

    /// What is wrong with them for so many nodes and replicas of a key, if anything.
    pub fn problem(&self, nodes: usize, replication: usize) -> Option<String> {
        if self.of_nodes.is_empty() {
            return None;
        }
        if self.of_nodes.len() != nodes {
            return Some(format!(
                "data centres are known of {} nodes, and there are {nodes}",
                self.of_nodes.len()
            ));
        }
        let (count, most) = (self.count(), replication.div_ceil(self.count()));
        if replication < count {
            return Some(format!(
                "replication {replication} with {count} data centres: each needs a replica of every key"
            ));
        }
        let smallest = self.sizes.iter().min().filter(|size| **size < most)?;
        Some(format!(
            "a data centre of {smallest} nodes: with replication {replication} over {count} it may have {most} replicas \
             of a key"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_one_number_are_in_one_place() {
        let centres = Centres::new(vec![7, 3, 7, 3, 3]);
        assert_eq!((centres.count(), centres.is_one(), centres.of(1)), (2, false, 3));
        let none = Centres::default();
        assert_eq!((none.count(), none.is_one(), none.of(1)), (1, true, 0));
    }

    #[test]
    fn every_data_centre_has_room_for_its_replicas() {
        let problem = |of_nodes: &[CentreId], replication| {
            Centres::new(of_nodes.to_vec()).problem(5, replication).unwrap_or_default()
        };
        assert_eq!(problem(&[], 3), "");
        assert_eq!(problem(&[0, 1, 0, 1, 0], 3), "");
        assert!(problem(&[0, 1], 3).contains("known of 2 nodes"));
        assert!(problem(&[0, 1, 2, 0, 1], 2).contains("each needs a replica"));
        assert!(problem(&[0, 0, 0, 0, 1], 3).contains("may have 2 replicas"));
    }
}
