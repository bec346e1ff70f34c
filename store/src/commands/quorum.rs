//! Asking a store without a leader.

use std::process::ExitCode;

use anyhow::Result;
use perjury_store::client::{Answer, Client as Session, ClientOptions};
use perjury_store::quorum::message::{Entry, Level, NodeId, Operation, Response};
use perjury_store::quorum::ring::layout::{Change, Layout, Order};
use serde_json::{Value, json};

use super::{FAILED, Store, UNKNOWN, Usage, only_for, text};
use crate::args::{Ask, AtLevel, Client, Context, FamilyName, Over, RingChange};

/// Does what the command line says.
pub(super) async fn run(client: Client, store: Store) -> Result<ExitCode> {
    let bytes = String::into_bytes;
    match client {
        Client::Get { key, read: None, level, ask } => call(Operation::Get { key }, level, ask, store).await,
        Client::Put { key, value, token: None, over, level, ask } => {
            call(write(key, Some(bytes(value)), over), level, ask, store).await
        }
        Client::Delete { key, over, level, ask } => call(write(key, None, over), level, ask, store).await,
        Client::Cas { key, value, expect, level, ask } => {
            let operation = Operation::CompareAndSet { key, expected: expect.map(bytes), new: bytes(value) };
            call(operation, level, ask, store).await
        }
        Client::Dump { node, .. } => dump(&node, store).await,
        Client::Ring { change, name, ask } => {
            let node = name.map(|name| store.number_of(&name)).transpose()?;
            call(ring(change, node)?, AtLevel { level: None }, ask, store).await
        }
        Client::Members { ask } => call(Operation::Members, AtLevel { level: None }, ask, store).await,
        Client::Get { .. } => Err(not_here("--read")),
        Client::Put { .. } => Err(not_here("--token")),
        Client::Append { .. } => Err(not_here("append")),
        Client::Add { .. } => Err(not_here("add")),
        Client::Lock { .. } => Err(not_here("lock")),
        Client::Unlock { .. } => Err(not_here("unlock")),
        Client::Status { .. } => Err(not_here("status")),
        Client::Transfer { .. } => Err(not_here("transfer")),
        Client::Member { .. } => Err(not_here("member")),
    }
}

fn write(key: String, value: Option<Vec<u8>>, over: Over) -> Operation {
    match (over.context, value) {
        (Some(Context(context)), value) => Operation::Update { key, value, context },
        (None, Some(value)) => Operation::Put { key, value },
        (None, None) => Operation::Delete { key },
    }
}

fn ring(change: Option<RingChange>, node: Option<NodeId>) -> Result<Operation> {
    let order = match (change, node) {
        (None, None) => return Ok(Operation::Ring),
        (Some(RingChange::Join), Some(node)) => Order::Begin(Change::Join(node)),
        (Some(RingChange::Leave), Some(node)) => Order::Begin(Change::Leave(node)),
        (Some(RingChange::Cancel), None) => Order::Cancel,
        _ => {
            return Err(Usage("ring cancel takes no node: one change is under way at most".to_owned()).into());
        }
    };
    Ok(Operation::ChangeRing { order })
}

fn not_here(what: &str) -> anyhow::Error {
    only_for(what, FamilyName::Raft, FamilyName::Quorum)
}

async fn call(operation: Operation, level: AtLevel, ask: Ask, store: Store) -> Result<ExitCode> {
    let node = ask.node.map(|name| store.number_of(&name)).transpose()?;
    let mut session = Session::new(store.env.clone(), ClientOptions::new(store.peers.clone()));
    let level = level.level.unwrap_or(Level::Quorum);
    let change = begun_by(&operation);
    let answer = session.call(operation, level, store.deadline, node).await;
    if ask.json {
        println!("{}", as_json(&answer, &store));
    } else {
        print(&answer.outcome, &store);
        if let Some(so) = change.and_then(|change| so_already(change, &answer.outcome, &store)) {
            eprintln!("{so}");
        }
    }
    Ok(match answer.outcome {
        Response::Refused(_) => FAILED.into(),
        Response::Unknown(_) => UNKNOWN.into(),
        _ => ExitCode::SUCCESS,
    })
}

