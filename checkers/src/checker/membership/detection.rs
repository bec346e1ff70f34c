//! Completeness, accuracy and agreement, while nothing is wrong but that nodes are dead.
//!
//! ```text
//! partition ───┤ healed        kill n2 ├───────────────────────────────┤ started again
//!              ├──── limit ────│─ ok ──├──── limit ────│─ n2 is down ──├──── limit ────│─ ok …
//! ```
//!
//! What nodes take each other for changes only with their notes. So it is looked at before each note is taken in, and
//! at the end.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::EventRef;

use crate::checker::Undecided;
use crate::in_force::{Fault, InForce};
use crate::notes::{self, State, View};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// The faults whose nodes are dead, and nothing else is wrong.
const DEATHS: [&str; 2] = ["kill", "power-loss"];

/// A start of a node.
#[derive(Clone, Copy)]
struct Process {
    started_at: u64,
    generation: u64,
    note: u64,
}

/// Who should take whom for what.
pub(super) struct Detection<'a> {
    limit: u64,
    accusers_min: usize,
    in_force: InForce<'a>,
    /// When the faults changed last.
    since: u64,
    processes: BTreeMap<&'a str, Process>,
    /// By who takes and who is taken, with the index of the note.
    views: BTreeMap<(&'a str, &'a str), (View<'a>, u64)>,
    /// What was found wrong since the faults changed last: it is told once.
    told: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Detection<'a> {
    /// Nothing was told yet. It may take so long, in nanoseconds, and so many must miss a node that is down.
    pub fn new(limit: u64, accusers_min: usize) -> Detection<'a> {
        Detection {
            limit,
            accusers_min,
            in_force: InForce::default(),
            since: 0,
            processes: BTreeMap::new(),
            views: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// Takes in a note; what was wrong until then.
    pub fn hear(&mut self, note: EventRef<'a>) -> Result<Vec<Anomaly>, Undecided> {
        let found = self.pass(note)?;
        if note.function == "view" {
            let (by, view) = notes::view(note)?;
            self.take_in(by, view, note);
        } else if self.in_force.hear(note) {
            self.since = time(note)?;
            self.told.clear();
        }
        Ok(found)
    }

    fn take_in(&mut self, by: &'a str, view: View<'a>, note: EventRef<'a>) {
        if by == view.of && view.state == State::Up {
            self.views.retain(|(observer, _), _| *observer != by);
            let process =
                Process { started_at: note.time.unwrap_or(0), generation: view.generation, note: note.index };
            self.processes.insert(by, process);
        } else {
            self.views.insert((by, view.of), (view, note.index));
        }
    }

    /// What is wrong right before this event.
    pub fn pass(&mut self, event: EventRef<'a>) -> Result<Vec<Anomaly>, Undecided> {
        let now = time(event)?;
        let faults = self.in_force.faults();
        if faults.iter().any(|fault| !DEATHS.contains(&fault.name)) || now <= self.since + self.limit {
            return Ok(Vec::new());
        }
        let is_dead = |node: &str| faults.iter().find(|fault| fault.nodes.contains(&node));
        let alive: Vec<&'a str> =
            self.processes.keys().copied().filter(|node| is_dead(node).is_none()).collect();
        let can_detect = alive.len() >= self.accusers_min;
        let mut found = Vec::new();
        for &by in &alive {
            for (&of, process) in self.processes.iter().filter(|(of, _)| **of != by) {
                let wrong = match is_dead(of) {
                    Some(fault) if can_detect => self.undetected(by, of, fault, now),
                    Some(_) => None,
                    None => self.misjudged(by, of, process, now),
                };
                let is_new = wrong.is_some() && !self.told.contains(&(by, of));
                found.extend(wrong.filter(|_| is_new).map(|anomaly| ((by, of), anomaly)));
            }
        }
        self.told.extend(found.iter().map(|(pair, _)| *pair));
        Ok(found.into_iter().map(|(_, anomaly)| anomaly).collect())
    }

    /// Whether a process has had the time that it may take, since it was started.
    fn had_time(&self, process: &Process, now: u64) -> bool {
        now > process.started_at + self.limit
    }

    fn view(&self, by: &'a str, of: &'a str) -> Option<&(View<'a>, u64)> {
        self.views.get(&(by, of))
    }

    /// The dead node is not down for this one.
    fn undetected(&self, by: &'a str, of: &'a str, fault: &Fault<'_>, now: u64) -> Option<Anomaly> {
        let view = self.view(by, of);
        if !self.had_time(&self.processes[by], now) || view.is_some_and(|(view, _)| view.state >= State::Down)
        {
            return None;
        }
        let explanation = format!(
            "{by} takes {of} for {} at {}, although {of} is dead ({}), and nothing but deaths has been wrong since {}",
            words_of(view),
            words::seconds(now),
            fault.name,
            words::seconds(self.since)
        );
        let events = view.map(|(_, note)| *note).into_iter().chain([fault.note]);
        Some(Anomaly::new(AnomalyKind::UndetectedFailure, None, events, explanation))
    }

    /// The node that runs is not up for this one, or under another generation.
    fn misjudged(&self, by: &'a str, of: &'a str, process: &Process, now: u64) -> Option<Anomaly> {
        if !self.had_time(&self.processes[by], now) || !self.had_time(process, now) {
            return None;
        }
        let view = self.view(by, of);
        let kind = match view {
            Some((view, _)) if view.state != State::Up => AnomalyKind::FalseSuspicion,
            Some((view, _)) if view.generation == process.generation => return None,
            _ => AnomalyKind::DivergentViews,
        };
        let explanation = format!(
            "{by} takes {of} for {} at {}, although {of} runs under generation {}, and nothing but deaths has been \
             wrong since {}",
            words_of(view),
            words::seconds(now),
            process.generation,
            words::seconds(self.since)
        );
        let events = view.map(|(_, note)| *note).into_iter().chain([process.note]);
        Some(Anomaly::new(kind, None, events, explanation))
    }
}

fn words_of(view: Option<&(View<'_>, u64)>) -> String {
    match view {
        Some((view, _)) => format!("{} (generation {})", words::state(view.state), view.generation),
        None => "nothing, as it never heard of it,".to_owned(),
    }
}

fn time(event: EventRef<'_>) -> Result<u64, Undecided> {
    event.time.ok_or_else(|| format!("event {}: it has no time", event.index))
}
