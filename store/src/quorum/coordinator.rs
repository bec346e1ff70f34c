//! The coordinator: any node, for the requests that reach it.
//!
//! An operation is a [`Read`] or a [`Write`] phase on the home replicas of one key; some turn from
//! one into the other:
//!
//! ```text
//! get, level one, quorum, all     Read ─► answer, repair stale replicas
//! get, level atomic               Read ─► Write back what was read ─► answer
//! put, delete                     Write ─► answer
//! put, delete, level atomic       Read ─► Write above every version read ─► answer
//! ```
//!
//! The atomic forms are those of Attiya, Bar-Noy and Dolev 1995 with many writers (Lynch and
//! Shvartsman 1997): both phases on majorities, the version of a write chosen once, between them.

mod limits;
mod ticket;

use std::collections::BTreeMap;

use super::clock::HybridClock;
use super::config::{Config, Mode};
use super::effect::{Effect, Now, RequestId};
use super::membership::Membership;
use super::message::{Entry, Level, NodeId, Operation, OperationId, Refusal, Request, Response};
use super::needed::{Needed, takes_local_for_global};
use super::outbox::Outbox;
use super::read::{Read, Then};
use super::ring::layout::Layout;
use super::ring::{Owners, Ring};
use super::siblings::{Actor, Context as Seen, Dots, Siblings};
use super::stand_ins::StandIns;
use super::version::Version;
use super::write::Write;
use crate::{Safeguards, marker, point};

pub use limits::check;
use limits::has_seen;
pub use ticket::Ticket;

/// Operations in flight at once; more are refused.
const OPERATIONS_MAX: usize = 10_000;
/// The longest deadline a client may ask for, in milliseconds.
const DEADLINE_MS_MAX: u32 = 60_000;
/// How long one attempt to write out what has its version already may take, in milliseconds.
const WRITE_OUT_MS: u32 = 2_000;
/// What an operation is waiting for.
#[derive(Debug)]
enum Phase {
    Read(Read),
    Write(Write),
}

/// What one step of a phase came to.
pub enum Step {
    /// It waits for more.
    Wait,
    /// The client has its answer, and nothing is left to do.
    Done,
    /// Now what was read is to be written back.
    WriteBack(Entry),
    /// Now this value is to be written, above every version observed.
    WriteNew(Option<Vec<u8>>),
}

/// The operations that this node coordinates.
#[derive(Debug)]
pub struct Coordinator {
    operations: BTreeMap<OperationId, (Ticket, Phase)>,
    last: OperationId,
    /// What writes are named by, in mode siblings.
    dots: Dots,
}

impl Coordinator {
    /// The coordinator of a node: no earlier incarnation of it has used the numbers of its operations, nor its dots.
    pub fn new(node: NodeId, incarnation: u32) -> Coordinator {
        let dots = Dots::new(Actor { node, incarnation });
        Coordinator { operations: BTreeMap::new(), last: u64::from(incarnation) << 32, dots }
    }

    /// A client asks for an operation on a key.
    pub fn begin(
        &mut self,
        id: RequestId,
        request: Request,
        context: &mut Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if let Err(refusal) = self.admit(&request, context, out) {
            return out.answer(id, Response::Refused(refusal));
        }
        let Request { operation, level, floor, above, deadline_ms } = request;
        for seen in [floor, above].into_iter().flatten() {
            context.clock.observe(seen);
        }
        let atomic = level == Level::Atomic;
        let mut seen = Seen::default();
        let (key, then) = match operation {
            Operation::Update { key, value, context } => {
                seen = Seen::decode(&context).unwrap_or_default();
                (key, Then::Write(value))
            }
            Operation::Get { key } if atomic => (key, Then::WriteBack),
            Operation::Get { key } => (key, Then::Answer),
            Operation::Put { key, value } => (key, Then::Write(Some(value))),
            Operation::Delete { key } => (key, Then::Write(None)),
            Operation::CompareAndSet { key, expected, new } => (key, Then::CompareAndSet { expected, new }),
            Operation::Dump { .. } | Operation::Members | Operation::Ring | Operation::ChangeRing { .. } => {
                return;
            }
        };
        let reads = atomic || !matches!(then, Then::Write(_));
        let mut ticket = self.ticket(id, key, (level, reads), deadline_ms, context, now, out);
        ticket.above = above;
        if takes_local_for_global(context.config, level) {
            out.push(Effect::Reached("local-quorum-taken-for-global"));
        }
        match then {
            Then::Write(value) if !reads => {
                let entry = match context.config.mode {
                    Mode::Siblings => Siblings::write(seen, self.dots.next(&ticket.key), value).to_entry(),
                    _ => Entry { version: context.version(ticket.above, now, out), atomic, value },
                };
                self.write(ticket, entry, false, context, now, out);
            }
            then => {
                ticket.ask(out);
                let is_its_turn = ticket.operation.is_multiple_of(context.config.read_repair_one_in);
                let repairs = context.config.has_read_repair && is_its_turn;
                let config = context.config;
                let read = Read::new(then, floor, config.conflict(), config.safeguards, repairs);
                self.operations.insert(ticket.operation, (ticket, Phase::Read(read)));
            }
        }
    }

