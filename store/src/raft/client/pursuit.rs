//! Asking until there is an answer: from node to node, and from round to round.

use std::time::Duration;

use super::outcome::Trail;
use super::round::Round;
use super::{Answer, Call, Client, Place, Token, below};
use crate::protocol::NodeId;
use crate::raft::request::{Refusal, Response};

/// The least pause between two rounds over all nodes, in milliseconds; up to four times that, drawn.
const PAUSE_MS: u64 = 25;

impl Client {
    /// Asks until that is answered for good, or the time is over.
    pub(super) async fn pursue(&mut self, call: Call) -> Answer {
        let mut trail = Trail::default();
        let mut round = Round::default();
        loop {
            let node = self.node(call.place);
            let attempt = self.attempt(&call, node).await;
            let hint = self.learn(&attempt);
            if let Some(outcome) = trail.hear(&call.ask, attempt) {
                return Answer { node, outcome };
            }
            let is_over = match call.place {
                Place::Only(_) => true,
                Place::Leader | Place::Reader => {
                    let hint = hint.filter(|_| call.place == Place::Leader);
                    self.move_on(&call, &mut round, hint).await;
                    self.time_left(&call).is_zero()
                }
            };
            if is_over {
                return Answer { node, outcome: self.without_answer(trail) };
            }
        }
    }

    /// What is certain once the time is over.
    fn without_answer(&self, trail: Trail) -> Response {
        match trail.end() {
            Response::Unknown(why) if !self.options.safeguards.timeout_is_unknown => {
                self.env.observer.reached("timeout-reported-as-failure");
                Response::Refused(Refusal::Unavailable(why))
            }
            outcome => outcome,
        }
    }

    /// Goes to the next node; after a round over all of them, not before a pause.
    async fn move_on(&mut self, call: &Call, round: &mut Round, hint: Option<NodeId>) {
        let nodes = self.options.nodes.len() as NodeId;
        let (next, is_round_over) = round.next(self.node(call.place), hint, nodes);
        self.go_to(call.place, next);
        if is_round_over {
            let pause_ms = PAUSE_MS + self.env.random.next() % (3 * PAUSE_MS + 1);
            let pause = Duration::from_millis(pause_ms).min(self.time_left(call));
            self.env.clock.sleep(pause).await;
        }
    }

    /// Now and then takes another node to read from.
    pub(super) fn wander(&mut self) {
        let (one_in, others) = (self.options.wander_one_in, self.options.nodes.len() - 1);
        if one_in > 0 && others > 0 && self.env.random.next().is_multiple_of(one_in) {
            let step = 1 + below(self.env.random.next(), others);
            self.go_to(Place::Reader, (self.reader + step) % self.options.nodes.len() as NodeId);
        }
    }

    fn node(&self, place: Place) -> NodeId {
        match place {
            Place::Leader => self.leader,
            Place::Reader => self.reader,
            Place::Only(node) => node,
        }
    }

    fn go_to(&mut self, place: Place, node: NodeId) {
        let before = self.node(place);
        match place {
            Place::Leader => self.leader = node,
            Place::Reader => self.reader = node,
            Place::Only(_) => {}
        }
        let keeps_token = self.options.safeguards.token_survives_failover;
        if node != before && !keeps_token && self.token != Token::default() {
            self.env.observer.reached("token-dropped");
            self.token = Token::default();
        }
    }
}
