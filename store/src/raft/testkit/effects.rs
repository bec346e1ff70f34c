//! What a node of the cluster wants done, done: messages wait, records lie on its disk, facts go to the judge.

use std::collections::VecDeque;

use super::notation::{self, name};
use super::{Cluster, Line, Packet};
use crate::protocol::{NodeId, Protocol, RequestId, TICK_MS};
use crate::raft::fact::Fact;
use crate::raft::log::Record;
use crate::raft::message::Message;
use crate::raft::node::{Effect, Input};
use crate::raft::request::Response;

impl Cluster {
    pub(super) fn tick(&mut self, node: NodeId) {
        let host = self.host(node);
        host.monotonic_ns += TICK_MS * host.rate * 10_000;
        if !self.is_awake(node) {
            return;
        }
        let (now, mut effects) = (self.now(node), Vec::new());
        if let Some(running) = &mut self.host(node).node {
            running.tick(now, &mut effects);
        }
        self.carry_out(node, effects.into());
    }

    pub(super) fn step(&mut self, node: NodeId, input: Input) {
        if !self.is_awake(node) {
            return;
        }
        let (now, mut effects) = (self.now(node), Vec::new());
        if let Some(running) = &mut self.host(node).node {
            running.step(input, now, &mut effects);
        }
        self.carry_out(node, effects.into());
    }

    /// Does what a node wants done, until it ends or stalls.
    pub(super) fn carry_out(&mut self, node: NodeId, mut effects: VecDeque<Effect>) {
        let mut late = Vec::new();
        while let Some(effect) = effects.pop_front() {
            let host = &mut self.hosts[usize::from(node)];
            if matches!(effect, Effect::ReplyBefore { .. }) && std::mem::take(&mut host.stalls) {
                effects.push_front(effect);
                host.is_paused = true;
                host.stalled = effects;
                self.note(|| format!("{} stands still before it answers", name(node)));
                return;
            }
            if matches!(effect, Effect::Append(_) | Effect::SaveSnapshot { .. }) && host.is_full {
                self.note(|| format!("{} cannot append, and ends", name(node)));
                return self.end(node);
            }
            late.extend(self.carry_out_one(node, effect));
        }
        for id in late {
            self.step(node, Input::TooLate { id });
        }
    }

    /// Does one thing; the request whose answer came too late, if it was that.
    fn carry_out_one(&mut self, node: NodeId, effect: Effect) -> Option<RequestId> {
        match effect {
            Effect::Send { to, message } => self.send(node, to, message),
            Effect::Reply { id, response } => self.reply(id, response),
            Effect::ReplyBefore { id, response, before } => {
                if self.hosts[usize::from(node)].monotonic_ns >= before {
                    return Some(id);
                }
                self.reply(id, response);
            }
            Effect::Append(record) => self.append(node, record),
            Effect::SaveSnapshot { index, bytes, records } => {
                self.note(|| format!("{} saves a snapshot through {index}", name(node)));
                self.host(node).disk.save(index, bytes, records);
            }
            Effect::Fact(fact) => self.tell(node, &fact),
            Effect::Reached(marker) => {
                self.note(|| format!("{} reached {marker}", name(node)));
                *self.reached.entry(marker).or_default() += 1;
            }
            Effect::Note(text) => self.note(|| format!("{}: {text}", name(node))),
            Effect::Acknowledged { .. }
            | Effect::Released { .. }
            | Effect::CaughtUp
            | Effect::Pass(_)
            | Effect::View(_) => {}
        }
        None
    }

    fn send(&mut self, from: NodeId, to: NodeId, message: Message) {
        let is_cut = self.cut.contains(&(from, to));
        self.line(Line::Sent, || {
            let lost = if is_cut { " (cut)" } else { "" };
            format!("{} -> {}: {}{lost}", name(from), name(to), notation::message(&message))
        });
        if !is_cut {
            self.network.push(Packet { from, to, message });
        }
    }

    fn reply(&mut self, id: RequestId, response: Response) {
        self.note(|| format!("#{id} {}", notation::response(&response)));
        let earlier = self.replies.insert(id, response);
        assert_eq!(earlier, None, "request {id} was answered twice");
    }

    fn append(&mut self, node: NodeId, record: Record) {
        self.note(|| format!("{} appends {}", name(node), notation::record(&record)));
        if let Record::Entry(entry) = &record {
            self.entries.entry(entry.at).or_insert_with(|| entry.clone());
        }
        self.host(node).disk.append(record);
    }

    fn tell(&mut self, node: NodeId, fact: &Fact) {
        let kind = if matches!(fact, Fact::Appended { .. }) { Line::Detail } else { Line::Event };
        self.line(kind, || format!("{} {}", name(node), notation::fact(fact)));
        match *fact {
            Fact::Leader { term } => self.host(node).leads = term,
            Fact::Term(_) | Fact::Started { .. } => self.host(node).leads = 0,
            Fact::Applied { at, .. } => {
                let applied = self.applied.entry(at.index).or_insert(at);
                *applied = at.max(*applied);
            }
            _ => {}
        }
        let broken = self.invariants.hear(node, fact);
        for each in broken {
            self.note(|| format!("BROKEN {}: {}", each.invariant, each.what));
            self.broken.push(each);
        }
    }
}
