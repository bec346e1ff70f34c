//! The write phase: asks the home replicas to hold an entry, and where that is allowed others to keep it for them.

use std::collections::BTreeMap;

use super::config::Config;
use super::coordinator::{Ticket, later};
use super::effect::{Effect, Now};
use super::membership::Membership;
use super::message::{Entry, Message, NodeId, OperationId, Refusal, Response};
use super::outbox::Outbox;
use super::read::answer;
use super::ring::Homes;
use super::stand_ins::StandIns;
use crate::marker;

/// The operation number of hints that a coordinator keeps itself: nobody waits for their acknowledgement.
const LAST_RESORT: u64 = 0;

/// A write phase: one entry, with one version for ever, also when it is sent again.
#[derive(Debug)]
pub struct Write {
    entry: Entry,
    /// It writes back what a read has found; the answer is that read's.
    read: bool,
    distinct: bool,
    /// The home replicas that hold it, or that a stand-in keeps it for.
    acknowledged: Vec<NodeId>,
    stand_ins: Option<StandIns>,
    refused: BTreeMap<NodeId, Refusal>,
}

impl Write {
    /// A write of `entry`; with `read`, the write-back of an atomic read. With `distinct`, a replica
    /// counts once, however often it acknowledges. Where there are stand-ins, a home replica counts also once one of
    /// them keeps the entry for it.
    pub fn new(entry: Entry, read: bool, distinct: bool, stand_ins: Option<StandIns>) -> Write {
        Write { entry, read, distinct, acknowledged: Vec::new(), stand_ins, refused: BTreeMap::new() }
    }

    /// The key has other owners now: they are asked, and none has acknowledged.
    pub fn restart(&mut self) {
        self.acknowledged.clear();
        self.refused.clear();
    }

    /// Whether it writes back what a read has found.
    pub fn is_of_a_read(&self) -> bool {
        self.read
    }

    /// Asks every home replica to hold the entry.
    pub fn ask(&self, ticket: &Ticket, out: &mut Outbox<'_>) {
        for &home in &ticket.homes {
            self.send(home, ticket, out);
        }
    }

    /// Asks those again that have not acknowledged.
    pub fn ask_again(&self, ticket: &Ticket, out: &mut Outbox<'_>) {
        for &home in ticket.homes.iter().filter(|home| !self.acknowledged.contains(home)) {
            self.send(home, ticket, out);
        }
    }

    /// Time has passed: where stand-ins may take it, asks them in the place of home replicas that have not acknowledged.
    /// When it is `over`, the coordinator itself keeps a hint for each of these that nobody stands in for.
    pub fn stand_in(&mut self, over: bool, ticket: &Ticket, config: &Config, now: Now, out: &mut Outbox<'_>) {
        let Some(stand_ins) = self.stand_ins.as_mut().filter(|it| over || now.monotonic >= it.next_at) else {
            return;
        };
        stand_ins.next_at = later(now, config.stand_in_ms);
        let is_open = |home: &NodeId| !self.acknowledged.contains(home) && !self.refused.contains_key(home);
        let open: Homes = ticket.homes.iter().copied().filter(is_open).collect();
        for owner in open {
            match over {
                true => self.hint(config.node, owner, LAST_RESORT, ticket, out),
                false => self.ask_instead_of(owner, ticket, out),
            }
        }
    }

    /// Where stand-ins may take it, asks them in the place of home replicas that are known to be away, before any
    /// time has passed.
    pub fn stand_in_at_once(&mut self, membership: &Membership, ticket: &Ticket, out: &mut Outbox<'_>) {
        if self.stand_ins.is_none() {
            return;
        }
        for &owner in ticket.homes.iter().filter(|home| membership.state(**home).is_away()) {
            out.push(Effect::Reached(marker::STAND_IN_AT_ONCE.name));
            self.ask_instead_of(owner, ticket, out);
        }
    }

    fn ask_instead_of(&mut self, owner: NodeId, ticket: &Ticket, out: &mut Outbox<'_>) {
        let nodes = self.stand_ins.as_mut().map(|stand_ins| stand_ins.instead_of(owner));
        for node in nodes.into_iter().flatten() {
            self.hint(node, owner, ticket.operation, ticket, out);
        }
    }

    fn hint(
        &self,
        node: NodeId,
        owner: NodeId,
        operation: OperationId,
        ticket: &Ticket,
        out: &mut Outbox<'_>,
    ) {
        let (key, entry) = (ticket.key.clone(), self.entry.clone());
        out.send(node, Message::Hint { operation, owner, key, entry });
    }

