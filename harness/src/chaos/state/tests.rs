use std::path::Path;

use super::*;
use crate::chaos::journal::tests::{entry, header};
use crate::chaos::shard::Shard;
use crate::signature::Signature;

fn opened(folder: &Path) -> State {
    State::open(folder, header()).expect("opened")
}

fn task(state: &mut State) -> Option<Task> {
    match state.next() {
        Next::Run(task) => Some(task),
        _ => None,
    }
}

/// A run in which every third seed reaches something rare.
fn ended(task: &Task) -> Entry {
    let mut entry = entry(task.seed);
    entry.scenario.nodes = 3 + usize::try_from(task.seed % 5).expect("small");
    if task.seed % 50 == 7 {
        entry.markers.insert("rare".to_owned(), 1);
    }
    entry
}

#[test]
fn hands_out_every_seed_once_also_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ended_seeds = Vec::new();
    for round in 0..5 {
        let mut state = opened(folder.path());
        let tasks: Vec<Task> = (0..20).filter_map(|_| task(&mut state)).collect();
        // Killed: of what was under way, some is over, in any order, and some is lost.
        for task in tasks.iter().rev().filter(|task| (task.seed + round) % 3 != 0) {
            state.end(&ended(task)).expect("written");
            ended_seeds.push(task.seed);
        }
    }
    let mut state = opened(folder.path());
    let left: Vec<u64> = (0..8).filter_map(|_| task(&mut state)).map(|task| task.seed).collect();
    let mut all = ended_seeds.clone();
    all.extend(&left);
    all.sort_unstable();
    let distinct: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len(), "no seed twice");
    assert_eq!(left.first(), (0..).find(|seed| !ended_seeds.contains(seed)).as_ref(), "no seed left out");
    assert_eq!(state.totals.runs(), ended_seeds.len() as u64);
}

/// Which of the first seeds have a parent, where so many run at a time, the later end first, and the process is killed
/// after so many.
fn parents(folder: &Path, at_a_time: usize, killed_after: &[usize]) -> Vec<Option<usize>> {
    let mut state = opened(folder);
    let mut parents = vec![None; 4 * GENERATION as usize];
    let mut done = 0;
    while done < parents.len() {
        let wanted = at_a_time.min(parents.len() - done);
        let tasks: Vec<Task> = (0..wanted).filter_map(|_| task(&mut state)).collect();
        assert!(!tasks.is_empty(), "nothing waits for ever");
        for task in tasks.iter().rev() {
            parents[task.seed as usize] = task.parent.as_ref().map(|parent| parent.nodes);
            state.end(&ended(task)).expect("written");
            done += 1;
        }
        if killed_after.contains(&done) {
            drop(state);
            state = opened(folder);
        }
    }
    parents
}

#[test]
fn leans_the_same_way_in_whatever_order_runs_end_and_after_a_kill() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let one_by_one = parents(folders[0].path(), 1, &[]);
    assert!(one_by_one[..2 * GENERATION as usize].iter().all(Option::is_none));
    assert!(one_by_one[2 * GENERATION as usize..].iter().filter(|parent| parent.is_some()).count() > 10);
    assert_eq!(parents(folders[1].path(), 7, &[]), one_by_one);
    assert_eq!(parents(folders[2].path(), 5, &[70, 150, 200]), one_by_one);
}

#[test]
fn a_finding_whose_run_was_not_kept_is_claimed_again_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = |task: &Task, is_kept: bool| {
        let mut entry = ended(task);
        entry.case.verdict = "invalid".to_owned();
        entry.case.folder = is_kept.then(|| "runs/1".into());
        entry.signature = Some(Signature { guarantee: "set".to_owned(), anomalies: Default::default() });
        entry
    };
    let mut state = opened(folder.path());
    let (first, second) = (task(&mut state).expect("a seed"), task(&mut state).expect("a seed"));
    assert!(state.claim(&broken(&first, false)), "it is to be kept");
    assert!(!state.claim(&broken(&second, false)));
    state.end(&broken(&second, false)).expect("written");
    // Killed while the first was being shrunk.
    drop(state);
    let mut state = opened(folder.path());
    assert!(state.claim(&broken(&first, false)));
    state.end(&broken(&first, true)).expect("written");
    drop(state);
    assert!(!opened(folder.path()).claim(&broken(&second, false)), "one is kept");
}

#[test]
fn waits_for_the_generation_before_the_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = opened(folder.path());
    let tasks: Vec<Task> = (0..2 * GENERATION).filter_map(|_| task(&mut state)).collect();
    assert_eq!(tasks.len() as u64, 2 * GENERATION);
    assert!(matches!(state.next(), Next::Wait));
    tasks[1..GENERATION as usize].iter().for_each(|task| state.end(&ended(task)).expect("written"));
    assert!(matches!(state.next(), Next::Wait));
    state.end(&ended(&tasks[0])).expect("written");
    assert!(matches!(state.next(), Next::Run(_)));
}

#[test]
fn ends_with_the_last_seed_of_its_shard() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = Header { shard: Shard { index: 1, count: 3 }, first: 10, end: Some(18), ..header() };
    let mut state = State::open(folder.path(), header).expect("opened");
    let seeds: Vec<u64> = std::iter::from_fn(|| task(&mut state)).map(|task| task.seed).collect();
    assert_eq!(seeds, [11, 14, 17]);
    assert!(matches!(state.next(), Next::End));
}

#[test]
fn refuses_a_journal_with_a_seed_twice_or_of_another_shard() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = opened(folder.path());
    let first = task(&mut state).expect("a task");
    state.end(&ended(&first)).expect("written");
    let error = state.end(&ended(&first)).expect_err("twice");
    assert!(error.to_string().contains("seed 0 was run twice"), "{error}");
    drop(state);
    let error = State::open(folder.path(), header()).err().expect("twice");
    assert!(format!("{error:#}").contains("seed 0 was run twice"), "{error:#}");
}

#[test]
fn claims_each_group_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = opened(folder.path());
    let mut unknown = entry(1);
    unknown.case.verdict = "unknown".to_owned();
    assert!(!state.claim(&entry(1)), "what is valid is no example of anything");
    assert!(state.claim(&unknown) && !state.claim(&unknown));
    unknown.case.folder = Some("runs/1".into());
    state.end(&unknown).expect("written");
    drop(state);
    assert!(!opened(folder.path()).claim(&unknown), "an earlier process has one");
}
