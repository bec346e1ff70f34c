//! A snapshot: what the log said before its first segment, in another form.
//!
//! ```text
//! 0        25      33       37       45        45 + length    49 + length
//! | header | index | offset | length | payload | crc |
//! ```
//!
//! Snapshot `k` stands for all segments before segment `k`, in which the log goes on. It gets its name
//! only once it is durable, and segment `k` up to *offset*: one that is bad has gone bad since.
//! Integers are little-endian; the checksum covers everything before it.

use super::Error;
use super::frame::{Position, integer};
use super::identity::{Found, HEADER_BYTES, Identity};

const FIELDS_BYTES: usize = 20;
const CRC_BYTES: usize = 4;

/// A whole snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last log index that it covers.
    pub index: u64,
    /// How far the log after it was durable when it got its name.
    pub durable: Position,
    /// What it says.
    pub payload: Vec<u8>,
}

impl Snapshot {
    /// The file.
    pub fn encode(identity: Identity, index: u64, offset: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + FIELDS_BYTES + payload.len() + CRC_BYTES);
        out.extend_from_slice(&identity.encode());
        out.extend_from_slice(&index.to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        out.extend_from_slice(payload);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads a file; none when it is damaged. An error is a snapshot of another node, or of another
    /// program.
    pub fn decode(identity: Identity, bytes: &[u8]) -> Result<Option<Snapshot>, Error> {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        if identity.check(head)? != Found::Intact {
            return Ok(None);
        }
        Ok(Snapshot::read(identity, bytes))
    }

    fn read(identity: Identity, bytes: &[u8]) -> Option<Snapshot> {
        let (content, crc) = bytes.split_last_chunk::<CRC_BYTES>()?;
        if crc32c::crc32c(content).to_le_bytes() != *crc {
            return None;
        }
        let (fields, payload) = content.get(HEADER_BYTES..)?.split_at_checked(FIELDS_BYTES)?;
        if integer(&fields[12..]) != payload.len() as u64 {
            return None;
        }
        let durable = Position { segment: identity.number, offset: integer(&fields[8..12]) as u32 };
        Some(Snapshot { index: integer(&fields[..8]), durable, payload: payload.to_vec() })
    }
}
