//! What the leaderless family promises, at which levels, and under which faults.
//!
//! | levels | promised | as long as |
//! |---|---|---|
//! | any | integrity | always |
//! | any | convergence, where nodes exchange what they hold | no home replica's sync lied |
//! | any | replica durability: no replica goes back unless it has reported damage | no home replica's sync lied |
//! | one | durability | no home replica's disk is damaged |
//! | W' + R' > N | read-your-writes, monotonic reads, monotonic writes, writes-follow-reads, per key | always |
//! | W' | durability: the acknowledged version, or a higher one | fewer than W' home replicas have damaged disks |
//! | atomic | linearizability, and the session guarantees across keys | no home replica's disk is damaged |
//!
//! W' and R' are the replicas that a write and a read wait for. A damaged disk is one with a corrupt
//! record, or one whose sync lied. Quorums are not promised to be linearizable, although R + W > N: a
//! read that overlaps a write may return the new value and a later one the old. Linearizability is not
//! owed with a damaged disk: a replica that forgets a write it has acknowledged, and catches up before
//! the write's second acknowledgement exists, leaves the write with one copy too few.
//!
//! A disk whose syncs lied may have lost, with its power, what a node needs to start: how often it was started,
//! or a part of its log that others build on. The node says so and does not start, until somebody gives it an empty
//! directory; so it does not converge.

use super::config::Config;
use super::message::Level;

/// A guarantee, by the name of its checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Every value read was written.
    Integrity,
    /// Once healed, all home replicas become equal.
    Convergence,
    /// Acknowledged writes are not lost.
    Durability,
    /// A replica never goes back below what it acknowledged, unless it reported damage.
    ReplicaDurability,
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
    /// Every operation takes effect at one moment between invocation and completion.
    Linearizability,
}

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// What is promised.
    pub guarantee: Guarantee,
    /// Owed while at most so many of a key's home replicas have damaged disks; none: always.
    pub damaged_homes_max: Option<usize>,
    /// Owed while the syncs of at most so many of them lied; none: always. Other damage a replica
    /// reports; this it cannot know of.
    pub lying_homes_max: Option<usize>,
}

/// What is promised for keys that are written at one level and read at another.
pub fn promises(config: &Config, write: Level, read: Level) -> Vec<Promise> {
    use Guarantee::*;
    let atomic = write == Level::Atomic && read == Level::Atomic;
    let (written, read) =
        (replicas(config, write, config.write_quorum), replicas(config, read, config.read_quorum));
    let always = |guarantee| Promise { guarantee, damaged_homes_max: None, lying_homes_max: None };
    let mut promises = vec![always(Integrity)];
    let truthful = |guarantee| Promise { lying_homes_max: Some(0), ..always(guarantee) };
    promises.extend(config.has_exchange.then(|| truthful(Convergence)));
    promises.push(truthful(ReplicaDurability));
    promises.push(Promise { damaged_homes_max: Some(written - 1), ..always(Durability) });
    if written + read > config.replication {
        promises.extend([ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads].map(always));
    }
    if atomic {
        let across = [MonotonicWritesAcrossKeys, WritesFollowReadsAcrossKeys, Linearizability];
        promises.extend(across.map(|guarantee| Promise { damaged_homes_max: Some(0), ..always(guarantee) }));
    }
    promises
}

/// How many home replicas acknowledge a write at a level before the client has its answer.
pub fn acknowledgements(config: &Config, write: Level) -> usize {
    replicas(config, write, config.write_quorum)
}

fn replicas(config: &Config, level: Level, quorum: usize) -> usize {
    match level {
        Level::One => 1,
        Level::Quorum => quorum,
        Level::All => config.replication,
        Level::Atomic => config.replication / 2 + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promised(write: Level, read: Level) -> Vec<Guarantee> {
        let config = Config::new(0, (1..=5).map(|number| format!("n{number}")).collect());
        promises(&config, write, read).into_iter().map(|promise| promise.guarantee).collect()
    }

    #[test]
    fn quorums_promise_sessions_but_not_linearizability() {
        let promised = promised(Level::Quorum, Level::Quorum);
        assert!(promised.contains(&Guarantee::MonotonicReads));
        assert!(!promised.contains(&Guarantee::Linearizability));
    }

    #[test]
    fn one_promises_no_sessions_unless_the_other_side_is_all() {
        assert!(!promised(Level::One, Level::One).contains(&Guarantee::ReadYourWrites));
        assert!(promised(Level::One, Level::All).contains(&Guarantee::ReadYourWrites));
    }

    #[test]
    fn convergence_and_replica_durability_mind_lying_syncs_only() {
        let config = Config::new(0, vec!["n1".to_owned()]);
        let promised = promises(&config, Level::One, Level::One);
        for guarantee in [Guarantee::Convergence, Guarantee::ReplicaDurability] {
            let promise = promised.iter().find(|promise| promise.guarantee == guarantee);
            let promise = promise.expect("promised at every level");
            assert_eq!((promise.damaged_homes_max, promise.lying_homes_max), (None, Some(0)));
        }
    }

    #[test]
    fn replicas_that_exchange_nothing_need_not_converge() {
        let config = Config { has_exchange: false, ..Config::new(0, vec!["n1".to_owned()]) };
        let promised = promises(&config, Level::All, Level::All);
        assert!(promised.iter().all(|promise| promise.guarantee != Guarantee::Convergence));
    }

    #[test]
    fn only_atomic_promises_linearizability() {
        assert!(promised(Level::Atomic, Level::Atomic).contains(&Guarantee::Linearizability));
        assert!(!promised(Level::All, Level::All).contains(&Guarantee::Linearizability));
    }
}
