//! Leader churn: whoever leads is cut off a little after it was elected, and the cut moves along.
//!
//! ```text
//! n1  elected ─ 50 to 600 ms ─┤ cut off          ├─ whole again
//! n2                              elected ─ … ───┤ cut off
//! ```

use std::time::Duration;

use perjury_store::raft::log::Term;

use super::Cluster;
use crate::rng::Rng;
use crate::sim::FaultId;
use crate::sim::leadership::Leader;

/// A churn in force.
pub(super) struct Churn {
    /// Leaders that it cuts off; others lead undisturbed.
    nodes: Vec<String>,
    /// How long they lead.
    leads_for: (Duration, Duration),
    rng: Rng,
    /// The last term whose leader it knows.
    term: Term,
    /// Who is cut off next, and when.
    due: Option<(Duration, String)>,
}

impl Churn {
    /// Takes note of who leads; the node that is to be cut off now.
    fn advance(&mut self, now: Duration, leader: Option<Leader>) -> Option<String> {
        if let Some(leader) = leader.filter(|leader| leader.term > self.term) {
            self.term = leader.term;
            let at = now + self.rng.duration(self.leads_for.0, self.leads_for.1);
            self.due = self.nodes.contains(&leader.node).then_some((at, leader.node));
        }
        self.due.take_if(|(at, _)| *at <= now).map(|(_, node)| node)
    }
}

impl Cluster {
    /// From now on each of `nodes` that leads, or comes to, is cut off from all others after a time between
    /// these two.
    pub fn churn(&mut self, id: FaultId, nodes: &[String], leads_for: (Duration, Duration), rng: Rng) {
        self.churns.insert(id, Churn { nodes: nodes.to_vec(), leads_for, rng, term: 0, due: None });
    }

    /// Moves the cuts along.
    pub(super) fn go_on_churning(&mut self) {
        let (now, leader) = (self.elapsed(), self.leader());
        let advance = |(id, churn): (&FaultId, &mut Churn)| Some((*id, churn.advance(now, leader.clone())?));
        let due: Vec<(FaultId, String)> = self.churns.iter_mut().filter_map(advance).collect();
        for (id, node) in due {
            self.unblock(id);
            let others: Vec<String> = self.names.iter().filter(|name| **name != node).cloned().collect();
            self.world.watch.note("nemesis", &format!("leader-churn: {node} is cut off"));
            self.block_between(id, &[node], &others);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_off_each_leader_once_and_only_those_it_aims_at() {
        let ms = Duration::from_millis;
        let nodes = vec!["n1".to_owned(), "n2".to_owned()];
        let mut churn = Churn { nodes, leads_for: (ms(50), ms(60)), rng: Rng::new(1), term: 0, due: None };
        let mut at =
            |time, node: &str, term| churn.advance(ms(time), Some(Leader { node: node.to_owned(), term }));
        assert_eq!(at(1000, "n1", 1), None);
        assert_eq!(at(1045, "n1", 1), None, "too early");
        assert_eq!(at(1060, "n1", 1).as_deref(), Some("n1"));
        assert_eq!(at(2000, "n1", 1), None, "once");
        assert_eq!((at(2000, "n3", 2), at(2100, "n3", 2)), (None, None), "not aimed at");
        // One that was deposed before its time is left alone.
        assert_eq!((at(3000, "n2", 3), at(3040, "n1", 4), at(3075, "n1", 4)), (None, None, None));
        assert_eq!(at(3100, "n1", 4).as_deref(), Some("n1"));
    }
}
