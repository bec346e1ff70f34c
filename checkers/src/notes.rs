//! What the nemesis noted about the inside of the store, read from its events.
//!
//! ```text
//! function     fields               value
//! acknowledge  node, key, version                                        the replica says: durable here
//! corrupt      node, perhaps key                                         the replica found a corrupt record
//! release      node, key                                                 the replica dropped it: others own it now
//! healed                                                                 every fault is healed from here on
//! placement                         [[key, [node, …]], …]                the home replicas of each key
//! dump         node                 {"stage": "converged", "restarted" or "replayed",
//!                                    "entries": [[key, [number, …], value], …],
//!                                    "asked": index}
//! leader       node                 {"term": 3}                          the node leads this term
//! invariant                         {"invariant": "log-matching",        seen from inside: broken, by these
//!                                    "nodes": [node, …], "what": words}
//! watched                           {"log-matching": 812, …}             how often each invariant was looked at
//! lost         node                 {"writes_max": 5}                    a cache that writes behind starts: of what it
//!                                                                        acknowledged before, at most so many are lost
//! view         node                 {"of": "n3", "state": "down",        the node takes n3 for this from here on, by the
//!                                    "generation": 4, "heartbeat": 17,   last that it heard of it; of itself: it has
//!                                    "accusers": ["n1", "n5"]}           been started
//! ```
//!
//! Views, of which there are many, are read by [`view`] alone. Every other function is a fault, and no concern of this
//! module.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{EventRef, History, Key, Process, Value, Version};
use serde::Deserialize;

use crate::checker::Undecided;

/// A note, with the event it was read from and the position of that event in the history.
pub(crate) struct Note<'a> {
    pub event: EventRef<'a>,
    pub position: usize,
    pub what: What<'a>,
}

/// What a note says.
pub(crate) enum What<'a> {
    Acknowledge { node: &'a str, key: &'a Key, version: &'a Version },
    Corrupt { node: &'a str, key: Option<&'a Key> },
    Release { node: &'a str, key: &'a Key },
    Healed,
    Placement(Placement),
    Dump(Dump<'a>),
    Leader { node: &'a str, term: u64 },
    Invariant(Broken<'a>),
    Watched(BTreeMap<&'a str, u64>),
    Lost { node: &'a str, writes_max: u64 },
}

/// What a node takes a member of its cluster for.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct View<'a> {
    pub of: &'a str,
    pub state: State,
    /// How often the member had been started when it was last heard of, and how often it had given a sign of life since.
    pub generation: u64,
    pub heartbeat: u64,
    /// Who misses it.
    #[serde(borrow)]
    pub accusers: Vec<&'a str>,
}

/// What a member is taken for, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Up,
    Suspect,
    Down,
    Left,
}

/// An invariant of the store that is broken.
#[derive(Deserialize)]
pub(crate) struct Broken<'a> {
    pub invariant: &'a str,
    #[serde(borrow)]
    pub nodes: Vec<&'a str>,
    /// What happened, in a sentence.
    pub what: &'a str,
}

/// The home replicas of each key.
pub(crate) type Placement = BTreeMap<Key, BTreeSet<String>>;

/// Everything that one replica held at one moment.
pub(crate) struct Dump<'a> {
    pub event: EventRef<'a>,
    pub position: usize,
    pub node: &'a str,
    pub stage: Stage,
    /// The replica was asked when all events below this index had been recorded: what was recorded later
    /// the dump need not show.
    pub asked: u64,
    pub entries: BTreeMap<Key, Entry>,
}

/// What a replica holds under one key; the value null is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// None: the store has no versions.
    pub version: Option<Version>,
    pub value: Value,
}

/// When a dump was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// After everything was healed and the replicas had time to become equal, before any final read.
    Converged,
    /// During the run, soon after the replica had been started again.
    Restarted,
    /// After a power loss of the whole cluster and the replay of the logs.
    Replayed,
}

/// All notes about the inside of the store, in order. Errs on one that cannot be read.
pub(crate) fn all(history: &History) -> Result<Vec<Note<'_>>, Undecided> {
    each(history).collect()
}

