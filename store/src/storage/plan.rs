//! What becomes of the bad stretches that replay found: cut, or reported.
//!
//! A pure function of what was read, so that nothing on disk changes before all of it is understood.

use std::ops::Range;

use crate::Safeguards;
use crate::protocol::Record;

use super::frame::Position;
use super::identity::HEADER_BYTES;
use super::segment::{Bad, Content, Piece};

/// A segment as read.
pub struct Found<R> {
    /// Its number.
    pub number: u32,
    /// Its pieces, in order.
    pub pieces: Vec<Piece<R>>,
}

/// What to do with a segment before the log goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Keep,
    /// Cut it to this length.
    Truncate(u32),
    /// Replace it by one that holds its records and nothing else.
    Rewrite,
    /// Remove it.
    Remove,
}

/// A corrupt stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// Where it is.
    pub range: Range<u32>,
    /// Whose record it was, when that is certain.
    pub key: Option<String>,
}

impl Corrupt {
    fn new<R>(piece: &Piece<R>) -> Corrupt {
        let key = match &piece.content {
            Content::Bad(bad) => bad.key.clone(),
            Content::Good(..) => None,
        };
        Corrupt { range: piece.range.clone(), key }
    }
}

/// What was decided for a segment.
#[derive(Debug, PartialEq, Eq)]
pub struct Planned<R> {
    /// Its number.
    pub number: u32,
    /// Its records to be replayed.
    pub records: Vec<R>,
    /// What to do with it.
    pub action: Action,
    /// Torn stretches that the action cuts out.
    pub torn: Vec<Range<u32>>,
    /// Torn stretches taken for records (bug 3).
    pub taken: usize,
    /// Corrupt stretches: they stay until the replica has caught up.
    pub corrupt: Vec<Corrupt>,
}

/// What was decided for a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan<R> {
    /// Its segments, in order.
    pub segments: Vec<Planned<R>>,
    /// Up to where the log was certainly durable before.
    pub durable: Position,
    /// Corrupt stretches, by segment, that are cut off with all that follows them.
    pub lost: Vec<(u32, Corrupt)>,
    /// Records are dropped and nobody is told (bug 4).
    pub cut_silently: bool,
}

/// Decides for a whole log, segments in order, of which everything before `durable` was certainly
/// durable once.
pub fn plan<R: Record>(mut found: Vec<Found<R>>, durable: Position, safeguards: Safeguards) -> Plan<R> {
    add_missing_end(&mut found, durable);
    let durable = durable.max(durable_by(&found));
    let corrupt = first_corrupt(&found, durable);
    let cut_silently = corrupt.is_some() && !safeguards.corrupt_record_reported;
    let cut = match corrupt {
        _ if R::NEEDS_ALL_BEFORE => first_gap(&found, durable),
        corrupt => corrupt.filter(|_| cut_silently),
    };
    let mut lost = Vec::new();
    if let Some(at) = cut {
        if !cut_silently {
            lost = all_corrupt(&found, durable);
        }
        drop_from(&mut found, at);
    }
    let segments = found.into_iter().map(|segment| plan_segment(segment, durable, safeguards));
    let mut plan = Plan { segments: segments.collect(), durable, lost, cut_silently };
    if let Some(at) = cut {
        plan.cut_at(at);
    }
    plan
}

/// Adds, as a bad stretch, what is gone without a trace from the end of a segment.
fn add_missing_end<R>(found: &mut [Found<R>], durable: Position) {
    for Found { pieces, .. } in found.iter_mut().filter(|segment| segment.number == durable.segment) {
        let end = pieces.last().map_or(HEADER_BYTES as u32, |piece| piece.range.end);
        if end < durable.offset {
            pieces.push(Piece { range: end..durable.offset, content: Content::Bad(Bad::default()) });
        }
    }
}

/// Up to where the log was certainly durable once: what its frames say, and what follows from the
/// last segment's existence (see `Log::append`: the name of a segment is synced before the next is
/// begun).
fn durable_by<R>(found: &[Found<R>]) -> Position {
    let said = found.iter().flat_map(|segment| &segment.pieces).filter_map(|piece| match &piece.content {
        Content::Good(_, synced) => Some(*synced),
        Content::Bad(bad) => bad.synced,
    });
    let rotated = found.last().map(|last| Position { segment: last.number - 1, offset: HEADER_BYTES as u32 });
    said.chain(rotated).max().unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    Torn,
    Corrupt,
}

fn fate<R>(segment: u32, piece: &Piece<R>, durable: Position) -> Fate {
    match &piece.content {
        Content::Good(..) => Fate::Good,
        Content::Bad(bad) if bad.torn && durable <= position(segment, piece) => Fate::Torn,
        Content::Bad(_) => Fate::Corrupt,
    }
}

