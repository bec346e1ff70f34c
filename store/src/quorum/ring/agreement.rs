//! Agreeing on the layout that is to follow: the members of each one choose the next.
//!
//! ```text
//! proposer ── Prepare: ballot 7 ──► members of epoch 4 ── Promised: nothing below 7; and what they have accepted
//! a majority: proposes that, of several the one of the highest ballot; where there is none, what it wants itself
//!          ── Accept: ballot 7, epoch 5 ──► members ── Accepted
//! a majority: epoch 5 is decided, for good
//! ```
//!
//! One decision of Paxos (Lamport 1998, "The Part-Time Parliament"; 2001, "Paxos Made Simple") for each layout, by the
//! members of the layout before it, as a chain of configurations (Lamport, Malkhi and Zhou 2010, "Reconfiguring a State
//! Machine"). A promise and what is accepted are durable before anybody hears of it. A member whose log was damaged may have
//! forgotten either: it takes part again from the next layout on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::layout::{Epoch, Layout};
use crate::protocol::NodeId;
use crate::quorum::coordinator::later;
use crate::quorum::effect::{Now, RecordNumber, RequestId};
use crate::quorum::message::Message;
use crate::quorum::needed::majority;
use crate::quorum::outbox::Outbox;
use crate::quorum::record::Logged;

/// Between two ballots of a proposer for one decision, in milliseconds; and so much more for each node before it, so that
/// two do not outbid each other for ever.
const AGAIN_MS: u64 = 400;
const APART_MS: u64 = 130;

/// Orders attempts at a decision. No two attempts have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ballot {
    /// Above all that the proposer had heard of.
    pub number: u64,
    /// The proposer.
    pub node: NodeId,
    /// Which of its incarnations.
    pub incarnation: u32,
}

impl Ballot {
    /// Above every ballot: who has promised this takes part no more.
    pub const NEVER: Ballot = Ballot { number: u64::MAX, node: NodeId::MAX, incarnation: u32::MAX };
}

/// What is said to come to a decision about the layout after that of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ballots {
    /// Proposer to members: take no ballot below this one.
    Prepare(Ballot),
    /// Back: none will be, and this was accepted, of the highest ballot.
    Promised(Ballot, Option<(Ballot, Layout)>),
    /// Proposer to members: let this be it.
    Accept(Ballot, Layout),
    /// Back: so be it.
    Accepted(Ballot),
    /// Back: it has promised this one, which is above yours.
    Outbid(Ballot),
}

/// What a member has pledged, and keeps in its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pledge {
    /// It takes no ballot below this one.
    Promised(Epoch, Ballot),
    /// It has accepted this.
    Accepted(Epoch, Ballot, Layout),
}

/// The part of one node, as member and as proposer, in the decision that follows the layout it knows.
#[derive(Debug)]
pub struct Agreement {
    me: NodeId,
    incarnation: u32,
    promised: Ballot,
    accepted: Option<(Ballot, Layout)>,
    /// Answers that wait for the log.
    unsynced: BTreeMap<RecordNumber, (NodeId, Ballots)>,
    /// The highest number of a ballot that it has heard of.
    highest: u64,
    proposal: Option<Proposal>,
}

/// What it proposes.
#[derive(Debug)]
pub struct Proposal {
    /// What it would have.
    pub wanted: Layout,
    /// Who asked for that; none: the node itself.
    pub request: Option<RequestId>,
    /// When whoever asked is told that nobody knows, in monotonic nanoseconds.
    pub deadline: u64,
    ballot: Ballot,
    promises: BTreeSet<NodeId>,
    /// What was accepted before, of the highest ballot.
    best: Option<(Ballot, Layout)>,
    /// What is to be accepted, once a majority has promised.
    value: Option<Layout>,
    acceptances: BTreeSet<NodeId>,
    next_at: u64,
}

