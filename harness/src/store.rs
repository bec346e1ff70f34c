//! The systems that can be put on trial from the command line.

pub mod quorum;

use crate::system::System;

/// All systems.
pub const ALL: &[&dyn System] = &[&quorum::Quorum];

/// The system of this name.
pub fn named(name: &str) -> Option<&'static dyn System> {
    ALL.iter().find(|system| system.name() == name).copied()
}
