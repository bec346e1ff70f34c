//! Which tables count, and where the log begins that holds the rest.
//!
//! ```text
//! | magic 8 | version 1 | node 8 | tables, log begins, damaged: postcard | crc 4 |
//! ```
//!
//! It is replaced whole, so that a crash leaves the tables of before or those of after. A table that it does not
//! name counts for nothing.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::env::Disk;
use crate::storage::Error;
use crate::storage::identity::Kind;
use crate::storage::meta::GIVEN_UP;
use crate::storage::replace::read;

/// Its file.
pub const NAME: &str = "manifest";

const MAGIC: &[u8; 8] = b"perjmani";
const VERSION: u8 = 1;
/// Everything before what it says.
const PREFIX_BYTES: usize = MAGIC.len() + 9;

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Numbers of the tables that count, oldest first.
    pub tables: Vec<u32>,
    /// The first segment of the log that holds something which no table does.
    pub log_begins: u32,
    /// Something that the tables held is lost, and has not come back from the others yet.
    pub damaged: bool,
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest { tables: Vec::new(), log_begins: 1, damaged: false }
    }
}

/// What a start finds.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// What the manifest says; as much as can be told without it, where it is not whole.
    pub manifest: Manifest,
    /// What became of it.
    pub state: State,
}

/// What became of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is as it was written.
    Whole,
    /// There has never been one.
    Missing,
    /// It is not what was written.
    Corrupt,
}

impl Manifest {
    /// The file.
    pub fn encode(&self, node: &str) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        out.extend_from_slice(&xxh3_64(node.as_bytes()).to_le_bytes());
        let mut out = postcard::to_extend(self, out).expect("a vector takes every manifest");
        let crc = crc32c::crc32c(&out).to_le_bytes();
        out.extend_from_slice(&crc);
        out
    }

    /// Reads what [`Manifest::encode`] wrote; none when it is damaged. An error is one of another node, or of another
    /// program.
    fn decode(bytes: &[u8], node: &str) -> Result<Option<Manifest>, Error> {
        let Some((content, _)) = bytes.split_last_chunk::<4>().filter(|(content, crc)| {
            crc32c::crc32c(content).to_le_bytes() == **crc && content.starts_with(MAGIC)
        }) else {
            return Ok(None);
        };
        let Some((prefix, said)) = content.split_at_checked(PREFIX_BYTES) else { return Ok(None) };
        if prefix[8] != VERSION {
            return Err(wrong(format!(
                "written in format version {}, and this program reads version {VERSION}; use the program that wrote it",
                prefix[8]
            )));
        }
        if prefix[9..] != xxh3_64(node.as_bytes()).to_le_bytes() {
            return Err(wrong("of another node; it does not belong here".to_owned()));
        }
        Ok(postcard::from_bytes(said).ok())
    }

    /// Finds it; changes nothing. An error is a missing one where there are tables, or one that is not this node's.
    pub fn find(disk: &Rc<dyn Disk>, node: &str) -> Result<Found, Error> {
        let names = disk.list().map_err(Error::disk("list the data directory"))?;
        if !names.iter().any(|name| name == NAME) {
            let has_tables = names.iter().any(|name| Kind::Table.number(name).is_some());
            let never = Found { manifest: Manifest::default(), state: State::Missing };
            return if has_tables { Err(missing()) } else { Ok(never) };
        }
        Ok(match Manifest::decode(&read(&**disk, NAME)?, node)? {
            Some(manifest) => Found { manifest, state: State::Whole },
            None => Found { manifest: without(&names), state: State::Corrupt },
        })
    }
}

/// What can be told without the manifest: the log begins after its last gap. Segments before that one were left over.
fn without(names: &[String]) -> Manifest {
    let segments: Vec<u32> = names.iter().filter_map(|name| Kind::Segment.number(name)).collect();
    let begins = segments.iter().rev().copied().reduce(|later, segment| match later == segment + 1 {
        true => segment,
        false => later,
    });
    Manifest { log_begins: begins.unwrap_or(1), damaged: true, ..Manifest::default() }
}

fn missing() -> Error {
    wrong(format!(
        "missing, and there are tables: restore this file from a copy, or give the directory up: {GIVEN_UP}"
    ))
}

fn wrong(problem: String) -> Error {
    Error::directory(NAME, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest { tables: vec![3, 9, 7], log_begins: 12, damaged: false }
    }

    #[test]
    fn reads_what_was_written_and_nothing_else() {
        let bytes = manifest().encode("n1");
        assert_eq!(Manifest::decode(&bytes, "n1").unwrap(), Some(manifest()));
        for byte in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[byte] ^= 1;
            assert_eq!(Manifest::decode(&flipped, "n1").unwrap(), None, "byte {byte}");
            assert_eq!(Manifest::decode(&bytes[..byte], "n1").unwrap(), None, "{byte} bytes");
        }
        let error = Manifest::decode(&bytes, "n2").unwrap_err().to_string();
        assert_eq!(error, "manifest: of another node; it does not belong here");
    }

    #[test]
    fn without_it_the_log_begins_after_its_last_gap() {
        let begins = |segments: &[u32]| {
            let names: Vec<String> = segments.iter().map(|number| Kind::Segment.name(*number)).collect();
            without(&names).log_begins
        };
        assert_eq!((begins(&[]), begins(&[4]), begins(&[2, 5, 6, 7])), (1, 4, 5));
    }
}
