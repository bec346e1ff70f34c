//! Whose data directory this is, how often its node was started, and what it has lost.

use super::Error;
use super::frame::integer;

/// Its file.
pub const NAME: &str = "meta";

const MAGIC: &[u8; 8] = b"perjmeta";
const VERSION: u8 = 2;
/// Everything before the names: magic, version, incarnation, damaged, length of the family.
const PREFIX_BYTES: usize = MAGIC.len() + 10;

/// What the `meta` file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The family of stores that the directory is of.
    pub family: String,
    /// The node's name.
    pub node: String,
    /// How often it has been started. A version that a node issues carries it, so it is raised,
    /// durably, before the node does anything else.
    pub incarnation: u32,
    /// Something is lost, which shows nowhere else. Where records need all before them, corrupt ones were cut off, and
    /// all that came after: the log lacks them as long as it begins before the end of this segment. Where they do not, the
    /// directory stands for one that is lost, and the node has not caught up. 0: nothing is.
    pub damaged: u32,
}

impl Meta {
    /// ```text
    /// | magic 8 | version 1 | incarnation 4 | damaged 4 | length 1 | family | node | crc 4 |
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        out.extend_from_slice(&self.incarnation.to_le_bytes());
        out.extend_from_slice(&self.damaged.to_le_bytes());
        out.push(u8::try_from(self.family.len()).expect("the name of a family is short"));
        out.extend_from_slice(self.family.as_bytes());
        out.extend_from_slice(self.node.as_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads what [`Meta::encode`] wrote; anything else is an error that tells the operator what to do.
    pub fn decode(bytes: &[u8]) -> Result<Meta, Error> {
        let wrong = |problem: &str| Error::directory(NAME, problem);
        if !bytes.starts_with(MAGIC) {
            return Err(wrong(
                "not a meta file of perjury-store; check that --data names the right directory",
            ));
        }
        let version = *bytes.get(MAGIC.len()).ok_or_else(damaged)?;
        if version != VERSION {
            return Err(wrong(&format!(
                "written in format version {version}, and this program reads version {VERSION}; \
                 use the program that wrote it"
            )));
        }
        let (content, crc) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c::crc32c(content).to_le_bytes() != *crc {
            return Err(damaged());
        }
        Meta::read(content).ok_or_else(damaged)
    }

    fn read(content: &[u8]) -> Option<Meta> {
        let (prefix, names) = content.split_at_checked(PREFIX_BYTES)?;
        let (numbers, length) = prefix[MAGIC.len() + 1..].split_at(8);
        let (family, node) = names.split_at_checked(length[0].into())?;
        Some(Meta {
            family: String::from_utf8(family.to_vec()).ok()?,
            node: String::from_utf8(node.to_vec()).ok()?,
            incarnation: integer(&numbers[..4]) as u32,
            damaged: integer(&numbers[4..]) as u32,
        })
    }
}

/// What to do for a node whose directory cannot be used any more.
pub const GIVEN_UP: &str = "empty it, and start the node with --replace while all others are up (family quorum), or have the \
     node removed with `member remove` and added again (family raft)";

fn damaged() -> Error {
    unreadable("damaged")
}

/// The error for a directory that has a log and no `meta` file.
pub fn missing() -> Error {
    unreadable("missing")
}

/// Without its incarnation a node could issue a version twice, so it must not start.
fn unreadable(how: &str) -> Error {
    Error::directory(
        NAME,
        format!(
            "{how}; without it the node cannot tell how often it was started. Restore this file from a copy, or give \
             the directory up: {GIVEN_UP}"
        ),
    )
}

/// The error for a directory that is not lost.
pub fn not_lost() -> Error {
    Error::directory(
        NAME,
        "this directory is in order, and --replace is for a node whose directory is lost: start it without",
    )
}
