//! A cluster of simulated hosts, driven step by step, and all that can be done to it.
//!
//! ```text
//!  loop {                    every host runs for one tick, then
//!      cluster.step()?;      panics and exits of nodes are taken note of
//!      nemesis.advance(…);   faults begin and end, always between two steps
//!  }
//! ```
//!
//! - Nodes are cut from each other by partitions; clients, all in one host, reach every node.
//! - A node that ends by itself does not end the simulation: it is noted, and restarted a little
//!   later, as by a supervisor.
//! - Whatever a fault did stands under its [`FaultId`]; [`Cluster::heal`] takes exactly that back.

mod administration;
mod ambush;
mod churn;
mod down;
mod exits;
mod links;
mod options;
mod storm;
mod traps;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use perjury_store::env::{Env, LocalFuture};
use perjury_store::point::Point;

pub use self::administration::Administration;
pub use self::churn::LEADS_FOR_MS_MAX;
pub use self::exits::Finding;
pub use self::options::{ClusterOptions, TICK_MS};
pub use self::storm::Storm;
use self::storm::StormWatch;
use crate::rng::Rng;
use crate::sim::clock::{ClockFault, EPOCH_SECONDS, TrueTime};
use crate::sim::disk::{DiskCounts, DiskFault, Flip};
use crate::sim::leadership::Leader;
use crate::sim::network::{Fabric, MessageCounts, MessageFault, Status};
use crate::sim::observer::Watch;
use crate::sim::pause::{Exit, Process};
use crate::sim::role::{Holder, Role};
use crate::sim::{FaultId, Machine, World, panic};

/// The host that all clients share.
pub const CLIENTS: &str = "clients";

/// Starts the software of one node; called again after each restart.
pub type Start = Box<dyn Fn(&str, Env) -> LocalFuture<'static, anyhow::Result<()>>>;

/// The simulated cluster.
pub struct Cluster {
    sim: turmoil::Sim<'static>,
    names: Vec<String>,
    centres: Vec<Vec<String>>,
    machines: BTreeMap<String, Rc<Machine>>,
    clients: Rc<Machine>,
    clients_exit: Rc<Cell<Option<Exit>>>,
    has_clients: bool,
    world: World,
    /// Who keeps a node down, or paused.
    down: BTreeMap<String, BTreeSet<FaultId>>,
    paused: BTreeMap<String, BTreeSet<FaultId>>,
    /// When nodes that ended by themselves are restarted.
    due: BTreeMap<String, Duration>,
    restart_after: Duration,
    churns: BTreeMap<FaultId, churn::Churn>,
    ambushes: BTreeMap<FaultId, ambush::Ambush>,
    points: Vec<&'static Point>,
    administration: Rc<Administration>,
    faults_made: u64,
    findings: Vec<Finding>,
    storm: StormWatch,
}

