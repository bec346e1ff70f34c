//! Leader churn: whoever leads is cut off a little after it was elected, and the cut moves along.
//!
//! ```text
//! n1  elected ─ 1 to 1024 ms ─┤ cut off          ├─ whole again
//! n2                              elected ─ … ───┤ cut off, with n4
//! ```

use std::time::Duration;

use perjury_store::raft::log::Term;

use super::Cluster;
use crate::rng::Rng;
use crate::sim::FaultId;
use crate::sim::leadership::Leader;

/// The longest time from an election to the cut, in milliseconds.
pub const LEADS_FOR_MS_MAX: u64 = 1 << DOUBLINGS;
const DOUBLINGS: u64 = 10;

/// A time of evenly drawn magnitude. Its first entry, those of the leader before, the writes that wait for them:
/// what a leader has begun and not finished differs from one magnitude to the next.
fn leads_for(rng: &mut Rng) -> Duration {
    let least = 1 << rng.below(DOUBLINGS);
    Duration::from_millis(rng.range(least..2 * least + 1))
}

/// A churn in force.
pub(super) struct Churn {
    /// Leaders that it cuts off; others lead undisturbed.
    nodes: Vec<String>,
    rng: Rng,
    /// The last term whose leader it knows.
    term: Term,
    /// Who is cut off next, and when.
    due: Option<(Duration, String)>,
}

impl Churn {
    /// Takes note of who leads; who is to be cut off now.
    fn advance(&mut self, now: Duration, leader: Option<Leader>) -> Option<String> {
        if let Some(leader) = leader.filter(|leader| leader.term > self.term) {
            self.term = leader.term;
            let at = now + leads_for(&mut self.rng);
            self.due = self.nodes.contains(&leader.node).then_some((at, leader.node));
        }
        self.due.take_if(|(at, _)| *at <= now).map(|(_, node)| node)
    }

    /// Who is cut off with this node, itself among them: alone where one is the minority.
    fn side(&mut self, node: String, names: &[String], minority: usize) -> Vec<String> {
        let others: Vec<String> = names.iter().filter(|name| **name != node).cloned().collect();
        let company = self.rng.below(minority.max(1) as u64) as usize;
        let mut side = self.rng.subset(&others, company);
        side.push(node);
        side
    }
}

impl Cluster {
    /// From now on each of `nodes` that leads, or comes to, is cut off within [`LEADS_FOR_MS_MAX`]: alone, or
    /// with others, a minority in all.
    pub fn churn(&mut self, id: FaultId, nodes: &[String], rng: Rng) {
        self.churns.insert(id, Churn { nodes: nodes.to_vec(), rng, term: 0, due: None });
    }

    /// Moves the cuts along.
    pub(super) fn go_on_churning(&mut self) {
        let (now, leader, minority) = (self.elapsed(), self.leader(), self.minority());
        let names = self.names.clone();
        let advance = |(id, churn): (&FaultId, &mut Churn)| {
            let node = churn.advance(now, leader.clone())?;
            Some((*id, churn.side(node, &names, minority)))
        };
        let due: Vec<(FaultId, Vec<String>)> = self.churns.iter_mut().filter_map(advance).collect();
        for (id, side) in due {
            self.unblock(id);
            let rest: Vec<String> = names.iter().filter(|name| !side.contains(name)).cloned().collect();
            self.world.watch.note("nemesis", &format!("leader-churn: {} cut off", side.join(" ")));
            self.block_between(id, &side, &rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn churn(nodes: &[&str]) -> Churn {
        let nodes = nodes.iter().map(|node| node.to_string()).collect();
        Churn { nodes, rng: Rng::new(1), term: 0, due: None }
    }

    #[test]
    fn cuts_off_each_leader_once_and_only_those_it_aims_at() {
        let mut churn = churn(&["n1", "n2"]);
        // Who led from when, in milliseconds; the last one of n2 was deposed before its time.
        let reigns = [(0, "n1"), (2_000, "n3"), (4_000, "n2"), (6_000, "n1"), (8_000, "n2"), (8_001, "n3")];
        let mut cut = Vec::new();
        for time in 0..10_000 {
            let term = reigns.iter().filter(|(from, _)| *from <= time).count();
            let leader = Leader { node: reigns[term - 1].1.to_owned(), term: term as Term };
            let node = churn.advance(Duration::from_millis(time), Some(leader));
            cut.extend(node.map(|node| (node, time / 2_000, time % 2_000)));
        }
        let told: Vec<_> = cut.iter().map(|(node, reign, _)| (node.as_str(), *reign)).collect();
        assert_eq!(told, [("n1", 0), ("n2", 2), ("n1", 3)]);
        assert!(cut.iter().all(|(.., after)| (1..=LEADS_FOR_MS_MAX).contains(after)), "{cut:?}");
    }

    #[test]
    fn leaders_are_cut_off_early_and_late() {
        let mut rng = Rng::new(1);
        let drawn: Vec<Duration> = (0..1_000).map(|_| leads_for(&mut rng)).collect();
        let within = |ms| drawn.iter().filter(|time| **time <= Duration::from_millis(ms)).count();
        assert!((200..400).contains(&within(8)), "{}", within(8));
        assert!((400..600).contains(&within(32)), "{}", within(32));
        assert_eq!(within(LEADS_FOR_MS_MAX), 1_000);
    }

    #[test]
    fn a_leader_is_cut_off_with_a_minority_at_most() {
        let mut churn = churn(&[]);
        let names = ["n1", "n2", "n3", "n4", "n5"].map(str::to_owned);
        let mut sizes = |minority: usize| {
            let sides = (0..50).map(|_| churn.side("n3".to_owned(), &names, minority));
            let sizes = sides.map(|side| {
                assert_eq!(side.iter().filter(|node| *node == "n3").count(), 1, "{side:?}");
                side.len()
            });
            Vec::from_iter(sizes.collect::<std::collections::BTreeSet<_>>())
        };
        assert_eq!((sizes(2), sizes(1), sizes(0)), (vec![1, 2], vec![1], vec![1]));
    }
}
