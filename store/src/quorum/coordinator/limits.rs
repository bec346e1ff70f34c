//! What can be asked at all.

use crate::quorum::config::Mode;
use crate::quorum::message::{Operation, Refusal, Request};
use crate::quorum::siblings::Context as Seen;
use crate::quorum::version::Version;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 1 << 10;
/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Whether a request is within the limits of what can be asked.
///
/// # Errors
/// When it is not: why it is refused.
pub fn check(request: &Request) -> Result<(), Refusal> {
    let (key, value) = match &request.operation {
        Operation::Get { key } | Operation::Delete { key } => (key, 0),
        Operation::Put { key, value } => (key, value.len()),
        Operation::Update { key, value, .. } => (key, value.as_ref().map_or(0, Vec::len)),
        Operation::CompareAndSet { key, new, .. } => (key, new.len()),
        Operation::Dump { .. } | Operation::Members | Operation::Ring | Operation::ChangeRing { .. } => {
            return Ok(());
        }
    };
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Refusal::Invalid(format!(
            "a key has 1 to {KEY_BYTES_MAX} bytes, this one {}",
            key.len()
        )));
    }
    if value > VALUE_BYTES_MAX {
        return Err(Refusal::Invalid(format!(
            "a value has at most {VALUE_BYTES_MAX} bytes, this one {value}"
        )));
    }
    let impossible = [request.floor, request.above].into_iter().flatten().find(|seen| !seen.is_possible());
    match impossible {
        Some(version) => Err(Refusal::Invalid(format!("no session can have seen version {version}"))),
        None => Ok(()),
    }
}

/// Whether a session can have read this context, in this mode.
pub(super) fn has_seen(context: &[u8], mode: Mode) -> Result<(), Refusal> {
    if mode != Mode::Siblings {
        let why = "a context goes with writes in mode siblings only: here the last write wins";
        return Err(Refusal::Invalid(why.to_owned()));
    }
    // One more than it counts is the version of the write.
    let is_possible = |seen: Seen| seen.count() < Version::MILLIS_END - 1;
    match Seen::decode(context).is_some_and(is_possible) {
        true => Ok(()),
        false => Err(Refusal::Invalid("no read has returned this context".to_owned())),
    }
}
