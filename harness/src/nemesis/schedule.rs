//! Which faults are injected when: plain data, drawn from a seed or read from a file.
//!
//! ```json
//! [
//!   {"at_ms": 3000, "for_ms": 4000, "fault": "partition-halves", "nodes": ["n1", "n2"]},
//!   {"at_ms": 5000, "for_ms": 1000, "fault": "kill", "seed": 7},
//!   {"at_ms": 7000, "for_ms": 1000, "fault": "point-kill", "point": "before-answer", "pass": 2}
//! ]
//! ```

mod names;
mod rhythm;

use std::collections::BTreeSet;
use std::iter::repeat_n;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

pub use self::rhythm::{LENGTH_MS_MIN, Rhythm, TIME_MS_MAX};
use super::{Fault, Kind, Selection, find};
use crate::rng::Rng;

/// Which faults are injected when, by time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule {
    /// The faults; they may overlap.
    pub entries: Vec<Entry>,
}

/// One fault of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it begins, in simulated milliseconds since clients began to work (a second after the start).
    #[serde(deserialize_with = "names::milliseconds")]
    pub at_ms: u64,
    /// How long it lasts, in simulated milliseconds.
    #[serde(deserialize_with = "names::milliseconds")]
    pub for_ms: u64,
    /// The name of the fault.
    #[serde(deserialize_with = "names::fault")]
    pub fault: String,
    /// The nodes it hits; drawn, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<String>>,
    /// The point at which a fault of kind `point` strikes; drawn, when absent.
    #[serde(default, deserialize_with = "names::point", skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
    /// At which pass of that point, from the beginning of the fault on: 1 is the next; drawn, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<u64>,
    /// Decides all that is not said here.
    #[serde(default)]
    pub seed: u64,
}

impl Entry {
    /// When it begins.
    pub fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms)
    }
}

impl Schedule {
    /// Draws faults from these selections, in this rhythm, from those that are available.
    ///
    /// Episodes of one to three faults that overlap, and gaps in which the cluster works normally.
    /// Each selection that has an available fault comes at least once; one whose faults stand alone comes first,
    /// where nothing else has taken its time.
    pub fn draw(
        selections: &[Selection],
        rhythm: Rhythm,
        rng: &mut Rng,
        available: &dyn Fn(&dyn Fault) -> bool,
    ) -> Schedule {
        let available = |selection: &Selection| {
            let faults = selection.faults().into_iter().filter(|fault| available(*fault));
            faults.flat_map(|fault| repeat_n(fault, fault.weight())).collect()
        };
        let mut choices: Vec<Vec<&dyn Fault>> = selections.iter().map(available).collect();
        choices.retain(|faults| !faults.is_empty());
        if choices.is_empty() {
            return Schedule::default();
        }
        let end_ms = rhythm.time_ms;
        let mut bag = Bag::new(choices);
        let mut entries = Vec::new();
        let mut at_ms = rhythm.draw_gap_ms(rng);
        // When the others may begin.
        let mut from_ms = 0;
        if let Some((fault, length_ms)) = bag.lone(rng) {
            let begin_ms = at_ms.min(end_ms.saturating_sub(LENGTH_MS_MIN));
            let lone = lone_entry(begin_ms, end_ms, fault, length_ms, rng);
            from_ms = lone.at_ms + lone.for_ms;
            at_ms = from_ms + rhythm.draw_gap_ms(rng);
            entries.push(lone);
        }
        while at_ms + LENGTH_MS_MIN <= end_ms {
            let episode = episode(at_ms, rhythm, &mut bag, rng);
            let over_ms = episode.iter().map(|entry| entry.at_ms + entry.for_ms).fold(at_ms, u64::max);
            at_ms = over_ms + rhythm.draw_gap_ms(rng);
            entries.extend(episode);
        }
        // A run too short for its selections gets the others somewhere in between.
        let from_ms = if from_ms < end_ms { from_ms } else { 0 };
        let left_ms = end_ms - from_ms;
        for fault in bag.never_drawn(rng).into_iter().filter(|fault| fault.alone_for_ms().is_none()) {
            let at_ms = from_ms + rng.below(left_ms / 2 + 1);
            let for_ms = rng.range(left_ms / 8..left_ms / 2 + 1).min(rhythm.length_ms_max);
            entries.push(entry(at_ms, for_ms, fault, rng));
        }
        entries.sort_by_key(|entry| entry.at_ms);
        Schedule { entries }
    }

    /// Reads a schedule from JSON, for a cluster of these nodes.
    ///
    /// # Errors
    /// With the place, when it is no schedule: bad JSON, a time before the run, a fault or node that
    /// does not exist.
    pub fn parse(text: &str, nodes: &[String]) -> anyhow::Result<Schedule> {
        let schedule: Schedule = serde_json::from_str(text).context("not a schedule of faults")?;
        schedule.check_nodes(nodes)?;
        Ok(schedule)
    }

