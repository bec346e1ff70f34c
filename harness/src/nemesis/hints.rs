//! Faults that know who keeps hints: the node that was the last to store one. As long as its owner is away, it may be
//! the only one that has the write.
//!
//! ```text
//! client   write x 7 ─▶ n4             ok
//! n4                    hint for n1 ┤ killed, paused, cut off
//! n1       away ─────────────────────────────── back: x has no 7 here
//! ```

use super::role::{OfRole, cut};
use super::{Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::role::Role;

/// Its process dies.
pub const KILL: OfRole = OfRole {
    name: "hint-holder-kill",
    kind: Kind::Hints,
    role: Role::HintHolder,
    deed: "stored a hint",
    needs: &[Needs::Role(Role::HintHolder)],
    about: "the process of the node that was the last to store a hint is killed",
    strike: Cluster::kill,
};

/// It stands still, and later goes on as if nothing had been.
pub const PAUSE: OfRole = OfRole {
    name: "hint-holder-pause",
    about: "the process of the node that was the last to store a hint stands still, and later goes on",
    strike: Cluster::pause,
    ..KILL
};

/// It sees no other node.
pub const CUT: OfRole = OfRole {
    name: "hint-holder-cut",
    about: "the node that was the last to store a hint sees no other node, and clients still reach it",
    strike: cut,
    ..KILL
};
