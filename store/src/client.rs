//! The client: one session, with its token.
//!
//! A session asks one thing at a time. It keeps to one coordinator until that one fails it, and
//! sometimes changes to spread the load; the token goes along, so that what it has seen is never
//! taken back, whoever coordinates.
//!
//! ```text
//!  session ──put k──▶ n1   n1 dies before it answers        outcome unknown: it may hold, or yet hold
//!          ──get k──▶ n3   floor: what the session saw of k  reached, or refused; never older
//! ```
//!
//! In mode siblings a read returns all values that nobody has written over yet, and a context, which is opaque. The client
//! makes one value of them, and hands the context back with it ([`Client::update`]); a put without one goes beside what
//! there is.

mod attempt;
mod choice;
pub(crate) mod connection;
mod discovery;
mod family;
mod hedge;
mod outcome;
mod places;
mod token;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::env::Env;
use crate::quorum::membership::view::View;
use crate::quorum::message::{Entry, Level, NodeId, Operation, Refusal, Response};
use crate::quorum::node::Node;
use crate::safeguards::Safeguards;

use attempt::{Call, Failure};
use choice::below;
use connection::Connection;
pub use discovery::discover;
pub use family::{FamilyUnknown, family};
use outcome::{is_coordinators_fault, version_of, worth_another};
use places::Places;
pub use token::Token;

/// Time that connecting may take: then another node is tried.
const CONNECT_MAX: Duration = Duration::from_millis(500);

/// What a client is told.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// All nodes, name and address, sorted by name: positions are [`NodeId`]s.
    pub nodes: Vec<(String, String)>,
    /// Keys in the token at most, and keys of which it is known who caches them.
    pub token_keys_max: usize,
    /// One call in this many goes to another coordinator than the one before, without need; 0: none.
    pub wander_one_in: u64,
    /// Nodes nearby, of the session's own data centre: it keeps to them while they do not fail it; none: all are.
    pub near: Vec<NodeId>,
    /// A read that has no answer after this time is asked of a second node as well, and the first answer counts (hedged
    /// requests: Dean and Barroso, The Tail at Scale, 2013); none: it is not.
    pub hedge_after: Option<Duration>,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

