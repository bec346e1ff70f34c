//! Changing who is on the ring, while the store serves.
//!
//! ```text
//! n4 shall join ──► a majority of the members accepts epoch 5: n4 joins        (agreement)
//!                   every node learns of it; reads and writes ask old and new owners, none takes part in epoch 4 any more
//! n4              ── exchanges what it is to keep with each member, until it has all of it (exchange)
//!                 ── "handed over" ──► all
//! a member        ── a majority accepts epoch 6: n4 is on the ring
//!                   every node learns of it, and drops what it is not home to any more
//! ```
//!
//! - A layout is in force at a node once it is durable there. What a node is asked under another epoch it does not do: it
//!   says what it knows, and learns what it does not. So a quorum never mixes two layouts, and two that follow each other
//!   share the quorums of the owners that one has after the change, or the other had before it.
//! - Who gets a range has caught up from every member of the ring before, each of them in the epoch of the change: what
//!   they acknowledged before is there, and what was acknowledged since was asked of old and new owners alike.
//! - After a crash of anybody the change goes on: layouts and promises are in the log, and what was exchanged is held.
//! - While a member is down, a change waits for it; it can be [given up](super::layout::Order::Cancel).

use std::collections::BTreeSet;

use super::agreement::{Agreement, Ballots, Pledge, Proposal};
use super::layout::{Change, Epoch, Layout, Order, Outcome, Why};
use crate::protocol::{NodeId, names_of};
use crate::quorum::config::{CHANGES_WHERE, Config};
use crate::quorum::coordinator::later;
use crate::quorum::effect::{Effect, Now, RecordNumber, RequestId};
use crate::quorum::message::{Message, Refusal, Response};
use crate::quorum::outbox::Outbox;
use crate::quorum::record::Logged;
use crate::{marker, point};

/// Between two times that a node tells another one what it knows, in milliseconds.
const TELL_MS: u64 = 300;
/// So much later than the one before it each member proposes to end a change, in milliseconds.
const APART_MS: u64 = 500;

/// What one node knows of the ring.
#[derive(Debug)]
pub struct Changes {
    me: NodeId,
    /// Names of all nodes.
    names: Vec<String>,
    replication: usize,
    is_on: bool,
    awaits_hand_over: bool,
    /// In force here.
    layout: Layout,
    agreement: Agreement,
    /// Decided, and not durable here yet.
    coming: Option<(RecordNumber, Layout)>,
    /// Of those who get something in the change under way, who has it.
    handed_over: BTreeSet<NodeId>,
    /// Since when everything is, in monotonic nanoseconds.
    complete_since: Option<u64>,
    next_at: u64,
    round: usize,
}

impl Changes {
    /// The layout that the cluster was configured with.
    pub fn new(config: &Config, incarnation: u32) -> Changes {
        Changes {
            me: config.node,
            names: config.nodes.clone(),
            replication: config.replication,
            is_on: config.has_ring_changes,
            awaits_hand_over: config.safeguards.hand_over_awaited,
            layout: config.first_layout(),
            agreement: Agreement::new(config.node, incarnation),
            coming: None,
            handed_over: BTreeSet::new(),
            complete_since: None,
            next_at: 0,
            round: 0,
        }
    }

    /// The log says that this layout came into force.
    pub fn replay(&mut self, layout: Layout) {
        if layout.epoch > self.layout.epoch {
            self.layout = layout;
            self.agreement.start_anew();
        }
    }

    /// The log says so of the decision that follows.
    pub fn replay_pledge(&mut self, pledge: Pledge) {
        self.agreement.replay(pledge, self.layout.epoch);
    }

    /// What is in force.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whom this node is to get something from in the change under way: everybody who was on the ring before.
    pub fn gets_from(&self) -> Vec<NodeId> {
        let gains = self.layout.gainers().contains(&self.me);
        self.layout.members.iter().copied().filter(|member| gains && *member != self.me).collect()
    }

    /// What is in force, as an answer.
    pub fn status(&self) -> Response {
        Response::Ring {
            layout: self.layout.clone(),
            handed_over: self.handed_over.iter().copied().collect(),
        }
    }

    /// Whether what was said under this epoch counts here. Else the sender is told what is known, from which it learns, or
    /// by which it sees what to tell.
    pub fn is_current(&self, from: NodeId, epoch: Epoch, out: &mut Outbox<'_>) -> bool {
        if epoch == self.layout.epoch {
            return true;
        }
        if epoch < self.layout.epoch {
            out.push(Effect::Reached(marker::OLDER_EPOCH_REFUSED.name));
        }
        if from != self.me {
            self.tell(from, out);
        }
        false
    }

