//! One run: a scenario and a seed in, a recorded history out.
//!
//! ```text
//! start │ faults: safety is what counts │ healed: progress, convergence │ power loss of all, replay │ final reads
//! quiet │ reads and writes              │ writes, then quiet: dumps     │ writes, quiet: dumps      │
//! ```
//!
//! Dumps are taken before any final read, because reads repair.

mod plan;
mod replicas;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use perjury_histories::{History, Key, Value};
use serde_json::json;

use crate::clients::{self, Desk, Stage};
use crate::cluster::{Cluster, ClusterOptions, Storm};
use crate::nemesis::driver::State;
use crate::nemesis::{Kind, Nemesis, NemesisEvent, Schedule, What};
use crate::recorder::Recorder;
use crate::render::words;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::script::{Phase, Script};
use crate::sim::network::Status;
use crate::system::System;
use crate::workload::{self, Workload};
use plan::{Offers, Plan};
pub use plan::{available_faults, problem};

/// The cluster comes up.
const START: Duration = Duration::from_secs(1);
/// How long what the workload does before everything else may take.
const FIRST_MAX: Duration = Duration::from_secs(10);
/// Writes after healing, at least.
const PROGRESS_MIN: Duration = Duration::from_secs(3);
/// By when every session must have got something done after healing.
pub const PROGRESS_MAX: Duration = Duration::from_secs(10);
/// How long open operations are waited for.
const QUIET_MAX: Duration = Duration::from_secs(10);
/// How long replicas may take to become equal.
pub const CONVERGENCE_MAX: Duration = Duration::from_secs(30);
/// How long the cluster stays without power.
const DARK: Duration = Duration::from_secs(1);
/// How long the final reads may take: all of them, and each.
const FINAL_MAX: Duration = Duration::from_secs(120);
const FINAL_EACH_MAX: Duration = Duration::from_millis(10);

/// Messages within a simulated second that are no storm yet: so many, and so many more for each operation that clients
/// begin in it.
const MESSAGES_MAX: u64 = 100_000;
const MESSAGES_AN_OPERATION_MAX: f64 = 1_000.0;

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Every operation, fault, dump and acknowledgement.
    pub history: History,
    /// The log of the whole simulation, a line an entry, with simulated time stamps.
    pub trace: String,
    /// How often each marked code path was reached.
    pub markers: BTreeMap<String, u64>,
    /// How often each named point of the nodes' code was passed.
    pub points: BTreeMap<String, u64>,
    /// Panics of the system: no checker looks for them.
    pub crashes: Vec<String>,
    /// Messages that multiplied, and ended the run.
    pub storm: Option<String>,
    /// Simulated time of the whole run, in nanoseconds.
    pub simulated_ns: u64,
    /// When clients began to work: schedule and script count from then, in nanoseconds.
    pub begun_ns: u64,
    /// The faults that it had, as a schedule that brings them again.
    pub schedule: Schedule,
    /// What the sessions invoked, as a script that has it done again.
    pub script: Script,
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
///
/// # Errors
/// When the scenario cannot be run, or the simulation itself fails.
pub fn execute(
    system: &'static dyn System,
    scenario: &Scenario,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Recording> {
    let mut run = Run::new(system, scenario, seed, progress)?;
    let ended = run.all();
    // A storm ends it early, and is a finding.
    if run.cluster.storm().is_none() {
        ended?;
    }
    Ok(run.finish())
}

/// A run on its way.
struct Run<'a> {
    system: &'static dyn System,
    workload: &'static dyn Workload,
    scenario: &'a Scenario,
    cluster: Cluster,
    plan: Plan,
    nemesis: Nemesis,
    desk: Rc<Desk>,
    recorder: Rc<Recorder>,
    rng: Rng,
    stopped: BTreeSet<String>,
    /// Where keys belonged when replicas were last asked.
    placement: BTreeMap<Key, Vec<String>>,
    begun_ns: u64,
    phase: &'static str,
    progress: &'a mut dyn FnMut(Progress),
}

