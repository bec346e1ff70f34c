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

pub(crate) mod connection;
mod discovery;
mod family;
mod hedge;
mod outcome;
mod places;
mod token;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::deadline::within;
use crate::env::Env;
use crate::marker;
use crate::quorum::membership::view::View;
use crate::quorum::message::{Entry, Level, NodeId, Operation, Refusal, Request, Response};
use crate::quorum::node::Node;
use crate::safeguards::Safeguards;
use crate::wire::WireError;

use connection::Connection;
pub use discovery::discover;
pub use family::{FamilyUnknown, family};
use hedge::Which;
use outcome::{fits, is_coordinators_fault, is_write, version_of, worth_another};
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

/// Why a call has no answer.
enum Failure {
    /// It certainly did not leave.
    NotSent(WireError),
    /// The deadline passed.
    Missed,
    /// The connection ended first.
    Lost(WireError),
}

struct Call {
    operation: Operation,
    level: Level,
    deadline: Duration,
    /// When it passes, on the monotonic clock.
    until: u64,
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
        let mut attempts_left = if place.is_some() { 1 } else { self.options.nodes.len() };
        let mut may_be_sent_on = node.is_none();
        let outcome = loop {
            attempts_left -= 1;
            match self.attempt(&call, place.is_none()).await {
                Ok(Response::Refused(Refusal::Elsewhere { node })) if may_be_sent_on => {
                    self.go_to(&node, call.operation.key());
                    (may_be_sent_on, attempts_left) = (false, 1);
                }
                Err(Failure::NotSent(error)) if attempts_left > 0 && worth_another(&error) => self.change(),
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

    /// The node of this name has the cache of this key.
    fn go_to(&mut self, name: &str, key: Option<&str>) {
        let position = self.options.nodes.iter().position(|(each, _)| each == name);
        if let (Some(node), Some(key)) = (position, key) {
            self.places.learn(key, node as NodeId);
            self.coordinate(node as NodeId);
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

    fn wander(&mut self) {
        let one_in = self.options.wander_one_in;
        if one_in > 0 && self.env.random.next().is_multiple_of(one_in) {
            let near = self.options.near.iter().copied().filter(|node| !self.away.contains(node));
            match near.collect::<Vec<NodeId>>().as_slice() {
                [] => self.change(),
                near => self.coordinate(near[below(self.env.random.next(), near.len())]),
            }
        }
    }

    /// Takes another coordinator.
    fn change(&mut self) {
        if let Some(next) = self.another() {
            self.coordinate(next);
        }
    }

    /// Another node than the coordinator, at random: whoever is near has failed, or may be anyone. The next one from there
    /// that is not away; none where there is one node only.
    fn another(&self) -> Option<NodeId> {
        let others = self.options.nodes.len() - 1;
        let drawn = (others > 0).then(|| below(self.env.random.next(), others))?;
        let further = |places: usize| {
            ((usize::from(self.coordinator) + 1 + drawn + places) % self.options.nodes.len()) as NodeId
        };
        let is_there = |node: &NodeId| *node != self.coordinator && !self.away.contains(node);
        Some((0..=others).map(further).find(is_there).unwrap_or(further(0)))
    }

    fn coordinate(&mut self, node: NodeId) {
        if node == self.coordinator {
            return;
        }
        self.coordinator = node;
        if !self.options.safeguards.token_survives_failover && !self.token.is_empty() {
            self.env.observer.reached("token-dropped");
            self.token.clear();
        }
    }

    /// Asks the coordinator; where that may be another one and is slow with a read, also a second node, and stays with
    /// whoever answers.
    async fn attempt(&mut self, call: &Call, is_free: bool) -> Result<Response, Failure> {
        let hedges = is_free && !is_write(&call.operation);
        let slow = self.options.hedge_after.filter(|_| hedges);
        let answered = match slow.and_then(|slow| Some((slow, self.another()?))) {
            None => {
                let kept = self.kept(self.coordinator);
                self.ask(self.coordinator, kept, call).await
            }
            Some((slow, second)) => self.ask_two(slow, second, call).await,
        };
        let (connection, response) = answered?;
        // A connection that failed in any way is not kept.
        self.connections[usize::from(self.coordinator)] = Some(connection);
        Ok(response)
    }

    /// Asks the coordinator, and once it is slow another node; whoever gives an answer coordinates from here on.
    async fn ask_two(
        &mut self,
        slow: Duration,
        second: NodeId,
        call: &Call,
    ) -> Result<(Connection<Node>, Response), Failure> {
        let [of_first, of_second] = [self.coordinator, second].map(|node| self.kept(node));
        let this = &*self;
        let asks_second = async {
            this.env.observer.reached(marker::READ_HEDGED.name);
            this.ask(second, of_second, call).await
        };
        let is_good = |answered: &Result<(_, Response), _>| {
            answered.as_ref().is_ok_and(|(_, response)| !matches!(response, Response::Refused(_)))
        };
        let asks_first = this.ask(this.coordinator, of_first, call);
        let slow = this.env.clock.sleep(slow);
        let (which, answered) = hedge::first_answer(asks_first, slow, asks_second, is_good).await;
        if which == Which::Second {
            self.coordinate(second);
        }
        answered
    }

    /// The connection to a node that was kept, if it has not ended.
    fn kept(&mut self, node: NodeId) -> Option<Connection<Node>> {
        let mut kept = self.connections.get_mut(usize::from(node)).and_then(Option::take);
        kept.take_if(|kept| kept.end().is_none())
    }

    async fn ask(
        &self,
        node: NodeId,
        kept: Option<Connection<Node>>,
        call: &Call,
    ) -> Result<(Connection<Node>, Response), Failure> {
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect(usize::from(node), call).await.map_err(Failure::NotSent)?,
        };
        let request = self.request(call).ok_or(Failure::NotSent(WireError::Late))?;
        let id = connection.send(request).map_err(Failure::NotSent)?;
        let response = within(&*self.env.clock, self.time_left(call), connection.answer(id))
            .await
            .ok_or(Failure::Missed)?
            .map_err(Failure::Lost)?;
        if !fits(&call.operation, &response) {
            return Err(Failure::Lost(WireError::Unexpected("the answer is to another question")));
        }
        Ok((connection, response))
    }

    async fn connect(&self, node: usize, call: &Call) -> Result<Connection<Node>, WireError> {
        let Some((name, address)) = self.options.nodes.get(node) else {
            return Err(WireError::Unexpected("there is no node of that number"));
        };
        let limit = self.time_left(call).min(CONNECT_MAX);
        Connection::open(&self.env, name, address, limit).await
    }

    /// The request, with a deadline somewhat before the call's own, so that the node answers first;
    /// none once no time is left.
    fn request(&self, call: &Call) -> Option<Request> {
        let left = self.time_left(call);
        let ahead = (left / 8).min(Duration::from_millis(250));
        let deadline_ms = u32::try_from((left - ahead).as_millis()).unwrap_or(u32::MAX);
        (deadline_ms > 0).then(|| Request {
            operation: call.operation.clone(),
            level: call.level,
            floor: call.operation.key().and_then(|key| self.token.floor(key)),
            above: self.token.highest(),
            deadline_ms,
        })
    }

    fn time_left(&self, call: &Call) -> Duration {
        Duration::from_nanos(call.until.saturating_sub(self.env.clock.monotonic()))
    }

    /// What is certain when there is no answer.
    fn outcome_of(&self, call: &Call, failure: Failure) -> Response {
        let name = match self.options.nodes.get(usize::from(self.coordinator)) {
            Some((name, _)) => name.clone(),
            None => format!("node {}", self.coordinator),
        };
        let (was_sent, why) = match failure {
            Failure::NotSent(error @ WireError::TooLarge) => {
                return Response::Refused(Refusal::Invalid(error.to_string()));
            }
            Failure::NotSent(error) => (false, format!("{name} was not reached: {error}")),
            Failure::Lost(error) => (true, format!("{name} was lost before it answered: {error}")),
            Failure::Missed => {
                let why = format!("{name} did not answer within {} ms", call.deadline.as_millis());
                let mut is_unknown = is_write(&call.operation);
                if is_unknown && !self.options.safeguards.timeout_is_unknown {
                    self.env.observer.reached("timeout-reported-as-failure");
                    is_unknown = false;
                }
                (is_unknown, why)
            }
        };
        if was_sent && is_write(&call.operation) {
            Response::Unknown(why)
        } else {
            Response::Refused(Refusal::Unavailable(why))
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

/// `random` brought below `bound`.
fn below(random: u64, bound: usize) -> usize {
    (random % bound as u64) as usize
}

#[cfg(test)]
mod tests;
