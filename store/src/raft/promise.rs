//! What the replicated log promises: in which replication mode, for which reads, and under which faults.
//!
//! | replication | reads | promised | as long as |
//! |---|---|---|---|
//! | any | any | integrity; transactions are atomic | always |
//! | any | any | the invariants of the log (figure 3 of the paper; leader completeness not in mode asynchronous) | few disks are damaged |
//! | majority, synchronous | any | durability; lists, and the tokens of locks, as the log orders them | few disks are damaged |
//! | | leader, lease | linearizability | few disks are damaged; lease: and monotonic clocks drift less than [`DRIFT_PERCENT_MAX`](super::config::DRIFT_PERCENT_MAX) |
//! | | leader, lease, follower | sequential consistency and the session guarantees, across keys too | few disks are damaged |
//! | asynchronous | any | a fail-over loses no more than `entries_max` acknowledged entries | one of the two copies is whole |
//! | any | any | convergence and progress, once healed | few disks are damaged |
//! | majority | any | progress while one node hears no other | one disk fewer is damaged |
//!
//! A damaged disk is one with a corrupt record. A node that finds one neither votes nor counts until it is
//! removed and added again, so few are fewer than a majority of the voters. In the modes with a standby it is
//! one, and none of the two nodes that keep data where both have to go on.
//!
//! Nothing of this is promised where a sync lies: a node that forgets its vote unawares may give it again.

use super::config::{Config, Replication};
use super::request::ReadMode;

/// A guarantee, by the name of its checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Every value read was written.
    Integrity,
    /// Once healed, all copies become equal.
    Convergence,
    /// Acknowledged writes are not lost.
    Durability,
    /// A fail-over loses no more than the declared number of acknowledged entries.
    BoundedLoss,
    /// Every operation takes effect at one moment between invocation and completion.
    Linearizability,
    /// There is one order of all operations, which keeps that of each session.
    Sequential,
    /// A session sees its own writes.
    ReadYourWrites,
    /// A session never reads something older than before.
    MonotonicReads,
    /// A session's writes take effect in its order.
    MonotonicWrites,
    /// A session's writes take effect after what it has read.
    WritesFollowReads,
    /// As above, over several keys.
    MonotonicWritesAcrossKeys,
    /// As above, over several keys.
    WritesFollowReadsAcrossKeys,
    /// A counter shows what was added before the read began, and nothing that was never added.
    Counter,
    /// All reads of a list agree on the order of its elements, each of which is there once.
    Append,
    /// No element of a set is lost.
    Set,
    /// Transactions take effect as a whole: what is moved from key to key is never seen on its way.
    Bank,
    /// The tokens of a lock rise, and what it guards never accepts an older one.
    Fencing,
    /// The invariants of the log, watched from inside.
    Invariants,
    /// Once healed, every client gets something done.
    Progress,
    /// While one node hears no other, some client gets something done.
    Availability,
}

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// What is promised.
    pub guarantee: Guarantee,
    /// Owed while at most so many nodes have damaged disks; none: always.
    pub damaged_max: Option<usize>,
    /// Owed while at most so many of the nodes that keep data have; none: as many as may have at all.
    pub damaged_copies_max: Option<usize>,
    /// How many acknowledged entries a fail-over may lose.
    pub loss_max: Option<u64>,
}

/// What is promised for reads of this mode, by a cluster that never has fewer than so many voters.
pub fn promises(config: &Config, voters_min: usize, read: ReadMode) -> Vec<Promise> {
    use Guarantee::*;
    let damaged_max = damaged_max(config, voters_min);
    let owed = |guarantee| Promise { damaged_max: Some(damaged_max), ..always(guarantee) };
    let mut all = vec![always(Integrity), always(Bank), owed(Invariants)];
    if let Replication::Asynchronous { entries_max, .. } = config.replication {
        all.push(Promise { loss_max: Some(entries_max), ..owed(BoundedLoss) });
    } else {
        all.extend([Durability, Set, Append, Fencing].map(owed));
        if read != ReadMode::Any {
            all.extend([Sequential, ReadYourWrites, MonotonicReads, MonotonicWrites].map(owed));
            all.extend([WritesFollowReads, MonotonicWritesAcrossKeys, WritesFollowReadsAcrossKeys].map(owed));
        }
        if matches!(read, ReadMode::Leader | ReadMode::Lease) {
            all.extend([Linearizability, Counter].map(owed));
        }
    }
    let damaged_copies_max = (config.replication != Replication::Majority).then_some(0);
    let lively = |guarantee| Promise { damaged_copies_max, ..owed(guarantee) };
    all.extend([Convergence, Progress].map(lively));
    // One that hears nobody is out like a damaged one. A standby that is out is waited for.
    if config.replication == Replication::Majority
        && let Some(beside_one) = damaged_max.checked_sub(1)
    {
        all.push(Promise { damaged_max: Some(beside_one), ..always(Availability) });
    }
    all
}

