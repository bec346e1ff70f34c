//! Disk faults: slow disks, slow, failing and lying syncs, reads that fail, no space, and a bit that turns over.

use std::time::Duration;

use super::aim::{Aim, Size};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::disk::DiskFault;

fn break_disks(
    fault: &dyn Fault,
    cluster: &mut Cluster,
    nodes: Vec<String>,
    wrong: DiskFault,
    detail: String,
) -> Injected {
    let id = cluster.new_fault();
    for node in &nodes {
        cluster.break_disk(id, node, wrong);
    }
    Injected::new(fault, id, nodes, detail)
}

/// Syncs take long.
pub struct SlowSync;

impl Fault for SlowSync {
    fn name(&self) -> &'static str {
        "disk-slow-sync"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "syncs take up to half a second longer"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let longest = aim.rng.range(20..501);
        let [from, to] = [longest / 4, longest].map(Duration::from_millis);
        let detail = format!("{} to {longest} ms longer", longest / 4);
        break_disks(self, cluster, nodes, DiskFault::SlowSync(from, to), detail)
    }
}

/// Everything takes long: reading, writing, and the syncs that wait for both.
pub struct Slow;

/// The slowest disk does this many bytes a second; the fastest up to two to the power of so many times as many.
const SLOW_RATE_MIN: u64 = 1 << 10;
const SLOW_DOUBLINGS: u64 = 6;

impl Fault for Slow {
    fn name(&self) -> &'static str {
        "disk-slow"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "reading and writing go at 1 to 64 KB a second, syncs and starts wait for that"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let least = SLOW_RATE_MIN << aim.rng.below(SLOW_DOUBLINGS);
        let rate = aim.rng.range(least..2 * least + 1);
        break_disks(self, cluster, nodes, DiskFault::Slow(rate), format!("{rate} bytes a second"))
    }
}

/// Syncs fail.
pub struct FailingSync;

impl Fault for FailingSync {
    fn name(&self) -> &'static str {
        "disk-failing-sync"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "some syncs fail with an input/output error"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let percent = aim.rng.range(2..31);
        let wrong = DiskFault::FailingSync(percent as f64 / 100.0);
        break_disks(self, cluster, nodes, wrong, format!("{percent} % of syncs fail"))
    }
}

/// No space is left.
pub struct Full;

impl Fault for Full {
    fn name(&self) -> &'static str {
        "disk-full"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "no space is left: writes are cut short and fail"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        break_disks(self, cluster, nodes, DiskFault::Full, "no space left".to_string())
    }
}

/// One bit turns over in the middle of a log, and the process is restarted so that replay sees it.
pub struct BitFlip;

impl Fault for BitFlip {
    fn name(&self) -> &'static str {
        "disk-bit-flip"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "one bit turns over in the middle of a log; the process is killed and replays it"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, Size::One);
        let id = cluster.new_fault();
        let (mut struck, mut detail) = (Vec::new(), Vec::new());
        for node in nodes {
            cluster.kill(id, &node);
            match cluster.flip(&node, &mut aim.rng) {
                Some(flip) => {
                    detail.push(format!("{node}: {} at byte {}", flip.file, flip.at));
                    struck.push(node);
                }
                // Only killed: what its disk holds is whole, and stays owed.
                None => detail.push(format!("{node}: no log to corrupt")),
            }
        }
        Injected::new(self, id, struck, detail.join(", "))
    }
}

/// Syncs succeed, and make nothing durable: the next loss of power shows it.
pub struct LyingSync;

impl Fault for LyingSync {
    fn name(&self) -> &'static str {
        "disk-lying-sync"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn only_by_name(&self) -> bool {
        true
    }
    fn about(&self) -> &'static str {
        "some syncs succeed and make nothing durable; the next loss of power shows it (only by its own name)"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let percent = aim.rng.range(20..101);
        let wrong = DiskFault::LyingSync(percent as f64 / 100.0);
        break_disks(self, cluster, nodes, wrong, format!("{percent} % of syncs lie"))
    }
}

/// Files cannot be read, and the process is knocked out so that it wants to.
pub struct ReadError;

impl Fault for ReadError {
    fn name(&self) -> &'static str {
        "disk-read-error"
    }
    fn kind(&self) -> Kind {
        Kind::Disk
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "reads fail with an input/output error; the process is killed, and cannot start before they succeed"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let percent = aim.rng.range(20..101);
        for node in &nodes {
            cluster.knock_out(node);
        }
        let wrong = DiskFault::FailingRead(percent as f64 / 100.0);
        break_disks(self, cluster, nodes, wrong, format!("{percent} % of reads fail"))
    }
}
