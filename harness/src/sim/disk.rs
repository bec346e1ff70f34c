//! The disk of one machine, in memory: it survives its processes, and a power loss in part.
//!
//! ```text
//!  append ──▶ operating system ──sync──▶ durable
//!             kept when the process dies  kept when the power is lost
//! ```

pub mod content;
pub mod directory;
pub mod fault;
mod queue;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::{Disk, File, LocalFuture};

use self::directory::{Directory, Node};
pub use self::fault::{DiskCounts, DiskFault, Flip};
use self::queue::{Place, Queue};
use super::FaultId;
use super::clock::TrueTime;
use crate::rng::Rng;

/// The disk of one machine; a handle that may be copied.
#[derive(Clone)]
pub struct SimDisk(Rc<RefCell<State>>);

struct State {
    directory: Directory,
    faults: BTreeMap<FaultId, DiskFault>,
    counts: DiskCounts,
    queue: Queue,
    rng: Rng,
    time: Rc<TrueTime>,
    tick: Duration,
    /// The number of the process that may use the disk.
    process: u64,
}

/// What a sync comes to.
enum Fate {
    Durable,
    Lie,
    Failure,
}

impl SimDisk {
    /// An empty disk whose syncs take one to three ticks.
    pub fn new(time: Rc<TrueTime>, tick: Duration, rng: Rng) -> SimDisk {
        SimDisk(Rc::new(RefCell::new(State {
            directory: Directory::default(),
            faults: BTreeMap::new(),
            counts: DiskCounts::default(),
            queue: Queue::default(),
            rng,
            time,
            tick,
            process: 0,
        })))
    }

    /// The disk as the present process has it; useless to it once the process has died.
    pub fn process(&self) -> ProcessDisk {
        ProcessDisk { disk: self.clone(), process: self.0.borrow().process }
    }

    /// The process is gone; its successor finds what the operating system holds.
    pub fn process_died(&self) {
        self.0.borrow_mut().process += 1;
    }

    /// The power is gone: what was synced is left, and of the rest a random part.
    pub fn power_loss(&self) {
        let state = &mut *self.0.borrow_mut();
        state.counts.lost += state.directory.power_loss(&mut state.rng);
        state.queue = Queue::default();
        state.set_rate();
    }

    /// The fault is in force from now on.
    pub fn set(&self, id: FaultId, fault: DiskFault) {
        let state = &mut *self.0.borrow_mut();
        state.faults.insert(id, fault);
        state.set_rate();
    }

    /// The fault is over; true when it had been in force here.
    pub fn clear(&self, id: FaultId) -> bool {
        let state = &mut *self.0.borrow_mut();
        let was_in_force = state.faults.remove(&id).is_some();
        state.set_rate();
        was_in_force
    }

    /// Turns over one bit in the middle of one of the largest files, which are logs. None when no
    /// file is long enough to have a middle.
    pub fn flip(&self, rng: &mut Rng) -> Option<Flip> {
        let state = &mut *self.0.borrow_mut();
        let len = |node: &Node| node.borrow().seen().len() as u64;
        let largest = state.directory.files().map(|(_, node)| len(node)).max()?;
        let logs: Vec<(&String, &Node)> =
            state.directory.files().filter(|(_, node)| len(node) >= (largest / 4).max(64)).collect();
        if logs.is_empty() {
            return None;
        }
        let (name, node) = *rng.pick(&logs);
        let at = rng.range(len(node) / 4..len(node) * 3 / 4);
        node.borrow_mut().flip(at as usize, rng.below(8) as u32);
        state.counts.flips += 1;
        Some(Flip { file: name.clone(), at })
    }

    /// How often something went wrong so far.
    pub fn counts(&self) -> DiskCounts {
        self.0.borrow().counts
    }
}

impl State {
    fn is_full(&mut self) -> bool {
        let full = self.faults.values().any(|fault| *fault == DiskFault::Full);
        self.counts.full += u64::from(full);
        full
    }

    fn read_fails(&mut self) -> bool {
        let mut fails = false;
        for fault in self.faults.values() {
            fails |= matches!(*fault, DiskFault::FailingRead(p) if self.rng.chance(p));
        }
        self.counts.unread += u64::from(fails);
        fails
    }

    /// How many bytes a second the disk does: as the slowest of its faults has it.
    fn rate(&self) -> Option<u64> {
        let rate = |fault: &DiskFault| if let DiskFault::Slow(rate) = *fault { Some(rate) } else { None };
        self.faults.values().filter_map(rate).min()
    }

    fn set_rate(&mut self) {
        self.queue.set_rate(self.rate(), self.time.now());
    }

    /// These bytes go to the disk, or come from it.
    fn give(&mut self, bytes: usize) {
        self.queue.give(bytes, self.time.now());
    }

    /// Whether the disk is still busy with what it was given before this place.
    fn is_busy(&mut self, place: Place) -> bool {
        !self.queue.is_done(place, self.time.now())
    }