    /// Asks the home replicas of a key to hold an entry that has its version already; answered as a write is.
    pub fn write_out(
        &mut self,
        id: RequestId,
        (key, entry): (String, Entry),
        level: Level,
        context: &Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if !self.make_room() {
            return out.answer(id, Response::Refused(no_room()));
        }
        let ticket = self.ticket(id, key, (level, false), WRITE_OUT_MS, context, now, out);
        self.write(ticket, entry, false, context, now, out);
    }

    /// A replica says what it holds.
    pub fn on_held(
        &mut self,
        from: NodeId,
        operation: OperationId,
        entry: Option<Entry>,
        context: &mut Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if let Some(entry) = &entry {
            context.clock.observe(entry.version);
        }
        let Some((ticket, Phase::Read(read))) = self.operations.get_mut(&operation) else {
            return;
        };
        let step = read.on_held(from, entry, ticket, out);
        self.proceed(operation, step, context, now, out);
    }

    /// A replica acknowledges a write.
    pub fn on_written(&mut self, from: NodeId, operation: OperationId, out: &mut Outbox<'_>) {
        let Some((ticket, Phase::Write(write))) = self.operations.get_mut(&operation) else {
            return;
        };
        if write.on_written(from, ticket, out) {
            self.operations.remove(&operation);
        }
    }

    /// A replica refuses a write.
    pub fn on_write_refused(
        &mut self,
        from: NodeId,
        operation: OperationId,
        refusal: Refusal,
        out: &mut Outbox<'_>,
    ) {
        let Some((ticket, Phase::Write(write))) = self.operations.get_mut(&operation) else {
            return;
        };
        if write.on_refused(from, refusal, ticket, out) {
            self.operations.remove(&operation);
        }
    }

    /// Time has passed: asks again, and ends what is past its deadline.
    pub fn tick(&mut self, config: &Config, now: Now, out: &mut Outbox<'_>) {
        self.operations.retain(|_, (ticket, phase)| {
            let over = now.monotonic >= ticket.deadline;
            let again = now.monotonic >= ticket.retry;
            if again {
                ticket.retry = later(now, config.retry_ms);
            }
            if let Phase::Write(write) = phase {
                write.stand_in(over, ticket, config, now, out);
            }
            match phase {
                Phase::Read(read) if over => read.give_up(ticket, out),
                Phase::Write(write) if over => {
                    write.give_up(ticket, config.safeguards.timeout_is_unknown, out)
                }
                Phase::Read(read) if again => read.ask_again(ticket, out),
                Phase::Write(write) if again => write.ask_again(ticket, out),
                _ => {}
            }
            !over
        });
    }

