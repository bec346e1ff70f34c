//! What the leaderless family promises, at which levels, and under which faults.
//!
//! | levels | promised | as long as |
//! |---|---|---|
//! | any | integrity | always |
//! | any | convergence, where nodes exchange what they hold | no home replica's sync lied |
//! | any | replica durability: no replica goes back unless it has reported damage | no home replica's sync lied |
//! | any | deleted stays deleted, where nodes exchange what they hold | no home replica's disk is damaged, where tombstones are collected; else no home replica's sync lied, and fewer than W' have damaged disks |
//! | one | durability | no home replica's disk is damaged |
//! | W' + R' > N | read-your-writes, monotonic reads, monotonic writes, writes-follow-reads, per key | always |
//! | W' | durability: the acknowledged version, or a higher one | fewer than W' home replicas have damaged disks |
//! | local-quorum, each-quorum, in any pair of them | the session guarantees per key | always |
//! | atomic | linearizability, and the session guarantees across keys | no home replica's disk is damaged |
//!
//! W' and R' are the replicas that a write and a read wait for, the fewest that may be of one data centre: a majority of
//! the fewest home replicas that a key has in one, at level local-quorum. A damaged disk is one with a corrupt
//! record, or one whose sync lied. Quorums are not promised to be linearizable, although R + W > N: a
//! read that overlaps a write may return the new value and a later one the old. Linearizability is not
//! owed with a damaged disk: a replica that forgets a write it has acknowledged, and catches up before
//! the write's second acknowledgement exists, leaves the write with one copy too few.
//!
//! In mode sloppy, a write at level one or quorum counts W' nodes that have it, each for a home replica of its own:
//! these, or those next on the ring that keep hints for them. What that gives up and what not:
//!
//! | levels | promised | as long as |
//! |---|---|---|
//! | one, quorum | durability | fewer than W' of *all* nodes have damaged disks: any of them may keep a hint |
//!
//! - Until the hints are handed back a read need not meet the write, although W' + R' > N. So other sessions may read
//!   something older, and a session that has seen the write may be refused its read. It is never answered with
//!   less than it has seen, for its token says what a read must reach and what a write must go above, and that rests on
//!   no quorum: the session guarantees stay.
//! - Convergence stays: a hint can only bring what is newer, and once it is handed back it is gone. At these levels it
//!   rests on hints alone where the background exchange is off: then it is owed where nothing but messages and clocks
//!   goes wrong, and there are stand-ins for all home replicas but one. A node that dies may have coordinated, and one
//!   that is away for long leaves more hints than fit.
//! - Level all is about every home replica, and level atomic rests on majorities of them. They take no stand-ins, and
//!   their promises are the strict ones.
//!
//! With several data centres:
//!
//! - A write at each-quorum meets every read at local-quorum, and the reverse, as majorities of one data centre do. Both at
//!   local-quorum meet while a session stays where it is. One that moves to another data centre may be refused its
//!   read, for as long as that has not heard of what it has seen; it is never answered with less: its token sees to it.
//! - local-quorum goes on while all other data centres are away, and each-quorum stops while one is.
//! - Levels one, quorum, all and atomic are about all home replicas, wherever they are.
//!
//! Deleted stays deleted as long as nothing that is older than a tombstone is under way for longer than its grace period:
//! then every home replica may have forgotten it, and would take the older value for a new one.
//!
//! In mode siblings two writes that do not know each other both stay, and versions say how much has been seen of a key,
//! not which write is later:
//!
//! | levels | promised | as long as |
//! |---|---|---|
//! | one, quorum, all | acknowledged or dominated, where nodes exchange what they hold: each home replica comes to hold every acknowledged write, or one by a client that had seen it | no home replica's sync lied, and fewer than W' have damaged disks |
//!
//! - Integrity, convergence, replica durability and durability are promised as above.
//! - A delete takes away what its client had seen, and what it had not seen stays. So nothing is promised of what was
//!   deleted.
//! - What a session has seen is in the context of its reads, and goes with its writes, or does not: that is the client's
//!   affair. There are no session guarantees.
//! - Level atomic is refused: it keeps one value of a key.
//!
//! In mode write-through every promise is the strict one, at every level, also of what a cache answers:
//!
//! - At level atomic reads from a cache are linearizable. A key has one cache, through which all of its reads and writes
//!   go. The cache is never ahead of the store: a value enters it once a majority of the home replicas holds it. It is
//!   never behind: a key that is written is not in it until the write is acknowledged, and what a read brings enters it
//!   only if nothing was written meanwhile. A cache that starts again is empty, and reads behind it write back.
//! - A session that has seen something newer than what is cached is answered by the store.
//! - What is given up is availability: while the node with the cache of a key is down, so is the key.
//!
//! In mode write-behind a cache acknowledges what the store does not have, K writes at most. There is no level atomic.
//!
//! | levels | promised | as long as |
//! |---|---|---|
//! | one, quorum, all | bounded loss: each time a cache dies at most K of the writes that it acknowledged are lost, and when it starts again it says how many at most | no home replica's sync lied, and fewer than W' have damaged disks |
//!
//! - Integrity, convergence and replica durability stay, and so do monotonic writes and writes-follow-reads: versions rise
//!   across a loss.
//! - What is lost takes with it durability, deletes that stay deleted, read-your-writes and monotonic reads. A session
//!   that has seen what may be lost is never answered with less: it is told so once, and its token gives the key up.
//!
//! While the ring changes ([`changes`](super::ring::changes)), in modes strict and siblings:
//!
//! - An operation needs as many of a key's owners before the change as ever, and as many of those after. So everything is
//!   promised that is promised without, at levels one, quorum and all; it is to be had while enough of both are there.
//! - Level atomic is refused for a key whose owners change, until that is over; of a write that is under way nobody knows.
//!   What was and is done at it stays linearizable.
//! - Who gives a key up drops it once the change is over: it owes nothing of that key any more.
//! - Over time any node may be home to a key, so bounds count damaged disks of *all* nodes. A disk whose syncs lied may have
//!   forgotten what its node had promised of the next layout: then nothing is promised but integrity and what a token alone
//!   gives.
//! - A change waits for members that are down. It can be given up.
//!
//! Of the whole cluster, where nodes tell each other who is there, and no sync lied: *membership*.
//!
//! - A member is down only while two others miss it (the other one, of two), its generation rises with each start, and
//!   no word of it that is older than what a node knows counts there.
//! - Once nothing is wrong but that nodes are dead, it takes [`detection_ms_max`] until all that run take the dead for
//!   down, if two are left to miss them, and each other for up, under the right generation. Whoever cannot hear, or
//!   stands still, or whose clock is wrong, cannot know: meanwhile nothing is said of that.
//!
//! A disk whose syncs lied may have lost, with its power, what a node needs to start: how often it was started,
//! or a part of its log that others build on. The node says so and does not start, until somebody gives it an empty
//! directory; so it does not converge.