fn position<R>(segment: u32, piece: &Piece<R>) -> Position {
    Position { segment, offset: piece.range.start }
}

fn plan_segment<R>(segment: Found<R>, durable: Position, safeguards: Safeguards) -> Planned<R> {
    let fates: Vec<Fate> = segment.pieces.iter().map(|piece| fate(segment.number, piece, durable)).collect();
    let tail = fates.iter().rposition(|fate| *fate != Fate::Torn).map_or(0, |last| last + 1);
    // Cutting a hole moves what follows it, and corruption has to stay where it is until it is
    // repaired: where both are, a hole is taken for corruption too.
    let damaged = fates.contains(&Fate::Corrupt);
    let mut planned = Planned::new(segment.number);
    for (index, piece) in segment.pieces.into_iter().enumerate() {
        let at_end = index >= tail;
        match piece.content {
            Content::Good(record, _) => planned.records.push(record),
            Content::Bad(bad) if fates[index] == Fate::Torn && (at_end || !damaged) => {
                planned.cut(piece.range, at_end);
                if !safeguards.torn_tail_cut {
                    planned.take(bad, damaged);
                }
            }
            Content::Bad(bad) => planned.corrupt.push(Corrupt { range: piece.range, key: bad.key }),
        }
    }
    planned
}

impl Action {
    /// Ends a segment at `offset`. One that loses its header is written anew.
    fn cut(offset: u32) -> Action {
        if offset < HEADER_BYTES as u32 { Action::Rewrite } else { Action::Truncate(offset) }
    }
}

impl<R> Planned<R> {
    fn new(number: u32) -> Planned<R> {
        Planned {
            number,
            records: Vec::new(),
            action: Action::Keep,
            torn: Vec::new(),
            taken: 0,
            corrupt: Vec::new(),
        }
    }

    fn cut(&mut self, range: Range<u32>, at_end: bool) {
        self.action = match self.action {
            Action::Keep if at_end => Action::cut(range.start),
            Action::Truncate(len) => Action::Truncate(len),
            _ => Action::Rewrite,
        };
        self.torn.push(range);
    }

    /// Bug 3: what is there of a torn record counts as the record.
    fn take(&mut self, bad: Bad<R>, damaged: bool) {
        let Some(record) = bad.remains else { return };
        self.records.push(record);
        self.taken += 1;
        if !damaged {
            self.action = Action::Rewrite;
        }
    }
}

impl<R> Plan<R> {
    /// Whether records are bad that were durable once, and somebody is to be told.
    pub fn is_damaged(&self) -> bool {
        !self.lost.is_empty() || self.segments.iter().any(|segment| !segment.corrupt.is_empty())
    }

    /// The segments that are still there once it is carried out.
    pub fn kept(&self) -> impl Iterator<Item = &Planned<R>> {
        self.segments.iter().filter(|segment| segment.action != Action::Remove)
    }

    /// Ends the log at `at`: where nobody is told of corrupt records (bug 4), and where records mean
    /// nothing without those before them.
    fn cut_at(&mut self, at: Position) {
        for segment in &mut self.segments {
            segment.action = match segment.action {
                _ if segment.number > at.segment => Action::Remove,
                Action::Keep if segment.number == at.segment => Action::cut(at.offset),
                action => action,
            };
        }
    }
}

fn first_corrupt<R>(found: &[Found<R>], durable: Position) -> Option<Position> {
    found.iter().find_map(|segment| {
        let pieces = &segment.pieces;
        let corrupt = pieces.iter().find(|piece| fate(segment.number, piece, durable) == Fate::Corrupt)?;
        Some(position(segment.number, corrupt))
    })
}

fn all_corrupt<R>(found: &[Found<R>], durable: Position) -> Vec<(u32, Corrupt)> {
    let mut all = Vec::new();
    for Found { number, pieces } in found {
        let corrupt = pieces.iter().filter(|piece| fate(*number, piece, durable) == Fate::Corrupt);
        all.extend(corrupt.map(|piece| (*number, Corrupt::new(piece))));
    }
    all
}

/// Where the records end that have all others before them: at a corrupt stretch, or after a torn one,
/// which is dealt with as the end of the log that it then is.
fn first_gap<R>(found: &[Found<R>], durable: Position) -> Option<Position> {
    found.iter().find_map(|segment| {
        segment.pieces.iter().find_map(|piece| match fate(segment.number, piece, durable) {
            Fate::Good => None,
            Fate::Corrupt => Some(position(segment.number, piece)),
            Fate::Torn => Some(Position { segment: segment.number, offset: piece.range.end }),
        })
    })
}

/// Forgets all pieces from `at` on.
fn drop_from<R>(found: &mut [Found<R>], at: Position) {
    for segment in found {
        let number = segment.number;
        segment.pieces.retain(|piece| position(number, piece) < at);
    }
}