impl<'a> Run<'a> {
    fn new(
        system: &'static dyn System,
        scenario: &'a Scenario,
        seed: u64,
        progress: &'a mut dyn FnMut(Progress),
    ) -> anyhow::Result<Run<'a>> {
        if let Some(problem) = problem(system, scenario) {
            bail!("this scenario cannot be run: {problem}");
        }
        let workload = workload::named(&scenario.workload).context("there is no such workload")?;
        let rng = Rng::new(seed);
        let recorder = Rc::new(Recorder::default());
        let options = ClusterOptions {
            seed: rng.fork("cluster").next(),
            nodes: scenario.node_names(),
            centres: scenario.node_names_by_data_centre(),
            latency_min: Duration::from_millis(scenario.latency_ms_min),
            latency_max: Duration::from_millis(scenario.latency_ms_max),
            points: system.points(scenario),
            messages_max: MESSAGES_MAX + (MESSAGES_AN_OPERATION_MAX * scenario.rate) as u64,
            ..ClusterOptions::default()
        };
        let settings = scenario.clone();
        let start = Box::new(move |node: &str, env| system.start(&settings, node, env));
        let mut cluster = Cluster::new(&options, start, recorder.clone())?;
        recorder.set_time(cluster.time());
        if system.tells_facts() {
            // Copies that are made later may be lost when a node takes over: that is what the mode says.
            recorder.watch_log(scenario.node_names(), scenario.mode != "asynchronous");
        }
        let desk = Rc::new(Desk::new(system, workload, scenario, recorder.clone(), cluster.administration()));
        let (clients_desk, clients_rng) = (desk.clone(), rng.fork("clients"));
        cluster.client_host(move |sessions| clients::run(clients_desk, sessions, clients_rng));
        let plan = Plan::of(scenario, Offers::of(system, scenario), &mut rng.fork("nemesis"))?;
        let nemesis = Nemesis::new(&plan.schedule, scenario.role_percent);
        let (stopped, begun_ns, phase) = (BTreeSet::new(), 0, "start");
        Ok(Run {
            system,
            workload,
            scenario,
            cluster,
            plan,
            nemesis,
            desk,
            recorder,
            rng,
            stopped,
            placement: BTreeMap::new(),
            begun_ns,
            phase,
            progress,
        })
    }

    fn all(&mut self) -> anyhow::Result<()> {
        self.start()?;
        self.faults()?;
        let healed_at = self.heal()?;
        self.converge(healed_at)?;
        self.power_loss_of_all()?;
        self.final_reads()
    }

    /// The cluster comes up, undisturbed; then the workload sets up what it needs.
    fn start(&mut self) -> anyhow::Result<()> {
        self.recorder.note("nemesis", None, json!({"kinds": self.plan.kinds}));
        self.go_on(START)?;
        if !self.workload.first(self.scenario).is_empty() {
            self.desk.set(Stage::First);
            self.until(FIRST_MAX, Desk::is_set_up)?;
        }
        Ok(())
    }

    /// Reads and writes while faults come and go.
    fn faults(&mut self) -> anyhow::Result<()> {
        self.phase = "faults";
        self.desk.set(Stage::Work(Phase::Faults));
        let begin = self.cluster.elapsed();
        self.begun_ns = nanos(begin);
        let end = begin + Duration::from_millis(self.scenario.time_ms);
        while self.cluster.elapsed() < end {
            let since = self.cluster.elapsed() - begin;
            let events = self.nemesis.advance(&mut self.cluster, since);
            self.record(events);
            self.step()?;
        }
        Ok(())
    }

    /// Heals everything; from here on, which is what it returns, the cluster must make progress.
    fn heal(&mut self) -> anyhow::Result<Duration> {
        self.phase = "healing";
        let healed_at = self.cluster.elapsed();
        let events = self.nemesis.heal_all(&mut self.cluster);
        self.record(events);
        self.recorder.note("healed", None, Value::Null);
        self.desk.set(Stage::Work(Phase::Healing));
        self.go_on(PROGRESS_MIN)?;
        self.until(PROGRESS_MAX - PROGRESS_MIN, Desk::all_have_progressed)?;
        Ok(healed_at)
    }

    /// With no operation open, looks at the replicas until they are equal, or should have been.
    fn converge(&mut self, healed_at: Duration) -> anyhow::Result<()> {
        self.be_quiet()?;
        let dumps = self.look_until_equal(healed_at)?;
        self.record_dumps("converged", &dumps);
        Ok(())
    }

    /// Writes go on until the power of the whole cluster fails; then every log is replayed.
    fn power_loss_of_all(&mut self) -> anyhow::Result<()> {
        if !self.system.seam().disk {
            return Ok(());
        }
        self.phase = "replay";
        self.desk.set(Stage::Work(Phase::Replay));
        let moment = Duration::from_millis(self.rng.fork("power").range(500..1500));
        self.go_on(moment)?;
        let nodes = self.scenario.node_names();
        self.cluster.power_loss_all();
        self.note_power(State::Start, &nodes);
        self.desk.set(Stage::Quiet);
        self.go_on(DARK)?;
        self.cluster.restart_all();
        self.note_power(State::End, &nodes);
        self.be_quiet()?;
        let replayed = self.dumps()?;
        self.record_dumps("replayed", &replayed);
        // Level one may read any replica: what was acknowledged by others has to reach it first.
        self.look_until_equal(self.cluster.elapsed())?;
        Ok(())
    }

    fn final_reads(&mut self) -> anyhow::Result<()> {
        self.phase = "final reads";
        self.be_quiet()?;
        let rounds = self.workload.last(&self.placement, self.scenario);
        let reads = rounds.iter().flatten().map(|call| call.keys.len().max(1)).sum::<usize>();
        self.desk.ask_final_reads(rounds);
        self.until(FINAL_MAX + FINAL_EACH_MAX * u32::try_from(reads).unwrap_or(u32::MAX), Desk::is_idle)
    }

    fn finish(self) -> Recording {
        let crashes = self.cluster.findings().iter().map(|finding| {
            format!("{} panicked at {:.3} s: {}", finding.node, finding.at.as_secs_f64(), finding.message)
        });
        let crashes = crashes.collect();
        let storm = self.cluster.storm().map(|Storm { at, messages_max }| {
            let (at, most) = (at.as_secs_f64(), words::thousands(messages_max));
            format!(
                "more than {most} messages were sent within one simulated second, up to {at:.3} s: nodes answer each other \
                 faster and faster, and the run was ended there"
            )
        });
        self.recorder.end_watch();
        let (history, trace, mut markers) = self.recorder.finish();
        let struck = self.cluster.points_struck().into_iter();
        markers.extend(struck.map(|(point, times)| (format!("point-struck:{point}"), times)));
        let passed = self.cluster.points_passed().into_iter();
        let points = passed.map(|(point, times)| (point.to_owned(), times)).collect();
        Recording {
            history,
            trace,
            markers,
            points,
            crashes,
            storm,
            simulated_ns: nanos(self.cluster.elapsed()),
            begun_ns: self.begun_ns,
            schedule: self.plan.schedule,
            script: self.desk.take_made(),
            faults_not_available: self.plan.not_available,
        }
    }

    /// One tick of the whole simulation.
    fn step(&mut self) -> anyhow::Result<()> {
        self.cluster.step()?;
        ensure!(self.cluster.storm().is_none(), "a storm of messages");
        self.watch_restarts();
        (self.progress)(Progress {
            phase: self.phase,
            simulated_ns: nanos(self.cluster.elapsed()),
            faults_ns: self.scenario.time_ms * 1_000_000,
            operations: self.recorder.completed(),
        });
        Ok(())
    }

    /// A replica that runs again, although it had stopped, is asked what it holds.
    fn watch_restarts(&mut self) {
        for node in self.cluster.nodes().to_vec() {
            match self.cluster.status(&node) {
                Status::Killed | Status::Off | Status::Exited => drop(self.stopped.insert(node)),
                Status::Running if self.stopped.remove(&node) => self.desk.ask_restarted(node),
                Status::Running | Status::Paused => {}
            }
        }
    }

    fn go_on(&mut self, time: Duration) -> anyhow::Result<()> {
        let end = self.cluster.elapsed() + time;
        while self.cluster.elapsed() < end {
            self.step()?;
        }
        Ok(())
    }

    /// Goes on until `done`, or until `limit` is over: what is missing then, the checkers will say.
    fn until(&mut self, limit: Duration, done: impl Fn(&Desk) -> bool) -> anyhow::Result<()> {
        let end = self.cluster.elapsed() + limit;
        while !done(&self.desk) && self.cluster.elapsed() < end {
            self.step()?;
        }
        Ok(())
    }

    fn be_quiet(&mut self) -> anyhow::Result<()> {
        self.desk.set(Stage::Quiet);
        self.until(QUIET_MAX, Desk::is_idle)
    }

    fn note_power(&self, state: State, nodes: &[String]) {
        let (kind, nodes, detail) = (Kind::Crash, nodes.to_vec(), "of the whole cluster".to_owned());
        self.record(vec![NemesisEvent { state, what: What { fault: "power-loss", kind, nodes, detail } }]);
    }

    fn record(&self, events: Vec<NemesisEvent>) {
        for event in events {
            let what = &event.what;
            self.recorder
                .trace("nemesis", &format!("{} {}: {}", what.fault, event.state.name(), what.detail));
            self.recorder.note(what.kind.name(), None, event.value());
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
