//! Answers of a replicated log, for people and as JSON.

use perjury_store::protocol::NodeId;
use perjury_store::raft::client::Answer;
use perjury_store::raft::request::{Cell, Members, Response, Versioned};
use serde_json::{Value, json};

use crate::commands::{Store, text};

/// Shows how a call ended.
pub(super) fn answer(answer: &Answer, as_json: bool, store: &Store) {
    if as_json {
        let mut line = json(&answer.outcome, store);
        line["node"] = json!(store.name_of(answer.node));
        println!("{line}");
    } else {
        print(answer, store);
    }
}

fn print(answer: &Answer, store: &Store) {
    match &answer.outcome {
        Response::Cells { cells, .. } => cells.iter().for_each(|cell| print_cell(cell.as_ref())),
        Response::Done { index, .. } => println!("{index}"),
        Response::Status { term, leader, commit, applied, last, members } => {
            let (node, leads) =
                (store.name_of(answer.node), leader.map_or("nobody", |leader| store.name_of(leader)));
            let (voters, learners) = (names(&members.voters, store), names(&members.learners, store));
            println!(
                "{node}: term {term}, led by {leads}; log to {last}, committed to {commit}, applied to {applied}; \
                 voters {voters}; learners {learners}"
            );
        }
        Response::Refused(refusal) => {
            let node = store.name_of(answer.node);
            eprintln!("perjury-store: {node}: refused, without effect: {refusal}");
        }
        Response::Unknown(why) => {
            eprintln!("perjury-store: unknown outcome, it may have taken effect: {why}");
        }
        // Part of every write, and of `dump`, which have their own ways.
        Response::Opened { .. } | Response::Page { .. } => {}
    }
}

fn print_cell(versioned: Option<&Versioned>) {
    let Some(Versioned { cell, version }) = versioned else {
        return eprintln!("never written");
    };
    match cell {
        None => eprintln!("deleted at version {version}"),
        Some(Cell::Register(value) | Cell::Fenced { value, .. }) => println!("{}", text(value)),
        Some(Cell::List(elements)) => elements.iter().for_each(|element| println!("{}", text(element))),
        Some(Cell::Counter(count)) => println!("{count}"),
        Some(Cell::Lock { session, token, .. }) => println!("held by session {session} with token {token}"),
    }
}

fn names<'a>(nodes: impl IntoIterator<Item = &'a NodeId>, store: &Store) -> String {
    let names: Vec<&str> = nodes.into_iter().map(|node| store.name_of(*node)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn json(outcome: &Response, store: &Store) -> Value {
    match outcome {
        Response::Cells { cells, applied, term } => {
            let mut line = versioned(cells.first().and_then(Option::as_ref));
            for (name, value) in
                [("outcome", json!("ok")), ("applied", json!(applied)), ("term", json!(term))]
            {
                line[name] = value;
            }
            line
        }
        Response::Done { index, term, .. } => json!({"outcome": "ok", "version": index, "term": term}),
        Response::Status { term, leader, commit, applied, last, members: Members { voters, learners } } => {
            let names = |nodes: &std::collections::BTreeSet<NodeId>| -> Vec<String> {
                nodes.iter().map(|node| store.name_of(*node).to_owned()).collect()
            };
            json!({
                "outcome": "ok", "term": term, "leader": leader.map(|leader| store.name_of(leader)),
                "committed": commit, "applied": applied, "last": last,
                "voters": names(voters), "learners": names(learners),
            })
        }
        Response::Refused(refusal) => json!({"outcome": "refused", "error": refusal.to_string()}),
        Response::Unknown(why) => json!({"outcome": "unknown", "error": why}),
        Response::Opened { .. } | Response::Page { .. } => json!({"outcome": "ok"}),
    }
}

/// A cell as JSON: what kind it is of, its value and its version, as far as there are any.
pub(super) fn versioned(versioned: Option<&Versioned>) -> Value {
    let Some(Versioned { cell, version }) = versioned else {
        return json!({"kind": null, "value": null, "version": null});
    };
    match cell {
        None => json!({"kind": null, "value": null, "version": version}),
        Some(Cell::Register(value)) => json!({"kind": "register", "value": text(value), "version": version}),
        Some(Cell::List(elements)) => {
            let elements: Vec<String> = elements.iter().map(|element| text(element)).collect();
            json!({"kind": "list", "value": elements, "version": version})
        }
        Some(Cell::Counter(count)) => json!({"kind": "counter", "value": count, "version": version}),
        Some(Cell::Lock { session, token, until_ms }) => json!({
            "kind": "lock", "value": session, "token": token, "until_ms": until_ms, "version": version,
        }),
        Some(Cell::Fenced { value, token }) => {
            json!({"kind": "fenced", "value": text(value), "token": token, "version": version})
        }
    }
}
