//! What a node takes a member for: it tells its observer each time that this changes, and clients that ask.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::member::{Beat, State};

/// What the node that tells it takes a member for, which may be itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The member's name.
    pub of: String,
    /// What it is taken for.
    pub state: State,
    /// The last that was heard of it.
    pub beat: Beat,
    /// Names of those who miss it.
    pub accusers: Vec<String>,
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let View { of, state, beat: Beat { generation, heartbeat }, accusers } = self;
        write!(f, "{of} is {state}, generation {generation}, heartbeat {heartbeat}")?;
        match accusers.as_slice() {
            [] => Ok(()),
            accusers => write!(f, ", missed by {}", accusers.join(", ")),
        }
    }
}
