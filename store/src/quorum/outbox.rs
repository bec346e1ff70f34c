//! Where the parts of a node put what they want done.

use std::collections::VecDeque;

use super::effect::{Effect, RecordNumber, RequestId};
use super::message::{Message, NodeId, Response};
use super::record::Logged;

/// Collects effects. What a node says to itself takes no detour over the network: it waits in
/// `to_self`, and the node hears it in the same step.
pub struct Outbox<'a> {
    me: NodeId,
    to_self: VecDeque<Message>,
    /// Answers to what a cache has asked; none: there is no cache, and clients ask themselves.
    to_cache: Option<VecDeque<(RequestId, Response)>>,
    appended: RecordNumber,
    effects: &'a mut Vec<Effect>,
}

impl<'a> Outbox<'a> {
    /// The outbox of node `me`, which has appended so many records so far; fills `effects`.
    pub fn new(me: NodeId, appended: RecordNumber, effects: &'a mut Vec<Effect>) -> Outbox<'a> {
        Outbox { me, to_self: VecDeque::new(), to_cache: None, appended, effects }
    }

    /// The same, of a node with a cache: answers of its coordinator go there.
    pub fn with_cache(self, has_cache: bool) -> Outbox<'a> {
        Outbox { to_cache: has_cache.then(VecDeque::new), ..self }
    }

    /// Says something to a node.
    pub fn send(&mut self, to: NodeId, message: Message) {
        if to == self.me {
            self.to_self.push_back(message);
        } else {
            self.effects.push(Effect::Send { to, message });
        }
    }

    /// Answers whoever asked the coordinator: the cache, or where there is none the client.
    pub fn answer(&mut self, id: RequestId, response: Response) {
        match &mut self.to_cache {
            Some(answers) => answers.push_back((id, response)),
            None => self.effects.push(Effect::Reply { id, response }),
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

    /// Wants all of these done.
    pub fn extend(&mut self, effects: impl IntoIterator<Item = Effect>) {
        self.effects.extend(effects);
    }

    /// The next thing the node has said to itself.
    pub fn pop_to_self(&mut self) -> Option<Message> {
        self.to_self.pop_front()
    }

    /// The next answer for the cache.
    pub fn pop_to_cache(&mut self) -> Option<(RequestId, Response)> {
        self.to_cache.as_mut()?.pop_front()
    }
}