use super::config::{Config, Mode};
use super::message::Level;
use super::needed::majority;

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
    /// What was deleted does not come back.
    DeletedStaysDeleted,
    /// Nodes find out who is dead, and take nobody else for it.
    Membership,
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
    /// Of the acknowledged writes no more are lost than may be.
    BoundedLoss,
    /// Every home replica holds each acknowledged write, or one by a client that had seen it.
    AcknowledgedOrDominated,
}

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// What is promised.
    pub guarantee: Guarantee,
    /// Owed while at most so many of a key's home replicas have damaged disks; none: always.
    pub damaged_homes_max: Option<usize>,
    /// Owed while at most so many of all nodes have damaged disks; none: always.
    pub damaged_nodes_max: Option<usize>,
    /// Owed only where nothing but messages and clocks goes wrong.
    pub messages_only: bool,
    /// Owed while the syncs of at most so many of them lied; none: always. Other damage a replica
    /// reports; this it cannot know of.
    pub lying_homes_max: Option<usize>,
    /// How many acknowledged writes are lost at most, each time a cache dies.
    pub loss_max: Option<u64>,
}

/// What is promised for keys that are written at one level and read at another.
pub fn promises(config: &Config, write: Level, read: Level) -> Vec<Promise> {
    use Guarantee::*;
    let atomic = write == Level::Atomic && read == Level::Atomic;
    let written = replicas(config, write, config.write_quorum);
    let always = |guarantee| Promise {
        guarantee,
        damaged_homes_max: None,
        damaged_nodes_max: None,
        messages_only: false,
        lying_homes_max: None,
        loss_max: None,
    };
    let mut promises = vec![always(Integrity)];
    let truthful = |guarantee| Promise { lying_homes_max: Some(0), ..always(guarantee) };
    match config.has_exchange {
        true => promises.push(truthful(Convergence)),
        false if config.is_sloppy(write) && has_stand_ins(config) => {
            promises.push(Promise { messages_only: true, ..truthful(Convergence) });
        }
        false => {}
    }
    promises.push(truthful(ReplicaDurability));
    let durability = match config.is_sloppy(write) {
        false => Promise { damaged_homes_max: Some(written - 1), ..always(Durability) },
        true => Promise { damaged_nodes_max: Some(written - 1), ..always(Durability) },
    };
    let is_behind = config.mode == Mode::WriteBehind;
    let lossy = |guarantee| Promise { guarantee, lying_homes_max: Some(0), ..durability };
    promises.push(match is_behind {
        true => Promise { loss_max: Some(config.unwritten_max), ..lossy(BoundedLoss) },
        false => durability,
    });
    if config.mode == Mode::Siblings {
        promises.extend(config.has_exchange.then_some(lossy(AcknowledgedOrDominated)));
        return promises;
    }
    // What every home replica has had is forgotten: then none of them may come back without it.
    let homes_max = if config.collects() { Some(0) } else { durability.damaged_homes_max };
    let deleted = Promise { damaged_homes_max: homes_max, ..lossy(DeletedStaysDeleted) };
    promises.extend((config.has_exchange && !is_behind).then_some(deleted));
    if reads_meet_writes(config, write, read) {
        let of_reads = [ReadYourWrites, MonotonicReads].map(always);
        promises.extend(of_reads.into_iter().filter(|_| !is_behind));
        promises.extend([MonotonicWrites, WritesFollowReads].map(always));
    }
    if atomic {
        let across = [MonotonicWritesAcrossKeys, WritesFollowReadsAcrossKeys, Linearizability];
        promises.extend(across.map(|guarantee| Promise { damaged_homes_max: Some(0), ..always(guarantee) }));
    }
    promises
}

