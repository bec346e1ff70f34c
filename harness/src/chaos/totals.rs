//! The sum of the runs of a chaos sweep: all that is kept of them, so memory stays flat.
//!
//! Everything is counts, and examples of the lowest seeds: the order in which runs are added does not show.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entry::{Entry, Shrunk};
use crate::marker;
use crate::report::RowOutcome;
use crate::scenario::Scenario;
use crate::store;
use crate::sweep::{Case, RowCounts};

/// What a sweep, or several of its shards, found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Number of runs by verdict; `error` for those that could not be executed, or came out two ways.
    pub verdicts: BTreeMap<String, u64>,
    /// What was broken, by signature.
    pub findings: BTreeMap<String, Group>,
    /// What could not be decided, by guarantee and level.
    pub unknown: BTreeMap<String, Group>,
    /// Our own failures, by their first words.
    pub errors: BTreeMap<String, Group>,
    /// How each promised guarantee fared, by name and level.
    pub rows: BTreeMap<String, RowCounts>,
    /// Number of runs by store, and then by mode.
    pub stores: BTreeMap<String, BTreeMap<String, u64>>,
    /// How often each marker was reached.
    pub markers: BTreeMap<String, Reached>,
    /// How often each named point was passed.
    pub points: BTreeMap<String, Reached>,
    /// Number of faults, by kind and name.
    pub faults: BTreeMap<String, u64>,
    /// Number of operations.
    pub operations: u64,
    /// Runs that were run twice and compared.
    pub compared: u64,
    /// Simulated time.
    pub simulated_ns: u64,
    /// CPU time of simulations, recording included.
    pub simulation_cpu_ns: u64,
    /// CPU time of judging.
    pub checking_cpu_ns: u64,
}

/// Runs that ended alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// How many.
    pub runs: u64,
    /// That of the lowest seed, of those that were kept if any was.
    pub first: Case,
    /// What shrinking made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
}

/// How often something was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// In how many runs.
    pub runs: u64,
    /// How often in all.
    pub times: u64,
}

/// An error in so many characters names its group.
const ERROR_CHARS_MAX: usize = 60;

impl Totals {
    /// Adds one run.
    pub fn add(&mut self, entry: &Entry) {
        let case = &entry.case;
        *self.verdicts.entry(case.verdict.clone()).or_default() += 1;
        let modes = self.stores.entry(entry.scenario.store.clone()).or_default();
        *modes.entry(entry.scenario.mode.clone()).or_default() += 1;
        for (ending, name) in groups(entry) {
            add_to(self.groups_of(ending), name, entry);
        }
        for (name, outcome) in &entry.rows {
            self.rows.entry(name.clone()).or_default().add(*outcome);
        }
        reach(&mut self.markers, &entry.markers);
        reach(&mut self.points, &entry.points);
        for (fault, times) in &entry.faults {
            *self.faults.entry(fault.clone()).or_default() += times;
        }
        self.operations += entry.operations;
        self.compared += u64::from(entry.compared);
        self.simulated_ns += case.simulated_ns;
        self.simulation_cpu_ns += case.simulation_cpu_ns;
        self.checking_cpu_ns += case.checking_cpu_ns;
    }

    /// Where runs belong that ended so.
    fn groups_of(&mut self, ending: Ending) -> &mut BTreeMap<String, Group> {
        match ending {
            Ending::Broken => &mut self.findings,
            Ending::Unknown => &mut self.unknown,
            Ending::Error => &mut self.errors,
        }
    }

    /// Markers, of the stores and modes that were run, that no run has reached.
    pub fn markers_missing(&self) -> Vec<&'static str> {
        let of_store = |(store, modes): (&String, &BTreeMap<String, u64>)| {
            let scenario =
                |mode: &String| Scenario { store: store.clone(), mode: mode.clone(), ..Scenario::default() };
            modes.keys().map(scenario).collect::<Vec<_>>()
        };
        let run: Vec<Scenario> = self.stores.iter().flat_map(of_store).collect();
        let reached = self.markers.iter().map(|(name, reached)| (name.clone(), reached.times)).collect();
        marker::missing(&reached, &run).into_iter().map(|marker| marker.name).collect()
    }

    /// Named points, of the stores that were run, that no run has passed.
    pub fn points_missing(&self) -> Vec<&'static str> {
        let stores = self.stores.keys().filter_map(|name| store::named(name));
        let mut missing: Vec<&str> =
            stores.flat_map(|store| store.points(&Scenario::default())).map(|point| point.name).collect();
        missing.retain(|name| !self.points.contains_key(*name));
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Number of runs.
    pub fn runs(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// Number of runs that ended so.
    pub fn count_of(&self, verdict: &str) -> u64 {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }

    /// `invalid` if a promise was broken; else `unknown` if nothing that was owed was seen to hold; else `valid`,
    /// whatever could not be decided in single runs: that is reported apart.
    pub fn verdict(&self) -> &'static str {
        let held = self.rows.values().any(|counts| counts.held > 0);
        match () {
            () if self.count_of("invalid") > 0 => "invalid",
            () if held => "valid",
            () => "unknown",
        }
    }
}

/// How a run ended that is not plainly valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// A promise was broken.
    Broken,
    /// Something could not be decided.
    Unknown,
    /// It could not be executed, not be kept, or came out two ways.
    Error,
}

