//! Faults, and the schedule that injects them.

use serde::{Deserialize, Serialize};

/// Which faults are injected when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {}
