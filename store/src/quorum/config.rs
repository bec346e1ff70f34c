//! What a node must know of its cluster.

use std::fmt;

use clap::ValueEnum;

use crate::protocol::names_of;
use crate::safeguards::Safeguards;
use crate::storage::tables;

use super::centres::Centres;
use super::conflict::Conflict;
use super::message::{Level, NodeId};
use super::ring::Ring;
use super::ring::layout::Layout;

/// Where a ring can change.
pub const CHANGES_WHERE: &str =
    "the ring changes in modes strict and siblings only, within one data centre, and without tables";

/// Whose acknowledgements count for a write, and what becomes of two that do not know each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Those of home replicas only.
    #[default]
    Strict,
    /// At levels one and quorum also those of the next nodes on the ring, in the place of home replicas that do not
    /// answer, until these are back.
    Sloppy,
    /// Those of home replicas only. All values stay that no client has seen, as siblings, until one writes over them;
    /// else the last write wins.
    Siblings,
    /// Those of home replicas only; each key has a cache on one node, through which it is written and read.
    WriteThrough,
    /// The same, but a write is acknowledged by the cache alone, and written to the store in the background.
    WriteBehind,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Mode {
    /// Whether nodes cache values.
    pub fn has_cache(self) -> bool {
        matches!(self, Mode::WriteThrough | Mode::WriteBehind)
    }
}

/// The cluster as one node sees it. All nodes of a cluster are given the same, but for `node`.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node: its position in `nodes`.
    pub node: NodeId,
    /// Names of all nodes, sorted.
    pub nodes: Vec<String>,
    /// Their addresses, in the same order, for clients that ask; none: nobody is told.
    pub addresses: Vec<String>,
    /// Which data centre each of them is in.
    pub centres: Centres,
    /// N: home replicas of each key, spread over the data centres as evenly as they go.
    pub replication: usize,
    /// R: replicas that answer a read at level quorum.
    pub read_quorum: usize,
    /// W: replicas that acknowledge a write at level quorum.
    pub write_quorum: usize,
    /// Whose acknowledgements count for a write, and what becomes of two that do not know each other.
    pub mode: Mode,
    /// Points that each node has on the ring.
    pub virtual_nodes: usize,
    /// Milliseconds after which a coordinator asks again those replicas that have not answered.
    pub retry_ms: u64,
    /// Milliseconds after which another node is asked in the place of one that has not acknowledged a write.
    pub stand_in_ms: u64,
    /// Milliseconds between two attempts to give hints back to a node that does not answer.
    pub handoff_ms: u64,
    /// Hints for other nodes that a node keeps; more are refused.
    pub hints_max: usize,
    /// Bytes of keys and values that a node caches, roughly.
    pub cache_bytes_max: usize,
    /// K: writes that a write-behind cache has acknowledged, and the store may lack.
    pub unwritten_max: u64,
    /// Milliseconds between two flushes of a write-behind cache for whose numbers nobody waits.
    pub flush_ms: u64,
    /// One read in so many repairs the replicas that answered it with something older; the rest is left
    /// to the background exchange, as repairs cost writes.
    pub read_repair_one_in: u64,
    /// Milliseconds between two background exchanges that a node starts.
    pub exchange_ms: u64,
    /// For how long a tombstone is kept that every home replica has, in milliseconds.
    pub grace_ms: u64,
    /// Who is on the ring at first, in ascending order; the others may join it. None: all are.
    pub members: Option<Vec<NodeId>>,
    /// Whether nodes change who is on the ring.
    pub has_ring_changes: bool,
    /// Whether nodes tell each other who is there.
    pub has_membership: bool,
    /// Milliseconds between two rounds of gossip.
    pub gossip_ms: u64,
    /// Milliseconds without a newer heartbeat after which a node misses another one.
    pub suspect_ms: u64,
    /// Whether reads repair.
    pub has_read_repair: bool,
    /// Whether nodes exchange what they hold in the background. A node that lost something is always made up for.
    pub has_exchange: bool,
    /// How this node keeps its entries in tables; none: in memory, and the log grows.
    pub tables: Option<tables::Options>,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

/// Between two rounds of gossip.
const GOSSIP_MS: u64 = 200;
/// A node is not missed sooner, however few they are. Where all but two are dead, what one of these says reaches the other
/// in the one round of each turn that is meant for it, and not in any other: so a turn must be shorter.
const SUSPECT_MS_MIN: u64 = 1000;

impl Config {
    /// A configuration with the defaults: N = 3, R = 2, W = 2.
    pub fn new(node: NodeId, nodes: Vec<String>) -> Config {
        let others = nodes.len().saturating_sub(1) as u64;
        Config {
            members: None,
            node,
            nodes,
            addresses: Vec::new(),
            centres: Centres::default(),
            replication: 3,
            read_quorum: 2,
            write_quorum: 2,
            mode: Mode::Strict,
            virtual_nodes: 64,
            retry_ms: 500,
            stand_in_ms: 250,
            handoff_ms: 500,
            hints_max: 1000,
            cache_bytes_max: 64 << 20,
            unwritten_max: 100,
            flush_ms: 1000,
            read_repair_one_in: 4,
            exchange_ms: 2000,
            grace_ms: 24 * 3600 * 1000,
            has_ring_changes: false,
            has_membership: false,
            gossip_ms: GOSSIP_MS,
            suspect_ms: SUSPECT_MS_MIN.max(others * (GOSSIP_MS + GOSSIP_MS / 4)),
            has_read_repair: true,
            has_exchange: true,
            tables: None,
            safeguards: Safeguards::default(),
        }
    }

