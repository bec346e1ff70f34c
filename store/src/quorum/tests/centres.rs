//! Several data centres: which levels go on while one is cut off, and what a session that moves is told.

use crate::quorum::centres::Centres;
use crate::quorum::message::{Level, NodeId, Refusal, Response};
use crate::quorum::testkit::{Cluster, get, put, value, written};

/// Two data centres of three nodes each, n1 n3 n5 and n2 n4 n6, all home to every key.
fn two_centres(change: impl FnOnce(&mut crate::quorum::config::Config)) -> Cluster {
    Cluster::with(6, |config| {
        config.centres = Centres::new(vec![0, 1, 0, 1, 0, 1]);
        (config.replication, config.read_quorum, config.write_quorum) = (6, 4, 3);
        config.has_exchange = false;
        change(config);
    })
}

/// Time passes while no message gets from one data centre to the other.
fn run_cut(cluster: &mut Cluster, ms: u64) {
    for _ in 0..ms / 10 {
        settle_cut(cluster);
        cluster.pass(10);
    }
}

fn settle_cut(cluster: &mut Cluster) {
    loop {
        cluster.take_if(|packet| packet.from % 2 != packet.to % 2);
        let before = cluster.records.len();
        cluster.deliver_if(|_| true);
        (0..6).for_each(|node| cluster.sync(node));
        if cluster.network.is_empty() && cluster.records.len() == before {
            return;
        }
    }
}

fn is_short(response: &Response) -> bool {
    let Response::Refused(Refusal::Deadline { answered, needed, .. }) = response else { return false };
    answered < needed
}

#[test]
fn a_local_quorum_goes_on_while_the_other_data_centre_is_cut_off() {
    let mut cluster = two_centres(|_| {});
    let write = cluster.ask(0, put("k", "here", Level::LocalQuorum));
    settle_cut(&mut cluster);
    written(&cluster.reply(write));
    let reads = [(2, Level::LocalQuorum), (1, Level::LocalQuorum), (2, Level::EachQuorum)];
    let [here, there, each] = reads.map(|(node, level)| cluster.ask(node, get("k", level)));
    run_cut(&mut cluster, 1_500);
    assert_eq!(value(&cluster.reply(here)).as_deref(), Some("here"));
    assert_eq!(value(&cluster.reply(there)), None, "nothing was heard of it there");
    assert!(is_short(&cluster.reply(each)), "{:?}", cluster.reply(each));
}

#[test]
fn a_local_read_meets_what_each_quorum_has_written() {
    for node in 0..6 {
        let mut cluster = two_centres(|_| {});
        let write = cluster.ask(0, put("k", "everywhere", Level::EachQuorum));
        // One replica of each data centre hears nothing.
        while !cluster.replies.contains_key(&write) {
            cluster.take_if(|packet| [4, 5].contains(&packet.to));
            cluster.deliver_if(|_| true);
            (0..4).for_each(|node| cluster.sync(node));
        }
        cluster.lose_all();
        let read = cluster.call(node, get("k", Level::LocalQuorum));
        assert_eq!(value(&read).as_deref(), Some("everywhere"), "at n{}", node + 1);
    }
}

#[test]
fn a_session_that_moves_is_refused_rather_than_told_less() {
    let mut cluster = two_centres(|_| {});
    let write = cluster.ask(0, put("k", "here", Level::LocalQuorum));
    settle_cut(&mut cluster);
    let mut read = get("k", Level::LocalQuorum);
    read.floor = Some(written(&cluster.reply(write)));
    let read = cluster.ask(1, read);
    run_cut(&mut cluster, 1_500);
    let reply = cluster.reply(read);
    assert!(matches!(reply, Response::Refused(Refusal::Behind { .. })), "{reply:?}");
}

/// Both data centres write one key while they are cut off from each other.
fn write_on_both_sides(cluster: &mut Cluster) -> [Option<Response>; 2] {
    let writes = [0, 1].map(|node: NodeId| cluster.ask(node, put("k", "mine", Level::Atomic)));
    settle_cut(cluster);
    writes.map(|write| cluster.replies.get(&write).cloned())
}

#[test]
fn no_side_has_a_quorum_of_all() {
    let mut cluster = two_centres(|_| {});
    assert_eq!(write_on_both_sides(&mut cluster), [None, None]);
}

#[test]
fn a_local_quorum_that_passes_for_one_of_all_lets_both_sides_go_on() {
    let mut cluster = two_centres(|config| config.safeguards.quorum_is_global = false);
    let replies = write_on_both_sides(&mut cluster);
    assert!(replies.iter().all(|reply| matches!(reply, Some(Response::Written { .. }))), "{replies:?}");
    assert!(cluster.reached.contains("local-quorum-taken-for-global"));
}
