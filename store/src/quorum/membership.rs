//! Who is there: rumours of heartbeats, and nodes that are missed.
//!
//! ```text
//! n3        heartbeat 17 ──► n4 ──► n1, n2, n5        each round a node raises its own, and hands its table to the next
//! n3        dies
//! n1        nothing newer of n3 for suspect_ms: accuses heartbeat 17        n3 is suspect
//! n2        misses it as well, hears of n1's accusation: two accusers       n3 is down, and soon for all
//! n3        is started again: generation 2, heartbeat 1                     n3 is up
//! ```
//!
//! - Heartbeats spread by gossip (van Renesse, Minsky and Hayden 1998), under a generation that each start raises, as
//!   Cassandra's gossiper has them. Tables are sent whole: nodes are few. Whom to, is no matter of chance: each node in turn,
//!   one place further each round, so that a rumour is soon everywhere.
//! - One node that misses another may itself be the one that is cut off. So a member is down only once *two* nodes accuse
//!   the last beat that anybody knows of, each because nothing newer has reached it on any way. Any newer beat refutes
//!   them (SWIM, Das, Gupta and Motivala 2002, section 4.2). In a cluster of two the other node is enough. The last one
//!   that is left of three or more has nobody to agree with, and only suspects.
//! - Who stood still itself (a paused process) accuses nobody of it: it gives all others the whole time once more (after
//!   Lifeguard, Dadgar, Phillips and Currey 2018).
//! - Who is ended in an orderly manner says so, and has left until its next start: nobody need miss it first.
//! - What is said of a node itself it does not believe: its own beat is the highest there is, and the next one tells. But who
//!   hears of a later start of its own has lost the directory that this was counted in: it goes by a generation above.
//! - Nothing of it is kept on disk but the generation, which is the node's incarnation.

pub mod member;
pub mod view;

use super::config::Config;
use super::coordinator::later;
use super::effect::{Effect, Now};
use super::message::{Message, NodeId};
use super::outbox::Outbox;
use crate::{Safeguards, marker};
use member::{Beat, Member, State};
use view::View;

/// How many must miss a member before it is down, where there are as many.
const ACCUSERS_MIN: usize = 2;

/// What one node knows of all.
#[derive(Debug)]
pub struct Membership {
    me: NodeId,
    names: Vec<String>,
    safeguards: Safeguards,
    /// By node, this one included.
    table: Vec<Member>,
    /// By node: when its beat was last seen to change, in monotonic nanoseconds.
    heard_at: Vec<u64>,
    /// By node: what the observer was last told.
    told: Vec<(State, u32)>,
    next_at: u64,
    ticked_at: u64,
    /// This start should have raised the generation, and has not (bug 28).
    is_generation_old: bool,
}

impl Membership {
    /// Nobody is known but this node, which has been started so often.
    pub fn new(config: &Config, incarnation: u32, now: Now) -> Membership {
        let (nodes, me) = (config.nodes.len(), config.node);
        let generation = if config.safeguards.generation_raised { incarnation } else { 1 };
        let mut table = vec![Member::default(); nodes];
        table[usize::from(me)].beat.generation = generation;
        Membership {
            me,
            names: config.nodes.clone(),
            safeguards: config.safeguards,
            table,
            heard_at: vec![now.monotonic; nodes],
            told: vec![(State::Up, 0); nodes],
            next_at: 0,
            ticked_at: now.monotonic,
            is_generation_old: generation < incarnation,
        }
    }

    /// What a member is taken for here.
    pub fn state(&self, node: NodeId) -> State {
        let accusers_min = match self.safeguards.two_accusers {
            true => ACCUSERS_MIN.min(self.table.len() - 1),
            false => 1,
        };
        self.table.get(usize::from(node)).map_or(State::Up, |member| member.state(accusers_min))
    }

    /// What is known here of all members, by node.
    pub fn views(&self) -> Vec<View> {
        (0..self.table.len() as NodeId).map(|node| self.view(node)).collect()
    }

    /// This node ends, and tells everybody.
    pub fn leave(&mut self, out: &mut Outbox<'_>) {
        let me = &mut self.table[usize::from(self.me)];
        me.beat.heartbeat += 1;
        me.has_left = true;
        for node in (0..self.table.len() as NodeId).filter(|node| *node != self.me) {
            out.send(node, Message::Gossip { table: self.table.clone() });
        }
        self.tell(out);
    }

    /// Time has passed: accuses who was silent for too long, and gossips when it is time.
    pub fn tick(&mut self, config: &Config, now: Now, out: &mut Outbox<'_>) {
        if has_passed(self.ticked_at, config.suspect_ms / 2, now) {
            self.heard_at.fill(now.monotonic);
        }
        self.ticked_at = now.monotonic;
        self.accuse(config.suspect_ms, now, out);
        if now.monotonic >= self.next_at {
            self.next_at = later(now, config.gossip_ms);
            self.gossip(out);
        }
        self.tell(out);
    }

