//! The nemesis: faults, and the schedule by which they are injected and healed.
//!
//! ```text
//!  schedule   |--- partition-halves ---|          |- kill -|
//!                    |-- clock-drift --|                        |-- message-loss --|
//!  cluster    normal |   two at once   |  normal  |        |    ...
//! ```
//!
//! Each fault is one entry of [`ALL`]; what it did comes back in words, and its healing as a value,
//! so nothing broken can be forgotten. The schedule is plain data: drawn from a seed, or read from a
//! file, and printed in a report either way.

pub mod aim;
pub mod clock;
pub mod coordinator;
pub mod crash;
pub mod data_centre;
pub mod deaf;
pub mod disk;
pub mod driver;
pub mod hints;
pub mod leader;
pub mod membership;
pub mod message;
pub mod partition;
pub mod point;
pub mod role;
pub mod schedule;
pub mod selection;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::aim::Aim;
pub use self::driver::{Nemesis, NemesisEvent};
pub use self::schedule::{Entry, Rhythm, Schedule};
pub use self::selection::Selection;
use crate::cluster::Cluster;
use crate::sim::FaultId;
use crate::sim::role::Role;

/// Something that can go wrong with a cluster.
pub trait Fault: Sync {
    /// Its name on the command line, in schedules and in histories.
    fn name(&self) -> &'static str;
    /// Which kind of fault it is.
    fn kind(&self) -> Kind;
    /// What a system must offer for it to have an effect.
    fn needs(&self) -> &'static [Needs] {
        &[]
    }
    /// How long it lasts, in milliseconds, between these two, if it must stand alone: no other fault is drawn
    /// to overlap with it, because what it shows would be put down to the other. (In a run that is too short for
    /// its kinds of fault that holds for the first such fault only.)
    fn alone_for_ms(&self) -> Option<(u64, u64)> {
        None
    }
    /// How often it is drawn, against others of its kind.
    fn weight(&self) -> usize {
        1
    }
    /// It is drawn only where it is named itself, not with its kind: after it, little that is promised is owed.
    fn only_by_name(&self) -> bool {
        false
    }
    /// What happens, in one sentence.
    fn about(&self) -> &'static str;
    /// Makes it happen now, to the nodes that `aim` gives.
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected;
}

/// Every fault, by kind.
pub const ALL: &[&dyn Fault] = &[
    &partition::Halves,
    &partition::OneAlone,
    &partition::MajoritiesRing,
    &partition::Bridge,
    &partition::OneWay,
    &partition::Random,
    &crash::Kill,
    &crash::PowerLoss,
    &crash::Pause,
    &clock::JumpForward,
    &clock::JumpBack,
    &clock::Offset,
    &clock::Drift,
    &clock::Strobe,
    &message::Loss,
    &message::Delay,
    &message::Duplication,
    &message::Reordering,
    &message::Corruption,
    &message::SlowLink,
    &disk::SlowSync,
    &disk::Slow,
    &disk::FailingSync,
    &disk::Full,
    &disk::BitFlip,
    &disk::LyingSync,
    &disk::ReadError,
    &leader::Kill,
    &leader::PowerLoss,
    &leader::Pause,
    &leader::Cut,
    &leader::MinorityCut,
    &leader::OneWay,
    &leader::Churn,
    &coordinator::KILL,
    &coordinator::PAUSE,
    &coordinator::CUT,
    &hints::KILL,
    &hints::PAUSE,
    &hints::CUT,
    &data_centre::Cut,
    &data_centre::Outage,
    &membership::Remove,
    &membership::Rotate,
    &membership::Transfer,
    &deaf::Node,
    &point::Kill,
    &point::PowerLoss,
    &point::Pause,
    &point::Cut,
    &point::Delay,
    &point::Ambush,
];

/// The fault of this name.
pub fn find(name: &str) -> Option<&'static dyn Fault> {
    ALL.iter().copied().find(|fault| fault.name() == name)
}

