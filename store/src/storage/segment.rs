//! One file of the log: a [header](super::identity), then frames.
//!
//! ```text
//! 0        25
//! | header | frame | frame | …
//! ```

use std::ops::Range;

use derive_where::derive_where;

use crate::protocol::Record;

use super::Error;
use super::frame::{self, Header, Position};
use super::identity::{self, HEADER_BYTES, Identity, Kind};

/// The name of segment `number`.
pub fn name(number: u32) -> String {
    Kind::Segment.name(number)
}

impl Identity {
    /// A segment of this identity with these records, all durable before anyone reads it. None when
    /// they are too long for one segment.
    pub fn write<R: Record>(self, records: &[R]) -> Option<Vec<u8>> {
        let mut out = self.encode().to_vec();
        for record in records {
            let offset = out.len();
            let synced = Position { segment: self.number, offset: u32::try_from(offset).ok()? };
            if !frame::encode(&mut out, record, offset, synced, self.seed()) {
                return None;
            }
        }
        Some(out)
    }
}

/// A stretch of a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece<R> {
    /// Where it is.
    pub range: Range<u32>,
    /// What it holds.
    pub content: Content<R>,
}

/// What a stretch of a segment holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<R> {
    /// An intact record, and how far the log was durable when it was appended.
    Good(R, Position),
    /// Bytes that are not what was written.
    Bad(Bad<R>),
}

/// Bytes that are not what was written.
#[derive_where(Default)]
#[derive(Clone, Debug, PartialEq)]
pub struct Bad<R> {
    /// They look like a write that never reached the disk whole: cut short, or zeros at the end.
    pub torn: bool,
    /// The frame's header is intact; how far the log was durable when it was appended.
    pub synced: Option<Position>,
    /// The key, when that is certain.
    pub key: Option<String>,
    /// What a reader without checksums would take a torn frame for.
    pub remains: Option<R>,
}

/// Takes a segment apart into pieces that cover all of its bytes but an intact header.
///
/// Nothing in it stops the reader: after bad bytes it goes on at the next valid frame header. An
/// error is a segment that another node, or another program, wrote.
pub fn scan<R: Record>(identity: Identity, bytes: &[u8]) -> Result<Vec<Piece<R>>, Error> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::directory(identity.name(), "too long for a log segment"));
    }
    let mut pieces = Vec::new();
    pieces.extend(check_header(identity, bytes)?);
    let seed = identity.seed();
    let mut offset = HEADER_BYTES.min(bytes.len());
    while offset < bytes.len() {
        let (end, content) = read_piece(bytes, offset, seed);
        pieces.push(piece(offset..end, content));
        offset = end;
    }
    Ok(pieces)
}

fn piece<R>(range: Range<usize>, content: Content<R>) -> Piece<R> {
    Piece { range: range.start as u32..range.end as u32, content }
}

/// The piece that is the header, if that is bad.
fn check_header<R>(identity: Identity, bytes: &[u8]) -> Result<Option<Piece<R>>, Error> {
    let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
        let torn = Bad { torn: true, ..Bad::default() };
        return Ok(Some(piece(0..bytes.len(), Content::Bad(torn))));
    };
    let found = identity.check(head)?;
    let bad = Bad { torn: found == identity::Found::Torn, ..Bad::default() };
    Ok((found != identity::Found::Intact).then(|| piece(0..HEADER_BYTES, Content::Bad(bad))))
}

/// The piece at `offset`: where it ends, and what it holds.
fn read_piece<R: Record>(bytes: &[u8], offset: usize, seed: u32) -> (usize, Content<R>) {
    let Some(header) = Header::read(bytes, offset, seed) else {
        let end = next_header(bytes, offset + 1, seed);
        return (end, Content::Bad(without_header(&bytes[offset..end], end == bytes.len())));
    };
    let end = offset + header.frame_bytes();
    if let Some(record) = bytes.get(offset..end).and_then(|whole| header.record(whole)) {
        return (end, Content::Good(record, header.synced));
    }
    let next = next_header(bytes, offset + 1, seed);
    let found = &bytes[offset..end.min(next)];
    let cut_short = end > next;
    let torn = if cut_short { next == bytes.len() } else { found.ends_with(&[0; 4]) };
    let remains =
        if torn { header.record_unchecked(&found[..found.len().min(end - offset - 4)]) } else { None };
    let bad = Bad { torn, synced: Some(header.synced), key: header.key::<R>(found), remains };
    (end.min(next), Content::Bad(bad))
}

/// Bytes without a valid frame header in front.
fn without_header<R: Record>(found: &[u8], at_end: bool) -> Bad<R> {
    let body_bytes_min = R::BYTES_MIN + frame::CRC_BYTES;
    Bad { torn: never_arrived(found, at_end, body_bytes_min), ..Bad::default() }
}

/// Whether nothing is there but zeros and beginnings of frame headers: if a header did not arrive
/// whole, nothing of its frame after it did.
fn never_arrived(found: &[u8], at_end: bool, body_bytes_min: usize) -> bool {
    let mut rest = found;
    loop {
        rest = &rest[leading_zeros(rest)..];
        if rest.is_empty() {
            return true;
        }
        let Some(after) = rest.get(frame::HEADER_BYTES..) else { return at_end };
        let zeros = leading_zeros(after);
        if zeros < after.len().min(body_bytes_min) {
            return false;
        }
        rest = &after[zeros..];
    }
}

fn leading_zeros(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0).count()
}

/// Where the next valid frame header at or after `from` is; the end if there is none.
fn next_header(bytes: &[u8], from: usize, seed: u32) -> usize {
    (from..bytes.len()).find(|offset| Header::read(bytes, *offset, seed).is_some()).unwrap_or(bytes.len())
}
