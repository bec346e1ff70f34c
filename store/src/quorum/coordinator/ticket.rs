//! What an operation carries from its begin to its end.

use crate::quorum::effect::RequestId;
use crate::quorum::message::{Level, Message, OperationId, Refusal, Response};
use crate::quorum::needed::Needed;
use crate::quorum::outbox::Outbox;
use crate::quorum::replica::mode;
use crate::quorum::ring::Homes;
use crate::quorum::ring::layout::Epoch;
use crate::quorum::version::Version;

/// What is the same for both phases of an operation.
#[derive(Debug)]
pub struct Ticket {
    /// Whom to answer; none: nobody waits any more, only repair goes on.
    pub request: Option<RequestId>,
    /// The operation, as replicas name it.
    pub operation: OperationId,
    /// Of the layout that says who they are.
    pub epoch: Epoch,
    /// The key.
    pub key: String,
    /// The key's home replicas.
    pub homes: Homes,
    /// Which of them are needed.
    pub needed: Needed,
    /// For which level.
    pub level: Level,
    /// A write gets a version above this: what the session or the read phase has seen.
    pub above: Option<Version>,
    /// Whether the key is used at level atomic.
    pub atomic: bool,
    /// Whether stand-ins may take a write.
    pub stand_ins: bool,
    /// The client's deadline, in milliseconds.
    pub deadline_ms: u32,
    /// When it is over, in monotonic nanoseconds.
    pub deadline: u64,
    /// When to ask those again who have not answered.
    pub retry: u64,
}

impl Ticket {
    /// Asks the home replicas that may count what they hold.
    pub fn ask(&self, out: &mut Outbox<'_>) {
        for home in self.needed.replicas() {
            out.send(home, self.question());
        }
    }

    /// What replicas are asked by a read.
    pub fn question(&self) -> Message {
        Message::Read { operation: self.operation, epoch: self.epoch, key: self.key.clone() }
    }

    /// Answers whoever asked, if it still waits.
    pub fn reply(&mut self, response: Response, out: &mut Outbox<'_>) {
        if let Some(id) = self.request.take() {
            out.answer(id, response);
        }
    }

    /// The refusal for a key that is used at other levels than this operation's.
    pub fn mixed_levels(&self) -> Response {
        Response::Refused(Refusal::MixedLevels { used: mode(!self.atomic).to_owned() })
    }
}
