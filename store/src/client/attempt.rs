//! One attempt at a call: of one node, or of two, and what is certain when there is no answer.

use std::time::Duration;

use super::connection::Connection;
use super::hedge::{self, Which};
use super::outcome::{fits, is_write};
use super::{CONNECT_MAX, Client};
use crate::deadline::within;
use crate::marker;
use crate::quorum::message::{Level, NodeId, Operation, Refusal, Request, Response};
use crate::quorum::node::Node;
use crate::wire::WireError;

/// Why a call has no answer.
pub(super) enum Failure {
    /// It certainly did not leave.
    NotSent(WireError),
    /// The deadline passed.
    Missed,
    /// The connection ended first.
    Lost(WireError),
}

/// What a session is asked to do.
pub(super) struct Call {
    /// What.
    pub(super) operation: Operation,
    /// At which level.
    pub(super) level: Level,
    /// In what time.
    pub(super) deadline: Duration,
    /// When it passes, on the monotonic clock.
    pub(super) until: u64,
}

impl Client {
    /// Asks the coordinator; where that may be another one and is slow with a read, also a second node, and stays with
    /// whoever answers.
    pub(super) async fn attempt(&mut self, call: &Call, is_free: bool) -> Result<Response, Failure> {
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
        let [of_first, mut of_second] = [self.coordinator, second].map(|node| self.kept(node));
        let this = &*self;
        let asks_second = async {
            this.env.observer.reached(marker::READ_HEDGED.name);
            this.ask(second, of_second.take(), call).await
        };
        let is_good = |answered: &Result<(_, Response), _>| {
            answered.as_ref().is_ok_and(|(_, response)| !matches!(response, Response::Refused(_)))
        };
        let asks_first = this.ask(this.coordinator, of_first, call);
        let slow = this.env.clock.sleep(slow);
        let (which, answered) = hedge::first_answer(asks_first, slow, asks_second, is_good).await;
        // Who was not asked is still connected.
        self.connections[usize::from(second)] = of_second;
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
    pub(super) fn outcome_of(&self, call: &Call, failure: Failure) -> Response {
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
}
