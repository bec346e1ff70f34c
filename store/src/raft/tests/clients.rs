//! Clients of a random run: each does one thing at a time, and asks again until it knows how that ended.

use super::schedule::Rolls;
use crate::protocol::{NodeId, RequestId};
use crate::raft::log::{Index, Position};
use crate::raft::request::{Ask, Operation, ReadMode, Refusal, Response, SessionId};
use crate::raft::testkit::Cluster;

/// How many there are.
pub const CLIENTS: usize = 3;
/// The keys: a list, a register, a counter.
pub const KEYS: [&str; 3] = ["list", "register", "counter"];

/// Something a client did, and knows the end of.
#[derive(Clone, Debug)]
pub struct Call {
    pub client: usize,
    pub ask: Ask,
    /// The furthest position that any client had seen when this one first asked.
    pub floor: Position,
    pub response: Response,
}

/// A client: one operation at a time, and a token.
#[derive(Debug, Default)]
pub struct Client {
    session: SessionId,
    /// Of the last write.
    sequence: u64,
    token: Index,
    /// Whom it takes for the leader.
    leader: Option<NodeId>,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ask: Ask,
    floor: Position,
    /// The last attempt; none: it was refused, or is not known to have arrived.
    attempt: Option<RequestId>,
    /// No attempt can have had an effect.
    is_clean: bool,
}

/// All clients, and what they have seen.
#[derive(Debug, Default)]
pub struct Clients {
    clients: [Client; CLIENTS],
    /// The furthest position that any of them has seen.
    pub floor: Position,
    pub calls: Vec<Call>,
    elements: u64,
}

impl Clients {
    /// A client asks something, or asks again, or gives up a read: this node, or one of its choice.
    pub fn act(&mut self, cluster: &mut Cluster, client: usize, roll: u64, whom: Option<NodeId>) {
        let rolls = &mut Rolls(roll);
        let client = client % CLIENTS;
        let node = self.node(cluster, client, rolls);
        let node = whom.unwrap_or(node);
        if !cluster.is_awake(node) {
            self.clients[client].leader = None;
            return;
        }
        match self.clients[client].waiting.take() {
            None => {
                let ask = self.draw(client, rolls);
                self.attempt(cluster, client, node, Waiting::new(ask, self.floor));
            }
            // An attempt may yet be answered: seldom does it give up on that.
            Some(waiting) if waiting.attempt.is_some() && rolls.below(4) > 0 => {
                self.clients[client].waiting = Some(waiting);
            }
            Some(waiting) if matches!(waiting.ask, Ask::Read { .. }) => {}
            Some(waiting) if waiting.is_clean && waiting.attempt.is_none() && rolls.below(4) == 0 => {
                // Refused each time: it certainly had no effect.
                let nobody = Refusal::Unavailable(String::new());
                self.end(client, waiting, Response::Refused(nobody));
            }
            Some(mut waiting) => {
                waiting.is_clean &= waiting.attempt.is_none();
                self.attempt(cluster, client, node, waiting);
            }
        }
    }

    /// The clients hear answers.
    pub fn listen(&mut self, cluster: &mut Cluster) {
        for client in 0..CLIENTS {
            let attempt = self.clients[client].waiting.as_ref().and_then(|waiting| waiting.attempt);
            if let Some(response) = attempt.and_then(|id| cluster.replies.remove(&id)) {
                self.hear(client, response);
            }
        }
    }

    /// A node died: nobody waits for it any more than for one that is slow, but all look for another leader.
    pub fn forget_leader(&mut self, node: NodeId) {
        for client in &mut self.clients {
            client.leader.take_if(|leader| *leader == node);
        }
    }

    /// The leader mostly, if it is known, or any other node.
    fn node(&self, cluster: &Cluster, client: usize, rolls: &mut Rolls) -> NodeId {
        let any = rolls.below(cluster.hosts.len() as u64) as NodeId;
        self.clients[client].leader.filter(|_| rolls.below(4) > 0).unwrap_or(any)
    }

    fn draw(&mut self, client: usize, rolls: &mut Rolls) -> Ask {
        let client = &mut self.clients[client];
        let mode = match rolls.below(16) {
            0..4 => ReadMode::Leader,
            4..7 => ReadMode::Lease,
            7..9 => ReadMode::Follower,
            9 => ReadMode::Any,
            _ if client.session == 0 => return Ask::Open,
            _ => {
                self.elements += 1;
                client.sequence += 1;
                let operation = operation(self.elements, rolls);
                return Ask::Write { session: client.session, sequence: client.sequence, operation };
            }
        };
        let token = if mode == ReadMode::Follower { client.token } else { 0 };
        Ask::Read { keys: KEYS.map(str::to_owned).to_vec(), mode, token }
    }

    fn attempt(&mut self, cluster: &mut Cluster, client: usize, node: NodeId, mut waiting: Waiting) {
        waiting.attempt = Some(cluster.ask(node, waiting.ask.clone()));
        self.clients[client].waiting = Some(waiting);
    }

    fn hear(&mut self, client: usize, response: Response) {
        let Some(mut waiting) = self.clients[client].waiting.take() else { return };
        waiting.attempt = None;
        match &response {
            Response::Refused(Refusal::NotLeader { leader, .. }) => {
                self.clients[client].leader = *leader;
                self.clients[client].waiting = Some(waiting);
            }
            Response::Unknown(_) => {
                waiting.is_clean = false;
                self.clients[client].waiting = Some(waiting);
            }
            Response::Refused(Refusal::SessionEnded { .. }) => {
                self.clients[client].session = 0;
                let nobody_knows = Response::Unknown("the session has ended".to_owned());
                self.end(client, waiting, nobody_knows);
            }
            Response::Refused(_) => {
                self.clients[client].leader = None;
                self.clients[client].waiting = Some(waiting);
            }
            _ => self.end(client, waiting, response),
        }
    }

    fn end(&mut self, client: usize, Waiting { ask, floor, .. }: Waiting, response: Response) {
        let call = Call { client, ask, floor, response };
        if let Some(at) = call.position() {
            self.floor = self.floor.max(at);
            self.clients[client].token = self.clients[client].token.max(at.index);
        }
        if let Response::Opened { session } = call.response {
            self.clients[client] =
                Client { session, sequence: 0, ..std::mem::take(&mut self.clients[client]) };
        }
        self.calls.push(call);
    }
}

impl Waiting {
    fn new(ask: Ask, floor: Position) -> Waiting {
        Waiting { ask, floor, attempt: None, is_clean: true }
    }
}

impl Call {
    /// What it came to: the entry that it wrote, or the last that it saw.
    pub fn position(&self) -> Option<Position> {
        match self.response {
            Response::Done { index, term, .. } => Some(Position { term, index }),
            Response::Cells { applied, term, .. } => Some(Position { term, index: applied }),
            _ => None,
        }
    }
}

fn operation(element: u64, rolls: &mut Rolls) -> Operation {
    let bytes = element.to_string().into_bytes();
    match rolls.below(4) {
        0 => Operation::Put { key: KEYS[1].to_owned(), value: bytes },
        1 => Operation::Add { key: KEYS[2].to_owned(), amount: 1 },
        _ => Operation::Append { key: KEYS[0].to_owned(), element: bytes },
    }
}