    /// Somebody wants the ring changed.
    pub fn on_order(
        &mut self,
        id: RequestId,
        order: Order,
        deadline_ms: u32,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        let refused = |why: String| Response::Refused(Refusal::Unavailable(why));
        let response = match self.layout.obey(order, self.names.len(), self.replication) {
            _ if !self.is_on => refused(format!("the ring of this cluster is fixed: {CHANGES_WHERE}")),
            Outcome::Refused(why) => refused(self.words(why)),
            Outcome::Nothing if order == Order::Cancel && self.is_deciding() => {
                refused("a change is being decided, and nobody knows how: ask again".to_owned())
            }
            Outcome::Nothing => self.status(),
            Outcome::Next(_) if self.coming.is_some() || self.agreement.proposal().is_some() => {
                refused("another change is being decided: ask again".to_owned())
            }
            Outcome::Next(next) => {
                let deadline = later(now, deadline_ms.into());
                return self.agreement.propose(next, (Some(id), deadline), &self.layout, now, out);
            }
        };
        out.push(Effect::Reply { id, response });
    }

    /// Whether something may be accepted, as far as this node knows.
    fn is_deciding(&self) -> bool {
        self.coming.is_some() || self.agreement.is_under_way()
    }

    /// Another node tells which layout it knows, and whether it has got all that it is to get in it.
    pub fn on_layout(&mut self, from: NodeId, layout: Layout, has_handed_over: bool, out: &mut Outbox<'_>) {
        if !self.is_on || !layout.is_possible(self.names.len()) {
            return;
        }
        if layout.epoch > self.layout.epoch {
            self.learn(layout, out);
        } else if layout.epoch < self.layout.epoch {
            self.tell(from, out);
        } else if layout != self.layout {
            let name = self.name(from).to_owned();
            out.push(Effect::Note(format!("{name} was configured with another ring: {}", self.said())));
        } else if has_handed_over {
            self.handed_over.insert(from);
        }
    }

    /// Another node speaks of the decision that follows a layout.
    pub fn on_ballots(&mut self, from: NodeId, epoch: Epoch, said: Ballots, out: &mut Outbox<'_>) {
        if !self.is_on || !self.is_current(from, epoch, out) {
            return;
        }
        if let Some(decided) = self.agreement.on_message(from, said, &self.layout, out) {
            out.push(Effect::Pass(&point::LAYOUT_DECIDED));
            for node in self.others() {
                let layout = decided.clone();
                out.send(node, Message::Layout { layout, has_handed_over: false });
            }
            self.learn(decided, out);
        }
    }

    /// A layout was decided: it comes into force once it is durable.
    fn learn(&mut self, layout: Layout, out: &mut Outbox<'_>) {
        if self.coming.as_ref().is_none_or(|(_, coming)| coming.epoch < layout.epoch) {
            let record = out.append(Logged::Layout(layout.clone()));
            self.coming = Some((record, layout));
        }
    }

    /// Time has passed. With `is_caught_up`, this node holds all that the members of the ring before held when the
    /// layout came into force.
    pub fn tick(&mut self, is_caught_up: bool, now: Now, out: &mut Outbox<'_>) {
        if !self.is_on {
            return;
        }
        self.end_late(now, out);
        if self.coming.is_none() {
            self.agreement.tick(&self.layout, now, out);
        }
        let gains = is_caught_up && self.layout.gainers().contains(&self.me);
        if gains && self.handed_over.insert(self.me) {
            out.push(Effect::Reached(marker::HANDED_OVER.name));
            self.others().for_each(|node| self.tell(node, out));
        }
        self.finish(now, out);
        if now.monotonic >= self.next_at {
            self.next_at = later(now, TELL_MS);
            self.round = (self.round + 1) % self.names.len().max(2).saturating_sub(1);
            let next = self.others().nth(self.round);
            next.into_iter().for_each(|node| self.tell(node, out));
        }
    }

    /// Who asked for too long a time is told that nobody knows.
    fn end_late(&mut self, now: Now, out: &mut Outbox<'_>) {
        let is_late = |proposal: &&Proposal| proposal.request.is_some() && now.monotonic >= proposal.deadline;
        if self.agreement.proposal().filter(is_late).is_some() {
            let id = self.agreement.give_up().and_then(|proposal| proposal.request);
            let why = "too few members answered: it may be accepted yet".to_owned();
            out.extend(id.map(|id| Effect::Reply { id, response: Response::Unknown(why) }));
        }
    }

