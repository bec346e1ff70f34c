//! A node to run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use perjury_store::quorum::config::Mode;

use super::ask::duration;
use super::{FamilyName, NodeCentre, Peer};

/// How the entries of a replicated log are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplicationMode {
    /// A write is done once a majority holds it.
    Majority,
    /// Two nodes with data and a witness, the last by name: a write is done once both hold it, and refused
    /// while one is cut off.
    Synchronous,
    /// The same three, but a write is done once the active node holds it: a fail-over loses at most what the
    /// standby lacked.
    Asynchronous,
}

/// Where a node keeps what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Storage {
    /// In memory, and in a log that grows with every write.
    Log,
    /// In sorted tables, which may be far larger than memory and take the log's place.
    Tables,
}

/// A node to run.
#[derive(Debug, Args)]
pub struct Serve {
    /// The family of stores; the same for all nodes, like all that follows it here but --node and --data.
    #[arg(long, value_enum, default_value_t = FamilyName::Quorum)]
    pub family: FamilyName,
    /// This node's name.
    #[arg(long)]
    pub node: String,
    /// Where to listen: host:port.
    #[arg(long)]
    pub listen: String,
    /// All nodes: name=host:port, separated by commas; the same list for each. This node may be left out.
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAME=ADDRESS")]
    pub peers: Vec<Peer>,
    /// The node's own directory; created if need be.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What is for family quorum.
    #[command(flatten)]
    pub quorum: QuorumOptions,
    /// What is for family raft.
    #[command(flatten)]
    pub raft: RaftOptions,
}

/// How a store without a leader keeps its keys.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Family quorum")]
pub struct QuorumOptions {
    /// The data centre of every node: name=centre, separated by commas; the same list for each. Replicas of a key are spread
    /// over them [default: all nodes are in one].
    #[arg(long, value_delimiter = ',', value_name = "NAME=CENTRE")]
    pub data_centres: Option<Vec<NodeCentre>>,
    /// The nodes that are on the ring when the cluster first starts, separated by commas; others join with `ring join`. The
    /// same list at each start [default: all].
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub ring: Option<Vec<String>>,
    /// This node has lost its directory, and begins with an empty one: it takes part in reads once it has caught up from all
    /// other nodes, which have to be up. To be left out at later starts.
    #[arg(long)]
    pub replace: bool,
    /// N: replicas of each key [default: 3].
    #[arg(long)]
    pub replication: Option<usize>,
    /// R: replicas that answer a read at level quorum [default: 2]. With R + W > N a read meets every write.
    #[arg(long)]
    pub read_quorum: Option<usize>,
    /// W: replicas that acknowledge a write at level quorum [default: 2].
    #[arg(long)]
    pub write_quorum: Option<usize>,
    /// Whose acknowledgements count for a write, and what becomes of two that do not know each other [default: strict].
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Sloppy: hints that a node keeps for others; more are refused [default: 1000].
    #[arg(long, value_name = "COUNT")]
    pub hints_max: Option<usize>,
    /// Write-behind: writes that a cache has acknowledged and the store may lack; lost if it dies [default: 100].
    #[arg(long, value_name = "COUNT")]
    pub unwritten_max: Option<u64>,
    /// Strict: how long a tombstone is kept that every replica has. Longer than a message may be under way
    /// [default: 86400s].
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub tombstone_grace: Option<Duration>,
    /// Where this node keeps what it holds; once it has used tables, its directory stays with them [default: log].
    #[arg(long, value_enum)]
    pub storage: Option<Storage>,
}

/// How a replicated log is kept.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Family raft")]
pub struct RaftOptions {
    /// How entries are copied before a write is done [default: majority].
    #[arg(long, value_enum)]
    pub replication_mode: Option<ReplicationMode>,
    /// Asynchronous: entries that the standby may lack before writes are refused [default: 100].
    #[arg(long, value_name = "COUNT")]
    pub loss_entries: Option<u64>,
    /// Asynchronous: milliseconds that the standby may lack an entry before writes are refused [default: 1000].
    #[arg(long, value_name = "MS")]
    pub loss_ms: Option<u64>,
    /// The nodes that vote when the cluster first starts, separated by commas; others join with `member add`
    /// [default: all].
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub voters: Option<Vec<String>>,
    /// Entries between two snapshots of a node [default: 10000].
    #[arg(long, value_name = "COUNT")]
    pub snapshot_every: Option<u64>,
}
