//! The simulated seam: what a node takes from outside, under our control.
//!
//! One [`Machine`] a host. It lives outside the host's software, so clock, disk and randomness
//! survive a crash; each start of the software is a process of its own, with a fresh [`Env`].
//!
//! ```text
//!  machine n1   clock ───────────────────────────────────────────▶
//!               disk  ────────────── kill: cache kept ──── power loss: synced kept ──▶
//!  process        [ env 1 ........ ✗ ]        [ env 2 ..... ✗ ]        [ env 3 ....
//! ```
//!
//! Faults are sets: each fault in force is entered under its [`FaultId`] and what a node sees is
//! computed from all of them, so overlapping faults heal in any order.

pub mod clock;
pub mod disk;
pub mod leadership;
pub mod network;
pub mod observer;
pub mod panic;
pub mod pause;
pub mod point;
pub mod random;
pub mod role;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::Env;

use crate::rng::Rng;
use clock::{SimClock, TrueTime};
use disk::SimDisk;
use leadership::Leadership;
use network::{Fabric, SimNetwork};
use observer::{SimObserver, Watch};
use pause::{Exit, Gate};
use point::{SimPoints, Traps};
use random::SimRandom;
use role::Roles;

/// One fault in force; whatever it did is entered, and taken back, under this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(pub u64);

/// What all machines of a simulation share.
pub struct World {
    /// The simulator's own time.
    pub time: Rc<TrueTime>,
    /// Links, message faults, and which machine is up.
    pub fabric: Rc<Fabric>,
    /// Who records what nodes tell.
    pub watch: Rc<dyn Watch>,
    /// Who leads, as far as they tell.
    pub leadership: Rc<Leadership>,
    /// Who has which role, as far as it shows.
    pub roles: Rc<Roles>,
    /// The points that they pass.
    pub traps: Rc<Traps>,
    /// The step of the simulation.
    pub tick: Duration,
}

/// One host: all that outlives its processes.
pub struct Machine {
    /// Its host name.
    pub name: String,
    /// Its two clocks.
    pub clock: SimClock,
    /// Its disk.
    pub disk: SimDisk,
    /// Stops and continues its process.
    pub gate: Rc<Gate>,
    network: Rc<SimNetwork>,
    points: Rc<SimPoints>,
    random: Rc<SimRandom>,
    watch: Rc<dyn Watch>,
    leadership: Rc<Leadership>,
    exit: RefCell<Option<Exit>>,
}

impl Machine {
    /// A machine of this name; what it draws is decided by the fork of its name.
    pub fn new(name: &str, world: &World, rng: &Rng) -> Machine {
        let rng = rng.fork(name);
        let (disk, gate) =
            (SimDisk::new(world.time.clone(), world.tick, rng.fork("disk")), Rc::<Gate>::default());
        let network = SimNetwork::new(name, world.fabric.clone(), gate.clone(), rng.fork("network"));
        let points = SimPoints {
            host: name.to_string(),
            time: world.time.clone(),
            roles: world.roles.clone(),
            traps: world.traps.clone(),
            gate: gate.clone(),
            disk: disk.clone(),
            watch: world.watch.clone(),
            tick: world.tick,
        };
        Machine {
            name: name.to_string(),
            clock: SimClock::new(world.time.clone()),
            disk,
            gate,
            network: Rc::new(network),
            points: Rc::new(points),
            random: Rc::new(SimRandom::new(rng.fork("random"))),
            watch: world.watch.clone(),
            leadership: world.leadership.clone(),
            exit: RefCell::default(),
        }
    }

    /// The seam of a process that starts now.
    pub fn env(&self) -> Env {
        self.env_as(&self.name, self.random.clone())
    }

    /// The seam of one session of this machine, with randomness of its own.
    pub fn session_env(&self, session: &str) -> Env {
        self.env_as(session, Rc::new(self.random.fork(session)))
    }

    /// Records how the process ended; the cluster takes note after the step.
    pub fn exited(&self, exit: Exit) {
        *self.exit.borrow_mut() = Some(exit);
    }

    /// How the process ended, if it has and nobody has asked yet.
    pub fn take_exit(&self) -> Option<Exit> {
        self.exit.borrow_mut().take()
    }

    /// The process is gone: nothing it left behind may touch the disk, and no pause applies.
    pub fn process_died(&self) {
        self.disk.process_died();
        self.gate.reset();
        self.exit.borrow_mut().take();
    }

    fn env_as(&self, host: &str, random: Rc<SimRandom>) -> Env {
        Env {
            network: self.network.clone(),
            disk: Rc::new(self.disk.process()),
            random,
            clock: Rc::new(self.clock.clone()),
            observer: Rc::new(SimObserver::new(host, self.watch.clone(), self.leadership.clone())),
            points: self.points.clone(),
        }
    }
}