    /// Checks that its entries can strike, and that the nodes they name are among these.
    ///
    /// # Errors
    /// With the entry, when one cannot: it names a node that is not there, or one twice; it lasts no time, or over a
    /// day; it names a point, and its fault strikes at none.
    pub fn check_nodes(&self, nodes: &[String]) -> anyhow::Result<()> {
        for (number, entry) in self.entries.iter().enumerate() {
            let place = || format!("entry {} ({})", number + 1, entry.fault);
            ensure!(entry.for_ms > 0, "{}: `for_ms` is 0: it would be healed before it strikes", place());
            let for_ms = entry.for_ms;
            ensure!(for_ms <= TIME_MS_MAX, "{}: `for_ms` is {for_ms}: take a day at most", place());
            ensure!(entry.pass != Some(0), "{}: `pass` is 0: the next pass is 1", place());
            let names_point = entry.point.is_some() || entry.pass.is_some();
            let is_at_point = find(&entry.fault).is_some_and(|fault| fault.kind() == Kind::Point);
            ensure!(
                is_at_point || !names_point,
                "{}: `point` and `pass` are for faults of kind point",
                place()
            );
            let Some(hit) = &entry.nodes else { continue };
            let distinct: BTreeSet<&String> = hit.iter().collect();
            ensure!(distinct.len() == hit.len(), "{}: `nodes` names a node twice", place());
            ensure!(!hit.is_empty(), "{}: `nodes` is empty; leave it out to have them drawn", place());
            for node in hit {
                let known = nodes.contains(node);
                ensure!(known, "{}: no node is named `{node}`; there are {}", place(), nodes.join(", "));
            }
        }
        Ok(())
    }

    /// The names of its faults, each once, sorted.
    pub fn faults(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.entries.iter().map(|entry| entry.fault.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// One to three faults that begin close to each other and end with the run at the latest.
fn episode(begin_ms: u64, rhythm: Rhythm, bag: &mut Bag, rng: &mut Rng) -> Vec<Entry> {
    let end_ms = rhythm.time_ms;
    let faults = match rng.below(10) {
        0..4 => 1,
        4..8 => 2,
        _ => 3,
    };
    let mut entries: Vec<Entry> = Vec::new();
    for _ in 0..faults {
        // The later ones begin while the first is in force.
        let at_ms = entries.first().map_or(begin_ms, |first| first.at_ms + rng.below(first.for_ms));
        let for_ms = rhythm.draw_length_ms(rng);
        let fault = bag.draw(rng);
        if let Some(length_ms) = fault.alone_for_ms() {
            let end = entries.iter().map(|entry| entry.at_ms + entry.for_ms).max();
            let at_ms = end.map_or(begin_ms, |end| end + rhythm.draw_gap_ms(rng));
            if at_ms + LENGTH_MS_MIN <= end_ms {
                entries.push(lone_entry(at_ms, end_ms, fault, length_ms, rng));
            }
            break;
        }
        let for_ms = for_ms.min(end_ms.saturating_sub(at_ms));
        entries.push(entry(at_ms, for_ms, fault, rng));
    }
    entries
}

/// A fault that stands alone, for as long as it wants, or the run lasts.
fn lone_entry(at_ms: u64, end_ms: u64, fault: &dyn Fault, (min, max): (u64, u64), rng: &mut Rng) -> Entry {
    let for_ms = rng.range(min..max + 1).min(end_ms - at_ms);
    entry(at_ms, for_ms, fault, rng)
}

fn entry(at_ms: u64, for_ms: u64, fault: &dyn Fault, rng: &mut Rng) -> Entry {
    let (fault, seed) = (fault.name().to_string(), rng.next() >> 32);
    Entry { at_ms, for_ms, fault, seed, ..Entry::default() }
}

/// Deals the selections in random order, all of them before any comes again.
struct Bag {
    choices: Vec<Vec<&'static dyn Fault>>,
    left: Vec<usize>,
    drawn: usize,
}

impl Bag {
    fn new(choices: Vec<Vec<&'static dyn Fault>>) -> Bag {
        Bag { choices, left: Vec::new(), drawn: 0 }
    }

    fn draw(&mut self, rng: &mut Rng) -> &'static dyn Fault {
        if self.left.is_empty() {
            self.left = (0..self.choices.len()).collect();
            rng.shuffle(&mut self.left);
        }
        self.drawn += 1;
        let selection = self.left.pop().unwrap_or_default();
        *rng.pick(&self.choices[selection])
    }

    /// One of the faults that stand alone, with its length.
    fn lone(&self, rng: &mut Rng) -> Option<(&'static dyn Fault, (u64, u64))> {
        let all = self.choices.iter().flatten();
        let lone: Vec<_> = all.filter_map(|fault| Some((*fault, fault.alone_for_ms()?))).collect();
        (!lone.is_empty()).then(|| *rng.pick(&lone))
    }

    fn never_drawn(mut self, rng: &mut Rng) -> Vec<&'static dyn Fault> {
        let missing = self.choices.len().saturating_sub(self.drawn);
        (0..missing).map(|_| self.draw(rng)).collect()
    }
}

#[cfg(test)]
mod tests;
