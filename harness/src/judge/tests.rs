use perjury_histories::{Event, History, Kind, Process, notation};
use serde_json::json;

use super::*;
use crate::trial;

fn charge<'a>(promises: &'a [Promise], levels: &'a [(Key, String)]) -> Charge<'a> {
    Charge { workload: "register", promises, levels, refuses: &[], limits: None }
}

fn row<'a>(rows: &'a [Row], guarantee: &str, level: &str) -> &'a Row {
    let mut found = rows.iter().filter(|row| row.guarantee == guarantee && row.level == level);
    found.next().unwrap_or_else(|| panic!("no row {guarantee} {level}"))
}

/// A history with a garbage read of x, and notes after it.
fn garbage_read(notes: &[(&str, serde_json::Value)]) -> History {
    let mut history =
        notation::parse("0:write(x,1)=1@1 1:read(x)=9@1 2:write(y,2)=2@2 2:read(y)=2@2").expect("a history");
    for (function, value) in notes {
        let index = history.events().len() as u64;
        let mut event = Event::new(index, Process::Nemesis, Kind::Info, *function);
        event.value = value.clone();
        history.push(event).expect("a note");
    }
    history
}

fn levels() -> Vec<(Key, String)> {
    vec![(Key::from("x"), "quorum".to_owned()), (Key::from("y"), "one".to_owned())]
}

#[test]
fn a_broken_promise_is_broken_at_its_own_level_only() {
    let promises = [Promise::new("integrity", "quorum"), Promise::new("integrity", "one")];
    let (rows, _) = judge(&garbage_read(&[]), &charge(&promises, &levels())).expect("a verdict");
    assert_eq!(row(&rows, "integrity", "quorum").outcome, RowOutcome::Broken);
    assert_eq!(row(&rows, "integrity", "one").outcome, RowOutcome::Held);
}

#[test]
fn what_is_broken_but_not_promised_says_so() {
    let (rows, _) = judge(&garbage_read(&[]), &charge(&[], &levels())).expect("a verdict");
    let row = row(&rows, "integrity", "quorum");
    assert!(row.outcome == RowOutcome::Broken && !row.promised);
}

#[test]
fn a_promise_is_not_owed_past_the_faults_it_tolerates() {
    let promises = [Promise::new("integrity", "quorum").while_at_most(1, &["bit-flip"])];
    let flip =
        |node: &str| ("disk", json!({"fault": "bit-flip", "state": "start", "nodes": [node], "detail": ""}));
    let placement = ("placement", json!([["x", ["n1", "n2", "n3"]]]));
    let outcome = |notes: &[(&str, serde_json::Value)]| {
        let (rows, _) = judge(&garbage_read(notes), &charge(&promises, &levels())).expect("a verdict");
        row(&rows, "integrity", "quorum").clone()
    };
    assert_eq!(outcome(&[placement.clone(), flip("n1"), flip("n4")]).outcome, RowOutcome::Broken);
    let excused = outcome(&[placement, flip("n1"), flip("n2")]);
    assert_eq!(excused.outcome, RowOutcome::NotOwed);
    assert_eq!(excused.evidence, "bit-flip struck n1, n2");
}

/// Operations of whole runs have no key, a bank's say.
#[test]
fn a_promise_of_a_run_without_keys_is_not_owed_past_the_faults_either() {
    let flip = ("disk", json!({"fault": "bit-flip", "state": "start", "nodes": ["n1"], "detail": ""}));
    let outcome = |homes_max| {
        let promises = [Promise::new("progress", "").while_at_most(homes_max, &["bit-flip"])];
        let charge = Charge { workload: "bank", ..charge(&promises, &[]) };
        let (rows, _) = judge(&garbage_read(std::slice::from_ref(&flip)), &charge).expect("a verdict");
        row(&rows, "progress", "").clone()
    };
    let excused = outcome(0);
    assert_eq!((excused.outcome, excused.evidence.as_str()), (RowOutcome::NotOwed, "bit-flip struck n1"));
    assert_ne!(outcome(1).outcome, RowOutcome::NotOwed);
}

#[test]
fn nodes_that_keep_no_copy_count_where_a_bound_says_so() {
    let notes = [
        ("placement", json!([["x", ["n1", "n2"]]])),
        ("disk", json!({"fault": "bit-flip", "state": "start", "nodes": ["n1", "n3"], "detail": ""})),
    ];
    let outcome = |promise: Promise| {
        let (rows, _) = judge(&garbage_read(&notes), &charge(&[promise], &levels())).expect("a verdict");
        row(&rows, "integrity", "quorum").outcome
    };
    let promise = || Promise::new("integrity", "quorum");
    assert_eq!(outcome(promise().while_at_most(1, &["bit-flip"])), RowOutcome::Broken);
    assert_eq!(outcome(promise().while_at_most_of_all(1, &["bit-flip"])), RowOutcome::NotOwed);
    assert_eq!(outcome(promise().while_at_most_of_all(2, &["bit-flip"])), RowOutcome::Broken);
}

