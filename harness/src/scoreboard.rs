//! The scoreboard: how fast every planted bug is found, from many independent starts.
//!
//! ```text
//! bug 33, start 0: seeds 33000000, 33000001, …  each draws a scenario ──> until an expected checker sees it
//!                                                  └── the same run of the clean store: nothing may be broken
//! bug 33, start 1: seeds 33010000, …
//! ```
//!
//! The scenarios are those of a chaos sweep, drawn by their seeds: nothing is tuned to a bug, but that the store and
//! the mode are those that have it. That a bug was not found means something only where its code path was reached,
//! so that is counted too.

mod start;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use serde::Serialize;

use crate::bug::Bug;
use crate::shrink::{self, Budget, Size};
use crate::signature::Signature;
use crate::store;
use crate::swarm::Profile;
use crate::worker::{alone, caught};
pub use start::{Found, Start};

/// Seeds from one bug to the next, and from one start to the next: so no two share any.
const SEEDS_A_BUG: u64 = 1_000_000;
const SEEDS_A_START: u64 = 10_000;

/// What to do.
pub struct Plan<'a> {
    /// Which bugs.
    pub bugs: Vec<&'static Bug>,
    /// Independent starts of each.
    pub starts: u64,
    /// Seeds after which a start gives up; at most 10,000.
    pub seeds_max: u64,
    /// What is drawn; without a bug.
    pub profile: Profile,
    /// Runs that shrinking one run of each bug may take; 0: none is shrunk.
    pub shrink_runs: u64,
    /// Simulations at a time.
    pub jobs: usize,
    /// Once this is set, no further run is begun; starts that are under way do not count.
    pub stop: &'a AtomicBool,
}

/// How one bug fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Its number in the project's list of planted bugs.
    pub number: u32,
    /// Its name on the command line.
    pub bug: &'static str,
    /// What goes wrong, in one sentence.
    pub about: &'static str,
    /// The checkers expected to see it.
    pub shows: &'static [&'static str],
    /// Seeds after which a start gave up.
    pub seeds_max: u64,
    /// Each start, in order.
    pub starts: Vec<Start>,
    /// The first run that showed it, shrunk.
    pub shrunk: Option<Shrunk>,
    /// Our own failures: starts that could not be made, or a run that could not be shrunk. The others count.
    pub errors: Vec<String>,
}

/// A run that showed a bug before and after shrinking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shrunk {
    /// What it shows.
    pub signature: Signature,
    /// What it was made of.
    pub before: Size,
    /// What the smallest one is made of.
    pub after: Size,
    /// Runs that it took.
    pub runs: u64,
    /// Whether the budget ended it.
    pub is_cut_short: bool,
}

/// Hunts every bug from every start, start by start; `done` is called after each, from the thread that made it.
///
/// # Errors
/// When no thread can begin to work. What goes wrong in a start, or in shrinking, stands in its score.
pub fn hunt(plan: &Plan<'_>, done: &(dyn Fn(&'static Bug, &Start) + Sync)) -> anyhow::Result<Vec<Score>> {
    let count = plan.bugs.len();
    let found: Mutex<Vec<Score>> =
        Mutex::new(plan.bugs.iter().map(|bug| Score::new(bug, plan.seeds_max)).collect());
    let lock = || found.lock().expect("counting does not panic");
    each(plan.jobs, count * plan.starts as usize, &|task| {
        let (number, place) = ((task / count) as u64, task % count);
        let bug = plan.bugs[place];
        let first = u64::from(bug.number) * SEEDS_A_BUG + number * SEEDS_A_START;
        match caught(|| start::hunt(bug, &plan.profile, first..first + plan.seeds_max, plan.stop)) {
            Ok(None) => {}
            Ok(Some(start)) => {
                done(bug, &start);
                lock()[place].add(start);
            }
            Err(error) => lock()[place].errors.push(format!("start {number}: {error:#}")),
        }
    })?;
    each(plan.jobs, count, &|place| {
        let score = lock()[place].clone();
        match caught(|| shrink(plan, &score)) {
            Ok(shrunk) => lock()[place].shrunk = shrunk,
            Err(error) => lock()[place].errors.push(format!("cannot shrink its run: {error:#}")),
        }
    })?;
    Ok(found.into_inner().expect("counting does not panic"))
}

/// Does tasks 0 to `tasks`, so many at a time, each alone on its thread: the time that one takes is its own.
fn each(jobs: usize, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let work = || {
        let _alone = alone()?;
        let mine = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|place| *place < tasks);
        while let Some(place) = mine() {
            task(place);
        }
        anyhow::Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("what may panic is caught"))
    })
}

/// The first run that showed it, made small.
fn shrink(plan: &Plan<'_>, score: &Score) -> anyhow::Result<Option<Shrunk>> {
    let is_wanted = plan.shrink_runs > 0 && !plan.stop.load(Ordering::Relaxed);
    let Some((_, found)) = score.found().next().filter(|_| is_wanted) else { return Ok(None) };
    let system = store::named(&found.scenario.store).context("its run had a store")?;
    let budget = Budget { runs: plan.shrink_runs, is_over: &|| plan.stop.load(Ordering::Relaxed) };
    let shrunk = shrink::shrink(system, &found.scenario, found.seed, &found.signature, &budget, &mut |_| {})?;
    let shrink::Shrunk { signature, before, after, runs, is_cut_short, .. } = shrunk;
    Ok(Some(Shrunk { signature, before, after, runs, is_cut_short }))
}