/// How this run ended, and the name of what it shares with others: a finding of ours may come beside one of the store.
/// None, where it is plainly valid.
pub fn groups(entry: &Entry) -> Vec<(Ending, String)> {
    let broken = entry.signature.as_ref().map(|signature| (Ending::Broken, signature.to_string()));
    let error = entry.case.error.as_ref();
    let error = error.map(|error| (Ending::Error, error.chars().take(ERROR_CHARS_MAX).collect()));
    let found: Vec<_> = broken.into_iter().chain(error).collect();
    if !found.is_empty() || entry.case.verdict == "valid" {
        return found;
    }
    let undecided = entry.rows.iter().find(|(_, outcome)| **outcome == RowOutcome::Unknown);
    let name = undecided.map_or("nothing was owed", |(name, _)| name.as_str());
    vec![(Ending::Unknown, name.to_owned())]
}

fn reach(all: &mut BTreeMap<String, Reached>, of_run: &BTreeMap<String, u64>) {
    for (name, times) in of_run {
        let reached = all.entry(name.clone()).or_default();
        reached.runs += 1;
        reached.times += times;
    }
}

fn add_to(groups: &mut BTreeMap<String, Group>, name: String, entry: &Entry) {
    let group = groups.entry(name).or_insert_with(|| Group {
        runs: 0,
        first: entry.case.clone(),
        shrunk: entry.shrunk.clone(),
    });
    group.runs += 1;
    // Which runs are kept, and shrunk, depends on who came first; which of them is shown does not.
    let rank = |case: &Case| (case.folder.is_none(), case.seed);
    if rank(&entry.case) < rank(&group.first) {
        (group.first, group.shrunk) = (entry.case.clone(), entry.shrunk.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::journal::tests::entry;
    use crate::signature::Signature;

    fn ended(seed: u64, verdict: &str, rows: &[(&str, RowOutcome)]) -> Entry {
        let mut entry = entry(seed);
        entry.case.verdict = verdict.to_owned();
        entry.rows = rows.iter().map(|(name, outcome)| ((*name).to_owned(), *outcome)).collect();
        entry
    }

    fn entries() -> Vec<Entry> {
        let broken = |seed| Entry {
            signature: Some(Signature { guarantee: "set".to_owned(), anomalies: Default::default() }),
            markers: BTreeMap::from([("path".to_owned(), seed)]),
            ..ended(seed, "invalid", &[("set", RowOutcome::Broken)])
        };
        let mut error = ended(5, "error", &[]);
        error.case.error = Some("no disk".to_owned());
        let kept = |seed| {
            let mut kept = broken(seed);
            kept.case.folder = Some(format!("runs/{seed}").into());
            let words = |text: &str| format!("{text} of {seed}");
            kept.shrunk = Some(Shrunk { command: words("run"), after: words("little"), ..Shrunk::default() });
            kept
        };
        vec![
            broken(4),
            broken(3),
            kept(9),
            kept(6),
            ended(1, "valid", &[("set", RowOutcome::Held)]),
            ended(2, "unknown", &[("set", RowOutcome::Unknown), ("stats", RowOutcome::NotOwed)]),
            error,
        ]
    }

    fn sum<'a>(entries: impl Iterator<Item = &'a Entry>) -> Totals {
        let mut totals = Totals::default();
        entries.for_each(|entry| totals.add(entry));
        totals
    }

    #[test]
    fn does_not_depend_on_the_order_of_runs() {
        let entries = entries();
        assert_eq!(sum(entries.iter()), sum(entries.iter().rev()));
    }

    #[test]
    fn counts_findings_once_each_and_unknown_apart() {
        let totals = sum(entries().iter());
        assert_eq!(totals.findings["set"].runs, 4);
        assert_eq!(totals.findings["set"].first.seed, 6, "the lowest of those that were kept");
        assert_eq!(totals.unknown["set"].first.seed, 2);
        assert_eq!(totals.errors["no disk"].runs, 1);
        assert_eq!(totals.rows["set"], RowCounts { held: 1, broken: 4, not_owed: 0, unknown: 1 });
        assert_eq!(totals.markers["path"], Reached { runs: 4, times: 22 });
        assert_eq!((totals.runs(), totals.count_of("invalid")), (7, 4));
    }

    #[test]
    fn a_failure_of_ours_counts_beside_a_finding() {
        let mut both = entries().swap_remove(0);
        both.case.error = Some("cannot shrink it: no disk".to_owned());
        let totals = sum([both].iter());
        assert_eq!((totals.findings["set"].runs, totals.errors["cannot shrink it: no disk"].runs), (1, 1));
    }

    #[test]
    fn says_what_was_never_reached_or_passed_in_the_stores_that_were_run() {
        let mut totals = Totals::default();
        assert_eq!((totals.markers_missing(), totals.points_missing()), (Vec::new(), Vec::new()));
        let mut entry = entry(1);
        entry.markers = BTreeMap::from([("torn-tail-cut".to_owned(), 1)]);
        entry.points = BTreeMap::from([("between-append-and-sync".to_owned(), 1)]);
        totals.add(&entry);
        let (markers, points) = (totals.markers_missing(), totals.points_missing());
        assert!(markers.contains(&"write-superseded") && !markers.contains(&"torn-tail-cut"), "{markers:?}");
        assert!(!markers.contains(&"snapshot-saved"), "it is of another store: {markers:?}");
        assert!(
            points.contains(&"before-answer") && !points.contains(&"between-append-and-sync"),
            "{points:?}"
        );
    }

    #[test]
    fn is_invalid_by_a_broken_promise_alone_and_valid_only_where_something_held() {
        let entries = entries();
        let verdict = |of: &[usize]| sum(of.iter().map(|&each| &entries[each])).verdict();
        assert_eq!(verdict(&[0, 4]), "invalid");
        assert_eq!(verdict(&[4, 5, 6]), "valid");
        assert_eq!(verdict(&[5]), "unknown");
        assert_eq!(verdict(&[]), "unknown");
    }
}