    /// Another node tells all it knows. Returns whether it knows of a later start of this node than this one.
    pub fn on_gossip(&mut self, table: Vec<Member>, now: Now, out: &mut Outbox<'_>) -> bool {
        let (nodes, mut is_counted_anew) = (self.table.len(), false);
        for (node, mut rumour) in table.into_iter().enumerate().take(nodes) {
            rumour.accusers.retain(|&accuser| usize::from(accuser) < nodes && usize::from(accuser) != node);
            if node != usize::from(self.me) {
                self.hear(node, rumour, now, out);
            } else {
                is_counted_anew = self.rise_above(rumour.beat);
            }
        }
        self.tell(out);
        is_counted_anew
    }

    /// Goes by a generation above this one of its own; none is, where each start has raised it.
    fn rise_above(&mut self, beat: Beat) -> bool {
        let own = &mut self.table[usize::from(self.me)].beat;
        let is_later = beat.generation > own.generation && self.safeguards.generation_raised;
        if is_later {
            own.generation = beat.generation.saturating_add(1);
        }
        is_later
    }

    /// Takes in a rumour about one member.
    fn hear(&mut self, node: usize, rumour: Member, now: Now, out: &mut Outbox<'_>) {
        let member = &mut self.table[node];
        let before = member.beat;
        match self.safeguards.newer_heartbeat_wins {
            true => member.merge(&rumour),
            false => *member = rumour,
        }
        if member.beat != before {
            self.heard_at[node] = now.monotonic;
        }
        if member.beat < before {
            out.push(Effect::Reached("stale-heartbeat-taken"));
        }
    }

    fn view(&self, node: NodeId) -> View {
        let Member { beat, accusers, .. } = &self.table[usize::from(node)];
        let accusers = accusers.iter().map(|accuser| self.names[usize::from(*accuser)].clone());
        let (of, state) = (self.names[usize::from(node)].clone(), self.state(node));
        View { of, state, beat: *beat, accusers: accusers.collect() }
    }

    /// Accuses those of whom nothing newer was heard for so long.
    fn accuse(&mut self, suspect_ms: u64, now: Now, out: &mut Outbox<'_>) {
        for (node, member) in self.table.iter_mut().enumerate() {
            let is_other = node != usize::from(self.me) && !member.has_left;
            let is_missed = is_other && has_passed(self.heard_at[node], suspect_ms, now);
            if is_missed && member.accusers.insert(self.me) {
                out.push(Effect::Reached(marker::SUSPECTED.name));
            }
        }
    }

    /// Raises its own heartbeat, and hands the table to the next node in turn.
    fn gossip(&mut self, out: &mut Outbox<'_>) {
        let (me, nodes) = (usize::from(self.me), self.table.len() as u64);
        let Beat { heartbeat, .. } = &mut self.table[me].beat;
        *heartbeat += 1;
        if nodes > 1 {
            let step = 1 + *heartbeat % (nodes - 1);
            let next = (me as u64 + step) % nodes;
            out.send(next as NodeId, Message::Gossip { table: self.table.clone() });
        }
    }

    /// Tells the observer what has changed.
    fn tell(&mut self, out: &mut Outbox<'_>) {
        if std::mem::take(&mut self.is_generation_old) {
            out.push(Effect::Reached("generation-not-raised"));
        }
        // Itself first: that is how a start begins.
        for node in [usize::from(self.me)].into_iter().chain(0..self.table.len()) {
            let (Member { beat, accusers, .. }, state) = (&self.table[node], self.state(node as NodeId));
            let told = std::mem::replace(&mut self.told[node], (state, beat.generation));
            if told == (state, beat.generation) {
                continue;
            }
            let is_one_enough = accusers.len() < ACCUSERS_MIN && self.table.len() > ACCUSERS_MIN;
            if let Some(reached) = reached(told.0, state, is_one_enough) {
                out.push(Effect::Reached(reached));
            }
            out.push(Effect::View(self.view(node as NodeId)));
        }
    }
}

/// The marker of such a change.
fn reached(before: State, after: State, is_one_enough: bool) -> Option<&'static str> {
    match (before, after) {
        (_, State::Down) if is_one_enough => Some("down-by-one-accuser"),
        (_, State::Down) => Some(marker::MARKED_DOWN.name),
        (State::Suspect | State::Down, State::Up) => Some(marker::SUSPICION_REFUTED.name),
        _ => None,
    }
}

/// Whether more than so many milliseconds have passed since then, in monotonic nanoseconds.
fn has_passed(since: u64, ms: u64, now: Now) -> bool {
    now.monotonic > later(Now { monotonic: since, ..now }, ms)
}