impl ClientOptions {
    /// The defaults, for these nodes.
    pub fn new(nodes: Vec<(String, String)>) -> ClientOptions {
        ClientOptions {
            nodes,
            token_keys_max: 4096,
            wander_one_in: 32,
            near: Vec::new(),
            hedge_after: None,
            safeguards: Safeguards::default(),
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The node that coordinated, or was last asked to.
    pub node: NodeId,
    /// What it said, or what is certain without its word: [`Response::Refused`] only where there
    /// was certainly no effect, [`Response::Unknown`] only for writes.
    pub outcome: Response,
    /// The key that left the token, to make room or because what was seen of it may be lost: its session guarantees
    /// end here.
    pub guarantee_ended: Option<String>,
}

/// A session.
pub struct Client {
    env: Env,
    options: ClientOptions,
    token: Token,
    places: Places,
    connections: Vec<Option<Connection<Node>>>,
    coordinator: NodeId,
    /// Nodes that were away when the session asked last.
    away: BTreeSet<NodeId>,
}

impl Client {
    /// A new session: an empty token, and a coordinator nearby chosen at random. Connects when first asked.
    ///
    /// Panics without nodes.
    pub fn new(env: Env, options: ClientOptions) -> Client {
        assert!(!options.nodes.is_empty(), "a client needs at least one node");
        let drawn = env.random.next();
        let coordinator = match options.near.as_slice() {
            [] => below(drawn, options.nodes.len()) as NodeId,
            near => near[below(drawn, near.len())],
        };
        Client {
            token: Token::new(options.token_keys_max),
            places: Places::new(options.token_keys_max),
            connections: options.nodes.iter().map(|_| None).collect(),
            coordinator,
            away: BTreeSet::new(),
            env,
            options,
        }
    }

    /// What this session has seen.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Reads a key.
    pub async fn get(&mut self, key: &str, level: Level, deadline: Duration) -> Answer {
        self.call(Operation::Get { key: key.to_owned() }, level, deadline, None).await
    }

    /// Writes a value.
    pub async fn put(&mut self, key: &str, value: Vec<u8>, level: Level, deadline: Duration) -> Answer {
        self.call(Operation::Put { key: key.to_owned(), value }, level, deadline, None).await
    }

    /// Writes a tombstone.
    pub async fn delete(&mut self, key: &str, level: Level, deadline: Duration) -> Answer {
        self.call(Operation::Delete { key: key.to_owned() }, level, deadline, None).await
    }

    /// Writes a value (none: a tombstone) over what was read with this context, and over nothing else: of a store in mode
    /// siblings, whose reads return [`Response::Siblings`]. A context that no read has returned takes away what nobody has
    /// seen.
    pub async fn update(
        &mut self,
        key: &str,
        value: Option<Vec<u8>>,
        context: Vec<u8>,
        level: Level,
        deadline: Duration,
    ) -> Answer {
        self.call(Operation::Update { key: key.to_owned(), value, context }, level, deadline, None).await
    }

    /// Does `operation` within `deadline`, coordinated by `node`, or else by a node of its choice.
    ///
    /// While nothing has been sent, and no node was named, it goes from node to node. Where nodes have caches, it goes
    /// to the one that has the key's.
    pub async fn call(
        &mut self,
        operation: Operation,
        level: Level,
        deadline: Duration,
        node: Option<NodeId>,
    ) -> Answer {
        let nanos = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        let until = self.env.clock.monotonic().saturating_add(nanos);
        let call = Call { operation, level, deadline, until };
        let place = node.or_else(|| self.places.of(call.operation.key()?));
        match place {
            Some(node) => self.coordinate(node),
            None => self.wander(),
        }
        let (mut may_be_sent_on, mut may_be_any) = (node.is_none(), place.is_none());
        let mut asked = Vec::new();
        let outcome = loop {
            asked.push(self.coordinator);
            match self.attempt(&call, place.is_none()).await {
                Ok(Response::Refused(Refusal::Elsewhere { node })) if may_be_sent_on => {
                    self.go_to(&node, call.operation.key());
                    (may_be_sent_on, may_be_any) = (false, false);
                }
                Err(Failure::NotSent(error)) if may_be_any && worth_another(&error) => {
                    if !self.go_on(&asked) {
                        break self.outcome_of(&call, Failure::NotSent(error));
                    }
                }
                Err(failure) => break self.outcome_of(&call, failure),
                Ok(response) => break response,
            }
        };
        let answer = Answer {
            node: self.coordinator,
            guarantee_ended: self.learn(&call.operation, &outcome),
            outcome,
        };
        if node.is_none() && is_coordinators_fault(&answer.outcome) {
            self.change();
        }
        answer
    }

    /// Everything that `node` itself holds, in key order; each page within `deadline`.
    pub async fn dump(&mut self, node: NodeId, deadline: Duration) -> Result<Vec<(String, Entry)>, Refusal> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map(|(key, _): &(String, Entry)| key.clone());
            let operation = Operation::Dump { after };
            match self.call(operation, Level::One, deadline, Some(node)).await.outcome {
                Response::Dump { entries, more } => {
                    let is_last = !more || entries.is_empty();
                    all.extend(entries);
                    if is_last {
                        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
                        return Ok(all);
                    }
                }
                Response::Refused(refusal) => return Err(refusal),
                other => return Err(Refusal::Unavailable(format!("not a dump: {other:?}"))),
            }
        }
    }

    /// Who is there, each with its address, as a node of the session's choice knows. From here on the session goes to
    /// none that is away, while there are others.
    pub async fn members(&mut self, deadline: Duration) -> Result<Vec<(View, String)>, Refusal> {
        match self.call(Operation::Members, Level::One, deadline, None).await.outcome {
            Response::Members { views, addresses } => {
                let away = views.iter().filter(|view| view.state.is_away());
                let number = |view: &View| self.options.nodes.iter().position(|(name, _)| *name == view.of);
                self.away = away.filter_map(number).map(|node| node as NodeId).collect();
                Ok(views.into_iter().zip(addresses).collect())
            }
            Response::Refused(refusal) => Err(refusal),
            other => Err(Refusal::Unavailable(format!("no members: {other:?}"))),
        }
    }

    /// Takes into the token what a call has shown; returns the key that left it.
    fn learn(&mut self, operation: &Operation, outcome: &Response) -> Option<String> {
        if let Response::Refused(Refusal::Lost { .. }) = outcome {
            let key = operation.key()?;
            self.token.give_up(key);
            self.env
                .observer
                .note(&format!("what this session has seen of {key} may be lost: its guarantees end"));
            return Some(key.to_owned());
        }
        let ended = self.token.rise(operation.key()?, version_of(outcome)?);
        if let Some(key) = &ended {
            self.env.observer.reached("token-evicted");
            self.env.observer.note(&format!("the token is full: session guarantees for {key} end here"));
        }
        ended
    }
}

#[cfg(test)]
mod tests;
