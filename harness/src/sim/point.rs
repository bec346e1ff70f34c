//! The points that nodes pass: counted, and traps at them.
//!
//! ```text
//!  trap     ├ at before-answer, n2, the second pass ─────────┤ healed
//!  n2          · pass 1 · · ·  pass 2: struck
//!  n3          · pass · pass · · pass · · ·
//! ```
//!
//! A process that is struck dead stands where it is. What it had handed on before may get out; from that moment
//! on nothing it does reaches the disk or another host, and before the next step the cluster takes it down.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::{LocalFuture, Points};
use perjury_store::point::Point;
use tokio::time::sleep;

use super::FaultId;
use super::clock::TrueTime;
use super::disk::SimDisk;
use super::observer::Watch;
use super::pause::Gate;
use super::role::Roles;

/// What happens to a process at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It is killed.
    Kill,
    /// Its machine loses power.
    PowerLoss,
    /// It stands still until the fault is healed.
    Pause,
    /// No other node hears it, and it hears none, until the fault is healed; clients still reach it.
    Cut,
    /// What comes after the point comes so much later; what the process does beside that goes on.
    Delay(Duration),
}

impl Blow {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Blow::Kill => "killed".to_owned(),
            Blow::PowerLoss => "without power".to_owned(),
            Blow::Pause => "paused".to_owned(),
            Blow::Cut => "cut off".to_owned(),
            Blow::Delay(time) => format!("delayed by {time:?}"),
        }
    }
}

/// A trap at a point: it springs once for each node, unless it is armed again.
#[derive(Clone, Debug)]
pub struct Trap {
    /// Where.
    pub point: &'static Point,
    /// At which pass, from now on, each node is struck: 1 is the next.
    pub nodes: BTreeMap<String, u64>,
    /// What happens then.
    pub blow: Blow,
}

/// A trap that has sprung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprung {
    /// The fault that laid it.
    pub id: FaultId,
    /// Who was struck.
    pub node: String,
    /// By what.
    pub blow: Blow,
}

/// Points passed, and traps laid, in one cluster.
#[derive(Default)]
pub struct Traps {
    laid: RefCell<BTreeMap<FaultId, Trap>>,
    sprung: RefCell<Vec<Sprung>>,
    passed: RefCell<BTreeMap<&'static str, u64>>,
    struck: RefCell<BTreeMap<&'static str, u64>>,
}

impl Traps {
    /// Lays a trap.
    pub fn lay(&self, id: FaultId, trap: Trap) {
        self.laid.borrow_mut().insert(id, trap);
    }

    /// Aims it at a node once more, at this pass from now on; no effect once it is taken away.
    pub fn arm(&self, id: FaultId, node: &str, pass: u64) {
        if let Some(trap) = self.laid.borrow_mut().get_mut(&id) {
            trap.nodes.insert(node.to_owned(), pass);
        }
    }

    /// Takes it away.
    pub fn take_away(&self, id: FaultId) {
        self.laid.borrow_mut().remove(&id);
    }

    /// Those that have sprung since this was last asked.
    pub fn take_sprung(&self) -> Vec<Sprung> {
        self.sprung.take()
    }

    /// How often each point was passed so far.
    pub fn passed(&self) -> BTreeMap<&'static str, u64> {
        self.passed.borrow().clone()
    }

    /// How often a trap has sprung at each point so far.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.struck.borrow().clone()
    }

    /// A node is at a point: what happens to it, if anything.
    fn pass(&self, node: &str, point: &'static Point) -> Option<Blow> {
        *self.passed.borrow_mut().entry(point.name).or_default() += 1;
        let mut laid = self.laid.borrow_mut();
        let springs =
            |(id, trap): (&FaultId, &mut Trap)| trap.springs(node, point).then_some((*id, trap.blow));
        let (id, blow) = laid.iter_mut().find_map(springs)?;
        *self.struck.borrow_mut().entry(point.name).or_default() += 1;
        self.sprung.borrow_mut().push(Sprung { id, node: node.to_owned(), blow });
        Some(blow)
    }
}

