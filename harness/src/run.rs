//! One run: a scenario and a seed in, a recorded history out.

use std::collections::BTreeMap;

use perjury_histories::History;

use crate::scenario::Scenario;
use crate::system::System;

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Every operation, fault, dump and acknowledgement.
    pub history: History,
    /// The log of the whole simulation, a line an entry, with simulated time stamps.
    pub trace: String,
    /// How often each marked code path was reached.
    pub markers: BTreeMap<String, u64>,
    /// Panics and other failures of the system that no checker looks for.
    pub crashes: Vec<String>,
    /// Simulated time of the whole run, in nanoseconds.
    pub simulated_ns: u64,
    /// Faults that this system cannot suffer, and why.
    pub faults_not_available: Vec<String>,
}

/// Where a run stands, for a progress display.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is going on: `faults`, `healing`, `replay`, `final reads`.
    pub phase: &'static str,
    /// Simulated nanoseconds so far.
    pub simulated_ns: u64,
    /// Simulated nanoseconds that the phase with faults takes in all.
    pub faults_ns: u64,
    /// Operations completed so far.
    pub operations: u64,
}

/// Runs a scenario with a seed. The same two give the same recording, byte for byte.
pub fn execute(
    _system: &dyn System,
    _scenario: &Scenario,
    _seed: u64,
    _progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Recording> {
    anyhow::bail!("not yet written")
}