/// Whether there are stand-ins for all home replicas of a key but the one that has acknowledged.
fn has_stand_ins(config: &Config) -> bool {
    config.nodes.len() + 1 >= 2 * config.replication
}

/// How long links take to be up again, and rumours to be everywhere, in milliseconds.
const SPREAD_MS: u64 = 3_000;

/// Once nothing is wrong but that nodes are dead: how many milliseconds until every node that runs takes every other one
/// for what it is; none: nodes do not tell each other who is there.
pub fn detection_ms_max(config: &Config) -> Option<u64> {
    config.has_membership.then_some(config.suspect_ms + SPREAD_MS)
}

/// How many home replicas acknowledge a write at a level before the client has its answer; none: others may do for
/// all of them, or be home by then.
pub fn acknowledgements(config: &Config, write: Level) -> Option<usize> {
    (!config.is_sloppy(write) && !config.has_ring_changes)
        .then(|| replicas(config, write, config.write_quorum))
}

/// Whether a session finds what it wrote: as the replicas of a write and of a read overlap, or, where both ask one data
/// centre, by its token.
fn reads_meet_writes(config: &Config, write: Level, read: Level) -> bool {
    let is_of_centres = |level| matches!(level, Level::LocalQuorum | Level::EachQuorum);
    let written = replicas(config, write, config.write_quorum);
    let read_from = replicas(config, read, config.read_quorum);
    is_of_centres(write) && is_of_centres(read) || written + read_from > config.replication
}

