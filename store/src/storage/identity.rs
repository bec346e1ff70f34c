//! The header of a file: what it is, whose, and which of its kind.
//!
//! ```text
//! 0       8         9      17       21    25
//! | magic | version | node | number | crc | …
//! ```
//!
//! Every later version keeps these 25 bytes, so that a program can tell a file it must not touch from
//! a damaged one.

use xxhash_rust::xxh3::xxh3_64;

use super::Error;
use super::frame::{self, integer};

/// Length of a file's header.
pub const HEADER_BYTES: usize = 25;

const VERSION: u8 = 1;
/// A header that differs from the expected one in no more bytes is ours, and damaged.
const DAMAGED_BYTES_MAX: usize = 4;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A segment of the log.
    Segment,
    /// A snapshot.
    Snapshot,
    /// A sorted table, whose header stands at its end.
    Table,
}

impl Kind {
    /// What a log consists of.
    pub const OF_LOG: [Kind; 2] = [Kind::Segment, Kind::Snapshot];

    fn magic(self) -> &'static [u8; 8] {
        match self {
            Kind::Segment => b"perjulog",
            Kind::Snapshot => b"perjsnap",
            Kind::Table => b"perjtabl",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Kind::Segment => "log-",
            Kind::Snapshot => "snapshot-",
            Kind::Table => "table-",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Segment => "log segment",
            Kind::Snapshot => "snapshot",
            Kind::Table => "table",
        }
    }

    /// The name of file `number` of this kind.
    pub fn name(self, number: u32) -> String {
        format!("{}{number:010}", self.prefix())
    }

    /// The number of the file with this name; none for other files.
    pub fn number(self, file: &str) -> Option<u32> {
        let number = file.strip_prefix(self.prefix())?.parse().ok()?;
        (self.name(number) == file).then_some(number)
    }
}

/// What a file's header says: nothing that is not known before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub kind: Kind,
    /// Hash of the node's name.
    pub node: u64,
    /// The file's number: 1, 2, 3, …
    pub number: u32,
}

/// What a header was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// As it was written.
    Intact,
    /// A beginning of it, and zeros where the rest did not arrive.
    Torn,
    /// This file's, with wrong bytes.
    Damaged,
}

impl Identity {
    /// Segment `number` of the node of this name.
    pub fn of_segment(node: &str, number: u32) -> Identity {
        Identity { kind: Kind::Segment, node: xxh3_64(node.as_bytes()), number }
    }

    /// Snapshot `number` of the node of this name.
    pub fn of_snapshot(node: &str, number: u32) -> Identity {
        Identity { kind: Kind::Snapshot, node: xxh3_64(node.as_bytes()), number }
    }

    /// Table `number` of the node of this name.
    pub fn of_table(node: &str, number: u32) -> Identity {
        Identity { kind: Kind::Table, node: xxh3_64(node.as_bytes()), number }
    }

    /// The file's name.
    pub fn name(self) -> String {
        self.kind.name(self.number)
    }

    /// The header.
    pub fn encode(self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(self.kind.magic());
        out[8] = VERSION;
        out[9..17].copy_from_slice(&self.node.to_le_bytes());
        out[17..21].copy_from_slice(&self.number.to_le_bytes());
        out[21..].copy_from_slice(&self.seed().to_le_bytes());
        out
    }

    /// What the checksums in the file start from: what strayed in from another file is not taken for a
    /// part of this.
    pub fn seed(self) -> u32 {
        let start = crc32c::crc32c_append(crc32c::crc32c(self.kind.magic()), &[VERSION]);
        let node = crc32c::crc32c_append(start, &self.node.to_le_bytes());
        crc32c::crc32c_append(node, &self.number.to_le_bytes())
    }

    /// Compares a header with the expected one. An error is a file that another node, or another
    /// program, wrote.
    pub fn check(self, head: &[u8; HEADER_BYTES]) -> Result<Found, Error> {
        let (expected, magic, words) = (self.encode(), self.kind.magic(), self.kind.words());
        if *head == expected {
            return Ok(Found::Intact);
        }
        let wrong = |problem: String| Err(Error::directory(self.name(), problem));
        let intact = integer(&head[21..]) == u64::from(crc32c::crc32c(&head[..21]));
        let torn = frame::is_beginning(head, &expected);
        let differing = head.iter().zip(&expected).filter(|(a, b)| a != b).count();
        if intact && head[..8] == *magic && head[8] != VERSION {
            return wrong(format!(
                "written in format version {}, and this program reads version {VERSION}; use the program that \
                 wrote it",
                head[8]
            ));
        }
        if intact && head[..8] == *magic {
            return wrong(format!(
                "a {words} of another node, or of another number; it does not belong here"
            ));
        }
        if !torn && differing > DAMAGED_BYTES_MAX {
            return wrong(format!("not a {words} of perjury-store; it does not belong here"));
        }
        Ok(if torn { Found::Torn } else { Found::Damaged })
    }
}
