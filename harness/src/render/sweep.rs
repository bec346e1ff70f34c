//! The summary of a sweep in words.

use std::collections::BTreeMap;

use super::{summary, table, words};
use crate::sweep::{Case, Cost, RowCounts, Summary};

/// At most this many failed seeds are listed; `--json` and `--junit` have all of them.
const FAILED_MAX: usize = 20;

/// What a sweep found: how each promise fared, the seeds that failed, what was done, what it cost.
pub fn text(sum: &Summary, width: usize) -> String {
    let mut text = summary::scenario(&sum.scenario, width);
    text.push('\n');
    if !sum.rows.is_empty() {
        text.push_str(&rows(&sum.rows, width));
    }
    for case in sum.failed.iter().take(FAILED_MAX) {
        text.push_str(&failed(case, width));
    }
    let hidden = sum.failed.len().saturating_sub(FAILED_MAX);
    if hidden > 0 {
        text.push_str(&format!(
            "… and {}; --json lists them all\n\n",
            words::count(hidden as u64, "more failed seed")
        ));
    }
    text.push_str(&summary::named("operations", &summary::operations(&sum.operations), width));
    text.push_str(&summary::named("faults", &summary::counts(&sum.faults), width));
    text.push_str(&summary::named("reached", &summary::counts(&sum.markers), width));
    text.push_str(&summary::named("not reached", &missing(sum), width));
    if !sum.points.is_empty() {
        text.push_str(&summary::named("points", &summary::counts(&sum.points), width));
    }
    text.push_str(&cost(&sum.cost, sum.runs(), width));
    text.push_str(&summary::named("runs", &verdicts(sum), width));
    if sum.kept() < sum.failed.len() {
        let kept = format!(
            "{} of {} that failed, those of the lowest seeds; --keep says how many",
            words::thousands(sum.kept() as u64),
            words::count(sum.failed.len() as u64, "run")
        );
        text.push_str(&summary::named("kept", &kept, width));
    }
    if sum.interrupted {
        let all = words::count(sum.seeds.1 - sum.seeds.0, "seed");
        let done = words::thousands(sum.runs());
        text.push_str(&summary::named("interrupted", &format!("{done} of {all} were run"), width));
    }
    text.push_str(&summary::named("repeat with", &sum.command, width));
    text
}

/// What must happen sometimes, and did not.
fn missing(sum: &Summary) -> String {
    let missing: Vec<&str> = sum.missing().into_iter().map(|marker| marker.name).collect();
    if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
}

/// How each guarantee fared; its levels share a row where they fared alike.
fn rows(rows: &BTreeMap<String, RowCounts>, width: usize) -> String {
    let mut alike: Vec<(&str, Vec<&str>, RowCounts)> = Vec::new();
    for (name, &counts) in rows {
        let (guarantee, level) = name.split_once('@').unwrap_or((name, ""));
        match alike.iter_mut().find(|(of, _, same)| *of == guarantee && *same == counts) {
            Some((_, levels, _)) => levels.push(level),
            None => alike.push((guarantee, vec![level], counts)),
        }
    }
    let mut table = table::plain(["guarantee", "levels", "held", "broken", "not owed", "unknown"], width);
    for (guarantee, levels, counts) in alike {
        let counts = [counts.held, counts.broken, counts.not_owed, counts.unknown].map(words::thousands);
        table.add_row([&[guarantee.to_owned(), levels.join(", ")], counts.as_slice()].concat());
    }
    format!("{table}\n\n")
}

/// A seed that failed, and how to see it again.
fn failed(case: &Case, width: usize) -> String {
    let why = case.error.as_ref().or(case.why.as_ref()).map_or("", String::as_str);
    let mut text = words::indented(&format!("seed {} {}: {why}", case.seed, case.verdict), 0, width);
    text.push_str(&format!("  {}\n", case.command));
    if let Some(folder) = &case.folder {
        text.push_str(&format!("  {}\n", folder.display()));
    }
    text.push('\n');
    text
}

fn cost(cost: &Cost, runs: u64, width: usize) -> String {
    let cpu = |ns: u64| format!("{:.1} CPU s", ns as f64 / 1e9);
    let mut text = summary::named(
        "speed",
        &format!(
            "{:.2} runs a second with {}; {:.0} simulated s per CPU s, recording included, checking apart",
            cost.runs_per_second(runs),
            words::count(cost.jobs as u64, "thread"),
            cost.simulated_per_cpu_second(),
        ),
        width,
    );
    text.push_str(&summary::named(
        "time",
        &format!(
            "{:.1} s; {:.0} simulated s; simulation {}, checking {}",
            cost.wall_ns as f64 / 1e9,
            cost.simulated_ns as f64 / 1e9,
            cpu(cost.simulation_cpu_ns),
            cpu(cost.checking_cpu_ns),
        ),
        width,
    ));
    if let Some(bytes) = cost.memory_bytes_max {
        text.push_str(&summary::named("memory", &format!("{} MB at most", bytes / 1_000_000), width));
    }
    if let Some(baseline) = cost.baseline {
        text.push_str(&summary::named(
            "baseline",
            &format!(
                "an empty simulation of as many hosts: {baseline:.0} simulated s per CPU s; ours is {:.2} of that",
                cost.simulated_per_cpu_second() / baseline,
            ),
            width,
        ));
    }
    text
}