/// The fewest replicas that an operation at a level waits for.
fn replicas(config: &Config, level: Level, quorum: usize) -> usize {
    let centres = config.centres.count();
    let (share, left_over) = (config.replication / centres, config.replication % centres);
    match level {
        Level::One => 1,
        Level::Quorum => quorum,
        Level::All => config.replication,
        Level::Atomic => majority(config.replication),
        Level::LocalQuorum => majority(share),
        Level::EachQuorum => left_over * majority(share + 1) + (centres - left_over) * majority(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::centres::Centres;
    use crate::storage::tables;

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
        let convergence = |nodes: usize, level| {
            let nodes = (1..=nodes).map(|number| format!("n{number}")).collect();
            let sloppy = Config { mode: Mode::Sloppy, nodes, ..config.clone() };
            let mut promised = promises(&sloppy, level, level).into_iter();
            promised.find(|promise| promise.guarantee == Guarantee::Convergence).map(|it| it.messages_only)
        };
        assert_eq!([Level::Quorum, Level::All].map(|level| convergence(5, level)), [Some(true), None]);
        assert_eq!(convergence(4, Level::Quorum), None, "of three home replicas two may need a stand-in");
    }

    #[test]
    fn sloppy_writes_count_the_disks_of_all_nodes_and_no_home_replica() {
        let nodes: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        let sloppy = Config { mode: Mode::Sloppy, ..Config::new(0, nodes.clone()) };
        let durability = |level| {
            let promised = promises(&sloppy, level, level);
            let promise = promised.into_iter().find(|promise| promise.guarantee == Guarantee::Durability);
            promise.map(|promise| (promise.damaged_homes_max, promise.damaged_nodes_max))
        };
        assert_eq!(durability(Level::One), Some((None, Some(0))));
        assert_eq!(durability(Level::Quorum), Some((None, Some(1))));
        assert_eq!(
            (durability(Level::All), durability(Level::Atomic)),
            (Some((Some(2), None)), Some((Some(1), None)))
        );
        let acknowledgements =
            |config| [Level::One, Level::Quorum, Level::All].map(|level| acknowledgements(config, level));
        assert_eq!(acknowledgements(&sloppy), [None, None, Some(3)]);
        assert_eq!(acknowledgements(&Config::new(0, nodes)), [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn quorums_of_data_centres_promise_sessions_and_count_the_fewest() {
        use Level::{All, EachQuorum, LocalQuorum, One, Quorum};
        let nodes = (1..=6).map(|number| format!("n{number}")).collect();
        let centres = Centres::new(vec![0, 1, 0, 1, 0, 1]);
        let config =
            Config { centres, replication: 5, read_quorum: 3, write_quorum: 3, ..Config::new(0, nodes) };
        let has_sessions = |write, read| {
            let promised = promises(&config, write, read);
            promised.iter().any(|promise| promise.guarantee == Guarantee::ReadYourWrites)
        };
        let meet =
            [(LocalQuorum, LocalQuorum), (LocalQuorum, EachQuorum), (EachQuorum, LocalQuorum), (All, One)];
        assert!(meet.into_iter().all(|(write, read)| has_sessions(write, read)));
        let miss = [(LocalQuorum, One), (One, EachQuorum), (LocalQuorum, Quorum), (Quorum, LocalQuorum)];
        assert!(!miss.into_iter().any(|(write, read)| has_sessions(write, read)));
        assert_eq!(
            [LocalQuorum, EachQuorum].map(|level| acknowledgements(&config, level)),
            [Some(2), Some(4)]
        );
    }

    #[test]
    fn a_cache_that_writes_behind_bounds_what_is_lost() {
        let nodes: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        let in_mode = |mode| {
            // With tables, from which no mode collects tombstones.
            let tables = Some(tables::Options::default());
            let config = Config { mode, tables, unwritten_max: 7, ..Config::new(0, nodes.clone()) };
            promises(&config, Level::Quorum, Level::Quorum)
        };
        assert_eq!(in_mode(Mode::WriteThrough), in_mode(Mode::Strict));
        let (strict, behind) = (in_mode(Mode::Strict), in_mode(Mode::WriteBehind));
        let names = |promises: &[Promise], others: &[Promise]| {
            let changed = promises.iter().filter(|promise| !others.contains(promise));
            changed.map(|promise| promise.guarantee).collect::<Vec<_>>()
        };
        use Guarantee::*;
        let given_up = [Durability, DeletedStaysDeleted, ReadYourWrites, MonotonicReads];
        assert_eq!(names(&strict, &behind), given_up);
        assert_eq!(names(&behind, &strict), [BoundedLoss]);
        let bounded = behind.iter().find(|promise| promise.guarantee == BoundedLoss).expect("promised");
        assert_eq!((bounded.loss_max, bounded.damaged_homes_max), (Some(7), Some(1)));
    }

    #[test]
    fn who_is_there_is_promised_where_nodes_tell_each_other() {
        let config = Config::new(0, vec!["n1".to_owned()]);
        assert_eq!(detection_ms_max(&config), None);
        assert_eq!(detection_ms_max(&Config { has_membership: true, ..config }), Some(4_000));
    }

    #[test]
    fn siblings_promise_that_nothing_vanishes_unseen_and_nothing_of_sessions() {
        let nodes: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        let siblings = Config { mode: Mode::Siblings, ..Config::new(0, nodes) };
        let promised = promises(&siblings, Level::Quorum, Level::Quorum);
        let names: Vec<Guarantee> = promised.iter().map(|promise| promise.guarantee).collect();
        use Guarantee::*;
        assert_eq!(names, [Integrity, Convergence, ReplicaDurability, Durability, AcknowledgedOrDominated]);
        assert_eq!((promised[4].damaged_homes_max, promised[4].lying_homes_max), (Some(1), Some(0)));
        let alone = promises(&Config { has_exchange: false, ..siblings }, Level::All, Level::All);
        assert!(alone.iter().all(|promise| promise.guarantee != AcknowledgedOrDominated));
    }

    #[test]
    fn only_atomic_promises_linearizability() {
        assert!(promised(Level::Atomic, Level::Atomic).contains(&Guarantee::Linearizability));
        assert!(!promised(Level::All, Level::All).contains(&Guarantee::Linearizability));
    }
}
