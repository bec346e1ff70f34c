//! Faults that know who coordinates: the node that was the last to ask replicas to hold a version, for a client
//! that waits. Where clients do much, it is in the middle of that.
//!
//! ```text
//! client   write x 7 ─▶ n2                          unknown: it may hold, or yet hold
//! n2                    version chosen ─▶ n3 ┤ killed, paused, cut off
//! n3                                         · x 7 │ n1, n4: nothing
//! ```

use super::role::{OfRole, cut};
use super::{Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::role::Role;

/// Its process dies.
pub const KILL: OfRole = OfRole {
    name: "coordinator-kill",
    kind: Kind::Coordinator,
    role: Role::Coordinator,
    deed: "began to ask replicas",
    needs: &[Needs::Role(Role::Coordinator)],
    about: "the process of the node that coordinates is killed",
    strike: Cluster::kill,
};

/// It stands still, and later goes on as if nothing had been.
pub const PAUSE: OfRole = OfRole {
    name: "coordinator-pause",
    about: "the process of the node that coordinates stands still, and later goes on",
    strike: Cluster::pause,
    ..KILL
};

/// It sees no other node.
pub const CUT: OfRole = OfRole {
    name: "coordinator-cut",
    about: "the node that coordinates sees no other node, and clients still reach it",
    strike: cut,
    ..KILL
};
