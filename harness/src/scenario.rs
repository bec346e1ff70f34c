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
    /// Data centres that the nodes are in, dealt out in turn: n1 is in the first, n2 in the second, and so on.
    #[serde(default = "later::data_centres", skip_serializing_if = "later::is_default_data_centres")]
    pub data_centres: usize,
    /// N: home replicas of each key.
    pub replication: usize,
    /// R: replicas that answer a read at level quorum.
    pub read_quorum: usize,
    /// W: replicas that acknowledge a write at level quorum.
    pub write_quorum: usize,
    /// How entries are copied, in systems that can do it in several ways: `majority`, `synchronous`,
    /// `asynchronous`; `sloppy`, where others take a write for home replicas that do not answer; `siblings`, where two writes
    /// that do not know each other both stay; `write-through` and `write-behind`, where each key has a cache on one node.
    #[serde(default = "later::mode", skip_serializing_if = "later::is_default_mode")]
    pub mode: String,
    /// K: entries that may be lost when the active node fails, in mode asynchronous, or when a cache dies, in mode
    /// write-behind.
    #[serde(default = "later::loss_entries", skip_serializing_if = "later::is_default_loss_entries")]
    pub loss_entries: u64,
    /// Entries that make a replicated log take the next snapshot.
    #[serde(default = "later::snapshot_every", skip_serializing_if = "later::is_default_snapshot_every")]
    pub snapshot_every: u64,
    /// Bytes of entries that a leader sends in one message, one entry at least.
    #[serde(default = "later::batch_bytes", skip_serializing_if = "later::is_default_batch_bytes")]
    pub batch_bytes: usize,
    /// Bytes of a segment of a node's log: a full one makes place for the next.
    #[serde(default = "later::segment_bytes", skip_serializing_if = "later::is_default_segment_bytes")]
    pub segment_bytes: u32,
    /// Where the nodes keep what they hold: `log`, in memory with the log behind it; `tables`, in sorted tables, which
    /// take the log's place.
    #[serde(default = "later::storage", skip_serializing_if = "later::is_default_storage")]
    pub storage: String,
    /// Repair paths that a leaderless store does without, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// For how long a leaderless store keeps a tombstone that every home replica has, in simulated milliseconds.
    #[serde(
        default = "later::tombstone_grace_ms",
        skip_serializing_if = "later::is_default_tombstone_grace_ms"
    )]
    pub tombstone_grace_ms: u64,
    /// The level of all keys, or several with `+` between them, which are dealt out to the keys in turn;
    /// `mixed` is all levels that the store has.
    pub level: String,
    /// The workload.
    pub workload: String,
    /// Kinds of fault, and single faults, sorted.
    pub nemesis: Vec<String>,
    /// A fixed fault schedule, instead of one drawn from the seed; `nemesis`, `fault_gap_ms` and `fault_ms_max` are not
    /// looked at then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schedule: Option<Schedule>,
    /// How often faults that hit drawn nodes hit the one that leads, or coordinates, in percent.
    #[serde(default, skip_serializing_if = "later::is_nobody")]
    pub role_percent: u64,
    /// From the end of one episode of faults to the beginning of the next in the mean, in simulated milliseconds.
    #[serde(default = "later::fault_gap_ms", skip_serializing_if = "later::is_default_fault_gap_ms")]
    pub fault_gap_ms: u64,
    /// The longest fault, but for those that stand alone, in simulated milliseconds.
    #[serde(default = "later::fault_ms_max", skip_serializing_if = "later::is_default_fault_ms_max")]
    pub fault_ms_max: u64,
    /// The least time that a message is under way, in simulated milliseconds.
    #[serde(default = "later::latency_ms_min", skip_serializing_if = "later::is_default_latency_ms_min")]
    pub latency_ms_min: u64,
    /// The longest time that a message is under way when nothing delays it, in simulated milliseconds.
    #[serde(default = "later::latency_ms_max", skip_serializing_if = "later::is_default_latency_ms_max")]
    pub latency_ms_max: u64,
    /// What the sessions invoke, instead of what the generator says; `rate`, `read_percent` and
    /// `reader_percent` are not looked at then.
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
    /// How many of all operations read, in percent, in workloads that mix reads with others; as the workload says,
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read_percent: Option<u64>,
    /// How many of all sessions only read while there are faults, in percent, in workloads that mix reads with others.
    #[serde(default, skip_serializing_if = "later::is_nobody")]
    pub reader_percent: u64,
    /// The planted bug, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bug: Option<String>,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            store: "quorum".to_owned(),
            nodes: NODES,
            data_centres: later::data_centres(),
            replication: 3,
            read_quorum: 2,
            write_quorum: 2,
            mode: later::mode(),
            loss_entries: later::loss_entries(),
            snapshot_every: later::snapshot_every(),
            batch_bytes: later::batch_bytes(),
            segment_bytes: later::segment_bytes(),
            storage: later::storage(),
            without: Vec::new(),
            tombstone_grace_ms: later::tombstone_grace_ms(),
            level: "mixed".to_owned(),
            workload: "register".to_owned(),
            nemesis: vec!["clock".to_owned(), "crash".to_owned(), "partition".to_owned()],
            schedule: None,
            role_percent: 0,
            fault_gap_ms: later::fault_gap_ms(),
            fault_ms_max: later::fault_ms_max(),
            latency_ms_min: later::latency_ms_min(),
            latency_ms_max: later::latency_ms_max(),
            script: None,
            time_ms: 60_000,
            rate: 200.0,
            clients: 20,
            keys: 8,
            read_percent: None,
            reader_percent: 0,
            bug: None,
        }
    }
}