/// Bugs that must be found, in percent.
const FOUND_PERCENT_MIN: usize = 90;

/// Whether enough bugs were found, and the clean store passed wherever one was.
pub fn passes(scores: &[Score]) -> bool {
    let found = scores.iter().filter(|score| score.is_found()).count();
    let enough = found * 100 >= scores.len() * FOUND_PERCENT_MIN;
    enough && scores.iter().all(|score| score.false_alarms() == 0)
}

/// Our own failures, each with its bug.
pub fn errors(scores: &[Score]) -> Vec<String> {
    let of_score = |score: &Score| {
        score.errors.iter().map(|error| format!("bug {}: {error}", score.bug)).collect::<Vec<_>>()
    };
    scores.iter().flat_map(of_score).collect()
}

impl Score {
    fn new(bug: &'static Bug, seeds_max: u64) -> Score {
        Score {
            number: bug.number,
            bug: bug.name,
            about: bug.about,
            shows: bug.shows,
            seeds_max,
            starts: Vec::new(),
            shrunk: None,
            errors: Vec::new(),
        }
    }

    /// Adds a start, in its place: they come in any order.
    fn add(&mut self, start: Start) {
        let place = self.starts.partition_point(|other| other.first < start.first);
        self.starts.insert(place, start);
    }

    /// The starts that found it.
    pub fn found(&self) -> impl Iterator<Item = (&Start, &Found)> {
        self.starts.iter().filter_map(|start| Some((start, start.found.as_ref()?)))
    }

    /// This percentile, by nearest rank, of a measure of all starts; none, where the start that it falls on found
    /// nothing.
    pub fn percentile(&self, percent: usize, measure: impl Fn(&Start) -> u64) -> Option<u64> {
        let mut all: Vec<Option<u64>> =
            self.starts.iter().map(|start| start.found.as_ref().map(|_| measure(start))).collect();
        // Those that found nothing took longer than any that did.
        all.sort_by_key(|measured| (measured.is_none(), *measured));
        let rank = (all.len() * percent).div_ceil(100).max(1);
        all.get(rank - 1).copied().flatten()
    }

    /// Whether it was found at least once from half of all starts: as often as not, within so many seeds.
    pub fn is_found(&self) -> bool {
        self.percentile(50, |start| start.seeds).is_some()
    }

    /// Guarantees that were broken beside the expected ones, each once.
    pub fn others(&self) -> Vec<&str> {
        let mut others: Vec<&str> =
            self.found().flat_map(|(_, found)| found.others.iter().map(String::as_str)).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The expected checkers that saw it, each once, the most frequent first.
    pub fn seen_by(&self) -> Vec<&str> {
        let times =
            |name: &str| self.found().filter(|(_, found)| found.expected.iter().any(|by| by == name)).count();
        let mut names: Vec<&str> = self.shows.iter().copied().filter(|name| times(name) > 0).collect();
        names.sort_by_key(|name| std::cmp::Reverse(times(name)));
        names
    }

    /// Runs of the clean store, with the scenarios and seeds that showed the bug, in which a promise was broken.
    pub fn false_alarms(&self) -> u64 {
        self.found().filter(|(_, found)| found.clean_verdict == "invalid").count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bug;

    fn start(seeds: u64, is_found: bool) -> Start {
        let found = is_found.then(|| Found {
            seed: seeds,
            scenario: Default::default(),
            signature: Signature { guarantee: "durability".to_owned(), anomalies: Default::default() },
            expected: vec!["durability".to_owned()],
            others: vec!["set".to_owned()],
            clean_verdict: "valid".to_owned(),
        });
        Start { first: seeds, seeds, reached: seeds, simulated_ns: 0, wall_ns: 0, found }
    }

    fn score(starts: &[(u64, bool)]) -> Score {
        let mut score = Score::new(bug::ALL[0], 200);
        starts.iter().for_each(|&(seeds, found)| score.add(start(seeds, found)));
        score
    }

    #[test]
    fn does_every_task_once_and_keeps_starts_in_order() {
        let done = Mutex::new(Vec::new());
        each(3, 20, &|task| done.lock().expect("no panic").push(task)).expect("threads");
        let mut done = done.into_inner().expect("no panic");
        done.sort_unstable();
        assert_eq!(done, Vec::from_iter(0..20));
        let starts: Vec<u64> =
            score(&[(9, true), (3, false), (7, true)]).starts.iter().map(|start| start.first).collect();
        assert_eq!(starts, [3, 7, 9]);
    }

    #[test]
    fn takes_percentiles_over_all_starts() {
        let all: Vec<(u64, bool)> = (1..=20).map(|seeds| (seeds, true)).collect();
        let score_of_all = score(&all);
        assert_eq!(score_of_all.percentile(50, |start| start.seeds), Some(10));
        assert_eq!(score_of_all.percentile(95, |start| start.seeds), Some(19));
        // One of two found nothing: the slower half is beyond all that was tried.
        let half = score(&[(200, false), (3, true)]);
        assert_eq!(
            (half.percentile(50, |start| start.seeds), half.percentile(95, |start| start.seeds)),
            (Some(3), None)
        );
        assert!(half.is_found());
        assert!(!score(&[(200, false), (200, false), (3, true)]).is_found());
    }

    #[test]
    fn tells_the_expected_from_the_others() {
        let score = score(&[(1, true), (2, true)]);
        assert_eq!(
            (score.seen_by(), score.others(), score.false_alarms()),
            (vec!["durability"], vec!["set"], 0)
        );
    }
}
