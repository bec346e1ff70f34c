//! What can be read off an operation and its outcome.

use crate::quorum::message::{Operation, Refusal, Response};
use crate::quorum::version::Version;
use crate::wire::WireError;

/// The version that it shows or has written.
pub(super) fn version_of(outcome: &Response) -> Option<Version> {
    match outcome {
        Response::Value { version, .. } | Response::Siblings { version, .. } => *version,
        Response::Written { version } => Some(*version),
        _ => None,
    }
}

/// Whether it may change something.
pub(super) fn is_write(operation: &Operation) -> bool {
    !matches!(
        operation,
        Operation::Get { .. } | Operation::Dump { .. } | Operation::Members | Operation::Ring
    )
}

/// Whether `response` can be the answer to `operation`.
pub(super) fn fits(operation: &Operation, response: &Response) -> bool {
    match response {
        Response::Value { .. } | Response::Siblings { .. } => matches!(operation, Operation::Get { .. }),
        Response::Written { .. } | Response::Unknown(_) => is_write(operation),
        Response::Dump { .. } => matches!(operation, Operation::Dump { .. }),
        Response::Members { .. } => matches!(operation, Operation::Members),
        Response::Ring { .. } => matches!(operation, Operation::Ring | Operation::ChangeRing { .. }),
        Response::Refused(_) => true,
    }
}

/// Whether another node may do better with a call that was not sent.
pub(super) fn worth_another(error: &WireError) -> bool {
    !matches!(error, WireError::TooLarge | WireError::Late)
}

/// Whether another coordinator may do better next time.
pub(super) fn is_coordinators_fault(outcome: &Response) -> bool {
    match outcome {
        Response::Unknown(_) => true,
        Response::Refused(refusal) => {
            matches!(refusal, Refusal::Deadline { .. } | Refusal::Behind { .. } | Refusal::Unavailable(_))
        }
        _ => false,
    }
}
