//! What the attempts of a call come to.

use crate::raft::request::{Ask, Refusal, Response};
use crate::wire::WireError;

/// How one attempt ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// With an answer to this question.
    Answered(Response),
    /// It certainly did not leave.
    NotSent(String),
    /// No time was left for it.
    Late,
    /// It may have arrived.
    NotAnswered(String),
}

/// What is known of a call so far.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Why it may have taken effect, or may yet.
    doubt: Option<String>,
    /// The last refusal.
    refusal: Option<Refusal>,
}

impl Trail {
    /// Takes in an attempt; gives the outcome of the call where nothing better can be hoped for.
    pub(super) fn hear(&mut self, ask: &Ask, attempt: Attempt) -> Option<Response> {
        match attempt {
            Attempt::Answered(Response::Refused(refusal)) => self.hear_refusal(refusal),
            Attempt::Answered(Response::Unknown(why)) | Attempt::NotAnswered(why) if has_effect(ask) => {
                self.doubt = Some(why.clone());
                (!may_be_repeated(ask)).then_some(Response::Unknown(why))
            }
            Attempt::Answered(Response::Unknown(why)) | Attempt::NotAnswered(why) | Attempt::NotSent(why) => {
                self.refusal = Some(Refusal::Unavailable(why));
                None
            }
            Attempt::Late => None,
            Attempt::Answered(response) => Some(response),
        }
    }

    fn hear_refusal(&mut self, refusal: Refusal) -> Option<Response> {
        match refusal {
            Refusal::NotLeader { .. } | Refusal::Unavailable(_) | Refusal::Behind { .. } => {
                self.refusal = Some(refusal);
                None
            }
            // The state machine's word, and for every attempt the same.
            Refusal::Condition(_) => Some(Response::Refused(refusal)),
            Refusal::SessionEnded { .. } | Refusal::Invalid(_) => Some(match &self.doubt {
                Some(why) => Response::Unknown(format!("{why}; then {refusal}")),
                None => Response::Refused(refusal),
            }),
        }
    }

    /// The outcome when no more is to come.
    pub(super) fn end(self) -> Response {
        match (self.doubt, self.refusal) {
            (Some(why), _) => Response::Unknown(why),
            (None, Some(refusal)) => Response::Refused(refusal),
            (None, None) => Response::Refused(Refusal::Unavailable(WireError::Late.to_string())),
        }
    }
}

/// Whether it changes something that others see. That a session was opened is seen by nobody.
fn has_effect(ask: &Ask) -> bool {
    matches!(ask, Ask::Write { .. } | Ask::Change(_) | Ask::Transfer { .. })
}

/// Whether asking it again does no harm.
pub(super) fn may_be_repeated(ask: &Ask) -> bool {
    !matches!(ask, Ask::Change(_) | Ask::Transfer { .. })
}

/// Whether `response` can be the answer to `ask`.
pub(super) fn fits(ask: &Ask, response: &Response) -> bool {
    match response {
        Response::Opened { .. } => matches!(ask, Ask::Open),
        Response::Done { .. } => has_effect(ask),
        Response::Cells { cells, .. } => match ask {
            Ask::Read { keys, .. } => keys.len() == cells.len(),
            _ => false,
        },
        Response::Page { .. } => matches!(ask, Ask::Dump { .. }),
        Response::Status { .. } => matches!(ask, Ask::Status),
        Response::Unknown(_) => has_effect(ask) || matches!(ask, Ask::Open),
        Response::Refused(_) => true,
    }
}
