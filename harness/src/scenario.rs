//! A scenario: workload, nemesis, bug and settings. With a seed it is a run.

mod file;
mod later;
mod problem;

pub use file::ScenarioFile;
use serde::{Deserialize, Serialize};

use crate::nemesis::Schedule;
use crate::script::Script;
use crate::store;

/// Everything that shapes a run, but for its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The system under test.
    pub store: String,
    /// Number of nodes.
    pub nodes: usize,
    /// N: home replicas of each key.
    pub replication: usize,
    /// R: replicas that answer a read at level quorum.
    pub read_quorum: usize,
    /// W: replicas that acknowledge a write at level quorum.
    pub write_quorum: usize,
    /// How entries are copied, in systems that can do it in several ways: `majority`, `synchronous`,
    /// `asynchronous`.
    #[serde(default = "later::mode", skip_serializing_if = "later::is_default_mode")]
    pub mode: String,
    /// K: entries that may be lost when the active node fails, in mode asynchronous.
    #[serde(default = "later::loss_entries", skip_serializing_if = "later::is_default_loss_entries")]
    pub loss_entries: u64,
    /// Entries that make a replicated log take the next snapshot.
    #[serde(default = "later::snapshot_every", skip_serializing_if = "later::is_default_snapshot_every")]
    pub snapshot_every: u64,
    /// The level of all keys, or several with `+` between them, which are dealt out to the keys in turn;
    /// `mixed` is all levels that the store has.
    pub level: String,
    /// The workload.
    pub workload: String,
    /// Kinds of fault, sorted.
    pub nemesis: Vec<String>,
    /// A fixed fault schedule, instead of one drawn from the seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schedule: Option<Schedule>,
    /// What the sessions invoke, instead of what the generator says; `rate` is not looked at then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub script: Option<Script>,
    /// Length of the phase with faults, in simulated milliseconds.
    pub time_ms: u64,
    /// Operations that all clients together start a second.
    pub rate: f64,
    /// Number of clients.
    pub clients: usize,
    /// Number of keys, in workloads that have a fixed set of them.
    pub keys: usize,
    /// The planted bug, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bug: Option<String>,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            store: "quorum".to_owned(),
            nodes: NODES,
            replication: 3,
            read_quorum: 2,
            write_quorum: 2,
            mode: later::mode(),
            loss_entries: later::loss_entries(),
            snapshot_every: later::snapshot_every(),
            level: "mixed".to_owned(),
            workload: "register".to_owned(),
            nemesis: vec!["clock".to_owned(), "crash".to_owned(), "partition".to_owned()],
            schedule: None,
            script: None,
            time_ms: 60_000,
            rate: 200.0,
            clients: 20,
            keys: 8,
            bug: None,
        }
    }
}

/// How many nodes a cluster has that is told nothing else.
const NODES: usize = 5;
/// The same in a mode with an active node, a standby and a witness.
const NODES_ACTIVE_PASSIVE: usize = 3;

impl Scenario {
    /// How many nodes a cluster in this mode has that is told nothing else.
    pub fn nodes_in(mode: &str) -> usize {
        if matches!(mode, "synchronous" | "asynchronous") { NODES_ACTIVE_PASSIVE } else { NODES }
    }

    /// Names of the nodes: `n1`, `n2`, …
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes).map(|number| format!("n{number}")).collect()
    }

    /// The levels that keys have, in the order in which they are dealt out. Only of stores in
    /// [`store::ALL`](store) is it known what `mixed` deals out: of any other, nothing.
    pub fn levels(&self) -> Vec<&str> {
        match self.level.as_str() {
            "mixed" => {
                let levels = store::named(&self.store).map_or(&[] as _, |system| system.levels());
                levels.iter().map(|level| level.name).collect()
            }
            level => level.split('+').collect(),
        }
    }

    /// The level of the key with this number.
    pub fn level_of(&self, number: usize) -> String {
        let levels = self.levels();
        levels.get(number % levels.len().max(1)).copied().unwrap_or_default().to_owned()
    }

    /// The folder name of its runs: readable, with a hash of all settings.
    pub fn slug(&self) -> String {
        let settings = serde_json::to_string(self).expect("a scenario is plain data");
        let hash = xxhash_rust::xxh3::xxh3_64(settings.as_bytes());
        let nemesis = match (&self.schedule, self.nemesis.as_slice()) {
            (Some(_), _) => "schedule".to_owned(),
            (None, []) => "none".to_owned(),
            (None, kinds) => kinds.join("+"),
        };
        let level = self.level.replace('/', "-");
        let mode = if self.mode == later::mode() { String::new() } else { format!("-{}", self.mode) };
        let bug = self.bug.as_ref().map(|bug| format!("-{bug}")).unwrap_or_default();
        format!("{}{mode}-{}-{level}-{nemesis}{bug}-{hash:016x}", self.store, self.workload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_nothing_of_what_reports_did_not_have() {
        let plain = serde_json::to_value(Scenario::default()).expect("plain data");
        for later in ["script", "mode", "loss_entries", "snapshot_every"] {
            assert_eq!(plain.get(later), None, "{later}");
        }
        let read: Scenario = serde_json::from_value(plain).expect("a scenario");
        assert_eq!(read, Scenario::default());
    }

    #[test]
    fn names_its_folder_as_before() {
        assert_eq!(
            Scenario::default().slug(),
            "quorum-register-mixed-clock+crash+partition-4b6186da954e877c"
        );
        let other = Scenario { mode: "synchronous".to_owned(), ..Scenario::default() };
        assert!(other.slug().starts_with("quorum-synchronous-register-mixed-"), "{}", other.slug());
    }

    #[test]
    fn every_setting_makes_another_folder() {
        let slug = |change: fn(&mut Scenario)| {
            let mut scenario = Scenario::default();
            change(&mut scenario);
            assert_eq!(
                serde_json::from_str::<Scenario>(&serde_json::to_string(&scenario).expect("plain data")).ok(),
                Some(scenario.clone())
            );
            scenario.slug()
        };
        let slugs = [
            slug(|_| ()),
            slug(|scenario| scenario.mode = "asynchronous".to_owned()),
            slug(|scenario| scenario.loss_entries = 7),
            slug(|scenario| scenario.snapshot_every = 7),
            slug(|scenario| scenario.script = Some(Script::default())),
        ];
        assert_eq!(std::collections::BTreeSet::from(slugs).len(), 5);
    }
}