fn always(guarantee: Guarantee) -> Promise {
    Promise { guarantee, damaged_max: None, damaged_copies_max: None, loss_max: None }
}

/// How many nodes may be damaged so that what was acknowledged is still on one that can lead.
fn damaged_max(config: &Config, voters_min: usize) -> usize {
    match config.replication {
        Replication::Majority => voters_min.saturating_sub(1) / 2,
        Replication::Synchronous | Replication::Asynchronous { .. } => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(replication: Replication) -> Config {
        let nodes = (1..=3).map(|number| format!("n{number}")).collect();
        Config { replication, ..Config::new(0, nodes) }
    }

    const ASYNCHRONOUS: Replication = Replication::Asynchronous { entries_max: 7, lag_ms_max: 100 };

    fn find(replication: Replication, read: ReadMode, guarantee: Guarantee) -> Option<Promise> {
        let all = promises(&config(replication), 5, read);
        all.into_iter().find(|promise| promise.guarantee == guarantee)
    }

    fn promised(replication: Replication, read: ReadMode, guarantee: Guarantee) -> bool {
        find(replication, read, guarantee).is_some()
    }

    #[test]
    fn the_leader_is_linearizable_a_follower_sequential_and_any_neither() {
        for (read, linearizable, sequential) in [
            (ReadMode::Leader, true, true),
            (ReadMode::Lease, true, true),
            (ReadMode::Follower, false, true),
            (ReadMode::Any, false, false),
        ] {
            for replication in [Replication::Majority, Replication::Synchronous] {
                assert_eq!(promised(replication, read, Guarantee::Linearizability), linearizable, "{read:?}");
                assert_eq!(promised(replication, read, Guarantee::Sequential), sequential, "{read:?}");
                assert!(promised(replication, read, Guarantee::Durability), "{read:?}");
            }
        }
    }

    #[test]
    fn asynchronous_copies_promise_a_bound_instead_of_durability() {
        for read in [ReadMode::Leader, ReadMode::Follower] {
            let bound = find(ASYNCHRONOUS, read, Guarantee::BoundedLoss).expect("promised");
            assert_eq!(bound.loss_max, Some(7));
            for guarantee in [Guarantee::Durability, Guarantee::Linearizability, Guarantee::MonotonicReads] {
                assert!(!promised(ASYNCHRONOUS, read, guarantee), "{guarantee:?}");
            }
        }
        assert!(!promised(Replication::Majority, ReadMode::Leader, Guarantee::BoundedLoss));
    }

    #[test]
    fn damage_is_bounded_by_who_is_left_to_vote() {
        let bound = |replication, guarantee| {
            let promise = find(replication, ReadMode::Leader, guarantee).expect("promised");
            (promise.damaged_max, promise.damaged_copies_max)
        };
        assert_eq!(bound(Replication::Majority, Guarantee::Durability), (Some(2), None));
        assert_eq!(bound(Replication::Majority, Guarantee::Progress), (Some(2), None));
        assert_eq!(bound(Replication::Synchronous, Guarantee::Durability), (Some(1), None));
        assert_eq!(bound(Replication::Synchronous, Guarantee::Progress), (Some(1), Some(0)));
        assert_eq!(bound(ASYNCHRONOUS, Guarantee::Convergence), (Some(1), Some(0)));
        assert_eq!(bound(Replication::Majority, Guarantee::Integrity), (None, None));
    }

    #[test]
    fn a_cluster_goes_on_without_a_node_where_a_majority_of_whole_ones_is_left() {
        let damaged_max = |replication, voters| {
            let all = promises(&config(replication), voters, ReadMode::Leader);
            let promise = all.into_iter().find(|promise| promise.guarantee == Guarantee::Availability);
            promise.map(|promise| promise.damaged_max)
        };
        let of_majority = [1, 2, 3, 4, 5, 7].map(|voters| damaged_max(Replication::Majority, voters));
        assert_eq!(of_majority, [None, None, Some(Some(0)), Some(Some(0)), Some(Some(1)), Some(Some(2))]);
        assert_eq!((damaged_max(Replication::Synchronous, 3), damaged_max(ASYNCHRONOUS, 3)), (None, None));
    }
}