    /// Whether other nodes may take a write at this level in the place of home replicas. Level all is about every home
    /// replica, and level atomic rests on majorities of them: these stay strict in any mode.
    pub fn is_sloppy(&self, level: Level) -> bool {
        self.mode == Mode::Sloppy && matches!(level, Level::One | Level::Quorum)
    }

    /// Whether tombstones are collected: in mode strict only. A hint may lie anywhere with an older value, a cache may hold one,
    /// and siblings have their own. And not from tables.
    pub fn collects(&self) -> bool {
        self.mode == Mode::Strict && self.tables.is_none()
    }

    /// Who is on the ring at first.
    pub fn first_layout(&self) -> Layout {
        Layout::first(self.members.clone().unwrap_or_else(|| (0..self.nodes.len() as NodeId).collect()))
    }

    /// Who keeps which key at first.
    pub fn ring(&self) -> Ring {
        self.ring_in(&self.first_layout())
    }

    /// Who keeps which key in a layout.
    pub fn ring_in(&self, layout: &Layout) -> Ring {
        Ring::in_layout(&self.nodes, self.virtual_nodes, layout).spread_over(self.centres.clone())
    }

    /// How writes are settled that do not know each other.
    pub fn conflict(&self) -> Conflict {
        match self.mode {
            Mode::Siblings => Conflict::Siblings { recorded: self.safeguards.conflict_recorded },
            Mode::Strict | Mode::Sloppy | Mode::WriteThrough | Mode::WriteBehind => Conflict::LastWriteWins,
        }
    }

    /// What all nodes must be told alike, in words: what they take of each other is wrong otherwise.
    pub fn cluster(&self) -> String {
        let mut words = vec![
            format!("nodes {}", self.nodes.join(" ")),
            format!("mode {}", self.mode),
            format!("N={} R={} W={}", self.replication, self.read_quorum, self.write_quorum),
        ];
        if !self.centres.is_one() {
            let centres = (0..self.nodes.len() as NodeId).map(|node| self.centres.of(node).to_string());
            words.push(format!("data centres {}", centres.collect::<Vec<_>>().join(" ")));
        }
        let first = names_of(&self.first_layout().members, &self.nodes);
        words.push(match self.has_ring_changes {
            true => format!("at first on the ring {first}"),
            false => format!("for ever on the ring {first}"),
        });
        words.join(", ")
    }

    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<String> {
        let nodes = self.nodes.len();
        let quorum = 1..=self.replication;
        if usize::from(self.node) >= nodes {
            Some(format!("node {} of a cluster of {nodes}", self.node))
        } else if nodes > usize::from(NodeId::MAX) {
            Some(format!("{nodes} nodes are too many: at most {}", NodeId::MAX))
        } else if self.replication == 0 || self.replication > nodes {
            Some(format!("replication {} needs that many nodes, and there are {nodes}", self.replication))
        } else if !quorum.contains(&self.read_quorum) {
            Some(format!(
                "read quorum {} is not between 1 and replication {}",
                self.read_quorum, self.replication
            ))
        } else if !quorum.contains(&self.write_quorum) {
            Some(format!(
                "write quorum {} is not between 1 and replication {}",
                self.write_quorum, self.replication
            ))
        } else if self.virtual_nodes == 0 {
            Some("each node needs at least one point on the ring".to_owned())
        } else if self.unwritten_max == 0 {
            Some("a cache that may lose no write cannot acknowledge one: take mode write-through".to_owned())
        } else if let Some(problem) = self.ring_problem() {
            Some(problem)
        } else if self.read_repair_one_in == 0 {
            Some("one read in zero cannot repair: 1 repairs at every read".to_owned())
        } else {
            self.centres.problem(nodes, self.replication)
        }
    }

    /// Whether it may change who is on its ring. What lies elsewhere than with the owners of a key does not move with them:
    /// hints and caches. And tables drop nothing.
    pub fn may_change_its_ring(&self) -> bool {
        matches!(self.mode, Mode::Strict | Mode::Siblings) && self.tables.is_none() && self.centres.is_one()
    }

    /// What is wrong with who is on the ring, or with changes of it, if anything.
    fn ring_problem(&self) -> Option<String> {
        let (members, nodes) = (self.first_layout().members, self.nodes.len());
        let are_nodes = members.iter().all(|member| usize::from(*member) < nodes);
        if !are_nodes || !members.is_sorted_by(|one, next| one < next) {
            return Some("the members of the ring are not in order, or no nodes of the cluster".to_owned());
        }
        if members.len() < self.replication {
            let (members, replication) = (members.len(), self.replication);
            return Some(format!(
                "replication {replication} needs that many nodes on the ring, and there are {members}"
            ));
        }
        if members.len() < nodes && !self.has_ring_changes {
            return Some(format!("a node that is not on the ring could never join it: {CHANGES_WHERE}"));
        }
        (self.has_ring_changes && !self.may_change_its_ring()).then(|| CHANGES_WHERE.to_owned())
    }
}
