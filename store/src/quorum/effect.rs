//! What goes into the protocol, and what comes out.

use super::node::Node;
use crate::protocol;
pub use crate::protocol::{Now, RecordNumber, RequestId};

/// What happened to a node.
pub type Input = protocol::Input<Node>;

/// What a node wants done.
pub type Effect = protocol::Effect<Node>;
