//! Members come and go, one at a time (Ongaro 2014, chapter 4).
//!
//! ```text
//! add n4 as learner ─► it gets the log ─► promote n4: a majority is three of four from that entry on
//! remove n1 ─► committed without it ─► n1 is told, and says nothing any more
//! ```
//!
//! A change waits until the one before is committed, and until an entry of the leader's own term is: two
//! changes that differ by one node each have majorities in common, two that overlap need not (Ongaro 2015, "bug
//! in single-server membership changes").

use super::leader::Leader;
use super::progress::{Leaving, Progress};
use super::waiting::Want;
use super::{Node, Role};
use crate::protocol::{NodeId, RequestId};
use crate::raft::config::Replication;
use crate::raft::log::Payload;
use crate::raft::message::Body;
use crate::raft::request::{Change, Members, Refusal};
use crate::{marker, point};

/// Entries that a learner may lack to be promoted.
const LAG_MAX: u64 = 100;
/// How many election timeouts long a removed node is told so.
const FAREWELL: u64 = 10;

impl Node {
    /// A client wants other members.
    pub(super) fn change(&mut self, id: RequestId, deadline: u64, change: Change) {
        if !self.is_leader() {
            let refusal = self.not_leader();
            return self.journal.reply(id, refusal);
        }
        match self.changed(change) {
            Ok(members) => {
                let at = self.propose(Payload::Members(members));
                self.waiting.insert(id, deadline, Want::Applied { at });
                self.journal.pass(&point::MEMBER_CHANGE_APPENDED);
                self.replicate();
                self.advance_commit();
            }
            Err(refusal) => self.refuse(id, refusal),
        }
    }

    /// The members after a change, if it may be made now.
    fn changed(&mut self, change: Change) -> Result<Members, Refusal> {
        if self.config.replication != Replication::Majority {
            return Err(Refusal::Invalid("the members of an active-passive cluster stay".to_owned()));
        }
        let mut members = self.members.latest().clone();
        let node = subject(change);
        let was_learner = members.learners.contains(&node);
        if usize::from(node) >= self.config.nodes.len() {
            return Err(Refusal::Invalid(format!("there is no node {node}")));
        }
        apply(&mut members, change)?;
        let unavailable = |why: &str| Err(Refusal::Unavailable(why.to_owned()));
        let Role::Leader(leader) = &self.role else { return unavailable("this node leads no more") };
        if leader.transfer.is_some() {
            return unavailable("leadership is being handed over");
        }
        if was_learner && matches!(change, Change::Promote(_)) {
            // It must know at least that it is a member, or nobody else could lead with its vote.
            let least = self.members.latest_at().max(self.log.last().index.saturating_sub(LAG_MAX));
            if leader.progress.get(&node).is_none_or(|progress| progress.counted() < least) {
                return unavailable("the learner has not caught up yet");
            }
        }
        let is_alone = self.members.latest_at().max(leader.first) <= self.commit;
        if self.config.safeguards.changes_one_at_a_time {
            if !is_alone {
                return unavailable("the change before is not committed yet, or nothing of this term");
            }
            if !self.could_commit(leader, &members) {
                return unavailable("too many of the voters that would be are not heard, or do not count");
            }
        } else if !is_alone {
            self.journal.reached("changes-overlap");
        }
        Ok(members)
    }

    /// Whether entries could be committed with these members: they count as soon as the change stands in the log,
    /// and where too few of them are there neither it nor its undoing would ever be committed. Other voters than
    /// now are asked for; of those that there are the next round tells.
    fn could_commit(&self, leader: &Leader, members: &Members) -> bool {
        let is_there = |follower: &Progress| u64::from(self.is_heard(follower) && !follower.is_damaged);
        members.voters == self.members.latest().voters || leader.agreed(members, 1, is_there) > 0
    }

    /// As leader: other members stand in the log, and count from now on.
    pub(super) fn meet_members(&mut self) {
        let (at, next) = (self.members.latest_at(), self.log.last().index + 1);
        let until = self.after_ms(FAREWELL * self.config.election_ms);
        let Role::Leader(leader) = &mut self.role else { return };
        let members = self.members.latest();
        leader.meet(members, next);
        for (_, progress) in leader.progress.iter_mut().filter(|(node, _)| !members.contains(**node)) {
            progress.leaving.get_or_insert(Leaving { at, told: None, until });
        }
    }