/// Where a leaderless store may keep what it holds.
pub const STORAGES: &[&str] = &["log", "tables"];

/// The paths by which a leaderless store repairs replicas that missed a write: a run may do without some, where they
/// would hide what another one gets wrong.
pub const REPAIRS: &[&str] = &["exchange", "read-repair"];

/// More of the nemesis would make the name of a folder too long; all kinds of fault fit.
const NEMESIS_CHARS_MAX: usize = 60;
/// How many nodes a cluster has that is told nothing else.
const NODES: usize = 5;
/// The same in a mode with an active node, a standby and a witness.
const NODES_ACTIVE_PASSIVE: usize = 3;

impl Scenario {
    /// How many nodes a cluster in this mode has that is told nothing else.
    pub fn nodes_in(mode: &str) -> usize {
        if matches!(mode, "synchronous" | "asynchronous") { NODES_ACTIVE_PASSIVE } else { NODES }
    }

    /// How many sessions do not only read: those with the lowest numbers.
    pub fn writers(&self) -> u64 {
        let readers = self.clients as u64 * self.reader_percent / 100;
        self.clients as u64 - readers
    }

    /// The longest fault that it may have, but for those that stand alone, in simulated milliseconds.
    pub fn longest_fault_ms(&self) -> u64 {
        let fixed =
            self.schedule.as_ref().map(|schedule| schedule.entries.iter().map(|entry| entry.for_ms).max());
        fixed.map_or(self.fault_ms_max, Option::unwrap_or_default)
    }

    /// Whether the store does without this repair path.
    pub fn is_without(&self, repair: &str) -> bool {
        self.without.iter().any(|name| name == repair)
    }

    /// The faults and kinds of fault that it may have, by name.
    pub fn faults(&self) -> Vec<&str> {
        match &self.schedule {
            Some(schedule) => schedule.faults(),
            None => self.nemesis.iter().map(String::as_str).collect(),
        }
    }

    /// Whether the nodes keep what they hold in tables.
    pub fn has_tables(&self) -> bool {
        self.storage == "tables"
    }

    /// The data centre of the node with this number, from 0: also a number from 0.
    pub fn data_centre_of(&self, node: usize) -> usize {
        node % self.data_centres.max(1)
    }

    /// The nodes of each data centre.
    pub fn node_names_by_data_centre(&self) -> Vec<Vec<String>> {
        let mut centres = vec![Vec::new(); self.data_centres.max(1)];
        for (number, name) in self.node_names().into_iter().enumerate() {
            centres[self.data_centre_of(number)].push(name);
        }
        centres
    }

    /// Names of the nodes: `n1`, `n2`, …
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes).map(|number| format!("n{number}")).collect()
    }

    /// The levels that keys have, in the order in which they are dealt out. Only of stores in
    /// [`store::ALL`](store) is it known what `mixed` deals out: of any other, nothing.
    pub fn levels(&self) -> Vec<&str> {
        match self.level.as_str() {
            "mixed" => store::named(&self.store).map_or(Vec::new(), |system| system.mixed_levels(self)),
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
            (None, names) => names.join("+"),
        };
        let nemesis = if nemesis.len() > NEMESIS_CHARS_MAX {
            format!("{}-faults", self.nemesis.len())
        } else {
            nemesis
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
        let later = [
            "script",
            "mode",
            "data_centres",
            "loss_entries",
            "snapshot_every",
            "batch_bytes",
            "segment_bytes",
            "storage",
            "without",
            "tombstone_grace_ms",
            "role_percent",
            "fault_gap_ms",
            "fault_ms_max",
            "latency_ms_min",
            "latency_ms_max",
            "read_percent",
            "reader_percent",
        ];
        for later in later {
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
        let nemesis = crate::nemesis::ALL.iter().map(|fault| fault.name().to_owned()).collect::<Vec<_>>();
        let named = format!("-{}-faults-", nemesis.len());
        let slug = Scenario { nemesis, ..Scenario::default() }.slug();
        assert!(slug.contains(&named) && slug.len() < 100, "{slug}");
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
            slug(|scenario| scenario.data_centres = 2),
            slug(|scenario| scenario.loss_entries = 7),
            slug(|scenario| scenario.snapshot_every = 7),
            slug(|scenario| scenario.batch_bytes = 7),
            slug(|scenario| scenario.segment_bytes = 7_000),
            slug(|scenario| scenario.storage = "tables".to_owned()),
            slug(|scenario| scenario.without = vec!["exchange".to_owned()]),
            slug(|scenario| scenario.tombstone_grace_ms = 7),
            slug(|scenario| scenario.role_percent = 7),
            slug(|scenario| scenario.fault_gap_ms = 7),
            slug(|scenario| scenario.fault_ms_max = 7_000),
            slug(|scenario| scenario.latency_ms_min = 10),
            slug(|scenario| scenario.latency_ms_max = 10),
            slug(|scenario| scenario.script = Some(Script::default())),
            slug(|scenario| scenario.read_percent = Some(50)),
            slug(|scenario| scenario.reader_percent = 50),
        ];
        assert_eq!(std::collections::BTreeSet::from(slugs).len(), 18);
    }
}
