//! Asking a replicated log.

mod show;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use perjury_store::protocol::NodeId;
use perjury_store::raft::client::{Answer, Client as Session, ClientOptions};
use perjury_store::raft::request::{Change, Operation, ReadMode, Response};
use serde_json::json;

use super::{FAILED, Store, UNKNOWN, Usage, only_for};
use crate::args::{Ask, AtLevel, Client, FamilyName, MemberChange, Over};

/// Does what the command line says.
pub(super) async fn run(client: Client, store: Store) -> Result<ExitCode> {
    let bytes = String::into_bytes;
    let (operation, ask) = match client {
        Client::Get { key, read, level, ask } => {
            no_level(&level)?;
            return get(key, read.unwrap_or(ReadMode::Leader), ask, store).await;
        }
        Client::Status { ask } => return status(ask, store).await,
        Client::Transfer { to, ask } => return transfer(&to, ask, store).await,
        Client::Member { change, name, ask } => return member(change, &name, ask, store).await,
        Client::Members { .. } => return Err(only_for("members", FamilyName::Quorum, FamilyName::Raft)),
        Client::Ring { .. } => return Err(only_for("ring", FamilyName::Quorum, FamilyName::Raft)),
        Client::Dump { node, .. } => return dump(&node, store).await,
        Client::Put { key, value, token, over, level, ask } => {
            no_level(&level)?;
            no_context(&over)?;
            (put(key, bytes(value), token), ask)
        }
        Client::Delete { key, over, level, ask } => {
            no_level(&level)?;
            no_context(&over)?;
            (Operation::Delete { key }, ask)
        }
        Client::Cas { key, value, expect, level, ask } => {
            no_level(&level)?;
            (Operation::CompareAndSet { key, expected: expect.map(bytes), new: bytes(value) }, ask)
        }
        Client::Append { key, element, ask } => (Operation::Append { key, element: bytes(element) }, ask),
        Client::Add { key, amount, ask } => (Operation::Add { key, amount }, ask),
        Client::Lock { key, held_for, ask } => (Operation::Lock { key, for_ms: millis(held_for)? }, ask),
        Client::Unlock { key, token, ask } => (Operation::Unlock { key, token }, ask),
    };
    let mut session = session_at_leader(&ask, &store)?;
    let answer = session.write(operation, store.deadline).await;
    Ok(finish(&answer, &ask, &store))
}

fn put(key: String, value: Vec<u8>, token: Option<u64>) -> Operation {
    match token {
        Some(token) => Operation::PutFenced { key, value, token },
        None => Operation::Put { key, value },
    }
}

fn millis(time: Duration) -> Result<u32> {
    let too_long = || Usage("a lock is held for 49 days at most".to_owned());
    Ok(u32::try_from(time.as_millis()).map_err(|_| too_long())?)
}

fn no_level(level: &AtLevel) -> Result<()> {
    match level.level {
        Some(_) => Err(only_for("--level", FamilyName::Quorum, FamilyName::Raft)),
        None => Ok(()),
    }
}

fn no_context(over: &Over) -> Result<()> {
    match over.context {
        Some(_) => Err(only_for("--context", FamilyName::Quorum, FamilyName::Raft)),
        None => Ok(()),
    }
}

fn session(store: &Store) -> Session {
    Session::new(store.env.clone(), ClientOptions::new(store.peers.clone()))
}

/// A session for what only the leader can do, wherever that is.
fn session_at_leader(ask: &Ask, store: &Store) -> Result<Session> {
    match ask.node {
        Some(_) => {
            Err(Usage("--node is for reads and status: all else goes to the leader".to_owned()).into())
        }
        None => Ok(session(store)),
    }
}

async fn get(key: String, mode: ReadMode, ask: Ask, store: Store) -> Result<ExitCode> {
    let node = ask.node.as_deref().map(|name| store.number_of(name)).transpose()?;
    let answer = session(&store).read(vec![key], mode, store.deadline, node).await;
    Ok(finish(&answer, &ask, &store))
}

async fn transfer(to: &str, ask: Ask, store: Store) -> Result<ExitCode> {
    let to = store.number_of(to)?;
    let answer = session_at_leader(&ask, &store)?.transfer(to, store.deadline).await;
    Ok(finish(&answer, &ask, &store))
}

async fn member(change: MemberChange, name: &str, ask: Ask, store: Store) -> Result<ExitCode> {
    let node = store.number_of(name)?;
    let change = match change {
        MemberChange::Add => Change::AddLearner(node),
        MemberChange::Promote => Change::Promote(node),
        MemberChange::Remove => Change::Remove(node),
    };
    let answer = session_at_leader(&ask, &store)?.change(change, store.deadline).await;
    Ok(finish(&answer, &ask, &store))
}

/// Asks every node, or the one that was named; it is enough that one answers.
async fn status(ask: Ask, store: Store) -> Result<ExitCode> {
    let asked: Vec<NodeId> = match &ask.node {
        Some(name) => vec![store.number_of(name)?],
        None => (0..store.peers.len() as NodeId).collect(),
    };
    let questions = asked.into_iter().map(|node| {
        let mut session = session(&store);
        async move { session.status(node, store.deadline).await }
    });
    let answers = futures_util::future::join_all(questions).await;
    for answer in &answers {
        show::answer(answer, ask.json, &store);
    }
    let is_any = answers.iter().any(|answer| matches!(answer.outcome, Response::Status { .. }));
    Ok(if is_any { ExitCode::SUCCESS } else { FAILED.into() })
}

async fn dump(node: &str, store: Store) -> Result<ExitCode> {
    let node = store.number_of(node)?;
    match session(&store).dump(node, store.deadline).await {
        Ok(cells) => {
            for (key, versioned) in cells {
                let mut line = show::versioned(Some(&versioned));
                line["key"] = json!(key);
                println!("{line}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            eprintln!("perjury-store: {refusal}");
            Ok(FAILED.into())
        }
    }
}

fn finish(answer: &Answer, ask: &Ask, store: &Store) -> ExitCode {
    show::answer(answer, ask.json, store);
    match answer.outcome {
        Response::Refused(_) => FAILED.into(),
        Response::Unknown(_) => UNKNOWN.into(),
        _ => ExitCode::SUCCESS,
    }
}