    /// Another layout is in force: operations that somebody waits for begin anew, and ask those who own their keys now. What
    /// is at level atomic and of a range that changes ends.
    pub fn restart(&mut self, context: &mut Context<'_>, now: Now, out: &mut Outbox<'_>) {
        for (mut ticket, phase) in std::mem::take(&mut self.operations).into_values() {
            let owners = context.owners(&ticket.key);
            if ticket.request.is_none() {
                continue;
            }
            if ticket.atomic && owners.new.is_some() {
                end_atomic(&mut ticket, &phase, context, out);
                continue;
            }
            if owners.all() != ticket.homes {
                out.push(Effect::Reached(marker::OPERATION_MOVED.name));
            }
            let reads = matches!(phase, Phase::Read(_));
            ticket.operation = self.number();
            ticket.epoch = context.layout.epoch;
            ticket.needed = context.needed(ticket.level, reads, &owners, out);
            ticket.homes = owners.all();
            ticket.retry = later(now, context.config.retry_ms);
            let phase = match phase {
                Phase::Read(mut read) => {
                    read.restart();
                    ticket.ask(out);
                    Phase::Read(read)
                }
                Phase::Write(mut write) => {
                    write.restart();
                    write.ask(&ticket, out);
                    Phase::Write(write)
                }
            };
            self.operations.insert(ticket.operation, (ticket, phase));
        }
    }

    /// Does what a read phase has come to.
    fn proceed(
        &mut self,
        operation: OperationId,
        step: Step,
        context: &mut Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if matches!(step, Step::Wait) {
            return;
        }
        let Some((mut ticket, _)) = self.operations.remove(&operation) else {
            return;
        };
        let (entry, read) = match step {
            Step::Wait | Step::Done => return,
            Step::WriteBack(entry) => (entry, true),
            Step::WriteNew(value) => {
                // What the replicas hold was observed by the clock: the version is above it.
                (
                    Entry { version: context.version(ticket.above, now, out), atomic: ticket.atomic, value },
                    false,
                )
            }
        };
        if !ticket.atomic {
            ticket.level = Level::Quorum;
            ticket.needed = context.needed(Level::Quorum, false, &context.owners(&ticket.key), out);
        }
        // A new number: answers to the read phase must not be taken for acknowledgements.
        ticket.operation = self.number();
        self.write(ticket, entry, read, context, now, out);
    }

    fn write(
        &mut self,
        ticket: Ticket,
        entry: Entry,
        read: bool,
        context: &Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        out.push(Effect::Pass(if read { &point::BEFORE_WRITE_BACK } else { &point::VERSION_CHOSEN }));
        let distinct = context.config.safeguards.distinct_acknowledgements;
        let mut write = Write::new(entry, read, distinct, context.stand_ins(&ticket, now));
        write.ask(&ticket, out);
        write.stand_in_at_once(context.membership, &ticket, out);
        self.operations.insert(ticket.operation, (ticket, Phase::Write(write)));
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request, taken apart once")]
    fn ticket(
        &mut self,
        id: RequestId,
        key: String,
        (level, reads): (Level, bool),
        deadline_ms: u32,
        context: &Context<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) -> Ticket {
        let deadline_ms = deadline_ms.min(DEADLINE_MS_MAX);
        let owners = context.owners(&key);
        Ticket {
            request: Some(id),
            operation: self.number(),
            epoch: context.layout.epoch,
            key,
            needed: context.needed(level, reads, &owners, out),
            level,
            homes: owners.all(),
            above: None,
            atomic: level == Level::Atomic,
            stand_ins: takes_stand_ins(context.config, level),
            deadline_ms,
            deadline: later(now, deadline_ms.into()),
            retry: later(now, context.config.retry_ms),
        }
    }

    fn admit(
        &mut self,
        request: &Request,
        context: &Context<'_>,
        out: &mut Outbox<'_>,
    ) -> Result<(), Refusal> {
        match &request.operation {
            Operation::CompareAndSet { .. } if context.config.safeguards.compare_and_set_refused => {
                return Err(Refusal::CompareAndSet);
            }
            Operation::CompareAndSet { .. } => out.push(Effect::Reached("compare-and-set-accepted")),
            Operation::Update { context: seen, .. } => has_seen(seen, context.config.mode)?,
            _ => {}
        }
        if context.config.mode == Mode::Siblings && request.level == Level::Atomic {
            return Err(Refusal::Invalid(
                "level atomic keeps one value of a key, and mode siblings several; take one, quorum or all"
                    .to_owned(),
            ));
        }
        check(request)?;
        if request.level == Level::Atomic
            && let Some(key) = request.operation.key().filter(|key| context.is_changing(key))
        {
            return Err(context.changes(key));
        }
        if self.make_room() { Ok(()) } else { Err(no_room()) }
    }

    /// Makes room for one more operation. Those whose client has its answer go first: they wait only
    /// for a late replica, which the background exchange brings up to date as well.
    fn make_room(&mut self) -> bool {
        if self.operations.len() < OPERATIONS_MAX {
            return true;
        }
        let answered = self.operations.iter().find(|(_, (ticket, _))| ticket.request.is_none());
        let answered = answered.map(|(&operation, _)| operation);
        answered.is_some_and(|operation| self.operations.remove(&operation).is_some())
    }

    /// A number that no operation of this node has had, nor will have again.
    pub fn number(&mut self) -> OperationId {
        self.last += 1;
        self.last
    }
}

/// What a coordinator shares with the rest of its node.
pub struct Context<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The ring.
    pub ring: &'a Ring,
    /// The clock that versions come from.
    pub clock: &'a mut HybridClock,
    /// Who is there.
    pub membership: &'a Membership,
    /// Who is on the ring.
    pub layout: &'a Layout,
}