#[test]
fn keeps_within_the_limits_that_it_is_given() {
    let crowd: String = (0..6).map(|process| format!("{process}:cas(x,[{process},1])? ")).collect();
    let ends: String = (0..6).map(|process| format!("{process}:ok ")).collect();
    let history =
        notation::parse(&format!("9:write(x,0) {crowd} 7:write(x,2)? {ends} 7:ok")).expect("a history");
    let outcome = |limits| {
        let levels = [(Key::from("x"), "atomic".to_owned())];
        let (rows, _) = judge(&history, &Charge { limits, ..charge(&[], &levels) }).expect("a verdict");
        row(&rows, "linearizability", "atomic").outcome
    };
    assert_ne!(outcome(None), RowOutcome::Unknown);
    let limits = Limits { configurations_max: 1, ..Limits::default() };
    assert_eq!(outcome(Some(&limits)), RowOutcome::Unknown);
}

#[test]
fn counts_writes_that_a_skewed_clock_put_below_another() {
    let shadowed = notation::parse("0:write(x,1)=1@9 1:write(x,2)=2@5").expect("a history");
    let overlapping = notation::parse("0:write(x,1)? 1:write(x,2)? 0:ok=1@9 1:ok=2@5").expect("a history");
    assert_eq!(information::facts(&shadowed).len(), 1);
    assert_eq!(information::facts(&overlapping), Vec::<String>::new());
    let told = |guarantee: &str| {
        let promises = [Promise::new(guarantee, "")];
        judge(&shadowed, &charge(&promises, &[]))
            .expect("a verdict")
            .1
            .iter()
            .any(|fact| fact.contains("skewed"))
    };
    assert!(told("convergence"));
    assert!(!told("acknowledged-or-dominated"), "siblings are both kept");
}

#[test]
fn a_promise_without_a_level_is_one_for_every_level() {
    let promises = [Promise::new("integrity", "")];
    let (rows, _) = judge(&garbage_read(&[]), &charge(&promises, &levels())).expect("a verdict");
    assert!(row(&rows, "integrity", "quorum").promised && row(&rows, "integrity", "one").promised);
}

#[test]
fn a_promise_that_nobody_can_judge_is_no_pass() {
    let promises = [Promise::new("integrty", "one"), Promise::new("integrity", "one")];
    let (rows, _) = judge(&garbage_read(&[]), &charge(&promises, &levels())).expect("a verdict");
    let slip = row(&rows, "integrty", "one");
    assert!(slip.promised && slip.outcome == RowOutcome::Unknown, "{slip:?}");
    assert_eq!(trial::verdict(&rows), "unknown");
}

#[test]
fn says_which_promises_a_workload_cannot_show() {
    let promises = [Promise::new("set", ""), Promise::new("linearizability", "")];
    let charge = Charge { workload: "set", ..charge(&promises, &[]) };
    let (_, facts) = judge(&garbage_read(&[]), &charge).expect("a verdict");
    assert_eq!(facts, ["promised, but not to be seen in the workload set: linearizability"]);
}

#[test]
fn what_is_unknown_but_not_promised_does_not_matter() {
    let promises = [Promise::new("integrity", "one")];
    let (rows, _) = judge(&garbage_read(&[]), &charge(&promises, &levels())).expect("a verdict");
    assert_eq!(row(&rows, "convergence", "one").outcome, RowOutcome::Unknown);
    let level_one: Vec<Row> = rows.into_iter().filter(|row| row.level == "one").collect();
    assert_eq!(trial::verdict(&level_one), "valid");
}

#[test]
fn nothing_promised_is_nothing_kept() {
    let history = notation::parse("0:write(x,1)=1@1 1:read(x)=1@1").expect("a history");
    let (rows, _) = judge(&history, &charge(&[], &levels()[..1])).expect("a verdict");
    let stats = row(&rows, "stats", "").clone();
    assert!(stats.promised && stats.outcome == RowOutcome::Held, "{stats:?}");
    assert_eq!(trial::verdict(&[stats]), "unknown");
}

#[test]
fn a_set_is_not_owed_when_one_of_its_keys_is_not() {
    let promises = [Promise::new("set", "").while_at_most(0, &["bit-flip"])];
    let keys = [(Key::from("e1"), String::new()), (Key::from("e2"), String::new())];
    let charge = Charge { workload: "set", ..charge(&promises, &keys) };
    let outcome = |home: &str| {
        let mut history =
            notation::parse("0:add(e1,1)=1@1 0:add(e2,2)=2@1 1:read!()=[1]").expect("a history");
        let flip = json!({"fault": "bit-flip", "state": "start", "nodes": ["n1"], "detail": ""});
        let placement = json!([["e1", [home, "n2"]], ["e2", ["n3"]]]);
        for (function, value) in [("disk", flip), ("placement", placement)] {
            let index = history.events().len() as u64;
            let event = Event { value, ..Event::new(index, Process::Nemesis, Kind::Info, function) };
            history.push(event).expect("a note");
        }
        row(&judge(&history, &charge).expect("a verdict").0, "set", "").outcome
    };
    assert_eq!(outcome("n1"), RowOutcome::NotOwed);
    assert_eq!(outcome("n4"), RowOutcome::Broken);
}