    /// As leader: removed nodes are told, and then forgotten.
    pub(super) fn see_off(&mut self) {
        let (commit, now) = (self.commit, self.now.monotonic);
        let keeps = !self.config.safeguards.removed_is_silent;
        let Role::Leader(leader) = &mut self.role else { return };
        let round = leader.rounds.current();
        leader.progress.retain(|_, progress| {
            let Some(leaving) = &mut progress.leaving else { return true };
            if leaving.told.is_none() && leaving.at <= commit && progress.matched >= leaving.at {
                leaving.told = Some(round + 1);
            }
            let knows = leaving.told.is_some_and(|told| progress.confirmed >= told);
            keeps || !(knows || now >= leaving.until)
        });
    }

    /// As leader: a node that was removed, and does not know it, wants to stand.
    pub(super) fn tell_off(&mut self, node: NodeId) {
        let is_member = self.members.latest().contains(node);
        let (at, next) = (self.members.latest_at(), self.log.last().index + 1);
        let until = self.after_ms(FAREWELL * self.config.election_ms);
        let Role::Leader(leader) = &mut self.role else { return };
        if !is_member {
            let progress = leader.progress.entry(node).or_insert_with(|| Progress::new(next));
            progress.leaving.get_or_insert(Leaving { at, told: None, until });
        }
    }

    /// Looks whether what is newly committed has removed this node.
    pub(super) fn look_for_removal(&mut self, was_member: bool) {
        if !self.is_removed() || !was_member {
            return;
        }
        self.journal.reached(marker::MEMBER_REMOVED.name);
        self.journal.note("removed from the cluster".to_owned());
        if self.acts_though_removed() {
            return self.journal.reached("removed-node-acts");
        }
        // The others hear that it is committed, and choose another leader.
        self.begin_round();
        self.step_down();
        self.leader = None;
        for (id, _) in self.waiting.take(|want| matches!(want, Want::CaughtUp { .. })) {
            self.refuse(id, Refusal::Unavailable("this node is no member of the cluster".to_owned()));
        }
        // So it still knows after a restart. Where one is being saved, that is seen to afterwards.
        self.save(false);
    }

    /// As leader: a learner has forgotten what it once confirmed, and nothing rests on that any more.
    pub(super) fn readmit(&mut self, node: NodeId, incarnation: u32) {
        let is_certain = self.members.latest_at() <= self.commit;
        if is_certain && self.members.latest().learners.contains(&node) {
            self.journal.send(node, Body::Readmitted { incarnation });
        }
    }

    /// The leader says that what this node has forgotten matters no more. It counts once that is durable.
    pub(super) fn on_readmitted(&mut self, incarnation: u32) {
        if self.is_damaged && incarnation == self.incarnation {
            self.save(true);
        }
    }
}

fn subject(change: Change) -> NodeId {
    match change {
        Change::AddLearner(node) | Change::Promote(node) | Change::Remove(node) => node,
    }
}

/// What is so already goes through the log like a change: a leader that is none any more, or whose log is not
/// committed, may be wrong about it.
fn apply(members: &mut Members, change: Change) -> Result<(), Refusal> {
    let invalid = |why: &str| Err(Refusal::Invalid(why.to_owned()));
    match change {
        Change::AddLearner(node) if members.contains(node) => Ok(()),
        Change::AddLearner(node) => {
            members.learners.insert(node);
            Ok(())
        }
        Change::Promote(node) if members.voters.contains(&node) => Ok(()),
        Change::Promote(node) if !members.learners.remove(&node) => invalid("it is no learner: add it first"),
        Change::Promote(node) => {
            members.voters.insert(node);
            Ok(())
        }
        Change::Remove(node) if members.learners.remove(&node) => Ok(()),
        Change::Remove(node) if !members.voters.remove(&node) => Ok(()),
        Change::Remove(_) if members.voters.is_empty() => invalid("the last voter stays"),
        Change::Remove(_) => Ok(()),
    }
}