fn verdicts(sum: &Summary) -> String {
    let count = |verdict: &str| format!("{} {verdict}", words::thousands(sum.count_of(verdict)));
    let errors = match sum.count_of("error") {
        0 => String::new(),
        errors => format!(", {} not executed", words::thousands(errors)),
    };
    format!(
        "{}: {}, {}, {}{errors}",
        words::count(sum.runs(), "seed"),
        count("valid"),
        count("invalid"),
        count("unknown"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::WIDTH;
    use crate::scenario::Scenario;

    #[test]
    fn says_what_failed_and_what_it_cost() {
        let case = Case {
            why: Some("durability@all broken: x is gone".to_owned()),
            error: None,
            verdict: "invalid".to_owned(),
            folder: Some("runs/some/7".into()),
            ..Case::failed(&Scenario::default(), 7, String::new())
        };
        let sum = Summary {
            command: "cargo perjury sweep --seeds 7..9".to_owned(),
            verdict: "invalid",
            scenario: Scenario::default(),
            seeds: (7, 9),
            interrupted: false,
            verdicts: BTreeMap::from([("valid".to_owned(), 1), ("invalid".to_owned(), 1)]),
            failed: vec![case],
            rows: BTreeMap::from([
                ("durability@all".to_owned(), RowCounts { held: 1, broken: 1, ..RowCounts::default() }),
                ("durability@one".to_owned(), RowCounts { held: 2, ..RowCounts::default() }),
                ("durability@quorum".to_owned(), RowCounts { held: 2, ..RowCounts::default() }),
                ("stats".to_owned(), RowCounts { held: 2, ..RowCounts::default() }),
            ]),
            markers: BTreeMap::new(),
            points: BTreeMap::from([("before-answer".to_owned(), 1_234)]),
            faults: BTreeMap::from([("crash kill".to_owned(), 12)]),
            operations: BTreeMap::from([("read".to_owned(), BTreeMap::from([("ok".to_owned(), 1_200)]))]),
            cost: Cost {
                jobs: 2,
                wall_ns: 4_000_000_000,
                simulated_ns: 150_000_000_000,
                simulation_cpu_ns: 1_500_000_000,
                checking_cpu_ns: 200_000_000,
                memory_bytes_max: Some(50_000_000),
                baseline: Some(200.0),
            },
            cases: BTreeMap::new(),
        };
        let text = text(&sum, WIDTH);
        let text =
            text.strip_prefix(&summary::scenario(&sum.scenario, WIDTH)).expect("begins with what was run");
        assert_eq!(
            text,
            "
┌────────────┬─────────────┬──────┬────────┬──────────┬─────────┐
│ guarantee  ┆ levels      ┆ held ┆ broken ┆ not owed ┆ unknown │
╞════════════╪═════════════╪══════╪════════╪══════════╪═════════╡
│ durability ┆ all         ┆ 1    ┆ 1      ┆ 0        ┆ 0       │
│ durability ┆ one, quorum ┆ 2    ┆ 0      ┆ 0        ┆ 0       │
│ stats      ┆             ┆ 2    ┆ 0      ┆ 0        ┆ 0       │
└────────────┴─────────────┴──────┴────────┴──────────┴─────────┘

seed 7 invalid: durability@all broken: x is gone
  cargo perjury run --seed 7
  runs/some/7

operations     read 1,200 ok
faults         crash kill 12
reached        none
not reached    torn-tail-cut, corrupt-record-reported, append-failed, sync-failed,
               recovered-from-the-others, write-superseded, write-left-half-done, write-back-needed,
               stale-replica-repaired, replicas-below-floor, version-ahead-of-clock,
               exchange-differed, tombstone-collected, tree-descended
points         before-answer 1,234
speed          0.50 runs a second with 2 threads; 100 simulated s per CPU s, recording included,
               checking apart
time           4.0 s; 150 simulated s; simulation 1.5 CPU s, checking 0.2 CPU s
memory         50 MB at most
baseline       an empty simulation of as many hosts: 200 simulated s per CPU s; ours is 0.50 of that
runs           2 seeds: 1 valid, 1 invalid, 0 unknown
repeat with    cargo perjury sweep --seeds 7..9
"
        );
    }
}
