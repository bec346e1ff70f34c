//! The read phase: asks the home replicas what they hold.

use std::borrow::Cow;

use super::conflict::Conflict;
use super::coordinator::{Step, Ticket};
use super::effect::Effect;
use super::message::{Entry, Message, NodeId, Refusal, Response};
use super::outbox::Outbox;
use super::repair::{self, Answers};
use super::version::Version;
use crate::{Safeguards, marker};

/// The operation number of repairs: nobody waits for their acknowledgement.
const REPAIR: u64 = 0;

/// What a read phase is for.
#[derive(Debug)]
pub enum Then {
    /// Answer with the highest version, and perhaps repair in the background.
    Answer,
    /// Answer with the highest version, if need be after a repair in the foreground.
    WriteBack,
    /// Write this value (none: a tombstone) above the highest version.
    Write(Option<Vec<u8>>),
    /// If the value is as expected, write the new one.
    CompareAndSet {
        /// The value it must have.
        expected: Option<Vec<u8>>,
        /// Its new value.
        new: Vec<u8>,
    },
}

/// A read phase: what the home replicas have answered so far.
///
/// It ends with an answer only once enough replicas have answered and the highest version among
/// them reaches what the session has seen.
#[derive(Debug)]
pub struct Read {
    /// What it is for.
    pub then: Then,
    floor: Option<Version>,
    conflict: Conflict,
    safeguards: Safeguards,
    repairs: bool,
    answers: Answers,
}

impl Read {
    /// A read that has to reach `floor`; with `repairs`, it repairs in the background.
    pub fn new(
        then: Then,
        floor: Option<Version>,
        conflict: Conflict,
        safeguards: Safeguards,
        repairs: bool,
    ) -> Read {
        Read { then, floor, conflict, safeguards, repairs, answers: Answers::new() }
    }

    /// The key has other owners now: they are asked, and nothing has been answered.
    pub fn restart(&mut self) {
        self.answers.clear();
    }

    /// A replica has answered.
    pub fn on_held(
        &mut self,
        from: NodeId,
        entry: Option<Entry>,
        ticket: &mut Ticket,
        out: &mut Outbox<'_>,
    ) -> Step {
        if !ticket.homes.contains(&from) {
            return Step::Wait;
        }
        if entry.as_ref().is_some_and(|entry| entry.atomic != ticket.atomic) {
            ticket.reply(ticket.mixed_levels(), out);
            return Step::Done;
        }
        // Answers to a question asked twice may arrive in any order.
        let answer = self.answers.entry(from).or_default();
        if answer.as_ref().map(|held| held.version) < entry.as_ref().map(|entry| entry.version) {
            *answer = entry;
        }
        if ticket.request.is_some() && ticket.needed.is_met(self.answers.keys()) {
            if self.reaches_floor() {
                return self.conclude(ticket, out);
            }
            out.push(Effect::Reached(marker::REPLICAS_BELOW_FLOOR.name));
        }
        if ticket.request.is_none() { self.repair(ticket, out) } else { Step::Wait }
    }

    /// Asks again: those that have not answered, and, while the session has seen more, all.
    pub fn ask_again(&self, ticket: &Ticket, out: &mut Outbox<'_>) {
        let behind = ticket.request.is_some() && ticket.needed.is_met(self.answers.keys());
        for home in ticket.needed.replicas().filter(|home| behind || !self.answers.contains_key(home)) {
            out.send(home, ticket.question());
        }
    }

    /// The deadline has passed. Nothing was written: it certainly had no effect.
    pub fn give_up(&self, ticket: &mut Ticket, out: &mut Outbox<'_>) {
        let deadline_ms = ticket.deadline_ms;
        let (answered, needed) = (ticket.needed.counted(self.answers.keys()), ticket.needed.count());
        let refusal = match self.floor {
            Some(floor) if answered == needed => Refusal::Behind { floor, deadline_ms },
            _ => Refusal::Deadline { answered, needed, deadline_ms },
        };
        ticket.reply(Response::Refused(refusal), out);
    }

    fn reaches_floor(&self) -> bool {
        let reads = matches!(self.then, Then::Answer | Then::WriteBack);
        !reads || self.conflict.together(&self.answers).map(|entry| entry.version) >= self.floor
    }

    fn conclude(&mut self, ticket: &mut Ticket, out: &mut Outbox<'_>) -> Step {
        let highest = self.conflict.together(&self.answers).map(Cow::into_owned);
        ticket.above = ticket.above.max(highest.as_ref().map(|entry| entry.version));
        match &mut self.then {
            Then::Answer => {
                ticket.reply(self.conflict.answer(highest), out);
                if self.repairs { self.repair(ticket, out) } else { Step::Done }
            }
            Then::WriteBack => match highest {
                Some(entry) if self.must_write_back(&entry, ticket, out) => Step::WriteBack(entry),
                entry => {
                    ticket.reply(answer(entry), out);
                    Step::Done
                }
            },
            Then::Write(value) => Step::WriteNew(value.take()),
            Then::CompareAndSet { expected, new } => {
                if highest.and_then(|entry| entry.value) == *expected {
                    return Step::WriteNew(Some(std::mem::take(new)));
                }
                let refusal = Refusal::Invalid("the value is not the expected one".to_owned());
                ticket.reply(Response::Refused(refusal), out);
                Step::Done
            }
        }
    }

    /// Whether what was read is to be repaired in the foreground.
    fn must_write_back(&self, entry: &Entry, ticket: &Ticket, out: &mut Outbox<'_>) -> bool {
        let is_needed = repair::is_unsettled(&self.answers, entry, &ticket.needed);
        if is_needed {
            let needed = marker::WRITE_BACK_NEEDED.name;
            let is_done = self.safeguards.write_back;
            out.push(Effect::Reached(if is_done { needed } else { "write-back-skipped" }));
        }
        is_needed && self.safeguards.write_back
    }

    /// Repairs in the background those that have answered; done when all have.
    fn repair(&self, ticket: &Ticket, out: &mut Outbox<'_>) -> Step {
        if !self.safeguards.tombstone_repaired
            && let Some(value) = repair::deleted(&self.answers)
        {
            out.push(Effect::Reached("delete-resurrected"));
            return Step::WriteNew(Some(value.to_vec()));
        }
        if let Some(entry) = self.conflict.together(&self.answers) {
            for home in repair::stale(&self.answers, &entry) {
                out.push(Effect::Reached(marker::STALE_REPLICA_REPAIRED.name));
                let (key, entry) = (ticket.key.clone(), entry.clone().into_owned());
                out.send(home, Message::Write { operation: REPAIR, epoch: ticket.epoch, key, entry });
            }
        }
        if self.answers.len() == ticket.needed.replicas().count() { Step::Done } else { Step::Wait }
    }
}

/// What a client is told of an entry.
pub fn answer(entry: Option<Entry>) -> Response {
    match entry {
        Some(entry) => Response::Value { value: entry.value, version: Some(entry.version) },
        None => Response::Value { value: None, version: None },
    }
}
