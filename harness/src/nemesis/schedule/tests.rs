//! Drawing and reading schedules.

use perjury_store::point;
use proptest::prelude::*;

use super::*;
use crate::nemesis::{ALL, Kind};
use crate::rng::Rng;

fn draw(kinds: &[Kind], seconds: u64, seed: u64) -> Schedule {
    let all = |_: &dyn Fault| true;
    Schedule::draw(&of(kinds), rhythm(seconds), &mut Rng::new(seed), &all)
}

fn of(kinds: &[Kind]) -> Vec<Selection> {
    kinds.iter().copied().map(Selection::Kind).collect()
}

fn rhythm(seconds: u64) -> Rhythm {
    Rhythm { time_ms: seconds * 1_000, gap_ms: 2_500, length_ms_max: 8_000 }
}

fn kinds_of(schedule: &Schedule) -> Vec<Kind> {
    let kind = |entry: &Entry| crate::nemesis::find(&entry.fault).map(Fault::kind);
    let mut kinds: Vec<Kind> = schedule.entries.iter().filter_map(kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[test]
fn every_kind_comes_at_least_once_and_ends_in_time() {
    for seconds in [1, 3, 10, 60] {
        for seed in 0..200 {
            let schedule = draw(&Kind::ALL, seconds, seed);
            assert_eq!(kinds_of(&schedule), Kind::ALL, "{seconds} s, seed {seed}");
            let ends = schedule.entries.iter().map(|entry| entry.at_ms + entry.for_ms);
            assert!(ends.max().is_some_and(|end| end <= seconds * 1000));
        }
    }
}

#[test]
fn faults_overlap_and_leave_gaps() {
    let (mut alone, mut together, mut calm) = (0, 0, 0);
    for seed in 0..100 {
        let schedule = draw(&[Kind::Partition, Kind::Crash, Kind::Clock], 60, seed);
        for ms in (0..60_000).step_by(100) {
            let covers = |entry: &&Entry| (entry.at_ms..entry.at_ms + entry.for_ms).contains(&ms);
            match schedule.entries.iter().filter(covers).count() {
                0 => calm += 1,
                1 => alone += 1,
                _ => together += 1,
            }
        }
    }
    let percent = |part: i32| part * 100 / (calm + alone + together);
    let shares = [percent(calm), percent(alone), percent(together)];
    assert!(shares.iter().all(|share| (15..60).contains(share)), "{shares:?}");
}

#[test]
fn a_fault_that_stands_alone_lasts_as_long_as_it_says_and_overlaps_with_no_other() {
    for seed in 0..200 {
        let entries = draw(&Kind::ALL, 60, seed).entries;
        let (lone, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.fault == "deaf-node");
        let end = |entry: &Entry| entry.at_ms + entry.for_ms;
        assert!(lone.iter().all(|one| end(one) == 60_000 || (12_000..=16_000).contains(&one.for_ms)));
        assert!((12_000..=16_000).contains(&lone[0].for_ms), "seed {seed}: {lone:?}");
        // Later ones may, in a run that is too short for its kinds.
        let mut all = others.iter().chain(&lone[1..]);
        assert!(all.all(|other| other.at_ms >= end(lone[0])), "seed {seed}: {entries:?}");
    }
    for seed in 0..200 {
        let entries = draw(&[Kind::Deaf], 120, seed).entries;
        let apart = |pair: &[Entry]| pair[0].at_ms + pair[0].for_ms < pair[1].at_ms;
        assert!(entries.len() > 3 && entries.windows(2).all(apart), "seed {seed}: {entries:?}");
    }
}

#[test]
fn draws_what_it_always_drew() {
    // Reports and findings name seeds: a new kind of fault, or one with a length of its own, shifts none of these.
    let drawn = draw(&[Kind::Partition, Kind::Crash, Kind::Clock], 60, 7);
    let first = |entry: &Entry| (entry.at_ms, entry.for_ms, entry.fault.clone(), entry.seed);
    let expected = [
        (855, 1711, "pause".to_owned(), 3_961_108_515),
        (2188, 1941, "clock-drift".to_owned(), 3_608_084_850),
    ];
    assert_eq!(drawn.entries.iter().take(2).map(first).collect::<Vec<_>>(), expected);
}

#[test]
fn same_seed_draws_the_same() {
    assert_eq!(draw(&Kind::ALL, 60, 7), draw(&Kind::ALL, 60, 7));
    assert_ne!(draw(&Kind::ALL, 60, 7), draw(&Kind::ALL, 60, 8));
}

#[test]
fn draws_only_what_is_available() {
    let plain = |fault: &dyn Fault| fault.needs().is_empty();
    for seed in 0..50 {
        let schedule = Schedule::draw(&of(&Kind::ALL), rhythm(30), &mut Rng::new(seed), &plain);
        assert_eq!(kinds_of(&schedule), [Kind::Partition, Kind::Crash]);
        assert!(!schedule.faults().contains(&"power-loss"));
    }
    assert_eq!(draw(&[], 60, 1), Schedule::default());
}

#[test]
fn a_single_fault_stands_for_itself() {
    let selections =
        ["message-loss", "crash", "clock-drift"].map(|name| name.parse().expect("a fault or a kind"));
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let schedule = Schedule::draw(&selections, rhythm(30), &mut Rng::new(seed), &|_| true);
        assert!(
            ["message-loss", "clock-drift"].iter().all(|name| schedule.faults().contains(name)),
            "seed {seed}"
        );
        drawn.extend(schedule.faults().into_iter().map(str::to_owned));
    }
    assert_eq!(
        drawn.into_iter().collect::<Vec<_>>(),
        ["clock-drift", "kill", "message-loss", "pause", "power-loss"]
    );
}

#[test]
fn the_rhythm_sets_how_often_faults_come_and_how_long_they_last() {
    let drawn = |rhythm| Schedule::draw(&of(&[Kind::Crash]), rhythm, &mut Rng::new(3), &|_| true).entries;
    let longest = |entries: &[Entry]| entries.iter().map(|entry| entry.for_ms).max().unwrap_or_default();
    let usual = drawn(rhythm(60));
    let short = drawn(Rhythm { length_ms_max: 1_000, ..rhythm(60) });
    let rare = drawn(Rhythm { gap_ms: 20_000, ..rhythm(60) });
    assert_eq!(longest(&short), 1_000);
    assert!(longest(&usual) > 4_000 && rare.len() * 2 < usual.len() && usual.len() < short.len());
}

fn refusal(text: &str) -> String {
    let nodes = ["n1".to_string(), "n2".to_string()];
    let error = Schedule::parse(text, &nodes).expect_err("refused");
    format!("{error:#}")
}

#[test]
fn reads_a_file_and_names_what_is_wrong() {
    let good = r#"[{"at_ms": 3000, "for_ms": 10, "fault": "kill", "nodes": ["n2"]}]"#;
    let schedule = Schedule::parse(good, &["n2".to_string()]).expect("valid");
    assert_eq!(schedule.entries[0].nodes, Some(vec!["n2".to_string()]));

    let unknown = refusal("[{\"at_ms\": 1, \"for_ms\": 1,\n \"fault\": \"kil\"}]");
    assert!(unknown.contains("no fault is named `kil`; the nearest is `kill`"), "{unknown}");
    assert!(unknown.contains("line 2"), "{unknown}");
    let negative = refusal(r#"[{"at_ms": -5, "for_ms": 1, "fault": "kill"}]"#);
    assert!(negative.contains("a time of -5 ms is before the run at line 1"), "{negative}");
    let node = refusal(&good.replace("n2", "n9"));
    assert!(node.contains("entry 1 (kill): no node is named `n9`; there are n1, n2"), "{node}");
    assert!(refusal(&good.replace(r#""n2""#, "")).contains("`nodes` is empty"));
    assert!(refusal(&good.replace(r#""n2""#, r#""n2", "n2""#)).contains("names a node twice"));
    assert!(refusal(&good.replace("10", "0")).contains("`for_ms` is 0"));
    let endless = refusal(&good.replace("10", "86400001"));
    assert!(endless.contains("entry 1 (kill): `for_ms` is 86400001: take a day at most"), "{endless}");
    assert!(refusal(&good.replace("at_ms", "at")).contains("unknown field `at`"));
    assert!(refusal("{").contains("not a schedule of faults"));
}

#[test]
fn reads_the_point_that_a_fault_strikes_at() {
    let good = r#"{"at_ms":1,"for_ms":10,"fault":"point-kill","point":"in-rotation","pass":2,"seed":0}"#;
    let schedule = Schedule::parse(&format!("[{good}]"), &[]).expect("valid");
    let Entry { point, pass, .. } = &schedule.entries[0];
    assert_eq!((point.as_deref(), *pass), (Some("in-rotation"), Some(2)));
    assert_eq!(serde_json::to_string(&schedule.entries[0]).expect("plain data"), good);

    let refusal = |from: &str, to: &str| refusal(&format!("[\n{}]", good.replace(from, to)));
    let unknown = refusal("in-rotation", "in-rotate");
    assert!(unknown.contains("no point is named `in-rotate`; the nearest is `in-rotation`"), "{unknown}");
    assert!(unknown.contains("line 2"), "{unknown}");
    assert!(refusal(r#""pass":2"#, r#""pass":0"#).contains("entry 1 (point-kill): `pass` is 0"));
    let elsewhere = refusal("point-kill", "kill");
    assert!(
        elsewhere.contains("entry 1 (kill): `point` and `pass` are for faults of kind point"),
        "{elsewhere}"
    );
}

#[test]
fn says_nothing_of_points_that_are_drawn() {
    let drawn = serde_json::to_string(&draw(&[Kind::Point], 30, 1)).expect("plain data");
    assert!(drawn.contains("point-") && !drawn.contains("\"point\"") && !drawn.contains("pass"), "{drawn}");
}

prop_compose! {
    fn any_entry()(
        at_ms in 0..=i64::MAX as u64,
        for_ms in 1..100_000u64,
        fault in 0..ALL.len(),
        nodes in prop::option::of(prop::collection::btree_set("n[1-5]", 1..4)),
        point in prop::option::of(0..point::ALL.len()),
        pass in prop::option::of(1..u64::MAX),
        seed: u64,
    ) -> Entry {
        let nodes = nodes.map(|nodes| nodes.into_iter().collect());
        let is_at_point = ALL[fault].kind() == Kind::Point;
        let point = point.filter(|_| is_at_point).map(|point| point::ALL[point].name.to_string());
        let pass = pass.filter(|_| is_at_point);
        Entry { at_ms, for_ms, fault: ALL[fault].name().to_string(), nodes, point, pass, seed }
    }
}

proptest! {
    #[test]
    fn json_round_trip(entries in prop::collection::vec(any_entry(), 0..6)) {
        let schedule = Schedule { entries };
        let text = serde_json::to_string(&schedule).expect("plain data");
        let nodes: Vec<String> = (1..=5).map(|n| format!("n{n}")).collect();
        prop_assert_eq!(Schedule::parse(&text, &nodes).expect("what was written"), schedule);
    }

    #[test]
    fn reading_never_panics(text in "[\\[\\]{}\":,a-z0-9_-]{0,60}") {
        Schedule::parse(&text, &[]).ok();
    }
}
