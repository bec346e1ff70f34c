//! Where the parts of a node put what they want done.

use std::collections::VecDeque;

use super::effect::{Effect, RecordNumber};
use super::message::{Message, NodeId};
use super::record::Logged;

/// Collects effects. What a node says to itself takes no detour over the network: it waits in
/// `to_self`, and the node hears it in the same step.
pub struct Outbox<'a> {
    me: NodeId,
    to_self: VecDeque<Message>,
    appended: RecordNumber,
    effects: &'a mut Vec<Effect>,
}

impl<'a> Outbox<'a> {
    /// The outbox of node `me`, which has appended so many records so far; fills `effects`.
    pub fn new(me: NodeId, appended: RecordNumber, effects: &'a mut Vec<Effect>) -> Outbox<'a> {
        Outbox { me, to_self: VecDeque::new(), appended, effects }
    }

    /// Says something to a node.
    pub fn send(&mut self, to: NodeId, message: Message) {
        if to == self.me {
            self.to_self.push_back(message);
        } else {
            self.effects.push(Effect::Send { to, message });
        }
    }

    /// Appends a record to the log. Returns the number that the shell gives it.
    pub fn append(&mut self, record: Logged) -> RecordNumber {
        self.appended += 1;
        self.effects.push(Effect::Append(record));
        self.appended
    }

    /// The number of the last record that was appended.
    pub fn appended(&self) -> RecordNumber {
        self.appended
    }

    /// Wants anything else done.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The next thing the node has said to itself.
    pub fn pop_to_self(&mut self) -> Option<Message> {
        self.to_self.pop_front()
    }
}