    /// Whose acknowledgement it is that comes from this node: its own, or that of the home replica it stands in for.
    fn slot(&self, from: NodeId, ticket: &Ticket, out: &mut Outbox<'_>) -> Option<NodeId> {
        if ticket.homes.contains(&from) {
            return Some(from);
        }
        let stand_ins = self.stand_ins.as_ref()?;
        let owner = stand_ins.owner(from)?;
        if stand_ins.are_foreign {
            out.push(Effect::Reached("foreign-acknowledgement-counted"));
        }
        Some(owner)
    }

    /// A replica holds it, or a stand-in keeps it. Returns whether nothing is left to do.
    pub fn on_written(&mut self, from: NodeId, ticket: &mut Ticket, out: &mut Outbox<'_>) -> bool {
        let Some(from) = self.slot(from, ticket, out) else {
            return false;
        };
        if self.acknowledged.contains(&from) {
            if self.distinct {
                return false;
            }
            out.push(Effect::Reached("acknowledgement-counted-twice"));
        }
        self.acknowledged.push(from);
        let is_settled = self.is_settled(ticket);
        if ticket.request.is_some() && (self.is_enough(ticket) || is_settled) {
            let response = match self.read {
                _ if !self.is_enough(ticket) => self.too_few(ticket),
                true => answer(Some(self.entry.clone())),
                false => Response::Written { version: self.entry.version },
            };
            ticket.reply(response, out);
        }
        is_settled
    }

    /// A replica will never hold it, and never has. Returns whether nothing is left to do.
    pub fn on_refused(
        &mut self,
        from: NodeId,
        refusal: Refusal,
        ticket: &mut Ticket,
        out: &mut Outbox<'_>,
    ) -> bool {
        // Any other refusal may pass (a full disk gets room): only the deadline ends the asking.
        if !ticket.homes.contains(&from) || !matches!(refusal, Refusal::MixedLevels { .. }) {
            return false;
        }
        self.refused.insert(from, refusal);
        let is_settled = self.is_settled(ticket);
        if is_settled && ticket.request.is_some() {
            let response = self.too_few(ticket);
            ticket.reply(response, out);
        }
        is_settled
    }

    /// All have decided, and too few hold it: the key is used at other levels.
    fn too_few(&self, ticket: &Ticket) -> Response {
        // Where some hold it, it has had an effect. And a key used at other levels may yet turn out to
        // be atomic elsewhere; then a copy of an atomic write that still travels would be taken.
        let may_have_effect = !self.acknowledged.is_empty() || ticket.atomic;
        match ticket.mixed_levels() {
            Response::Refused(refusal) if may_have_effect && !self.read => {
                Response::Unknown(refusal.to_string())
            }
            response => response,
        }
    }

    /// The deadline has passed: replicas may hold it, or may yet.
    pub fn give_up(&self, ticket: &mut Ticket, timeout_is_unknown: bool, out: &mut Outbox<'_>) {
        if ticket.request.is_none() {
            return;
        }
        let (answered, needed) = (ticket.needed.counted(self.acknowledged.iter()), ticket.needed.count());
        let deadline_ms = ticket.deadline_ms;
        let deadline = Refusal::Deadline { answered, needed, deadline_ms };
        let response = if self.read {
            // The write-back of a read: what anyone may read is as it was.
            Response::Refused(deadline)
        } else if timeout_is_unknown {
            if !self.acknowledged.is_empty() {
                out.push(Effect::Reached(marker::WRITE_LEFT_HALF_DONE.name));
            }
            Response::Unknown(deadline.to_string())
        } else {
            out.push(Effect::Reached("timeout-reported-as-failure"));
            Response::Refused(deadline)
        };
        ticket.reply(response, out);
    }

    fn send(&self, home: NodeId, ticket: &Ticket, out: &mut Outbox<'_>) {
        let (operation, epoch) = (ticket.operation, ticket.epoch);
        let (key, entry) = (ticket.key.clone(), self.entry.clone());
        out.send(home, Message::Write { operation, epoch, key, entry });
    }

    fn is_enough(&self, ticket: &Ticket) -> bool {
        ticket.needed.is_met(self.acknowledged.iter())
    }

    /// Whether every home replica has decided. Until then the coordinator keeps sending, also after
    /// the client has its answer, so that the last replica gets the write without waiting for a repair.
    fn is_settled(&self, ticket: &Ticket) -> bool {
        let decided = |home| self.acknowledged.contains(home) || self.refused.contains_key(home);
        ticket.homes.iter().all(decided)
    }
}