impl Agreement {
    /// Nothing is decided after the first layout.
    pub fn new(me: NodeId, incarnation: u32) -> Agreement {
        Agreement {
            me,
            incarnation,
            promised: Ballot::default(),
            accepted: None,
            unsynced: BTreeMap::new(),
            highest: 0,
            proposal: None,
        }
    }

    /// The log says so, when the node starts, of the decision after `epoch`.
    pub fn replay(&mut self, pledge: Pledge, epoch: Epoch) {
        match pledge {
            Pledge::Promised(of, ballot) if of == epoch => self.promised = self.promised.max(ballot),
            Pledge::Accepted(of, ballot, layout) if of == epoch => {
                self.promised = self.promised.max(ballot);
                self.accepted = Some((ballot, layout));
            }
            Pledge::Promised(..) | Pledge::Accepted(..) => {}
        }
    }

    /// What it proposes.
    pub fn proposal(&self) -> Option<&Proposal> {
        self.proposal.as_ref()
    }

    /// Whether anything was promised or proposed here.
    pub fn is_under_way(&self) -> bool {
        self.proposal.is_some() || self.promised != Ballot::default()
    }

    /// Proposes what shall follow the layout that is in force.
    pub fn propose(
        &mut self,
        wanted: Layout,
        (request, deadline): (Option<RequestId>, u64),
        layout: &Layout,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        self.proposal = Some(Proposal {
            wanted,
            request,
            deadline,
            ballot: Ballot::default(),
            promises: BTreeSet::new(),
            best: None,
            value: None,
            acceptances: BTreeSet::new(),
            next_at: 0,
        });
        self.tick(layout, now, out);
    }

    /// Gives up what it proposes; it may be decided all the same.
    pub fn give_up(&mut self) -> Option<Proposal> {
        self.proposal.take()
    }

    /// Time has passed: begins a new ballot where the last one came to nothing.
    pub fn tick(&mut self, layout: &Layout, now: Now, out: &mut Outbox<'_>) {
        let Some(proposal) = self.proposal.as_mut().filter(|proposal| now.monotonic >= proposal.next_at)
        else {
            return;
        };
        self.highest = self.highest.saturating_add(1);
        let ballot = Ballot { number: self.highest, node: self.me, incarnation: self.incarnation };
        proposal.ballot = ballot;
        proposal.next_at = later(now, AGAIN_MS + APART_MS * u64::from(self.me));
        proposal.promises.clear();
        proposal.acceptances.clear();
        (proposal.best, proposal.value) = (None, None);
        tell(layout, &Ballots::Prepare(ballot), out);
    }

    /// A node speaks of the decision after the layout in force. Returns what is decided, once it is.
    pub fn on_message(
        &mut self,
        from: NodeId,
        said: Ballots,
        layout: &Layout,
        out: &mut Outbox<'_>,
    ) -> Option<Layout> {
        let is_member = layout.members.contains(&self.me);
        match said {
            Ballots::Prepare(ballot) if is_member => self.on_prepare(from, ballot, layout.epoch, out),
            Ballots::Accept(ballot, next) if is_member && next.epoch == layout.epoch + 1 => {
                self.on_accept(from, ballot, next, layout.epoch, out);
            }
            Ballots::Promised(ballot, accepted) if layout.members.contains(&from) => {
                self.on_promised(from, ballot, accepted, layout, out);
            }
            Ballots::Accepted(ballot) if layout.members.contains(&from) => {
                return self.on_accepted(from, ballot, layout);
            }
            Ballots::Outbid(ballot) => self.highest = self.highest.max(ballot.number),
            _ => {}
        }
        None
    }

    fn on_prepare(&mut self, from: NodeId, ballot: Ballot, epoch: Epoch, out: &mut Outbox<'_>) {
        if self.is_outbid(from, ballot, epoch, out) {
            return;
        }
        self.promised = ballot;
        let answer = Ballots::Promised(ballot, self.accepted.clone());
        self.keep(Pledge::Promised(epoch, ballot), (from, answer), out);
    }

