//! Promises: what a system owes in a scenario, and under which faults.

use serde::{Deserialize, Serialize};

/// One guarantee that a system owes at one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The guarantee: the name of the checker that judges it.
    pub guarantee: String,
    /// The level of the keys that it holds for; empty: of any level, and where the system has none.
    pub level: String,
    /// Bounds on the faults it tolerates; faults that no bound names are tolerated without limit.
    pub tolerates: Vec<Bound>,
    /// For durability: how many distinct home replicas must have acknowledged a write before the
    /// client hears of it, where the system says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acknowledgements_min: Option<usize>,
    /// How many acknowledged entries a fail-over may lose, where it may.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loss_max: Option<u64>,
    /// Once nothing is wrong but that nodes are dead: in how many milliseconds every node takes every other one for what
    /// it is, where it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detection_ms_max: Option<u64>,
}

/// A key is owed a promise only while at most `homes_max` of its home replicas, or of all nodes, were struck by
/// one of `faults`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Names of faults, as recorded: `disk-bit-flip`, `disk-lying-sync`, …
    pub faults: Vec<String>,
    /// How many home replicas of a key they may strike.
    pub homes_max: usize,
    /// Nodes that keep no copy count as well: they vote, say.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub counts_all_nodes: bool,
}

impl Promise {
    /// A promise that holds under every fault.
    pub fn new(guarantee: impl Into<String>, level: impl Into<String>) -> Promise {
        Promise {
            guarantee: guarantee.into(),
            level: level.into(),
            tolerates: Vec::new(),
            acknowledgements_min: None,
            loss_max: None,
            detection_ms_max: None,
        }
    }

    /// Whether it holds for keys of this level.
    pub fn is_for(&self, level: &str) -> bool {
        self.level.is_empty() || self.level == level
    }

    /// The same, with every write acknowledged by at least so many distinct home replicas.
    pub fn with_acknowledgements(mut self, min: usize) -> Promise {
        self.acknowledgements_min = Some(min);
        self
    }

    /// The same, with so many acknowledged entries that a fail-over may lose.
    pub fn with_loss(mut self, max: u64) -> Promise {
        self.loss_max = Some(max);
        self
    }

    /// The same, with so many milliseconds until nodes take each other for what they are.
    pub fn with_detection(mut self, ms_max: u64) -> Promise {
        self.detection_ms_max = Some(ms_max);
        self
    }

    /// The same, owed only while at most `homes_max` home replicas were struck by one of `faults`.
    pub fn while_at_most(self, homes_max: usize, faults: &[&str]) -> Promise {
        self.while_within(homes_max, faults, false)
    }

    /// The same, owed only while at most `nodes_max` of all nodes were struck by one of `faults`.
    pub fn while_at_most_of_all(self, nodes_max: usize, faults: &[&str]) -> Promise {
        self.while_within(nodes_max, faults, true)
    }

    fn while_within(mut self, homes_max: usize, faults: &[&str], counts_all_nodes: bool) -> Promise {
        let faults = faults.iter().map(|&fault| fault.to_owned()).collect();
        self.tolerates.push(Bound { faults, homes_max, counts_all_nodes });
        self
    }
}