#[test]
fn keys_that_are_still_owed_are_judged() {
    let promises = [Promise::new("integrity", "").while_at_most(0, &["bit-flip"])];
    let keys = [(Key::from("x"), String::new()), (Key::from("y"), String::new())];
    let flip = json!({"fault": "bit-flip", "state": "start", "nodes": ["n1"], "detail": ""});
    let placement = json!([["x", ["n1"]], ["y", ["n2"]]]);
    let history = garbage_read(&[("disk", flip), ("placement", placement)]);
    let (rows, _) = judge(&history, &charge(&promises, &keys)).expect("a verdict");
    let row = row(&rows, "integrity", "");
    assert_eq!(row.outcome, RowOutcome::Held);
    assert_eq!(row.evidence, "2 operations on 1 key; not owed for 1 of 2 keys: bit-flip struck n1");
}

#[test]
fn says_how_long_convergence_took() {
    let mut history = notation::parse("0:write(x,1)=1@1").expect("a history");
    let dump = json!({"stage": "converged", "entries": [["x", [1], 1]]});
    for (time, function, value) in [(1_000_000_000, "healed", json!(null)), (3_500_000_000, "dump", dump)] {
        let mut event = Event::new(history.events().len() as u64, Process::Nemesis, Kind::Info, function);
        (event.time, event.value, event.node) = (Some(time), value, Some("n1".to_owned()));
        history.push(event).expect("a note");
    }
    let (rows, _) = judge(&history, &charge(&[], &levels()[..1])).expect("a verdict");
    let row = row(&rows, "convergence", "quorum");
    assert_eq!(row.evidence, "equal 2.500 s after healing; 1 operation on 1 key");
}

/// What would only be noise: it is not promised, and could not be judged.
#[test]
fn asks_some_checkers_only_where_they_are_promised() {
    let asked = |promises: &[Promise], level: &str| {
        let (rows, _) = judge(&garbage_read(&[]), &charge(promises, &levels())).expect("a verdict");
        rows.iter().any(|row| row.guarantee == "sequential" && row.level == level)
    };
    assert!(!asked(&[], "quorum"));
    assert!(asked(&[Promise::new("sequential", "quorum")], "quorum"));
    assert!(!asked(&[Promise::new("sequential", "quorum")], "one"));
    assert!(asked(&[Promise::new("sequential", "")], "one"));
    let watched = [Promise::new("invariants", "leader")];
    let (rows, _) = judge(&garbage_read(&[]), &charge(&watched, &levels())).expect("a verdict");
    assert_eq!(row(&rows, "invariants", "").outcome, RowOutcome::Unknown);
}

#[test]
fn owes_no_availability_where_no_node_was_cut_off_alone() {
    let promises = [Promise::new("availability", "")];
    let outcome = |seconds: u64| {
        let mut history = History::default();
        let deaf = |state| json!({"fault": "deaf-node", "state": state, "nodes": ["n1"], "detail": ""});
        let note = |value| Event { value, ..Event::new(0, Process::Nemesis, Kind::Info, "deaf") };
        let write = |kind| Event::new(0, Process::Client(0), kind, "write");
        let events = [
            (0, note(deaf("start"))),
            (8, write(Kind::Invoke)),
            (9, write(Kind::Fail)),
            (seconds, note(deaf("end"))),
        ];
        for (index, (time, event)) in (0..).zip(events) {
            let time = Some(time * 1_000_000_000);
            history.push(Event { index, time, ..event }).expect("an event");
        }
        let (rows, _) = judge(&history, &charge(&promises, &[])).expect("a verdict");
        row(&rows, "availability", "").outcome
    };
    assert_eq!((outcome(9), outcome(10)), (RowOutcome::NotOwed, RowOutcome::Held));
    assert_eq!(outcome(20), RowOutcome::Broken);
}

#[test]
fn survives_hostile_files() {
    let halves = "0:write(x,1)? 1:write(_,2)? 0:ok(y) 1:ok(x)";
    let odd = json!({"fault": 7, "state": [], "nodes": "n1", "entries": {"x": 1}});
    for text in [halves, "0:write(x,1)", ""] {
        let mut history = notation::parse(text).unwrap_or_default();
        for function in ["placement", "dump", "disk", "acknowledge", "corrupt", "nemesis", "healed"] {
            for value in [odd.clone(), json!([[{}, 1], 7, ["x"]]), json!(null)] {
                let index = history.events().last().map_or(0, |event| event.index + 1);
                let event = Event { value, ..Event::new(index, Process::Nemesis, Kind::Info, function) };
                history.push(event).expect("a note");
            }
        }
        let promises = [Promise::new("durability", "").with_acknowledgements(9).while_at_most(0, &["x"])];
        for workload in workload::ALL {
            let levels = levels();
            let charge = Charge { workload: workload.name(), ..charge(&promises, &levels) };
            let (rows, _) = judge(&history, &charge).expect("a verdict");
            assert_ne!(trial::verdict(&rows), "valid", "{text}");
        }
    }
}
