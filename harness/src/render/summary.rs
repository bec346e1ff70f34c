//! A report in words: what was run, what it found, and what to do about it.

use std::collections::BTreeMap;
use std::time::Duration;

use perjury_histories::History;

use super::{broken, faults, table, words};
use crate::report::{Report, RowOutcome};
use crate::scenario::Scenario;

/// At most this many counterexamples are drawn on the screen; the run's folder has all of them.
const DRAWN_MAX: usize = 3;

/// Evidence of what nobody promised is cut to this many characters.
const EVIDENCE_CHARS_MAX: usize = 140;

/// What a scenario is, in a line or two.
pub fn scenario(scenario: &Scenario, width: usize) -> String {
    let nemesis = match (&scenario.schedule, scenario.nemesis.as_slice()) {
        (Some(_), _) => "under a fixed schedule of faults".to_owned(),
        (None, []) => "without faults".to_owned(),
        (None, kinds) => format!("under {} faults", kinds.join(", ")),
    };
    let work = match &scenario.script {
        Some(script) => format!("{} by a script", words::count(script.invocations.len() as u64, "operation")),
        None => format!("{} operations a second", scenario.rate),
    };
    let bug = scenario.bug.as_ref().map(|bug| format!("; planted bug: {bug}")).unwrap_or_default();
    words::indented(
        &format!(
            "{}, {} nodes, {}, level {}; {} by {} clients, {work}, {:?} {nemesis}{bug}",
            scenario.store,
            scenario.nodes,
            copies(scenario),
            scenario.level,
            scenario.workload,
            scenario.clients,
            Duration::from_millis(scenario.time_ms),
        ),
        0,
        width,
    )
}

/// How many copies are made, and how.
fn copies(scenario: &Scenario) -> String {
    let Scenario { mode, data_centres, replication, read_quorum, write_quorum, loss_entries, .. } = scenario;
    let places = if *data_centres > 1 { format!(" in {data_centres} data centres") } else { String::new() };
    let quorums = format!("N={replication}{places} R={read_quorum} W={write_quorum}");
    match (scenario.store.as_str(), mode.as_str()) {
        (_, "write-behind") => format!("{mode} (K={loss_entries}) {quorums}"),
        (_, "sloppy" | "siblings" | "write-through") => format!("{mode} {quorums}"),
        (_, "asynchronous") => format!("{mode} (K={loss_entries})"),
        ("raft", _) => mode.clone(),
        _ => quorums,
    }
}

/// The whole report: the table of promises, the smallest counterexamples, what was done, and information.
pub fn report(report: &Report, history: &History, width: usize) -> String {
    let mut text = scenario(&report.scenario, width);
    text.push('\n');
    text.push_str(&table::promised(&report.rows, width));
    for row in broken(report).take(DRAWN_MAX) {
        text.push('\n');
        text.push_str(&super::counterexample(report, history, row, width));
    }
    let hidden = broken(report).count().saturating_sub(DRAWN_MAX);
    if hidden > 0 {
        text.push_str(&format!(
            "\n… and {} more, in anomaly.txt\n",
            words::count(hidden as u64, "broken promise")
        ));
    }
    text.push('\n');
    text.push_str(&facts(report, width));
    text
}

/// Operations, faults, markers and information: a line each, with its name in front.
pub fn facts(report: &Report, width: usize) -> String {
    let mut text = named("operations", &operations(&report.operations), width);
    text.push_str(&named("faults", &faults::counts(&report.faults), width));
    for fault in &report.faults_not_available {
        text.push_str(&named("not available", fault, width));
    }
    if !report.points.is_empty() {
        text.push_str(&named("points", &counts(&report.points), width));
    }
    if report.scenario.bug.is_some() {
        text.push_str(&named("reached", &counts(&report.markers), width));
    }
    for information in &report.information {
        text.push_str(&named("information", information, width));
    }
    for row in report.rows.iter().filter(|row| !row.promised && row.outcome == RowOutcome::Broken) {
        let level = if row.level.is_empty() { String::new() } else { format!(" at level {}", row.level) };
        let evidence = words::cut(&row.evidence, EVIDENCE_CHARS_MAX);
        let fact = format!("not promised, and broken: {}{level}: {evidence}", row.guarantee);
        text.push_str(&named("information", &fact, width));
    }
    text
}

