//! How a cluster is built.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::ensure;
use perjury_store::point::Point;

use super::CLIENTS;

/// The step of a simulation that is told nothing else, in milliseconds.
pub const TICK_MS: u64 = 5;

/// Settings of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterOptions {
    /// Decides everything that is random.
    pub seed: u64,
    /// The step of the simulation: messages arrive, and faults begin, between two steps.
    pub tick: Duration,
    /// The least time that a message is under way; a multiple of the tick.
    pub latency_min: Duration,
    /// The longest time that a message is under way; a multiple of the tick.
    pub latency_max: Duration,
    /// The nodes' names.
    pub nodes: Vec<String>,
    /// The nodes of each data centre; none: they are in one.
    pub centres: Vec<Vec<String>>,
    /// How long a node that ended by itself stays down.
    pub restart_after: Duration,
    /// The points of their code that the nodes may pass.
    pub points: Vec<&'static Point>,
    /// Messages of all hosts within a simulated second that are no storm yet.
    pub messages_max: u64,
}

impl Default for ClusterOptions {
    fn default() -> ClusterOptions {
        ClusterOptions {
            seed: 0,
            tick: Duration::from_millis(TICK_MS),
            latency_min: Duration::from_millis(5),
            latency_max: Duration::from_millis(25),
            nodes: (1..=5).map(|n| format!("n{n}")).collect(),
            centres: Vec::new(),
            restart_after: Duration::from_secs(1),
            points: Vec::new(),
            messages_max: u64::MAX,
        }
    }
}

impl ClusterOptions {
    /// The nodes of each data centre, one at least.
    pub(super) fn places(&self) -> Vec<Vec<String>> {
        if self.centres.is_empty() { vec![self.nodes.clone()] } else { self.centres.clone() }
    }

    /// Refuses what cannot be simulated.
    pub(super) fn validate(&self) -> anyhow::Result<()> {
        let whole = |time: Duration, unit: Duration| time.as_nanos().is_multiple_of(unit.as_nanos());
        ensure!(
            !self.tick.is_zero() && whole(self.tick, Duration::from_millis(1)),
            "a tick of {:?}: the simulator counts in whole milliseconds, from one up",
            self.tick
        );
        for latency in [self.latency_min, self.latency_max] {
            ensure!(
                whole(latency, self.tick),
                "a latency of {latency:?}: messages arrive at ticks, so it must be a multiple of {:?}",
                self.tick
            );
        }
        ensure!(
            self.latency_min <= self.latency_max,
            "the least latency, {:?}, is above the greatest, {:?}",
            self.latency_min,
            self.latency_max
        );
        ensure!(!self.nodes.is_empty(), "a cluster without nodes");
        let mut seen = BTreeSet::new();
        for node in &self.nodes {
            let usable = !node.is_empty() && !node.contains(':') && node.parse::<IpAddr>().is_err();
            ensure!(usable, "{node:?} cannot be the name of a node");
            ensure!(node != CLIENTS, "{node:?} is the name of the clients' host");
            ensure!(seen.insert(node), "two nodes are named {node:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut ClusterOptions)) -> String {
        let mut options = ClusterOptions::default();
        options.validate().expect("the default is valid");
        change(&mut options);
        options.validate().expect_err("refused").to_string()
    }

    #[test]
    fn refuses_what_cannot_be_simulated() {
        assert!(refusal(|options| options.tick = Duration::ZERO).contains("tick of 0ns"));
        assert!(
            refusal(|options| options.latency_max = Duration::from_millis(7)).contains("multiple of 5ms")
        );
        assert!(
            refusal(|options| options.latency_min = Duration::from_secs(1)).contains("above the greatest")
        );
        assert!(refusal(|options| options.nodes.clear()).contains("without nodes"));
        assert!(refusal(|options| options.nodes[1] = "n1".into()).contains("two nodes are named \"n1\""));
        assert!(refusal(|options| options.nodes[1] = "10.0.0.1".into()).contains("cannot be the name"));
        assert!(refusal(|options| options.nodes[1] = CLIENTS.into()).contains("clients' host"));
    }
}
