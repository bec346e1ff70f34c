//! Nodes that do not run: killed, without power, paused; each for as long as some fault says so.

use std::time::Duration;

use super::Cluster;
use crate::sim::FaultId;
use crate::sim::network::Status;

/// How long the supervisor takes to see that a process is gone.
const AT_ONCE: Duration = Duration::from_millis(100);

impl Cluster {
    /// Kills the process; the operating system keeps what was written, and closes its connections.
    pub fn kill(&mut self, id: FaultId, node: &str) {
        self.down.entry(node.to_string()).or_default().insert(id);
        if self.status(node) != Status::Off {
            self.stop(node, Status::Killed);
        }
    }

    /// Kills the process if it runs, and leaves it to the supervisor, who starts it again at once.
    pub fn knock_out(&mut self, node: &str) {
        if matches!(self.status(node), Status::Running | Status::Paused) {
            self.stop(node, Status::Exited);
            self.due.insert(node.to_string(), self.elapsed() + AT_ONCE);
        }
    }

    /// Takes the power: no connection is closed, nothing is sent any more, and the disk keeps what
    /// was synced and a random part of the rest.
    pub fn power_loss(&mut self, id: FaultId, node: &str) {
        self.down.entry(node.to_string()).or_default().insert(id);
        self.power_off(node);
    }

    /// Takes the power of all nodes at once, until [`Cluster::restart_all`].
    pub fn power_loss_all(&mut self) {
        for node in self.names.clone() {
            self.power_off(&node);
        }
    }

    /// Stops the process where it is; no effect on a node that does not run.
    pub fn pause(&mut self, id: FaultId, node: &str) {
        if matches!(self.status(node), Status::Running | Status::Paused) {
            self.paused.entry(node.to_string()).or_default().insert(id);
            self.machine(node).gate.pause();
            self.world.fabric.set_status(node, Status::Paused);
        }
    }

    /// Starts a node that does not run; one that runs is left alone, one that is paused goes on.
    pub fn restart(&mut self, node: &str) {
        self.down.remove(node);
        match self.status(node) {
            Status::Running => {}
            Status::Paused => self.resume(node),
            Status::Killed | Status::Off | Status::Exited => {
                self.sim.bounce(node);
                self.world.fabric.set_status(node, Status::Running);
            }
        }
    }

    /// Starts every node that does not run.
    pub fn restart_all(&mut self) {
        for node in self.names.clone() {
            self.restart(&node);
        }
    }

    /// Takes back what this fault did to processes; a node goes on when no other fault holds it.
    pub(super) fn release(&mut self, id: FaultId) {
        for node in self.names.clone() {
            if let Some(holders) = self.paused.get_mut(&node) {
                let freed = holders.remove(&id) && holders.is_empty();
                if freed {
                    self.resume(&node);
                }
            }
            if let Some(holders) = self.down.get_mut(&node) {
                let freed = holders.remove(&id) && holders.is_empty();
                if freed {
                    self.restart(&node);
                }
            }
        }
    }

    fn resume(&mut self, node: &str) {
        self.paused.remove(node);
        self.machine(node).gate.resume();
        self.world.fabric.set_status(node, Status::Running);
    }

    fn power_off(&mut self, node: &str) {
        if self.status(node) != Status::Off {
            // A crash makes the simulator say goodbye to every peer; without power nobody does.
            self.isolate(node);
            self.stop(node, Status::Off);
            self.reconnect(node);
            self.machine(node).disk.power_loss();
        }
    }

    fn stop(&mut self, node: &str, status: Status) {
        self.sim.crash(node);
        self.machine(node).process_died();
        self.paused.remove(node);
        self.world.fabric.set_status(node, status);
    }
}
