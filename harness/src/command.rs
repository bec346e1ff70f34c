//! The command that repeats a run: the seed, and only those options that differ from their defaults.
//!
//! ```text
//! cargo perjury run --seed 4711 --bug unsynced --time 20s
//! ```

use std::fmt::Write as _;

use crate::scenario::Scenario;
use crate::{bug, duration};

/// The scenario that options are given against: the default one, or what a planted bug needs to show.
pub fn base(planted: Option<&str>) -> Scenario {
    let mut scenario = Scenario::default();
    if let Some(bug) = planted.and_then(bug::named) {
        scenario.store = bug.store.to_owned();
        scenario.mode = bug.mode.to_owned();
        bug.settings.iter().for_each(|(name, value)| set(&mut scenario, name, value));
        scenario.nodes = Scenario::nodes_in(bug.mode);
        scenario.workload = bug.workload.to_owned();
        scenario.level = bug.level.to_owned();
        scenario.nemesis = bug.nemesis.iter().map(|&kind| kind.to_owned()).collect();
        scenario.nemesis.sort();
        scenario.bug = Some(bug.name.to_owned());
    }
    scenario
}

/// Gives a scenario a setting that a bug needs, by the name of its option.
fn set(scenario: &mut Scenario, name: &str, value: &str) {
    match name {
        "loss-entries" => scenario.loss_entries = value.parse().expect("a bug needs so many of them"),
        "storage" => scenario.storage = value.to_owned(),
        "without" => scenario.without = value.split(',').map(str::to_owned).collect(),
        "tombstone-grace" => {
            scenario.tombstone_grace_ms = duration::parse_ms(value).expect("a bug needs so long a time")
        }
        "data-centres" => scenario.data_centres = count(value),
        "replication" => scenario.replication = count(value),
        "read-quorum" => scenario.read_quorum = count(value),
        "write-quorum" => scenario.write_quorum = count(value),
        other => panic!("no bug needs --{other}"),
    }
}

fn count(value: &str) -> usize {
    value.parse().expect("a bug needs so many of them")
}

/// The command that repeats a run of `scenario` with `seed`, ready for a shell.
pub fn repeat(scenario: &Scenario, seed: u64) -> String {
    format!("cargo perjury run --seed {seed}{}", options(scenario))
}

/// The options that make `scenario`, each after a space.
pub fn options(scenario: &Scenario) -> String {
    let base = base(scenario.bug.as_deref());
    let mut text = String::new();
    let mut option = |name: &str, value: String, default: String| {
        if value != default {
            write!(text, " --{name} {}", quoted(&value)).expect("a string takes everything");
        }
    };
    option("bug", scenario.bug.clone().unwrap_or_default(), String::new());
    option("store", scenario.store.clone(), base.store);
    option("mode", scenario.mode.clone(), base.mode);
    option("nodes", scenario.nodes.to_string(), Scenario::nodes_in(&scenario.mode).to_string());
    option("data-centres", scenario.data_centres.to_string(), base.data_centres.to_string());
    option("replication", scenario.replication.to_string(), base.replication.to_string());
    option("read-quorum", scenario.read_quorum.to_string(), base.read_quorum.to_string());
    option("write-quorum", scenario.write_quorum.to_string(), base.write_quorum.to_string());
    option("loss-entries", scenario.loss_entries.to_string(), base.loss_entries.to_string());
    option("snapshot-every", scenario.snapshot_every.to_string(), base.snapshot_every.to_string());
    option("batch-bytes", scenario.batch_bytes.to_string(), base.batch_bytes.to_string());
    option("segment-bytes", scenario.segment_bytes.to_string(), base.segment_bytes.to_string());
    option("storage", scenario.storage.clone(), base.storage);
    option("without", list(&scenario.without), list(&base.without));
    option("tombstone-grace", time(scenario.tombstone_grace_ms), time(base.tombstone_grace_ms));
    option("level", scenario.level.clone(), base.level);
    option("workload", scenario.workload.clone(), base.workload);
    option("nemesis", list(&scenario.nemesis), list(&base.nemesis));
    if let Some(schedule) = &scenario.schedule {
        option("schedule", serde_json::to_string(schedule).expect("plain data"), String::new());
    }
    option("role-percent", scenario.role_percent.to_string(), base.role_percent.to_string());
    option("fault-gap", time(scenario.fault_gap_ms), time(base.fault_gap_ms));
    option("fault-length", time(scenario.fault_ms_max), time(base.fault_ms_max));
    option(
        "latency",
        latency(scenario.latency_ms_min, scenario.latency_ms_max),
        latency(base.latency_ms_min, base.latency_ms_max),
    );
    if let Some(script) = &scenario.script {
        option("script", serde_json::to_string(script).expect("plain data"), String::new());
    }
    option("time", time(scenario.time_ms), time(base.time_ms));
    option("rate", scenario.rate.to_string(), base.rate.to_string());
    option("clients", scenario.clients.to_string(), base.clients.to_string());
    option("keys", scenario.keys.to_string(), base.keys.to_string());
    option(
        "read-percent",
        scenario.read_percent.map_or(String::new(), |percent| percent.to_string()),
        String::new(),
    );
    option("reader-percent", scenario.reader_percent.to_string(), base.reader_percent.to_string());
    text
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}

/// The least and the longest, as the command line takes them: `5ms..25ms`.
fn latency(min_ms: u64, max_ms: u64) -> String {
    format!("{}..{}", time(min_ms), time(max_ms))
}

/// Milliseconds as the command line takes them: `60s`, `1500ms`.
fn time(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

/// In single quotes where a shell would not take it as one plain word.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,/:=+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_seed_alone_for_the_default_scenario() {
        assert_eq!(repeat(&Scenario::default(), 7), "cargo perjury run --seed 7");
    }

    #[test]
    fn says_what_differs() {
        let scenario = Scenario {
            level: "one/all".to_owned(),
            nemesis: Vec::new(),
            time_ms: 1500,
            rate: 12.5,
            ..Scenario::default()
        };
        assert_eq!(
            repeat(&scenario, 7),
            "cargo perjury run --seed 7 --level one/all --nemesis none --time 1500ms --rate 12.5"
        );
    }

    #[test]
    fn says_the_nodes_only_where_the_mode_implies_others() {
        let mode = "synchronous".to_owned();
        let scenario = Scenario { mode, nodes: 3, loss_entries: 7, snapshot_every: 9, ..Scenario::default() };
        assert_eq!(options(&scenario), " --mode synchronous --loss-entries 7 --snapshot-every 9");
        assert_eq!(options(&Scenario { nodes: 5, ..scenario.clone() }).split(' ').nth(3), Some("--nodes"));
    }

    #[test]
    fn says_a_bug_without_what_it_implies() {
        for bug in bug::ALL {
            assert_eq!(options(&base(Some(bug.name))), format!(" --bug {}", bug.name));
        }
    }

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        assert_eq!(quoted("a,b"), "a,b");
        assert_eq!(quoted(r#"{"it's"}"#), r#"'{"it'\''s"}'"#);
    }
}