impl Context<'_> {
    /// Who is asked about a key: while the ring changes, its homes before and after.
    pub fn owners(&self, key: &str) -> Owners {
        let owners = self.ring.owners(key, self.config.replication);
        match self.config.safeguards.both_owners_asked {
            true => owners,
            false => Owners { new: None, ..owners },
        }
    }

    /// Whether the owners of a key change now.
    fn is_changing(&self, key: &str) -> bool {
        self.layout.change.is_some() && self.owners(key).new.is_some()
    }

    /// Whom an operation waits for.
    fn needed(&self, level: Level, reads: bool, owners: &Owners, out: &mut Outbox<'_>) -> Needed {
        if owners.new.is_none() && !self.config.safeguards.both_owners_asked && self.layout.change.is_some() {
            out.push(Effect::Reached("old-owners-alone-asked"));
        }
        Needed::new(self.config, level, reads, owners)
    }

    /// Why a key at level atomic is not to be had.
    fn changes(&self, key: &str) -> Refusal {
        let epoch = self.layout.epoch;
        Refusal::Unavailable(format!(
            "the owners of {key} change (epoch {epoch}): it is not to be had at level atomic until that is done"
        ))
    }

    /// A new version, above what the session has seen.
    pub fn version(&mut self, above: Option<Version>, now: Now, out: &mut Outbox<'_>) -> Version {
        let version = self.clock.next(now.wall);
        if version.millis > now.wall / 1_000_000 {
            out.push(Effect::Reached(marker::VERSION_AHEAD_OF_CLOCK.name));
        }
        if !self.config.safeguards.hybrid_clock && above.is_some_and(|above| version < above) {
            out.push(Effect::Reached("version-below-session"));
        }
        version
    }

    /// Who may take a write in the place of its home replicas, if others may.
    fn stand_ins(&self, ticket: &Ticket, now: Now) -> Option<StandIns> {
        let nodes = ticket.stand_ins.then(|| self.ring.after_homes(&ticket.key, self.config.replication))?;
        let first_at = later(now, self.config.stand_in_ms);
        Some(StandIns::new(nodes, first_at, self.config.mode == Mode::Strict))
    }
}

/// Ends an operation at level atomic, as the owners of its key change. A write may have taken effect.
fn end_atomic(ticket: &mut Ticket, phase: &Phase, context: &Context<'_>, out: &mut Outbox<'_>) {
    let refusal = context.changes(&ticket.key);
    let response = match phase {
        Phase::Write(write) if !write.is_of_a_read() => Response::Unknown(refusal.to_string()),
        _ => Response::Refused(refusal),
    };
    ticket.reply(response, out);
}

fn no_room() -> Refusal {
    Refusal::Unavailable(format!("{OPERATIONS_MAX} operations are in flight here already"))
}

/// Whether stand-ins may take a write at this level.
fn takes_stand_ins(config: &Config, level: Level) -> bool {
    let Safeguards { foreign_acknowledgements_refused, .. } = config.safeguards;
    config.is_sloppy(level) || !foreign_acknowledgements_refused && level == Level::Quorum
}

/// The moment so many milliseconds from now, in monotonic nanoseconds.
pub fn later(now: Now, ms: u64) -> u64 {
    now.monotonic.saturating_add(ms.saturating_mul(1_000_000))
}
