//! The store's promises in the words of the harness.

use std::collections::BTreeSet;

use perjury_store::raft::promise::{self, Guarantee, promises};

use super::{calls, config};
use crate::nemesis::{Kind, Selection};
use crate::promise::Promise;
use crate::scenario::Scenario;
use crate::store::{DAMAGE, LYING};

/// What is promised in a scenario, level by level; what concerns the whole run, once.
pub(super) fn of(scenario: &Scenario) -> Vec<Promise> {
    let config = config(scenario, 0);
    let mut whole = BTreeSet::new();
    let mut all = Vec::new();
    for level in scenario.levels() {
        for stored in promises(&config, voters_min(scenario), calls::mode(level)) {
            let Some(of) = concern(stored.guarantee, scenario) else { continue };
            match of {
                Of::Level => all.push(in_our_words(stored, level)),
                Of::Run if whole.insert(stored.guarantee) => all.push(in_our_words(stored, "")),
                Of::Run => {}
            }
        }
    }
    all
}

/// Members that are left when faults have removed a minority.
fn voters_min(scenario: &Scenario) -> usize {
    let nodes = scenario.nodes;
    if has(scenario, Kind::Membership) { nodes - nodes.saturating_sub(1) / 2 } else { nodes }
}

/// Whether faults of this kind are to come.
fn has(scenario: &Scenario, kind: Kind) -> bool {
    let names = match &scenario.schedule {
        Some(schedule) => schedule.faults(),
        None => scenario.nemesis.iter().map(String::as_str).collect(),
    };
    names.iter().any(|name| name.parse().is_ok_and(|named: Selection| named.kind() == kind))
}

/// What a guarantee is judged for.
enum Of {
    /// The keys of one level.
    Level,
    /// The run as a whole.
    Run,
}

/// What a guarantee is judged for in this scenario; none where nothing could show it.
fn concern(guarantee: Guarantee, scenario: &Scenario) -> Option<Of> {
    use Guarantee::*;
    let in_workloads = |names: &[&str], of| names.contains(&scenario.workload.as_str()).then_some(of);
    match guarantee {
        Invariants | Progress => Some(Of::Run),
        Availability => has(scenario, Kind::Deaf).then_some(Of::Run),
        Set => in_workloads(&["set"], Of::Run),
        BoundedLoss => in_workloads(&["set", "append"], Of::Run),
        Counter => in_workloads(&["counter"], Of::Level),
        Append => in_workloads(&["append"], Of::Level),
        Bank => in_workloads(&["bank"], Of::Run),
        Fencing => in_workloads(&["lock"], Of::Level),
        _ => Some(Of::Level),
    }
}

fn in_our_words(stored: promise::Promise, level: &str) -> Promise {
    let mut ours = Promise::new(checker(stored.guarantee), level);
    if let Some(damaged_max) = stored.damaged_max {
        ours = ours.while_at_most_of_all(damaged_max, DAMAGE).while_at_most_of_all(0, LYING);
    }
    if let Some(copies_max) = stored.damaged_copies_max {
        ours = ours.while_at_most(copies_max, DAMAGE);
    }
    match stored.loss_max {
        Some(max) => ours.with_loss(max),
        None => ours,
    }
}

/// The checker that judges a guarantee.
fn checker(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Integrity => "integrity",
        Guarantee::Convergence => "convergence",
        Guarantee::Durability => "durability",
        Guarantee::BoundedLoss => "bounded-loss",
        Guarantee::Linearizability => "linearizability",
        Guarantee::Sequential => "sequential",
        Guarantee::ReadYourWrites => "read-your-writes",
        Guarantee::MonotonicReads => "monotonic-reads",
        Guarantee::MonotonicWrites => "monotonic-writes",
        Guarantee::WritesFollowReads => "writes-follow-reads",
        Guarantee::MonotonicWritesAcrossKeys => "monotonic-writes-across-keys",
        Guarantee::WritesFollowReadsAcrossKeys => "writes-follow-reads-across-keys",
        Guarantee::Counter => "counter",
        Guarantee::Append => "append",
        Guarantee::Set => "set",
        Guarantee::Bank => "bank",
        Guarantee::Fencing => "fencing",
        Guarantee::Invariants => "invariants",
        Guarantee::Progress => "progress",
        Guarantee::Availability => "availability",
    }
}
