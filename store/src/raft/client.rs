//! The client of a replicated log: one session, with its token.
//!
//! A session asks one thing at a time. It finds the leader by asking any node, and asks again until it is
//! answered or its time is over; a write keeps its number, so that however often it arrives, it takes effect
//! once.
//!
//! ```text
//!  session ──write 1──▶ n1   not the leader: n2 is
//!          ──write 1──▶ n2   dies before it answers      it may be in the log
//!          ──write 1──▶ n3   the leader now: done at 9   applied by n2's entry or by this one, not by both
//!          ──read k───▶ n1   token 9                     not before n1 has applied entry 9
//! ```
//!
//! - [`Response::Refused`]: certainly no effect. Once an attempt may have reached the log, only the state
//!   machine's word makes that certain; that a later node refused does not.
//! - [`Response::Unknown`], of writes, changes of members and transfers of leadership: the time is over, or the
//!   session has ended or gone on meanwhile.

mod attempt;
mod outcome;
mod pursuit;
mod round;
mod token;

use std::time::Duration;

use crate::client::connection::Connection;
use crate::env::Env;
use crate::protocol::NodeId;
use crate::raft::log::Term;
use crate::raft::node::Node;
use crate::raft::request::{Ask, Change, Operation, ReadMode, Refusal, Response, SessionId, Versioned};
use crate::safeguards::Safeguards;

pub use token::Token;

/// What a client is told.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// All nodes, name and address, sorted by name: positions are [`NodeId`]s.
    pub nodes: Vec<(String, String)>,
    /// How long one node may be silent before another is asked.
    pub attempt_max: Duration,
    /// One read in this many, of mode follower or any, goes to another node than the one before, without
    /// need; 0: none.
    pub wander_one_in: u64,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

impl ClientOptions {
    /// The defaults, for these nodes.
    pub fn new(nodes: Vec<(String, String)>) -> ClientOptions {
        ClientOptions {
            nodes,
            attempt_max: Duration::from_millis(500),
            wander_one_in: 32,
            safeguards: Safeguards::default(),
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The node that answered, or was last asked.
    pub node: NodeId,
    /// What it said, or what is certain without its word: [`Response::Refused`] only where there was
    /// certainly no effect, [`Response::Unknown`] only where there may be one.
    pub outcome: Response,
}

/// A session.
pub struct Client {
    env: Env,
    options: ClientOptions,
    token: Token,
    session: Option<Session>,
    connections: Vec<Option<Connection<Node>>>,
    /// Whom it takes for the leader.
    leader: NodeId,
    /// The highest term it has heard of: who led an earlier one does not matter.
    term: Term,
    /// Who serves its reads of modes follower and any.
    reader: NodeId,
}

/// An open session of the log.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: SessionId,
    /// The number of its last write.
    sequence: u64,
}

/// Who may answer a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The leader, wherever it is.
    Leader,
    /// Any node.
    Reader,
    /// This node, asked once.
    Only(NodeId),
}

struct Call {
    ask: Ask,
    place: Place,
    /// When its time is over, on the monotonic clock.
    until: u64,
}

impl Client {
    /// A new session: an empty token, and a first node chosen at random. Connects when first asked, and opens
    /// its session of the log with the first write.
    ///
    /// Panics without nodes.
    pub fn new(env: Env, options: ClientOptions) -> Client {
        assert!(!options.nodes.is_empty(), "a client needs at least one node");
        let first = below(env.random.next(), options.nodes.len());
        Client {
            token: Token::default(),
            session: None,
            connections: options.nodes.iter().map(|_| None).collect(),
            leader: first,
            term: 0,
            reader: first,
            env,
            options,
        }
    }

    /// What this session has seen.
    pub fn token(&self) -> Token {
        self.token
    }

    /// Changes something, once.
    ///
    /// Where the session has ended, the next write opens a new one: what this one may have done is then
    /// unknown, or certainly nothing if it was never in doubt.
    pub async fn write(&mut self, operation: Operation, deadline: Duration) -> Answer {
        let until = self.until(deadline);
        let Session { id, sequence } = match self.session {
            Some(session) => session,
            None => match self.open(until).await {
                Ok(session) => session,
                Err(answer) => return answer,
            },
        };
        // Counted before anything is sent: should the caller give up, the number is used.
        let sequence = sequence + 1;
        self.session = Some(Session { id, sequence });
        let ask = Ask::Write { session: id, sequence, operation };
        self.pursue(Call { ask, place: Place::Leader, until }).await
    }

    /// Reads keys at one moment: at `node`, which is then asked once, or else wherever the mode allows.
    pub async fn read(
        &mut self,
        keys: Vec<String>,
        mode: ReadMode,
        deadline: Duration,
        node: Option<NodeId>,
    ) -> Answer {
        let place = match (node, mode) {
            (Some(node), _) => Place::Only(node),
            (None, ReadMode::Leader | ReadMode::Lease) => Place::Leader,
            (None, ReadMode::Follower | ReadMode::Any) => {
                self.wander();
                Place::Reader
            }
        };
        // The token is put in at each attempt.
        let ask = Ask::Read { keys, mode, token: 0 };
        self.ask(ask, place, deadline).await
    }

    /// Everything that `node` itself has applied; each page within `deadline`.
    pub async fn dump(
        &mut self,
        node: NodeId,
        deadline: Duration,
    ) -> Result<Vec<(String, Versioned)>, Refusal> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map(|(key, _): &(String, Versioned)| key.clone());
            match self.ask(Ask::Dump { after }, Place::Only(node), deadline).await.outcome {
                Response::Page { cells, more } => {
                    let is_last = !more || cells.is_empty();
                    all.extend(cells);
                    if is_last {
                        return Ok(all);
                    }
                }
                Response::Refused(refusal) => return Err(refusal),
                other => return Err(Refusal::Unavailable(format!("not a page: {other:?}"))),
            }
        }
    }

    /// What `node` knows of leader, log and members.
    pub async fn status(&mut self, node: NodeId, deadline: Duration) -> Answer {
        self.ask(Ask::Status, Place::Only(node), deadline).await
    }

    /// Changes the members. Not asked again once it may have been taken: the outcome is then unknown.
    pub async fn change(&mut self, change: Change, deadline: Duration) -> Answer {
        self.ask(Ask::Change(change), Place::Leader, deadline).await
    }

    /// Has the leader hand over to `to`. Not asked again once it may have been taken.
    pub async fn transfer(&mut self, to: NodeId, deadline: Duration) -> Answer {
        self.ask(Ask::Transfer { to }, Place::Leader, deadline).await
    }

    async fn ask(&mut self, ask: Ask, place: Place, deadline: Duration) -> Answer {
        let until = self.until(deadline);
        self.pursue(Call { ask, place, until }).await
    }

    async fn open(&mut self, until: u64) -> Result<Session, Answer> {
        let answer = self.pursue(Call { ask: Ask::Open, place: Place::Leader, until }).await;
        match answer.outcome {
            Response::Opened { session } => Ok(Session { id: session, sequence: 0 }),
            _ => Err(answer),
        }
    }

    fn until(&self, deadline: Duration) -> u64 {
        let nanos = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        self.env.clock.monotonic().saturating_add(nanos)
    }

    fn time_left(&self, call: &Call) -> Duration {
        Duration::from_nanos(call.until.saturating_sub(self.env.clock.monotonic()))
    }
}

/// `random` brought below `bound`.
fn below(random: u64, bound: usize) -> NodeId {
    (random % bound as u64) as NodeId
}

#[cfg(test)]
mod tests;
