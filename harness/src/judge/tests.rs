use perjury_histories::{Event, History, Kind, Process, notation};
use serde_json::json;

use super::*;

fn charge<'a>(promises: &'a [Promise], levels: &'a [(Key, String)]) -> Charge<'a> {
    Charge { workload: "register", promises, levels, refuses: &[] }
}

fn row<'a>(rows: &'a [Row], guarantee: &str, level: &str) -> &'a Row {
    let mut found = rows.iter().filter(|row| row.guarantee == guarantee && row.level == level);
    found.next().unwrap_or_else(|| panic!("no row {guarantee} {level}"))
}

/// A history with a garbage read of x, and notes after it.
fn garbage_read(notes: &[(&str, serde_json::Value)]) -> History {
    let mut history = notation::parse("0:write(x,1)=1@1 1:read(x)=9@1 2:write(y,2)=2@2").expect("a history");
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

#[test]
fn counts_writes_that_a_skewed_clock_put_below_another() {
    let shadowed = notation::parse("0:write(x,1)=1@9 1:write(x,2)=2@5").expect("a history");
    let overlapping = notation::parse("0:write(x,1)? 1:write(x,2)? 0:ok=1@9 1:ok=2@5").expect("a history");
    assert_eq!(information::facts(&shadowed).len(), 1);
    assert_eq!(information::facts(&overlapping), Vec::<String>::new());
}