/// A kind of fault; the function of its events in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Links between nodes are cut.
    Partition,
    /// Nodes are killed, lose power, or are paused.
    Crash,
    /// Clocks jump, drift and strobe.
    Clock,
    /// Messages are lost, delayed, duplicated, reordered, corrupted; links are slow.
    Message,
    /// Disks are slow, full, lie, cannot be read, or corrupt what they hold.
    Disk,
    /// Whoever leads is killed, paused or cut off.
    Leader,
    /// Whoever coordinates is killed, paused or cut off.
    Coordinator,
    /// Whoever keeps hints is killed, paused or cut off.
    Hints,
    /// A whole data centre is cut off, or loses power.
    #[serde(rename = "data-centre")]
    DataCentre,
    /// Members are removed and added back, leadership is handed on.
    Membership,
    /// One node hears no other.
    Deaf,
    /// Nodes are struck at named points of their code.
    Point,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::Partition,
        Kind::Crash,
        Kind::Clock,
        Kind::Message,
        Kind::Disk,
        Kind::Leader,
        Kind::Coordinator,
        Kind::Hints,
        Kind::DataCentre,
        Kind::Membership,
        Kind::Deaf,
        Kind::Point,
    ];

    /// Its name on the command line and in histories.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Partition => "partition",
            Kind::Crash => "crash",
            Kind::Clock => "clock",
            Kind::Message => "message",
            Kind::Disk => "disk",
            Kind::Leader => "leader",
            Kind::Coordinator => "coordinator",
            Kind::Hints => "hints",
            Kind::DataCentre => "data-centre",
            Kind::Membership => "membership",
            Kind::Deaf => "deaf",
            Kind::Point => "point",
        }
    }

    /// What it does, in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            Kind::Partition => {
                "links between nodes are cut: halves, one node, a ring, a bridge, one way, at random"
            }
            Kind::Crash => "nodes are killed, lose power or are paused: one, a minority, a majority, all",
            Kind::Clock => "clocks jump forward and back, are off, drift, strobe",
            Kind::Message => {
                "messages between nodes are lost, late, repeated, out of order, corrupt; links are slow"
            }
            Kind::Disk => {
                "disks are slow, sync slowly, not at all, or lie; are full, cannot be read, turn over bits"
            }
            Kind::Leader => "whoever leads is killed, loses power, is paused or cut off, again and again",
            Kind::Coordinator => {
                "whoever coordinates an operation is killed, paused or cut off in the middle"
            }
            Kind::Hints => {
                "whoever keeps writes for home replicas that did not answer is killed, paused or cut off"
            }
            Kind::DataCentre => "all nodes of one data centre are cut off from the others, or lose power",
            Kind::Membership => {
                "members are removed and added back; leadership is handed on (quorum: in modes majority and siblings, with storage log, one data centre, and fewer replicas than nodes; raft: in mode majority)"
            }
            Kind::Deaf => "one node hears no other for a long time, and is heard",
            Kind::Point => {
                "nodes are killed, lose power, are paused or delayed at a named point of their code"
            }
        }
    }

    /// Its faults.
    pub fn faults(self) -> impl Iterator<Item = &'static dyn Fault> {
        ALL.iter().copied().filter(move |fault| fault.kind() == self)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which part of a system a fault works through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// The frames that nodes send each other.
    Messages,
    /// The disk.
    Disk,
    /// The clocks.
    Clock,
    /// Nodes that tell the observer which of them leads.
    Leader,
    /// Nodes that pass the points which show who has this role.
    Role(Role),
    /// Nodes in several data centres.
    DataCentres,
    /// Members that can be changed while it runs.
    Members,
    /// Named points in the code of the nodes.
    Points,
}

/// A fault that has begun: what happened, and how to heal it.
#[must_use = "a fault whose healing is dropped is never healed"]
#[derive(Debug)]
pub struct Injected {
    /// What happened.
    pub what: What,
    /// How to heal it.
    pub heal: Heal,
}

/// What a fault did, in words for the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct What {
    /// The name of the fault.
    pub fault: &'static str,
    /// Its kind.
    #[serde(skip)]
    pub kind: Kind,
    /// The nodes it was done to.
    pub nodes: Vec<String>,
    /// The rest, in words.
    pub detail: String,
}

/// The healing of one fault: takes back exactly what the fault did, whatever else is in force.
#[derive(Debug, PartialEq, Eq)]
pub struct Heal(FaultId);

impl Heal {
    /// Heals it.
    pub fn apply(self, cluster: &mut Cluster) {
        cluster.heal(self.0);
    }
}

impl Injected {
    fn new(
        fault: &dyn Fault,
        id: FaultId,
        nodes: impl IntoIterator<Item = impl Into<String>>,
        detail: String,
    ) -> Injected {
        let what = What {
            fault: fault.name(),
            kind: fault.kind(),
            nodes: nodes.into_iter().map(Into::into).collect(),
            detail,
        };
        Injected { what, heal: Heal(id) }
    }
}

#[cfg(test)]
mod tests;
