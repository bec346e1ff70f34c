//! What clients ask, and when their time is over.

use super::Node;
use super::waiting::Want;
use crate::marker;
use crate::protocol::RequestId;
use crate::raft::request::{Ask, CommandKind, Refusal, Request, Response};

/// Requests that wait at a time; more are refused.
const WAITING_MAX: usize = 10_000;
/// The longest deadline that a client may ask for, in milliseconds.
const DEADLINE_MS_MAX: u32 = 60_000;

impl Node {
    /// A client asks.
    pub(super) fn on_request(&mut self, id: RequestId, request: Request) {
        if self.waiting.len() >= WAITING_MAX {
            let why = format!("{WAITING_MAX} requests wait here already");
            return self.refuse(id, Refusal::Unavailable(why));
        }
        let Request { ask, deadline_ms } = request;
        let deadline = self.after_ms(deadline_ms.min(DEADLINE_MS_MAX).into());
        match ask {
            Ask::Open => self.write(id, deadline, 0, 0, CommandKind::Open),
            Ask::Write { session: 0, .. } => {
                self.refuse(id, Refusal::Invalid("a write belongs to a session: open one".to_owned()));
            }
            Ask::Write { session, sequence, operation } => {
                self.write(id, deadline, session, sequence, CommandKind::Change(operation));
            }
            Ask::Read { keys, mode, token } => self.read(id, deadline, keys, mode, token),
            Ask::Dump { after } => {
                let page = self.machine.page(after.as_deref());
                self.journal.reply(id, page);
            }
            Ask::Change(change) => self.change(id, deadline, change),
            Ask::Transfer { to } => self.transfer(id, deadline, to),
            Ask::Status => {
                let status = self.status();
                self.journal.reply(id, status);
            }
        }
    }

    fn status(&self) -> Response {
        Response::Status {
            term: self.term(),
            leader: self.leader,
            commit: self.commit,
            applied: self.applied.index,
            last: self.log.last().index,
            members: self.members.latest().clone(),
        }
    }

    /// Tells a client that its request certainly has no effect.
    pub(super) fn refuse(&mut self, id: RequestId, refusal: Refusal) {
        self.journal.reply(id, Response::Refused(refusal));
    }

    /// Answers those whose time is over.
    pub(super) fn expire(&mut self) {
        while let Some((id, want)) = self.waiting.expired(self.now.monotonic) {
            let response = match want {
                Want::Leased { .. } => continue,
                Want::Applied { .. } => {
                    self.journal.reached(marker::WRITE_LEFT_IN_LOG.name);
                    Response::Unknown("it is in the log, and was not committed in time".to_owned())
                }
                Want::Transferred { .. } => {
                    Response::Unknown("leadership was not handed over in time".to_owned())
                }
                Want::Confirmed { .. } => {
                    let why = "no majority has confirmed in time that this node leads";
                    Response::Refused(Refusal::Unavailable(why.to_owned()))
                }
                Want::CaughtUp { token, .. } => {
                    Response::Refused(Refusal::Behind { applied: self.applied.index, token })
                }
            };
            self.journal.reply(id, response);
        }
    }
}
