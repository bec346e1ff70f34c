//! What travels over a connection: frames.
//!
//! Both sides open with the [`MAGIC`] bytes; then come frames, each a length, a version byte, a CRC-32C of
//! the version and the body, and a `postcard` body. TCP's own sum is of 16 bits, and weak: now and then
//! a frame arrives with bits turned over, which may well decode to something that nobody said. The side that connected says first who it is and whom it wants.
//!
//! ```text
//!  client                                     node n2
//!    │ magic, Hello{quorum, Client, to n2} ───▶ │
//!    │ Call{7, get k} ────────────────────────▶ │
//!    │ ◀──────────────────── magic, Answer{7, v} │
//!    │ Call{8, …} and nothing more ───────────▶ │   cut: only this connection is closed
//! ```
//!
//! The hello also names the family of stores that the connection is about: the frames are the same
//! for all of them, and what is in a call, an answer or a message is the family's own. Who does not
//! know may ask first, with [`Frame::Which`].
//!
//! Nothing on the wire can hurt more than its own connection: whatever is wrong is said in a
//! [`Frame::Refused`], and the connection is closed.

mod codec;
mod outbox;

use std::io;

use bytes::Bytes;
use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use crate::protocol::Protocol;

pub use codec::Codec;
pub use outbox::{Outbox, Queue};

/// What either side of a connection sends before anything else.
pub const MAGIC: [u8; 4] = *b"prjy";

/// The protocol version, first byte of each frame. Nodes of different versions do not talk.
pub const VERSION: u8 = 5;

/// Bytes of a frame before its body: version and checksum.
const HEAD_BYTES: usize = 1 + 4;

/// Bytes that one frame has at most, version and checksum included.
pub const FRAME_BYTES_MAX: usize = 4 << 20;

/// Who opens a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// A client: sends calls.
    Client,
    /// A node: sends messages.
    Node {
        /// Its name.
        name: String,
        /// How it was told that the cluster is; all of a cluster say the same.
        cluster: String,
    },
}

/// One frame of a connection that is about family `P`.
#[derive_where(Clone, Debug, PartialEq)]
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Frame<P: Protocol> {
    /// The last frame of a connection: why the sender closes it.
    Refused(String),
    /// The first frame of the side that connected.
    Hello {
        /// The family of stores that it speaks for: [`Protocol::NAME`].
        family: String,
        /// Who it is.
        from: Caller,
        /// The name of the node that it wants.
        to: String,
    },
    /// Client to node: do this.
    Call {
        /// Names the call in the answer; each call of a connection has a higher one.
        id: u64,
        /// What to do.
        request: P::Request,
    },
    /// Node to client: how a call ended.
    Answer {
        /// The call.
        id: u64,
        /// How it ended.
        response: P::Response,
    },
    /// Node to node.
    Peer(P::Message),
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
    /// Before the hello: which family are you of?
    Which,
    /// Node to client: of the one of this name; and the names of all nodes, in order.
    Family(String, Vec<String>),
}

impl<P: Protocol> Frame<P> {
    /// The hello of `from`, who wants node `to`.
    pub fn hello(from: Caller, to: &str) -> Frame<P> {
        Frame::Hello { family: P::NAME.to_owned(), from, to: to.to_owned() }
    }

    /// The frame as bytes: version, checksum and body, without its length.
    ///
    /// Errs when it would be larger than [`FRAME_BYTES_MAX`].
    pub fn encode(&self) -> Result<Bytes, WireError> {
        let head = vec![VERSION, 0, 0, 0, 0];
        let mut bytes = postcard::to_extend(self, head).map_err(WireError::Body)?;
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let checksum = checksum(&bytes[HEAD_BYTES..]);
        bytes[1..HEAD_BYTES].copy_from_slice(&checksum);
        Ok(bytes.into())
    }

    /// Reads what [`Frame::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Frame<P>, WireError> {
        let (&version, rest) = bytes.split_first().ok_or(WireError::Empty)?;
        if version != VERSION {
            return Err(WireError::Version(version));
        }
        let (sum, body) = rest.split_first_chunk::<4>().ok_or(WireError::Checksum)?;
        if *sum != checksum(body) {
            return Err(WireError::Checksum);
        }
        let (frame, rest) = postcard::take_from_bytes(body).map_err(WireError::Body)?;
        if rest.is_empty() { Ok(frame) } else { Err(WireError::Rest(rest.len())) }
    }
}

/// Of the version and a body, as it stands before the body.
fn checksum(body: &[u8]) -> [u8; 4] {
    crc32c::crc32c_append(crc32c::crc32c(&[VERSION]), body).to_le_bytes()
}

/// Why a connection cannot go on, or a frame cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The operating system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Something else than this protocol.
    #[error("the connection opened with the bytes {0:02x?}, not with {MAGIC:02x?}: not a perjury-store")]
    Magic([u8; 4]),
    /// Another version of this protocol.
    #[error("the other side speaks protocol version {0}; this one speaks {VERSION}")]
    Version(u8),
    /// A frame above [`FRAME_BYTES_MAX`].
    #[error("a frame is larger than {FRAME_BYTES_MAX} bytes")]
    TooLarge,
    /// A frame without a version byte.
    #[error("a frame is empty")]
    Empty,
    /// A frame that is not what was sent.
    #[error("a frame arrived damaged: its checksum is wrong")]
    Checksum,
    /// A frame that holds no [`Frame`].
    #[error("a frame cannot be decoded: {0}")]
    Body(postcard::Error),
    /// A frame that holds more than a [`Frame`].
    #[error("a frame has {0} bytes too many")]
    Rest(usize),
    /// The connection ended within a frame.
    #[error("the connection was cut within a frame")]
    Cut,
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
    /// Too much waits to be sent.
    #[error("too many bytes wait to be sent over the connection")]
    Full,
    /// The other side closed the connection, and said why.
    #[error("the other side refused the connection: {0}")]
    Refused(String),
    /// A frame that has no place here.
    #[error("{0}")]
    Unexpected(&'static str),
    /// A hello of another family, of no node of this cluster, or to another node.
    #[error("{0}")]
    Stranger(String),
    /// The other side is silent.
    #[error("nothing was heard for {0} ms")]
    Silent(u128),
    /// The deadline passed before anything was sent.
    #[error("no time is left before the deadline")]
    Late,
}

#[cfg(test)]
mod tests;
