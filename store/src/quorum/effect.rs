//! What goes into the protocol, and what comes out.

use super::message::Entry;
use super::node::Node;
use crate::protocol;
pub use crate::protocol::{Now, RecordNumber, RequestId};

/// What happened to a node.
pub type Input = protocol::Input<Node>;

/// What a node wants done.
pub type Effect = protocol::Effect<Node>;

/// One record of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// The key.
    pub key: String,
    /// What it holds now. The value stands last, so that a torn record loses value bytes first.
    pub entry: Entry,
}

impl protocol::Record for Record {
    /// An empty key at version zero, without a value.
    const BYTES_MIN: usize = 7;
    const NEEDS_ALL_BEFORE: bool = false;

    fn key(encoded: &[u8]) -> Option<&str> {
        postcard::take_from_bytes(encoded).ok().map(|(key, _)| key)
    }
}
