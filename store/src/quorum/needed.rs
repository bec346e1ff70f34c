//! Whom an operation waits for.
//!
//! ```text
//! homes of a key      eu: n1 n3 n5    us: n2 n4 n6        coordinator n1, N = 6
//!
//! one                 1 of  n1 n3 n5 n2 n4 n6
//! quorum              W of  n1 n3 n5 n2 n4 n6
//! atomic              4 of  n1 n3 n5 n2 n4 n6             a majority
//! local-quorum        2 of  n1 n3 n5                      a majority, where the coordinator is
//! each-quorum         2 of  n1 n3 n5  and  2 of  n2 n4 n6
//! ```

use smallvec::SmallVec;

use super::config::Config;
use super::message::{Level, NodeId};
use super::ring::{Homes, Owners};

/// So many of each of these groups of home replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed(SmallVec<[(Homes, usize); 1]>);

impl Needed {
    /// Whom an operation on a key of these owners waits for, at a level, coordinated by the node of this configuration:
    /// while they change, for as many of those before and of those after.
    pub fn new(config: &Config, level: Level, reads: bool, owners: &Owners) -> Needed {
        let mut needed = Needed::of(config, level, reads, &owners.old);
        needed.0.extend(owners.new.iter().flat_map(|new| Needed::of(config, level, reads, new).0));
        needed
    }

    fn of(config: &Config, level: Level, reads: bool, homes: &Homes) -> Needed {
        let of_all = |count| Needed(SmallVec::from_iter([(homes.clone(), count)]));
        match level {
            _ if takes_local_for_global(config, level) => Needed::majority_where_it_is(config, homes),
            Level::One => of_all(1),
            Level::Quorum if reads => of_all(config.read_quorum),
            Level::Quorum => of_all(config.write_quorum),
            Level::All => of_all(homes.len()),
            Level::Atomic => of_all(majority(homes.len())),
            Level::LocalQuorum => Needed::majority_where_it_is(config, homes),
            Level::EachQuorum => {
                let mut centres: Vec<_> = homes.iter().map(|&home| config.centres.of(home)).collect();
                centres.sort_unstable();
                centres.dedup();
                Needed(centres.into_iter().map(|centre| majority_in(config, centre, homes)).collect())
            }
        }
    }

    fn majority_where_it_is(config: &Config, homes: &Homes) -> Needed {
        Needed(SmallVec::from_iter([majority_in(config, config.centres.of(config.node), homes)]))
    }

    /// Every replica that may count, once.
    pub fn replicas(&self) -> impl Iterator<Item = NodeId> + '_ {
        let is_first =
            |group: usize, node: &NodeId| !self.0[..group].iter().any(|(before, _)| before.contains(node));
        let groups = self.0.iter().enumerate();
        groups.flat_map(move |(number, (group, _))| {
            group.iter().copied().filter(move |node| is_first(number, node))
        })
    }

    /// How many in all.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many of those needed are among these; who is named twice counts twice.
    pub fn counted<'a>(&self, answered: impl Iterator<Item = &'a NodeId> + Clone) -> usize {
        let of_group = |(group, count): &(Homes, usize)| {
            answered.clone().filter(|&node| group.contains(node)).count().min(*count)
        };
        self.0.iter().map(of_group).sum()
    }

    /// Whether these are enough.
    pub fn is_met<'a>(&self, answered: impl Iterator<Item = &'a NodeId> + Clone) -> bool {
        self.counted(answered) == self.count()
    }
}

/// Whether a quorum of one data centre passes for one of all (bug 24).
pub fn takes_local_for_global(config: &Config, level: Level) -> bool {
    let is_wrong = !config.safeguards.quorum_is_global && !config.centres.is_one();
    is_wrong && matches!(level, Level::Quorum | Level::Atomic)
}

fn majority_in(config: &Config, centre: u16, homes: &Homes) -> (Homes, usize) {
    let group: Homes = homes.iter().copied().filter(|&home| config.centres.of(home) == centre).collect();
    let count = majority(group.len());
    (group, count)
}

/// More than half.
pub fn majority(of: usize) -> usize {
    of / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::centres::Centres;

    /// Six nodes, the even ones in one data centre, all home to the key.
    fn needed(level: Level, change: impl FnOnce(&mut Config)) -> Needed {
        let mut config = Config::new(2, (1..=6).map(|number| format!("n{number}")).collect());
        config.centres = Centres::new(vec![0, 1, 0, 1, 0, 1]);
        change(&mut config);
        Needed::of(&config, level, false, &Homes::from_iter(0..6))
    }

    #[test]
    fn a_local_quorum_is_a_majority_where_the_coordinator_is() {
        let needed = needed(Level::LocalQuorum, |_| {});
        assert_eq!(needed.replicas().collect::<Vec<_>>(), [0, 2, 4]);
        assert!(!needed.is_met([0, 1, 3, 5].iter()));
        assert!(needed.is_met([0, 4].iter()));
    }

    #[test]
    fn each_quorum_is_a_majority_everywhere() {
        let needed = needed(Level::EachQuorum, |_| {});
        assert_eq!(needed.count(), 4);
        assert!(!needed.is_met([0, 2, 4, 1].iter()), "one of the other side is too few");
        assert_eq!(needed.counted([0, 2, 4, 1].iter()), 3);
        assert!(needed.is_met([0, 2, 1, 5].iter()));
    }

    #[test]
    fn any_home_replica_counts_for_a_quorum_of_all() {
        assert!(needed(Level::Atomic, |_| {}).is_met([1, 3, 5, 0].iter()));
        assert!(!needed(Level::Atomic, |_| {}).is_met([1, 3, 5].iter()));
        let fooled = |config: &mut Config| config.safeguards.quorum_is_global = false;
        assert!(needed(Level::Atomic, fooled).is_met([0, 2].iter()));
        assert!(!needed(Level::All, fooled).is_met([0, 2].iter()));
    }

    #[test]
    fn while_owners_change_both_sides_are_needed() {
        let config = Config::new(0, (1..=5).map(|number| format!("n{number}")).collect());
        let owners = Owners { old: Homes::from_iter([0, 1, 2]), new: Some(Homes::from_iter([0, 1, 4])) };
        let needed = Needed::new(&config, Level::Quorum, false, &owners);
        assert_eq!(needed.replicas().collect::<Vec<_>>(), [0, 1, 2, 4]);
        assert!(!needed.is_met([0, 2].iter()) && !needed.is_met([1, 4].iter()));
        assert!(needed.is_met([0, 1].iter()) && needed.is_met([0, 2, 4].iter()));
        assert!(!Needed::new(&config, Level::One, false, &owners).is_met([2].iter()));
        assert!(Needed::new(&config, Level::All, false, &owners).is_met([0, 1, 2, 4].iter()));
    }
}
