//! What the command line may say.

mod ask;
mod serve;

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use perjury_store::protocol::Protocol;
use perjury_store::raft::request::ReadMode;
use perjury_store::{quorum, raft};

use ask::duration;
pub use ask::{Ask, AtLevel, Cluster, Context, NodeCentre, Over, Peer};
pub use serve::{QuorumOptions, RaftOptions, ReplicationMode, Serve, Storage};

/// A replicated key-value store, in two families: quorum, without a leader, where any node takes any request;
/// and raft, a replicated log with a leader and followers.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Three nodes on one machine, each in a terminal of its own:

  P=n1=127.0.0.1:7001,n2=127.0.0.1:7002,n3=127.0.0.1:7003
  perjury-store serve --family raft --node n1 --listen 127.0.0.1:7001 --peers $P --data /tmp/n1
  perjury-store serve --family raft --node n2 --listen 127.0.0.1:7002 --peers $P --data /tmp/n2
  perjury-store serve --family raft --node n3 --listen 127.0.0.1:7003 --peers $P --data /tmp/n3

  perjury-store put greeting hello --peers $P
  perjury-store get greeting --peers $P
  perjury-store status --peers $P

Exit codes: 0 done; 1 refused or failed, certainly without effect; 2 a write of unknown outcome: it may
have taken effect, or may yet; 254 the command line is wrong; 255 the program's own failure."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a node, until it is interrupted or its disk fails.
    Serve(Serve),
    /// Asks a store.
    #[command(flatten)]
    Client(Client),
}

/// What a client asks.
#[derive(Debug, Subcommand)]
pub enum Client {
    /// Reads a key and prints its value.
    Get {
        /// The key.
        key: String,
        /// Family raft: who may answer, and how sure it must be: the leader, after a majority has confirmed
        /// it, or within its lease; a follower, up to what it knows is committed; any node [default: leader].
        #[arg(long, value_enum, value_name = "MODE")]
        read: Option<ReadMode>,
        /// Family quorum: how many replicas take part.
        #[command(flatten)]
        level: AtLevel,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Sets a key to a value.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: String,
        /// Family raft: the token of a lock. Refused if a higher one has written the key.
        #[arg(long)]
        token: Option<u64>,
        /// Family quorum: what is written over.
        #[command(flatten)]
        over: Over,
        /// Family quorum: how many replicas take part.
        #[command(flatten)]
        level: AtLevel,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Deletes a key.
    Delete {
        /// The key.
        key: String,
        /// Family quorum: what is written over.
        #[command(flatten)]
        over: Over,
        /// Family quorum: how many replicas take part.
        #[command(flatten)]
        level: AtLevel,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Sets a key if it holds what is expected: compare-and-set. Family quorum refuses it, as it must.
    Cas {
        /// The key.
        key: String,
        /// Its new value.
        value: String,
        /// What it must hold; if not given, nothing.
        #[arg(long, value_name = "VALUE")]
        expect: Option<String>,
        /// Family quorum: how many replicas take part.
        #[command(flatten)]
        level: AtLevel,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: adds an element to the end of a list.
    Append {
        /// The key.
        key: String,
        /// The element.
        element: String,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: adds to a counter.
    Add {
        /// The key.
        key: String,
        /// How much; may be negative.
        #[arg(allow_negative_numbers = true)]
        amount: i64,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: takes a lock and prints its fencing token.
    Lock {
        /// The key.
        key: String,
        /// How long it is held, unless released before.
        #[arg(long = "for", default_value = "30s", value_parser = duration, value_name = "TIME")]
        held_for: Duration,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: releases a lock.
    Unlock {
        /// The key.
        key: String,
        /// The token that `lock` printed.
        token: u64,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: what each node, or one, knows of leader, log and members.
    Status {
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family quorum: what a node takes each member for, and where they are. With one node for --peers this finds all
    /// others.
    Members {
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family quorum: who is on the ring, or changes that, one node at a time. What a key's new replicas are to hold is
    /// handed over while the store serves; `ring` says how far that is.
    Ring {
        /// Has a node take its place on the ring, or give it up; or gives up the change that is under way.
        #[arg(value_enum)]
        change: Option<RingChange>,
        /// The node.
        #[arg(required_if_eq_any([("change", "join"), ("change", "leave")]))]
        name: Option<String>,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: hands leadership over to a node.
    Transfer {
        /// The next leader.
        to: String,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Family raft: changes the members of the cluster, one node at a time.
    Member {
        /// Makes a node a learner, which gets the log; makes a learner that has caught up a voter; or removes
        /// a node.
        #[arg(value_enum)]
        change: MemberChange,
        /// The node.
        name: String,
        /// Whom to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Prints everything that one node itself holds, as lines of JSON.
    Dump {
        /// Which node.
        #[arg(long)]
        node: String,
        /// All nodes.
        #[command(flatten)]
        cluster: Cluster,
    },
}

impl Client {
    /// Whom it asks.
    pub fn cluster(&self) -> &Cluster {
        match self {
            Client::Dump { cluster, .. } => cluster,
            Client::Get { ask, .. }
            | Client::Put { ask, .. }
            | Client::Delete { ask, .. }
            | Client::Cas { ask, .. }
            | Client::Append { ask, .. }
            | Client::Add { ask, .. }
            | Client::Lock { ask, .. }
            | Client::Unlock { ask, .. }
            | Client::Status { ask }
            | Client::Members { ask }
            | Client::Ring { ask, .. }
            | Client::Transfer { ask, .. }
            | Client::Member { ask, .. } => &ask.cluster,
        }
    }

    /// Whether nodes are told by numbers, in what it asks or is answered: then all must be known.
    pub fn numbers_nodes(&self) -> bool {
        matches!(
            self,
            Client::Ring { .. } | Client::Member { .. } | Client::Transfer { .. } | Client::Status { .. }
        )
    }

    /// The node that it names, if any.
    pub fn node(&self) -> Option<&str> {
        match self {
            Client::Dump { node, .. } => Some(node),
            Client::Transfer { to, .. } => Some(to),
            Client::Member { name, .. } | Client::Ring { name: Some(name), .. } => Some(name),
            Client::Get { ask, .. }
            | Client::Put { ask, .. }
            | Client::Delete { ask, .. }
            | Client::Cas { ask, .. }
            | Client::Append { ask, .. }
            | Client::Add { ask, .. }
            | Client::Lock { ask, .. }
            | Client::Unlock { ask, .. }
            | Client::Status { ask }
            | Client::Ring { ask, .. }
            | Client::Members { ask } => ask.node.as_deref(),
        }
    }
}

/// The families of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    /// Without a leader: reads and writes of quorums.
    Quorum,
    /// A replicated log, with a leader and followers.
    Raft,
}

impl FamilyName {
    /// As nodes say it, and users write it.
    pub fn text(self) -> &'static str {
        match self {
            FamilyName::Quorum => quorum::node::Node::NAME,
            FamilyName::Raft => raft::node::Node::NAME,
        }
    }
}

/// What happens to the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RingChange {
    /// The node takes its place on it.
    Join,
    /// The node gives it up.
    Leave,
    /// The change that is under way is given up.
    Cancel,
}

/// What happens to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MemberChange {
    /// It becomes a learner.
    Add,
    /// The learner becomes a voter.
    Promote,
    /// It leaves.
    Remove,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }
}
