//! What the leaderless family promises in a scenario, in the words of the harness.

use perjury_store::quorum::config::Mode;
use perjury_store::quorum::promise::{Guarantee, acknowledgements, detection_ms_max, promises};

use super::level::pair;
use super::{DEADLINE, SIBLINGS, config, mode};
use crate::nemesis::Kind;
use crate::nemesis::selection::kind_of;
use crate::promise::Promise;
use crate::scenario::Scenario;
use crate::store::{DAMAGE, LYING};

/// All promises, for each level in use and for the whole.
pub(super) fn all(scenario: &Scenario) -> Vec<Promise> {
    let levels = scenario.levels();
    let mut all: Vec<Promise> = levels.iter().flat_map(|level| promises_at(scenario, level)).collect();
    // Where nothing is deleted there is nothing to be seen of this promise.
    let deletes = scenario.workload == "deletes" && outlasts_what_is_under_way(scenario);
    all.retain(|promise| promise.guarantee != "deleted-stays-deleted" || deletes);
    // A final read asks too few replicas for all elements to be among them, where none tells another what it holds.
    if scenario.workload == "set" && config(scenario, 0).has_exchange {
        all.push(set(scenario, &all));
    }
    // What is lost is counted in sets alone, over all levels.
    all.retain(|promise| promise.guarantee != "bounded-loss" || promise.level.is_empty());
    all.extend(detection_ms_max(&config(scenario, 0)).map(membership));
    if scenario.mode == SIBLINGS {
        let sets: Vec<Promise> = all.iter().flat_map(merged_sets).collect();
        all.extend(sets);
    }
    all
}

/// A set whose siblings clients merge is as durable as its writes. What a read has shown that nobody acknowledged may
/// lie on one replica alone.
fn merged_sets(promise: &Promise) -> Vec<Promise> {
    if promise.guarantee != checker(Guarantee::AcknowledgedOrDominated) {
        return Vec::new();
    }
    let named = |name: &str| Promise { guarantee: name.to_owned(), ..promise.clone() };
    vec![named("set"), named("set-full").while_at_most(0, DAMAGE)]
}

/// A set is as durable as the least durable of its elements; so many may be lost where caches may lose some.
fn set(scenario: &Scenario, promises: &[Promise]) -> Promise {
    let is_behind = mode(scenario) == Mode::WriteBehind;
    let of_elements = if is_behind { "bounded-loss" } else { "durability" };
    let durability = promises.iter().filter(|promise| promise.guarantee == of_elements);
    let bounds = durability.flat_map(|promise| &promise.tolerates).filter(|bound| bound.faults == DAMAGE);
    let weakest = |of_all| {
        bounds.clone().filter(|bound| bound.counts_all_nodes == of_all).map(|bound| bound.homes_max).min()
    };
    let set = match is_behind {
        true => Promise::new("bounded-loss", "").with_loss(scenario.loss_entries).while_at_most(0, LYING),
        false => Promise::new("set", ""),
    };
    let set = weakest(false).map_or(set.clone(), |homes_max| set.while_at_most(homes_max, DAMAGE));
    weakest(true).map_or(set.clone(), |nodes_max| set.while_at_most_of_all(nodes_max, DAMAGE))
}

/// Who is there, whatever the level. A sync that lied may have taken with it how often a node was started.
fn membership(detection_ms_max: u64) -> Promise {
    Promise::new(checker(Guarantee::Membership), "")
        .while_at_most_of_all(0, LYING)
        .with_detection(detection_ms_max)
}

/// The store's promises for keys of one level, in the words of the harness.
fn promises_at(scenario: &Scenario, level: &str) -> Vec<Promise> {
    let (config, (write, read)) = (&config(scenario, 0), pair(level));
    let in_our_words = |promise: perjury_store::quorum::promise::Promise| {
        let mut ours = Promise::new(checker(promise.guarantee), level);
        // Where the ring changes, any node may have been home to a key.
        let within = match config.has_ring_changes {
            true => Promise::while_at_most_of_all,
            false => Promise::while_at_most,
        };
        if let Some(homes_max) = promise.damaged_homes_max {
            ours = within(ours, homes_max, DAMAGE);
        }
        if let Some(nodes_max) = promise.damaged_nodes_max {
            ours = ours.while_at_most_of_all(nodes_max, DAMAGE);
        }
        if let Some(homes_max) = promise.lying_homes_max {
            ours = within(ours, homes_max, LYING);
        }
        match acknowledgements(config, write).filter(|_| promise.guarantee == Guarantee::Durability) {
            Some(min) => ours.with_acknowledgements(min),
            None => ours,
        }
    };
    let mut promises = promises(config, write, read);
    promises.retain(|promise| !promise.messages_only || is_messages_only(scenario));
    promises.into_iter().map(in_our_words).collect()
}

/// Whether nothing but messages and clocks goes wrong in a scenario.
fn is_messages_only(scenario: &Scenario) -> bool {
    scenario.faults().into_iter().all(|name| matches!(kind_of(name), Some(Kind::Message | Kind::Clock)))
}

/// Whether no message is under way for longer than the grace period of tombstones: three of the longest faults may hold
/// one up in turn, and a coordinator sends again until its deadline. What cuts links or ends processes holds up nothing.
fn outlasts_what_is_under_way(scenario: &Scenario) -> bool {
    let holds_up = |name: &str| match kind_of(name) {
        Some(Kind::Partition | Kind::DataCentre) => false,
        _ => !["kill", "power-loss"].contains(&name),
    };
    let longest_ms = 3 * scenario.longest_fault_ms() + 2 * DEADLINE.as_millis() as u64;
    longest_ms <= scenario.tombstone_grace_ms || !scenario.faults().into_iter().any(holds_up)
}

/// The checker that judges a guarantee.
fn checker(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Integrity => "integrity",
        Guarantee::Convergence => "convergence",
        Guarantee::Durability => "durability",
        Guarantee::ReplicaDurability => "replica-durability",
        Guarantee::DeletedStaysDeleted => "deleted-stays-deleted",
        Guarantee::Membership => "membership",
        Guarantee::ReadYourWrites => "read-your-writes",
        Guarantee::MonotonicReads => "monotonic-reads",
        Guarantee::MonotonicWrites => "monotonic-writes",
        Guarantee::WritesFollowReads => "writes-follow-reads",
        Guarantee::MonotonicWritesAcrossKeys => "monotonic-writes-across-keys",
        Guarantee::WritesFollowReadsAcrossKeys => "writes-follow-reads-across-keys",
        Guarantee::Linearizability => "linearizability",
        Guarantee::AcknowledgedOrDominated => "acknowledged-or-dominated",
        Guarantee::BoundedLoss => "bounded-loss",
    }
}