impl Cluster {
    /// A cluster whose nodes start at the first step.
    ///
    /// # Errors
    /// When the options make no sense: a tick that is no whole number of milliseconds, no nodes, a
    /// name twice.
    pub fn new(options: &ClusterOptions, start: Start, watch: Rc<dyn Watch>) -> anyhow::Result<Cluster> {
        options.validate()?;
        let rng = Rng::new(options.seed).fork("cluster");
        let world = World {
            time: Rc::new(TrueTime::default()),
            fabric: Rc::new(Fabric::new(&options.nodes)),
            watch,
            leadership: Rc::default(),
            roles: Rc::default(),
            traps: Rc::default(),
            tick: options.tick,
        };
        let mut sim = turmoil::Builder::new()
            .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH_SECONDS))
            .rng_seed(rng.fork("turmoil").next())
            .simulation_duration(Duration::MAX)
            .tick_duration(options.tick)
            .min_message_latency(options.latency_min)
            .max_message_latency(options.latency_max)
            .tcp_capacity(65_536)
            // A refused connection keeps its port for ever in the simulator: leave it many.
            .ephemeral_ports(10_000..=65_535)
            .build();
        let start = Rc::new(start);
        let mut machines = BTreeMap::new();
        for name in &options.nodes {
            let machine = Rc::new(Machine::new(name, &world, &rng));
            machines.insert(name.clone(), machine.clone());
            let start = start.clone();
            sim.host(name.as_str(), move || run_node(machine.clone(), start.clone()));
        }
        Ok(Cluster {
            sim,
            names: options.nodes.clone(),
            centres: options.places(),
            clients: Rc::new(Machine::new(CLIENTS, &world, &rng)),
            clients_exit: Rc::default(),
            has_clients: false,
            machines,
            world,
            down: BTreeMap::new(),
            paused: BTreeMap::new(),
            due: BTreeMap::new(),
            restart_after: options.restart_after,
            churns: BTreeMap::new(),
            ambushes: BTreeMap::new(),
            points: options.points.clone(),
            administration: Rc::default(),
            faults_made: 0,
            findings: Vec::new(),
            storm: StormWatch::new(options.messages_max),
        })
    }

    /// Starts the host of all clients. `clients` is given a maker of seams, one for each session.
    pub fn client_host<F>(&mut self, clients: impl FnOnce(Sessions) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + 'static,
    {
        self.has_clients = true;
        let main = clients(Sessions(self.clients.clone()));
        let process = Process::new(self.clients.gate.clone(), main);
        let exit = self.clients_exit.clone();
        self.sim.client(CLIENTS, async move {
            exit.set(Some(process.await));
            Ok(())
        });
    }

    /// Runs every host for one tick.
    ///
    /// # Errors
    /// When the clients, or the simulator, failed or panicked. A node that does is no error: it is
    /// noted and, when it panicked, a finding.
    pub fn step(&mut self) -> anyhow::Result<()> {
        self.world.time.enter();
        let stepped = panic::catch(|| self.sim.step());
        self.world.time.leave(self.sim.elapsed());
        match stepped {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(anyhow!("the simulation stopped: {error}")),
            Err(words) => return Err(anyhow!("the simulation panicked: {words}")),
        }
        self.storm.look(self.sim.elapsed(), self.world.fabric.sent());
        self.carry_out_blows();
        self.let_go();
        self.note_exits();
        self.restart_exited();
        self.go_on_churning();
        match self.clients_exit.take() {
            None | Some(Exit::Returned) => Ok(()),
            Some(Exit::Failed(words)) => Err(anyhow!("the clients failed: {words}")),
            Some(Exit::Panicked(words)) => Err(anyhow!("the clients panicked: {words}")),
        }
    }

    /// The simulator's time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.sim.elapsed()
    }

    /// The simulator's time, for those inside a host too.
    pub fn time(&self) -> Rc<TrueTime> {
        self.world.time.clone()
    }

    /// The step of the simulation.
    pub fn tick(&self) -> Duration {
        self.world.tick
    }

    /// The names of all nodes, in the order they were given.
    pub fn nodes(&self) -> &[String] {
        &self.names
    }

    /// The nodes of each data centre.
    pub fn centres(&self) -> &[Vec<String>] {
        &self.centres
    }

    /// What this node is doing.
    pub fn status(&self, node: &str) -> Status {
        self.world.fabric.status(node)
    }

    /// The leader of the highest term that any node has told of; none in systems that tell nothing.
    pub fn leader(&self) -> Option<Leader> {
        self.world.leadership.leader()
    }

    /// The node that was the last to come to this role; none in systems where that does not show.
    pub fn holder_of(&self, role: Role) -> Option<Holder> {
        self.world.roles.holder(role)
    }

    /// Panics of nodes so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// More messages than any work takes, if there were so many.
    pub fn storm(&self) -> Option<Storm> {
        self.storm.storm()
    }

    /// How many messages were lost, delayed, duplicated, reordered so far.
    pub fn message_counts(&self) -> MessageCounts {
        self.world.fabric.counts()
    }

    /// What went wrong on this node's disk so far.
    pub fn disk_counts(&self, node: &str) -> DiskCounts {
        self.machine(node).disk.counts()
    }

    /// A number for a fault that begins.
    pub fn new_fault(&mut self) -> FaultId {
        self.faults_made += 1;
        FaultId(self.faults_made)
    }

    /// Puts this node's clocks wrong.
    pub fn skew(&mut self, id: FaultId, node: &str, fault: ClockFault) {
        self.machine(node).clock.set(id, fault);
    }

    /// How far this node's wall clock is from true time, in nanoseconds.
    pub fn clock_error(&self, node: &str) -> i64 {
        self.machine(node).clock.error()
    }

    /// Disturbs messages between nodes.
    pub fn disturb(&mut self, id: FaultId, fault: MessageFault) {
        self.world.fabric.disturb(id, fault);
    }

    /// No message of another node reaches this one.
    pub fn deafen(&mut self, id: FaultId, node: &str) {
        self.world.fabric.deafen(id, node);
    }

    /// Puts this node's disk wrong.
    pub fn break_disk(&mut self, id: FaultId, node: &str, fault: DiskFault) {
        self.machine(node).disk.set(id, fault);
    }

    /// Turns over one bit in the middle of a log of this node; None when it has no log yet.
    pub fn flip(&mut self, node: &str, rng: &mut Rng) -> Option<Flip> {
        self.machine(node).disk.flip(rng)
    }

    /// Takes back all that stands under this number: links, nodes down or paused, clocks, messages,
    /// disks, and what was wanted of the system's administration.
    pub fn heal(&mut self, id: FaultId) {
        self.churns.remove(&id);
        self.end_ambush(id);
        self.world.traps.take_away(id);
        self.administration.release(id);
        self.unblock(id);
        self.world.fabric.calm(id);
        for machine in self.machines.values() {
            machine.clock.clear(id);
            machine.disk.clear(id);
        }
        self.release(id);
    }

    /// Heals every fault ever made, and restarts every node that does not run.
    pub fn heal_everything(&mut self) {
        for id in 1..=self.faults_made {
            self.heal(FaultId(id));
        }
        self.restart_all();
    }

    /// # Panics
    /// When there is no such node; names from outside are checked where they come in.
    fn machine(&self, node: &str) -> Rc<Machine> {
        let machine = self.machines.get(node);
        machine.expect("the name of a node of this cluster").clone()
    }
}