    /// Proposes to end the change under way, once everything is handed over: the members in turn, should the first one be
    /// away.
    fn finish(&mut self, now: Now, out: &mut Outbox<'_>) {
        let is_complete = self.layout.gainers().iter().all(|node| self.handed_over.contains(node));
        let (Some(next), true) = (self.layout.finished(), is_complete || !self.awaits_hand_over) else {
            return;
        };
        let since = *self.complete_since.get_or_insert(now.monotonic);
        let Some(place) = self.layout.members.iter().position(|member| *member == self.me) else { return };
        let is_its_turn = now.monotonic >= later(Now { monotonic: since, ..now }, APART_MS * place as u64);
        if is_its_turn && self.coming.is_none() && self.agreement.proposal().is_none() {
            if !is_complete {
                out.push(Effect::Reached("hand-over-not-awaited"));
            }
            self.agreement.propose(next, (None, u64::MAX), &self.layout, now, out);
        }
    }

    /// The log is durable up to this record. Returns the layout that comes into force with it.
    pub fn synced(&mut self, through: RecordNumber, out: &mut Outbox<'_>) -> Option<Layout> {
        self.agreement.synced(through, self.layout.epoch, out);
        let (_, layout) = self.coming.take_if(|(record, _)| *record <= through)?;
        let was_changing = self.layout.change.is_some();
        if was_changing && layout.change.is_none() {
            out.push(Effect::Reached(marker::RING_CHANGED.name));
        }
        self.layout = layout;
        out.push(Effect::Note(self.said()));
        self.handed_over.clear();
        self.complete_since = None;
        if let Some(Proposal { wanted, request: Some(id), .. }) = self.agreement.start_anew() {
            out.push(Effect::Reply { id, response: self.outcome(&wanted) });
        }
        Some(self.layout.clone())
    }

    /// What became of a proposal, now that another layout is in force.
    fn outcome(&self, wanted: &Layout) -> Response {
        if self.layout == *wanted {
            return self.status();
        }
        if self.layout.epoch == wanted.epoch {
            let why = "another change was accepted in its place: one at a time".to_owned();
            return Response::Refused(Refusal::Unavailable(why));
        }
        Response::Unknown("the ring has changed meanwhile, more than once".to_owned())
    }

    /// This record could not be appended.
    pub fn append_failed(&mut self, record: RecordNumber) {
        self.agreement.append_failed(record);
        // Somebody tells of it again.
        self.coming.take_if(|(coming, _)| *coming == record);
    }

    /// What this node had promised may be forgotten: it takes no part in the decision under way.
    pub fn abstain(&mut self, out: &mut Outbox<'_>) {
        if self.is_on {
            self.agreement.abstain(self.layout.epoch, out);
        }
    }

    fn tell(&self, to: NodeId, out: &mut Outbox<'_>) {
        let has_handed_over = self.handed_over.contains(&self.me);
        out.send(to, Message::Layout { layout: self.layout.clone(), has_handed_over });
    }

    /// All other nodes, the one after this one first.
    fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let (me, nodes) = (usize::from(self.me), self.names.len());
        (1..nodes).map(move |step| ((me + step) % nodes) as NodeId)
    }

    /// What is in force, for people.
    fn said(&self) -> String {
        let members = names_of(&self.layout.members, &self.names);
        let change = self.layout.change.map(|change| format!(", {}", self.under_way(change)));
        format!("layout {}: {members}{}", self.layout.epoch, change.unwrap_or_default())
    }

    /// Why an order is refused, for people.
    fn words(&self, why: Why) -> String {
        match why {
            Why::OneAtATime(change) => format!(
                "{} (epoch {}): one change at a time; wait until it is done, or cancel it",
                self.under_way(change),
                self.layout.epoch
            ),
            Why::TooFew => format!("a key has {} home replicas: so many nodes must stay", self.replication),
            Why::Unknown(node) => format!("there is no node {node}"),
        }
    }

    fn under_way(&self, change: Change) -> String {
        let (node, does) = match change {
            Change::Join(node) => (node, "joins"),
            Change::Leave(node) => (node, "leaves"),
        };
        format!("{} {does}", self.name(node))
    }

    fn name(&self, node: NodeId) -> &str {
        self.names.get(usize::from(node)).map_or("?", String::as_str)
    }
}