impl Trap {
    /// Whether this pass is the one.
    fn springs(&mut self, node: &str, point: &Point) -> bool {
        let Some(left) = self.nodes.get_mut(node).filter(|_| self.point.name == point.name) else {
            return false;
        };
        *left -= 1;
        *left == 0 && self.nodes.remove(node).is_some()
    }
}

/// The points as the processes of one machine pass them.
pub struct SimPoints {
    /// The machine.
    pub host: String,
    /// The simulator's time.
    pub time: Rc<TrueTime>,
    /// Who has which role.
    pub roles: Rc<Roles>,
    /// All traps of the cluster.
    pub traps: Rc<Traps>,
    /// Stops the process.
    pub gate: Rc<Gate>,
    /// Its disk.
    pub disk: SimDisk,
    /// Who is told.
    pub watch: Rc<dyn Watch>,
    /// The step of the simulation.
    pub tick: Duration,
}

impl Points for SimPoints {
    fn hold(&self, point: &'static Point) -> Option<LocalFuture<'static, ()>> {
        self.roles.see(&self.host, point, self.time.now());
        let blow = self.traps.pass(&self.host, point)?;
        self.watch.note(&self.host, &format!("{} at point {}", blow.words(), point.name));
        Some(match blow {
            Blow::Kill | Blow::PowerLoss => {
                self.gate.strike();
                self.disk.process_died();
                Box::pin(pending())
            }
            Blow::Pause => {
                self.gate.pause();
                // Over by the next step, when the cluster keeps the gate shut; it goes on with the process.
                Box::pin(sleep(self.tick))
            }
            // What comes after the point finds its links cut.
            Blow::Cut => Box::pin(sleep(self.tick)),
            Blow::Delay(time) => Box::pin(sleep(time)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_store::point::{BEFORE_ANSWER, ELECTED};

    fn trap(blow: Blow, nodes: &[(&str, u64)]) -> Trap {
        let nodes = nodes.iter().map(|&(node, pass)| (node.to_owned(), pass)).collect();
        Trap { point: &BEFORE_ANSWER, nodes, blow }
    }

    #[test]
    fn springs_once_for_each_node_at_its_pass() {
        let traps = Traps::default();
        traps.lay(FaultId(1), trap(Blow::Kill, &[("n1", 1), ("n2", 3)]));
        let blows = |node, point| (0..5).filter(|_| traps.pass(node, point).is_some()).collect::<Vec<u64>>();
        assert_eq!(blows("n1", &ELECTED), [0; 0]);
        assert_eq!(blows("n1", &BEFORE_ANSWER), [0]);
        assert_eq!(blows("n2", &BEFORE_ANSWER), [2]);
        assert_eq!(blows("n3", &BEFORE_ANSWER), [0; 0]);
        assert_eq!(traps.passed(), BTreeMap::from([("before-answer", 15), ("elected", 5)]));
        assert_eq!(traps.struck(), BTreeMap::from([("before-answer", 2)]));
        let nodes: Vec<String> = traps.take_sprung().into_iter().map(|sprung| sprung.node).collect();
        assert_eq!(nodes, ["n1", "n2"]);
        assert_eq!(traps.take_sprung(), []);
    }

    #[test]
    fn does_not_spring_once_taken_away() {
        let traps = Traps::default();
        traps.lay(FaultId(1), trap(Blow::Kill, &[("n1", 1)]));
        traps.lay(FaultId(2), trap(Blow::Pause, &[("n1", 1)]));
        traps.take_away(FaultId(1));
        assert_eq!(traps.pass("n1", &BEFORE_ANSWER), Some(Blow::Pause));
        assert_eq!(traps.pass("n1", &BEFORE_ANSWER), None);
    }
}
