//! What each command does, and how it exits.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use perjury_store::client::{Answer, Client, ClientOptions};
use perjury_store::env::real;
use perjury_store::quorum::config::Config;
use perjury_store::quorum::message::{Entry, NodeId, Operation, Response};
use perjury_store::server::{self, ServerOptions};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Args, Ask, Command, Peer, Serve};

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
        None if error.is::<io::Error>() => FAILED,
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
        Command::Serve(serve) => run_node(serve).await,
        Command::Get { key, ask: how } => ask(Operation::Get { key }, how).await,
        Command::Put { key, value, ask: how } => {
            ask(Operation::Put { key, value: value.into_bytes() }, how).await
        }
        Command::Delete { key, ask: how } => ask(Operation::Delete { key }, how).await,
        Command::Dump { node, peers, deadline } => dump(&node, peers, deadline).await,
    }
}

async fn run_node(serve: Serve) -> Result<ExitCode> {
    if serve.listen.ends_with(":0") {
        let why = "--listen needs a fixed port: the other nodes could not find this one".to_owned();
        return Err(Usage(why).into());
    }
    let mut peers = serve.peers;
    if peers.iter().all(|peer| peer.name != serve.node) {
        peers.push(Peer { name: serve.node.clone(), address: serve.listen.clone() });
    }
    let peers = sorted(peers)?;
    let node = number_of(&serve.node, &peers)?;
    let (names, addresses) = peers.into_iter().unzip();
    let config = Config {
        replication: serve.replication,
        read_quorum: serve.read_quorum,
        write_quorum: serve.write_quorum,
        ..Config::new(node, names)
    };
    if let Some(problem) = config.problem() {
        return Err(Usage(problem).into());
    }
    let env = real::env(&serve.data).context("cannot use the data directory")?;
    let options = ServerOptions::new(config, serve.listen, addresses);
    tokio::select! {
        biased;
        end = server::serve(options, env) => {
            end.with_context(|| format!("node {} in {}", serve.node, serve.data.display()))?;
        }
        interrupted = interrupted() => interrupted?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns when the program is asked to end. Nothing has to be put in order first: what was
/// acknowledged is durable already.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::select! {
        biased;
        end = tokio::signal::ctrl_c() => end.context("cannot wait for SIGINT"),
        _ = terminate.recv() => Ok(()),
    }
}

async fn ask(operation: Operation, how: Ask) -> Result<ExitCode> {
    let peers = sorted(how.peers)?;
    let node = how.node.map(|name| number_of(&name, &peers)).transpose()?;
    let mut client = Client::new(real::client_env()?, ClientOptions::new(peers.clone()));
    let answer = client.call(operation, how.level, how.deadline, node).await;
    let (name, _) = &peers[usize::from(answer.node)];
    if how.json {
        println!("{}", as_json(&answer, name));
    } else {
        print(&answer.outcome);
    }
    Ok(match answer.outcome {
        Response::Refused(_) => FAILED.into(),
        Response::Unknown(_) => UNKNOWN.into(),
        _ => ExitCode::SUCCESS,
    })
}

async fn dump(node: &str, peers: Vec<Peer>, deadline: Duration) -> Result<ExitCode> {
    let peers = sorted(peers)?;
    let node = number_of(node, &peers)?;
    let mut client = Client::new(real::client_env()?, ClientOptions::new(peers));
    match client.dump(node, deadline).await {
        Ok(entries) => {
            for (key, entry) in entries {
                println!("{}", entry_as_json(&key, &entry));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            eprintln!("perjury-store: {refusal}");
            Ok(FAILED.into())
        }
    }
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
    let position = position.ok_or_else(|| Usage(format!("--node {name} is none of {}", names())))?;
    NodeId::try_from(position).context("more nodes than numbers for them")
}

fn print(outcome: &Response) {
    match outcome {
        Response::Value { value: Some(value), .. } => println!("{}", String::from_utf8_lossy(value)),
        Response::Value { version: Some(version), .. } => eprintln!("deleted at version {version}"),
        Response::Value { .. } => eprintln!("never written"),
        Response::Written { version } => println!("{version}"),
        Response::Refused(refusal) => eprintln!("perjury-store: refused, without effect: {refusal}"),
        Response::Unknown(why) => {
            eprintln!("perjury-store: unknown outcome, it may have taken effect: {why}");
        }
        // Only asked for by `dump`, which has its own way.
        Response::Dump { .. } => {}
    }
}

fn as_json(answer: &Answer, node: &str) -> Value {
    let outcome = match &answer.outcome {
        Response::Value { value, version } => {
            let value = value.as_ref().map(|value| String::from_utf8_lossy(value));
            json!({"outcome": "ok", "value": value, "version": version.map(|version| version.to_integers())})
        }
        Response::Written { version } => json!({"outcome": "ok", "version": version.to_integers()}),
        Response::Refused(refusal) => json!({"outcome": "refused", "error": refusal.to_string()}),
        Response::Unknown(why) => json!({"outcome": "unknown", "error": why}),
        Response::Dump { .. } => json!({"outcome": "ok"}),
    };
    let mut line = outcome;
    line["node"] = json!(node);
    line
}

fn entry_as_json(key: &str, entry: &Entry) -> Value {
    let value = entry.value.as_ref().map(|value| String::from_utf8_lossy(value));
    json!({"key": key, "version": entry.version.to_integers(), "atomic": entry.atomic, "value": value})
}