/// Makes the seam of each session in the clients' host.
#[derive(Clone)]
pub struct Sessions(Rc<Machine>);

impl Sessions {
    /// The seam of the session of this name, with randomness of its own.
    pub fn env(&self, session: &str) -> Env {
        self.0.session_env(session)
    }
}

async fn run_node(machine: Rc<Machine>, start: Rc<Start>) -> turmoil::Result {
    let (name, env) = (machine.name.clone(), machine.env());
    // Called inside, so that a panic there is the process's too.
    let main = async move { start(&name, env).await };
    let exit = Process::new(machine.gate.clone(), main).await;
    machine.exited(exit);
    Ok(())
}

/// Runs hosts that do nothing, for comparison: what the simulator costs by itself.
///
/// # Errors
/// When the options make no sense.
pub fn empty_loop(hosts: usize, tick: Duration, duration: Duration) -> anyhow::Result<()> {
    let options = ClusterOptions {
        tick,
        latency_min: tick,
        latency_max: 5 * tick,
        nodes: (1..=hosts).map(|n| format!("n{n}")).collect(),
        ..ClusterOptions::default()
    };
    let idle: Start = Box::new(|_, _| Box::pin(std::future::pending()));
    let mut cluster = Cluster::new(&options, idle, Rc::new(crate::sim::observer::Unwatched))?;
    while cluster.elapsed() < duration {
        cluster.step()?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