/// `read 10 ok, 2 fail; write 5 ok`.
pub fn operations(operations: &BTreeMap<String, BTreeMap<String, u64>>) -> String {
    let of_function = |(function, endings): (&String, &BTreeMap<String, u64>)| {
        let endings: Vec<String> = ["ok", "fail", "info"]
            .iter()
            .filter_map(|&ending| {
                endings.get(ending).map(|&count| format!("{} {ending}", words::thousands(count)))
            })
            .collect();
        format!("{function} {}", endings.join(", "))
    };
    let all: Vec<String> = operations.iter().map(of_function).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("; ") }
}

/// `name 3, other 5`.
pub fn counts(counts: &BTreeMap<String, u64>) -> String {
    let all: Vec<String> =
        counts.iter().map(|(name, &count)| format!("{name} {}", words::thousands(count))).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// A fact with its name in a column of its own.
pub fn named(name: &str, fact: &str, width: usize) -> String {
    let lines = words::wrapped(fact, width.saturating_sub(15));
    let line = |(position, line): (usize, &String)| {
        let name = if position == 0 { name } else { "" };
        format!("{name:<13}  {line}").trim_end().to_owned() + "\n"
    };
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder;
    use crate::render::WIDTH;
    use crate::report::Row;
    use perjury_checkers::{Anomaly, AnomalyKind};
    use perjury_histories::{Key, notation};

    #[test]
    fn says_what_was_run() {
        let made = Scenario {
            level: "one/all".to_owned(),
            nemesis: Vec::new(),
            time_ms: 1500,
            rate: 2.5,
            clients: 3,
            bug: Some("some".to_owned()),
            ..Scenario::default()
        };
        assert_eq!(
            scenario(&made, WIDTH),
            "quorum, 5 nodes, N=3 R=2 W=2, level one/all; register by 3 clients, 2.5 operations a second, 1.5s
without faults; planted bug: some
"
        );
        let sloppy = Scenario { mode: "sloppy".to_owned(), ..Scenario::default() };
        assert!(scenario(&sloppy, WIDTH).starts_with("quorum, 5 nodes, sloppy N=3 R=2 W=2, level mixed;"));
        let log = Scenario { store: "raft".to_owned(), ..Scenario::default() };
        assert!(scenario(&log, WIDTH).starts_with("raft, 5 nodes, majority, level mixed;"));
    }

    #[test]
    fn tells_all_that_matters_of_a_broken_promise() {
        let history = notation::parse("0:write(x,1) 0:read(x)=5").expect("a history");
        let mut made = folder::tests::report(7);
        let explanation = "nobody wrote 5".to_owned();
        made.rows = vec![
            Row {
                guarantee: "integrity".to_owned(),
                level: "one".to_owned(),
                promised: true,
                outcome: RowOutcome::Broken,
                evidence: explanation.clone(),
                anomalies: vec![Anomaly::new(
                    AnomalyKind::GarbageRead,
                    Some(&Key::from("x")),
                    [2],
                    explanation,
                )],
                found: Default::default(),
            },
            Row {
                guarantee: "linearizability".to_owned(),
                level: "one".to_owned(),
                promised: false,
                outcome: RowOutcome::Broken,
                evidence: "no order explains it".to_owned(),
                anomalies: Vec::new(),
                found: Default::default(),
            },
        ];
        made.operations = crate::tally::operations(&history);
        let text = anstream::adapter::strip_str(&report(&made, &history, WIDTH)).to_string();
        let text = text.strip_prefix(&scenario(&made.scenario, WIDTH)).expect("begins with what was run");
        assert_eq!(
            text,
            "
┌───────────┬───────┬──────────┬─────────┬────────────────┐
│ guarantee ┆ level ┆ promised ┆ outcome ┆ evidence       │
╞═══════════╪═══════╪══════════╪═════════╪════════════════╡
│ integrity ┆ one   ┆ yes      ┆ broken  ┆ nobody wrote 5 │
└───────────┴───────┴──────────┴─────────┴────────────────┘

integrity, level one: broken
  garbage-read on x: nobody wrote 5

  process 0  #2    ├────┤  read x = 5

operations     read 1 ok; write 1 ok
faults         none
information    not promised, and broken: linearizability at level one: no order explains it
"
        );
    }
}