async fn dump(node: &str, store: Store) -> Result<ExitCode> {
    let node = store.number_of(node)?;
    let mut session = Session::new(store.env.clone(), ClientOptions::new(store.peers));
    match session.dump(node, store.deadline).await {
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

fn print(outcome: &Response, store: &Store) {
    match outcome {
        Response::Value { value: Some(value), .. } => println!("{}", text(value)),
        Response::Value { version: Some(version), .. } => eprintln!("deleted at version {version}"),
        Response::Value { .. } => eprintln!("never written"),
        Response::Siblings { values, context, .. } => {
            for value in values {
                println!("{}", value.as_deref().map_or("(deleted)".to_owned(), text));
            }
            eprintln!("context {}", Context(context.clone()));
        }
        Response::Written { version } => println!("{version}"),
        Response::Refused(refusal) => eprintln!("perjury-store: refused, without effect: {refusal}"),
        Response::Unknown(why) => {
            eprintln!("perjury-store: unknown outcome, it may have taken effect: {why}");
        }
        Response::Members { views, addresses } => {
            for (view, address) in views.iter().zip(addresses) {
                println!("{view} ({address})");
            }
        }
        Response::Ring { layout, handed_over } => println!("{}", ring_in_words(layout, handed_over, store)),
        // Only asked for by `dump`, which has its own way.
        Response::Dump { .. } => {}
    }
}

fn as_json(answer: &Answer, store: &Store) -> Value {
    let outcome = match &answer.outcome {
        Response::Value { value, version } => {
            let (value, version) = (value.as_deref().map(text), version.map(|version| version.to_integers()));
            json!({"outcome": "ok", "value": value, "version": version})
        }
        Response::Siblings { values, context, version } => {
            let values: Vec<_> = values.iter().map(|value| value.as_deref().map(text)).collect();
            let version = version.map(|version| version.to_integers());
            let context = Context(context.clone()).to_string();
            json!({"outcome": "ok", "values": values, "context": context, "version": version})
        }
        Response::Written { version } => json!({"outcome": "ok", "version": version.to_integers()}),
        Response::Refused(refusal) => json!({"outcome": "refused", "error": refusal.to_string()}),
        Response::Unknown(why) => json!({"outcome": "unknown", "error": why}),
        Response::Members { views, addresses } => {
            json!({"outcome": "ok", "members": views, "addresses": addresses})
        }
        Response::Ring { layout, handed_over } => {
            let (joins, leaves) = match layout.change {
                Some(Change::Join(node)) => (Some(store.name_of(node)), None),
                Some(Change::Leave(node)) => (None, Some(store.name_of(node))),
                None => (None, None),
            };
            let (epoch, members) = (layout.epoch, store.names_of(&layout.members));
            let handed_over = store.names_of(handed_over);
            json!({"outcome": "ok", "epoch": epoch, "members": members, "joins": joins, "leaves": leaves,
                   "handed_over": handed_over})
        }
        Response::Dump { .. } => json!({"outcome": "ok"}),
    };
    let mut line = outcome;
    line["node"] = json!(store.name_of(answer.node));
    line
}

/// The change of the ring that an operation asks for.
fn begun_by(operation: &Operation) -> Option<Change> {
    match operation {
        Operation::ChangeRing { order: Order::Begin(change) } => Some(*change),
        _ => None,
    }
}

/// Says where a change that was asked for has nothing to change.
fn so_already(change: Change, outcome: &Response, store: &Store) -> Option<String> {
    let Response::Ring { layout: Layout { change: None, .. }, .. } = outcome else { return None };
    let is = match change {
        Change::Join(_) => "is on the ring already",
        Change::Leave(_) => "is not on the ring",
    };
    Some(format!("nothing to do: {} {is}", store.name_of(change.node())))
}

/// Who is on the ring; while that changes, how far it is.
fn ring_in_words(layout: &Layout, handed_over: &[NodeId], store: &Store) -> String {
    let members = format!("epoch {}: {}", layout.epoch, store.names_of(&layout.members).join(" "));
    let (node, does) = match layout.change {
        None => return members,
        Some(Change::Join(node)) => (node, "joins"),
        Some(Change::Leave(node)) => (node, "leaves"),
    };
    let waits_for: Vec<NodeId> =
        layout.gainers().into_iter().filter(|gainer| !handed_over.contains(gainer)).collect();
    let left = match waits_for.as_slice() {
        [] => "everything is handed over".to_owned(),
        waits_for => format!("not handed over yet to {}", store.names_of(waits_for).join(" ")),
    };
    format!("{members}; {} {does}: {left}", store.name_of(node))
}

fn entry_as_json(key: &str, entry: &Entry) -> Value {
    // Siblings are shown as they are encoded: a dump does not know the mode.
    let value = entry.value.as_deref().map(text);
    json!({"key": key, "version": entry.version.to_integers(), "atomic": entry.atomic, "value": value})
}
