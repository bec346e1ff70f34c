//! Nodes that end by themselves: noted, and restarted a little later, as by a supervisor.

use std::time::Duration;

use super::Cluster;
use crate::sim::network::Status;
use crate::sim::pause::Exit;

/// Something that a node should never do, whatever the faults: it panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When, in the simulator's time.
    pub at: Duration,
    /// The node.
    pub node: String,
    /// Place and message of the panic.
    pub message: String,
}

impl Cluster {
    /// Takes note of the nodes that have ended during the last step.
    pub(super) fn note_exits(&mut self) {
        for node in self.names.clone() {
            let machine = self.machine(&node);
            let Some(exit) = machine.take_exit() else { continue };
            machine.process_died();
            self.world.fabric.set_status(&node, Status::Exited);
            self.due.insert(node.clone(), self.elapsed() + self.restart_after);
            let words = match exit {
                Exit::Returned => "the process ended".to_string(),
                Exit::Failed(error) => format!("the process failed: {error}"),
                Exit::Panicked(message) => self.found(&node, message),
            };
            self.world.watch.note(&node, &words);
        }
    }

    /// Restarts those whose time has come, unless a fault keeps them down.
    pub(super) fn restart_exited(&mut self) {
        let now = self.elapsed();
        while let Some(node) = self.due.iter().find(|(_, due)| **due <= now).map(|(node, _)| node.clone()) {
            self.due.remove(&node);
            if self.status(&node) == Status::Exited {
                self.world.watch.note(&node, "restarted by the supervisor");
                self.restart(&node);
            }
        }
    }

    fn found(&mut self, node: &str, message: String) -> String {
        let words = format!("the process panicked: {message}");
        self.findings.push(Finding { at: self.elapsed(), node: node.to_string(), message });
        words
    }
}
