//! What each command does, and how it exits.

mod quorum;
mod raft;
mod serve;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use perjury_store::client::{FamilyUnknown, family};
use perjury_store::env::{Env, real};
use perjury_store::protocol::NodeId;
use perjury_store::server;

use crate::args::{Args, Client, Command, FamilyName, Peer};

/// Refused or failed: certainly without effect.
const FAILED: u8 = 1;
/// A write that may have taken effect, or may yet.
const UNKNOWN: u8 = 2;
/// The command line is wrong.
pub const USAGE: u8 = 254;
/// The program's own failure.
pub const OURS: u8 = 255;

/// What is wrong with the command line beyond its grammar.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// How the program exits after this error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref() {
        Some(server::Error::Config(_)) => USAGE,
        // The operator's: an address in use, a disk that fails, a directory of another node.
        Some(server::Error::Storage(_) | server::Error::Listen { .. }) => FAILED,
        None if error.is::<Usage>() => USAGE,
        None if error.is::<io::Error>() || error.is::<FamilyUnknown>() => FAILED,
        None => OURS,
    }
    .into()
}

/// The error with its causes, each said once.
pub fn explain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            let colon = if text.is_empty() { "" } else { ": " };
            text = text + colon + &cause;
        }
    }
    text
}

/// Does what the command line says.
pub async fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Serve(serve) => serve::run(serve).await,
        Command::Client(client) => {
            let (family, store) = Store::find(&client).await?;
            match family {
                FamilyName::Quorum => quorum::run(client, store).await,
                FamilyName::Raft => raft::run(client, store).await,
            }
        }
    }
}

/// The store that a client asks.
struct Store {
    env: Env,
    /// Names and addresses, sorted by name.
    peers: Vec<(String, String)>,
    /// The time that is left.
    deadline: Duration,
}

impl Store {
    /// Finds out of which family it is.
    async fn find(client: &Client) -> Result<(FamilyName, Store)> {
        let cluster = client.cluster();
        let (env, peers) = (real::client_env()?, sorted(cluster.peers.clone())?);
        // What is wrong with the command line is said before anybody is asked.
        client.node().map(|name| number_of(name, &peers)).transpose()?;
        let begun = env.clock.monotonic();
        let family = match cluster.family.filter(|_| !client.numbers_nodes()) {
            Some(family) => family,
            None => {
                let (name, nodes) = family(&env, &peers, cluster.deadline).await?;
                if client.numbers_nodes() {
                    names_all(&peers, &nodes)?;
                }
                let known = FamilyName::value_variants().iter().find(|family| family.text() == name);
                let unknown =
                    || Usage(format!("the store is of family {name}, which this program does not know"));
                *known.ok_or_else(unknown)?
            }
        };
        let passed = Duration::from_nanos(env.clock.monotonic() - begun);
        Ok((family, Store { env, peers, deadline: cluster.deadline.saturating_sub(passed) }))
    }

    /// The number of the node of this name.
    fn number_of(&self, name: &str) -> Result<NodeId> {
        number_of(name, &self.peers)
    }

    /// The names of nodes.
    fn names_of(&self, nodes: &[NodeId]) -> Vec<&str> {
        nodes.iter().map(|node| self.name_of(*node)).collect()
    }

    /// The name of a node.
    fn name_of(&self, node: NodeId) -> &str {
        self.peers.get(usize::from(node)).map_or("?", |(name, _)| name)
    }
}

/// Nodes go by numbers, their places among all: who names others means others.
fn names_all(peers: &[(String, String)], nodes: &[String]) -> Result<()> {
    let named: Vec<&String> = peers.iter().map(|(name, _)| name).collect();
    if named.iter().copied().eq(nodes) {
        return Ok(());
    }
    let named = named.into_iter().cloned().collect::<Vec<_>>().join(", ");
    Err(Usage(format!("--peers names {named}, and the cluster has {}: name all of them", nodes.join(", ")))
        .into())
}

/// The error for an option or a command that the store's family does not have.
fn only_for(what: &str, other: FamilyName, family: FamilyName) -> anyhow::Error {
    let (other, family) = (other.text(), family.text());
    Usage(format!("{what} is for family {other}, and this store is of family {family}")).into()
}

/// Names and addresses, sorted by name: every node and client must number them alike.
fn sorted(mut peers: Vec<Peer>) -> Result<Vec<(String, String)>> {
    peers.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = peers.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Usage(format!("--peers names {} twice", pair[0].name)).into());
    }
    Ok(peers.into_iter().map(|peer| (peer.name, peer.address)).collect())
}

fn number_of(name: &str, peers: &[(String, String)]) -> Result<NodeId> {
    let names = || peers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let position = peers.iter().position(|(peer, _)| peer == name);
    let position = position.ok_or_else(|| Usage(format!("node {name} is none of {}", names())))?;
    NodeId::try_from(position).context("more nodes than numbers for them")
}

/// Bytes as a person reads them.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
