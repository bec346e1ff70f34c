//! A scenario: workload, nemesis, bug and settings. With a seed it is a run.

mod problem;

use serde::{Deserialize, Serialize};

use crate::nemesis::Schedule;
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
            nodes: 5,
            replication: 3,
            read_quorum: 2,
            write_quorum: 2,
            level: "mixed".to_owned(),
            workload: "register".to_owned(),
            nemesis: vec!["clock".to_owned(), "crash".to_owned(), "partition".to_owned()],
            schedule: None,
            time_ms: 60_000,
            rate: 200.0,
            clients: 20,
            keys: 8,
            bug: None,
        }
    }
}

impl Scenario {
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
        let nemesis = if self.nemesis.is_empty() { "none".to_owned() } else { self.nemesis.join("+") };
        let level = self.level.replace('/', "-");
        let bug = self.bug.as_ref().map(|bug| format!("-{bug}")).unwrap_or_default();
        format!("{}-{}-{level}-{nemesis}{bug}-{hash:016x}", self.store, self.workload)
    }
}
