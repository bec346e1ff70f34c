//! One attempt: one request to one node.

use std::time::Duration;

use super::outcome::{Attempt, fits, may_be_repeated};
use super::{Call, Client, Place};
use crate::client::connection::Connection;
use crate::deadline::within;
use crate::protocol::NodeId;
use crate::raft::node::Node;
use crate::raft::request::{Ask, Refusal, Request, Response};
use crate::wire::WireError;

/// Time that connecting may take: then another node is tried.
const CONNECT_MAX: Duration = Duration::from_millis(500);

/// Why an attempt has no answer.
enum Failure {
    /// It certainly did not leave.
    NotSent(WireError),
    /// Its time is over.
    Missed(Duration),
    /// The connection ended first.
    Lost(WireError),
}

impl Client {
    /// Asks `node` once.
    pub(super) async fn attempt(&mut self, call: &Call, node: NodeId) -> Attempt {
        let failure = match self.exchange(call, usize::from(node)).await {
            Ok(response) => return Attempt::Answered(response),
            Err(failure) => failure,
        };
        let name = match self.options.nodes.get(usize::from(node)) {
            Some((name, _)) => name.clone(),
            None => format!("node {node}"),
        };
        match failure {
            Failure::NotSent(error @ WireError::TooLarge) => {
                Attempt::Answered(Response::Refused(Refusal::Invalid(error.to_string())))
            }
            Failure::NotSent(WireError::Late) => Attempt::Late,
            Failure::NotSent(error) => Attempt::NotSent(format!("{name} was not reached: {error}")),
            Failure::Lost(error) => {
                Attempt::NotAnswered(format!("{name} was lost before it answered: {error}"))
            }
            Failure::Missed(limit) => {
                Attempt::NotAnswered(format!("{name} did not answer within {} ms", limit.as_millis()))
            }
        }
    }

    async fn exchange(&mut self, call: &Call, node: usize) -> Result<Response, Failure> {
        let mut kept = self.connections.get_mut(node).and_then(Option::take);
        let mut connection = match kept.take_if(|kept| kept.end().is_none()) {
            Some(connection) => connection,
            None => self.connect(call, node).await.map_err(Failure::NotSent)?,
        };
        let limit = self.limit(call);
        let request = self.request(call, limit).ok_or(Failure::NotSent(WireError::Late))?;
        let id = connection.send(request).map_err(Failure::NotSent)?;
        let response = within(&*self.env.clock, limit, connection.answer(id))
            .await
            .ok_or(Failure::Missed(limit))?
            .map_err(Failure::Lost)?;
        if !fits(&call.ask, &response) {
            return Err(Failure::Lost(WireError::Unexpected("the answer is to another question")));
        }
        // A connection that failed in any way is not kept.
        self.connections[node] = Some(connection);
        Ok(response)
    }

    async fn connect(&self, call: &Call, node: usize) -> Result<Connection<Node>, WireError> {
        let Some((name, address)) = self.options.nodes.get(node) else {
            return Err(WireError::Unexpected("there is no node of that number"));
        };
        let limit = self.time_left(call).min(CONNECT_MAX);
        Connection::open(&self.env, name, address, limit).await
    }

    /// How long the node may take: the whole time where no other can be asked.
    fn limit(&self, call: &Call) -> Duration {
        let left = self.time_left(call);
        match call.place {
            Place::Leader | Place::Reader if may_be_repeated(&call.ask) => left.min(self.options.attempt_max),
            _ => left,
        }
    }

    /// The request, with a deadline somewhat before the attempt's own, so that the node answers first; none
    /// once no time is left.
    fn request(&self, call: &Call, limit: Duration) -> Option<Request> {
        let ahead = (limit / 8).min(Duration::from_millis(250));
        let deadline_ms = u32::try_from((limit - ahead).as_millis()).unwrap_or(u32::MAX);
        let mut ask = call.ask.clone();
        if let Ask::Read { token, .. } = &mut ask {
            *token = self.token.index();
        }
        (deadline_ms > 0).then_some(Request { ask, deadline_ms })
    }

    /// Takes in what an attempt has shown of the log and of the session; gives who leads, if it says so.
    pub(super) fn learn(&mut self, attempt: &Attempt) -> Option<NodeId> {
        match attempt {
            Attempt::Answered(Response::Done { index, term, .. }) => {
                self.token.rise(*index);
                self.term = self.term.max(*term);
                None
            }
            Attempt::Answered(Response::Cells { applied, .. }) => {
                self.token.rise(*applied);
                None
            }
            Attempt::Answered(Response::Refused(Refusal::NotLeader { leader, term })) => {
                let is_old = *term < self.term;
                self.term = self.term.max(*term);
                leader.filter(|_| !is_old)
            }
            Attempt::Answered(Response::Refused(Refusal::SessionEnded { session })) => {
                self.session.take_if(|open| open.id == *session);
                None
            }
            _ => None,
        }
    }
}