    /// How long a sync that begins now takes, were there nothing before it.
    fn sync_takes(&mut self) -> Duration {
        self.counts.syncs += 1;
        let mut takes = self.rng.duration(self.tick, 3 * self.tick);
        for fault in self.faults.values() {
            match *fault {
                DiskFault::SlowSync(from, to) => takes += self.rng.duration(from, to),
                DiskFault::Slow(_) => {}
                _ => continue,
            }
            self.counts.slow += 1;
        }
        takes
    }

    /// What a sync that ends now comes to: a healed disk fails no longer.
    fn sync_fate(&mut self) -> Fate {
        let mut fate = Fate::Durable;
        for fault in self.faults.values() {
            match *fault {
                DiskFault::FailingSync(p) if self.rng.chance(p) => fate = Fate::Failure,
                DiskFault::LyingSync(p) if self.rng.chance(p) => fate = Fate::Lie,
                _ => {}
            }
        }
        match fate {
            Fate::Durable => {}
            Fate::Failure => self.counts.failed += 1,
            Fate::Lie => self.counts.lied += 1,
        }
        fate
    }
}

/// A disk in the hands of one process.
#[derive(Clone)]
pub struct ProcessDisk {
    disk: SimDisk,
    process: u64,
}

impl ProcessDisk {
    /// Runs `f` on the disk, unless this process is dead.
    fn with<T>(&self, f: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.0.borrow_mut();
        if state.process != self.process {
            return Err(io::Error::other("the process of this file handle is dead"));
        }
        f(&mut state)
    }

    /// Captures now, and completes later, if the process and the disk let it.
    fn sync<C: 'static>(
        &self,
        capture: impl FnOnce(&State) -> C,
        complete: impl FnOnce(&mut State, C) + 'static,
    ) -> LocalFuture<'static, io::Result<()>> {
        let begun = self.with(|state| {
            let captured = capture(state);
            Ok((state.sync_takes(), state.queue.end(), state.tick, captured))
        });
        let process = self.clone();
        Box::pin(async move {
            let (takes, place, tick, captured) = begun?;
            tokio::time::sleep(takes).await;
            while process.with(|state| Ok(state.is_busy(place)))? {
                tokio::time::sleep(tick).await;
            }
            process.with(|state| match state.sync_fate() {
                Fate::Failure => Err(io::Error::other("input/output error in a sync")),
                Fate::Lie => Ok(()),
                Fate::Durable => {
                    complete(state, captured);
                    Ok(())
                }
            })
        })
    }
}

impl Disk for ProcessDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.with(|state| Ok(state.directory.names()))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let node = self.with(|state| {
            if state.directory.get(name).is_some() {
                return Err(named(io::ErrorKind::AlreadyExists, name));
            }
            if state.is_full() {
                return Err(named(io::ErrorKind::StorageFull, name));
            }
            Ok(state.directory.create(name))
        })?;
        Ok(Box::new(SimFile { disk: self.clone(), node }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let node = self.with(|state| {
            let node = state.directory.get(name).cloned();
            node.ok_or_else(|| named(io::ErrorKind::NotFound, name))
        })?;
        Ok(Box::new(SimFile { disk: self.clone(), node }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|state| match state.directory.rename(from, to) {
            true => Ok(()),
            false => Err(named(io::ErrorKind::NotFound, from)),
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.with(|state| match state.directory.remove(name) {
            true => Ok(()),
            false => Err(named(io::ErrorKind::NotFound, name)),
        })
    }

    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>> {
        self.sync(|state| state.directory.capture(), |state, captured| state.directory.complete(captured))
    }
}

fn named(kind: io::ErrorKind, name: &str) -> io::Error {
    io::Error::new(kind, format!("{name}: {kind}"))
}

struct SimFile {
    disk: ProcessDisk,
    node: Node,
}

impl File for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.with(|_| Ok(self.node.borrow().seen().len() as u64))
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.with(|state| {
            let mut content = self.node.borrow_mut();
            if state.is_full() {
                let part = state.rng.below(bytes.len().max(1) as u64) as usize;
                content.append(&bytes[..part]);
                return Err(io::ErrorKind::StorageFull.into());
            }
            content.append(bytes);
            state.give(bytes.len());
            Ok(())
        })
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        self.disk.with(|state| match state.read_fails() {
            true => Err(io::Error::other("input/output error in a read")),
            false => {
                let bytes = self.node.borrow().seen().to_vec();
                state.give(bytes.len());
                Ok(bytes)
            }
        })
    }

    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.disk.with(|state| {
            if state.read_fails() {
                return Err(io::Error::other("input/output error in a read"));
            }
            let content = self.node.borrow();
            let part = content.seen().get(offset as usize..).and_then(|rest| rest.get(..length));
            part.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        })
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk.with(|_| {
            self.node.borrow_mut().truncate(len as usize);
            Ok(())
        })
    }

    fn sync(&self) -> LocalFuture<'static, io::Result<()>> {
        let node = self.node.clone();
        self.disk.sync(
            |_| self.node.borrow_mut().capture(),
            move |_, captured| node.borrow_mut().complete(captured),
        )
    }
}

#[cfg(test)]
mod tests;