/// The same one by one, for who can judge by some of them although others cannot be read.
pub(crate) fn each(history: &History) -> impl Iterator<Item = Result<Note<'_>, Undecided>> {
    let of_nemesis = history.events().enumerate().filter(|(_, event)| event.process == Process::Nemesis);
    of_nemesis.filter_map(|(position, event)| {
        let what = what(position, event).transpose()?;
        Some(what.map(|what| Note { event, position, what }))
    })
}

/// Where keys belonged when the replicas were dumped at this stage: the last placement noted before their last dump, or
/// where there is none the last of all.
pub(crate) fn placement<'a>(notes: &'a [Note<'_>], stage: Stage) -> Option<&'a Placement> {
    let is_dump = |note: &Note<'_>| matches!(&note.what, What::Dump(dump) if dump.stage == stage);
    let dumped = notes.iter().rposition(is_dump).unwrap_or_default();
    let last = |notes: &'a [Note<'_>]| {
        notes.iter().rev().find_map(|note| match &note.what {
            What::Placement(placement) => Some(placement),
            _ => None,
        })
    };
    last(&notes[..dumped]).or_else(|| last(notes))
}

/// The last dump of each node at this stage.
pub(crate) fn last_dumps<'n, 'a>(notes: &'n [Note<'a>], stage: Stage) -> BTreeMap<&'a str, &'n Dump<'a>> {
    let dumps = notes.iter().filter_map(|note| match &note.what {
        What::Dump(dump) if dump.stage == stage => Some((dump.node, dump)),
        _ => None,
    });
    dumps.collect()
}

fn what(position: usize, event: EventRef<'_>) -> Result<Option<What<'_>>, Undecided> {
    let missing = |field: &str| format!("event {}: {} without {field}", event.index, event.function);
    let node = || event.node.ok_or_else(|| missing("a node"));
    let key = event.key;
    Ok(Some(match event.function {
        "acknowledge" => What::Acknowledge {
            node: node()?,
            key: key.ok_or_else(|| missing("a key"))?,
            version: event.version.ok_or_else(|| missing("a version"))?,
        },
        "corrupt" => What::Corrupt { node: node()?, key },
        "release" => What::Release { node: node()?, key: key.ok_or_else(|| missing("a key"))? },
        "healed" => What::Healed,
        "placement" => What::Placement(placed(event)?),
        "dump" => {
            let node = node()?;
            let (stage, asked, entries) = dumped(event)?;
            What::Dump(Dump { event, position, node, stage, asked, entries })
        }
        // Faults that strike the leader go by the same name.
        "leader" if event.value.get("term").is_some() => {
            let term = event.value["term"].as_u64().ok_or_else(|| missing("a term"))?;
            What::Leader { node: node()?, term }
        }
        "invariant" => What::Invariant(read(event)?),
        "watched" => What::Watched(read(event)?),
        "lost" => {
            let writes_max = event.value["writes_max"].as_u64().ok_or_else(|| missing("how many at most"))?;
            What::Lost { node: node()?, writes_max }
        }
        _ => return Ok(None),
    }))
}

/// The view that this note tells of, and whose it is.
pub(crate) fn view(event: EventRef<'_>) -> Result<(&str, View<'_>), Undecided> {
    let node =
        event.node.ok_or_else(|| format!("event {}: {} without a node", event.index, event.function))?;
    Ok((node, read(event)?))
}

/// The value of a note, in the shape that it must have.
fn read<'a, T: Deserialize<'a>>(event: EventRef<'a>) -> Result<T, Undecided> {
    T::deserialize(event.value).map_err(|error| format!("event {}: {}: {error}", event.index, event.function))
}

fn placed(event: EventRef<'_>) -> Result<Placement, Undecided> {
    Ok(read::<Vec<(Key, BTreeSet<String>)>>(event)?.into_iter().collect())
}

fn dumped(event: EventRef<'_>) -> Result<(Stage, u64, BTreeMap<Key, Entry>), Undecided> {
    #[derive(Deserialize)]
    struct Dumped {
        stage: Stage,
        asked: Option<u64>,
        entries: Vec<(Key, Option<Version>, Value)>,
    }
    let Dumped { stage, asked, entries } = read(event)?;
    let entries = entries.into_iter().map(|(key, version, value)| (key, Entry { version, value }));
    Ok((stage, asked.unwrap_or(event.index), entries.collect()))
}