    fn on_accept(&mut self, from: NodeId, ballot: Ballot, next: Layout, epoch: Epoch, out: &mut Outbox<'_>) {
        if self.is_outbid(from, ballot, epoch, out) {
            return;
        }
        self.promised = ballot;
        self.accepted = Some((ballot, next.clone()));
        self.keep(Pledge::Accepted(epoch, ballot, next), (from, Ballots::Accepted(ballot)), out);
    }

    /// Whether it has promised to take no such ballot; says so, unless it takes none at all.
    fn is_outbid(&mut self, from: NodeId, ballot: Ballot, epoch: Epoch, out: &mut Outbox<'_>) -> bool {
        if self.promised <= ballot {
            self.highest = self.highest.max(ballot.number);
            return false;
        }
        if self.promised != Ballot::NEVER {
            out.send(from, Message::Ballots { epoch, said: Ballots::Outbid(self.promised) });
        }
        true
    }

    /// Answers once this is durable.
    fn keep(&mut self, pledge: Pledge, answer: (NodeId, Ballots), out: &mut Outbox<'_>) {
        let record = out.append(Logged::Pledge(pledge));
        self.unsynced.insert(record, answer);
    }

    fn on_promised(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        accepted: Option<(Ballot, Layout)>,
        layout: &Layout,
        out: &mut Outbox<'_>,
    ) {
        let Some(proposal) = self.proposal.as_mut().filter(|proposal| proposal.ballot == ballot) else {
            return;
        };
        proposal.promises.insert(from);
        let number = |accepted: &Option<(Ballot, Layout)>| accepted.as_ref().map(|(ballot, _)| *ballot);
        if number(&accepted) > number(&proposal.best) {
            proposal.best = accepted;
        }
        if proposal.value.is_none() && proposal.promises.len() >= majority(layout.members.len()) {
            let best = proposal.best.as_ref().map(|(_, layout)| layout);
            let value = best.unwrap_or(&proposal.wanted).clone();
            proposal.value = Some(value.clone());
            tell(layout, &Ballots::Accept(ballot, value), out);
        }
    }

    fn on_accepted(&mut self, from: NodeId, ballot: Ballot, layout: &Layout) -> Option<Layout> {
        let proposal = self.proposal.as_mut().filter(|proposal| proposal.ballot == ballot)?;
        proposal.acceptances.insert(from);
        let is_decided = proposal.acceptances.len() >= majority(layout.members.len());
        proposal.value.clone().filter(|_| is_decided)
    }

    /// The log is durable up to this record: says what waited for it.
    pub fn synced(&mut self, through: RecordNumber, epoch: Epoch, out: &mut Outbox<'_>) {
        while let Some(first) = self.unsynced.first_entry()
            && *first.key() <= through
        {
            let (to, said) = first.remove();
            out.send(to, Message::Ballots { epoch, said });
        }
    }

    /// This record could not be appended: what waited for it is not said.
    pub fn append_failed(&mut self, record: RecordNumber) {
        self.unsynced.remove(&record);
    }

    /// Another layout is in force: the decision that was under way is over. Returns what this node had proposed.
    pub fn start_anew(&mut self) -> Option<Proposal> {
        let (promised, accepted) = (Ballot::default(), None);
        let proposal = self.proposal.take();
        let (unsynced, highest) = (BTreeMap::new(), 0);
        *self = Agreement { promised, accepted, unsynced, highest, proposal: None, ..*self };
        proposal
    }

    /// Takes no part in the decision under way.
    pub fn abstain(&mut self, epoch: Epoch, out: &mut Outbox<'_>) {
        self.promised = Ballot::NEVER;
        out.append(Logged::Pledge(Pledge::Promised(epoch, Ballot::NEVER)));
    }
}

/// Says this to all members of a layout.
fn tell(layout: &Layout, said: &Ballots, out: &mut Outbox<'_>) {
    for &member in &layout.members {
        out.send(member, Message::Ballots { epoch: layout.epoch, said: said.clone() });
    }
}
