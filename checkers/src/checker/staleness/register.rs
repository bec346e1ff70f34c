//! One register, each of whose values was written once: a cluster per value, of its write and its reads.
//!
//! ```text
//! write 1     ├───────────┤
//! read 1                      ├────┤
//! read 1             ├──┤                  begin                 that of the write
//!                       ^     ^            first end, last begin  of all of them
//! ```
//!
//! Two moments say when a value was current: its write took effect before the first end of anything in its
//! cluster, and whoever read it last began at the last begin (Gibbons and Korach 1997, section 4.2). Moments
//! are places in the history; the initial value was written before all of them.

use perjury_histories::{Fate, Value};
use rustc_hash::FxHashMap;

use crate::access::{Access, Act};
use crate::checker::Undecided;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// A place in the history; a place before all of them, and one after.
pub(super) type Place = i64;
pub(super) const BEFORE: Place = -1;
pub(super) const NEVER: Place = Place::MAX;

/// The clusters of a register, and its reads.
pub(super) struct Register<'a> {
    pub clusters: Vec<Cluster<'a>>,
    /// The cluster of each read, and the read.
    pub reads: Vec<(usize, &'a Access<'a>)>,
}

/// Everything that wrote or read one value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster<'a> {
    /// What wrote it: none for the initial value.
    pub write: Option<&'a Access<'a>>,
    /// Where the write began.
    pub begin: Place,
    /// Where the first of them ended, and which that was.
    pub first_end: Place,
    pub first_ended: Option<&'a Access<'a>>,
    /// Where the last read began, and which that was; [`BEFORE`] if none.
    pub last_read_begin: Place,
    pub last_read: Option<&'a Access<'a>>,
}

/// Where an access began.
pub(super) fn begin(access: &Access<'_>) -> Place {
    access.operation.invoked_at() as Place
}

/// Where an access ended.
pub(super) fn end(access: &Access<'_>) -> Place {
    access.operation.returned_at().map_or(NEVER, |place| place as Place)
}

/// Why a register has no clusters.
pub(super) enum Refusal {
    /// It is of another kind.
    Undecided(Undecided),
    /// It is broken beyond staleness.
    Broken(Box<Anomaly>),
}

impl<'a> Register<'a> {
    /// The register with these accesses. Refuses one with a compare-and-set that may have happened, one where
    /// a value was written twice, and one where a value was read that was not there.
    pub fn of(accesses: &[&'a Access<'a>], initial: &Value) -> Result<Register<'a>, Refusal> {
        let initial_cluster = Cluster {
            write: None,
            begin: BEFORE,
            first_end: BEFORE,
            first_ended: None,
            last_read_begin: BEFORE,
            last_read: None,
        };
        let mut register = Register { clusters: vec![initial_cluster], reads: Vec::new() };
        let mut clusters: FxHashMap<u32, usize> = FxHashMap::default();
        for &access in accesses.iter().filter(|access| access.is_possible()) {
            let problem = |what: &str| {
                let index = access.index();
                Refusal::Undecided(format!("event {index}{}: {what}", words::of_key("on", access.key)))
            };
            match access.act {
                Act::Read(_) => {}
                Act::Change => return Err(problem("adds to what was there, as no write of a register does")),
                Act::Cas(..) => {
                    return Err(problem("a compare-and-set is never stale, but its value may be"));
                }
                Act::Write(value) if value == initial => {
                    return Err(problem(&format!("writes {value}, which was there before")));
                }
                Act::Write(value) => {
                    let cell = access.brings().map(|(cell, _)| cell);
                    if cell.and_then(|cell| clusters.insert(cell, register.clusters.len())).is_some() {
                        return Err(problem(&format!("writes {value} a second time")));
                    }
                    register.clusters.push(Cluster::of(access));
                }
            }
        }
        for &access in accesses {
            let Some(value) = access.observed().filter(|_| access.is_read()) else {
                continue;
            };
            let cluster = match access.cell().and_then(|cell| clusters.get(&cell)) {
                Some(&cluster) => cluster,
                None if value == initial => 0,
                None => return Err(Refusal::Broken(Box::new(garbage(access, value)))),
            };
            register.clusters[cluster].add(access).map_err(|broken| Refusal::Broken(Box::new(broken)))?;
            register.reads.push((cluster, access));
        }
        register.leave_out_unseen();
        Ok(register)
    }

    /// A write of unknown outcome that nobody has seen may never have happened: without it every order is
    /// still one, and no read is more stale.
    fn leave_out_unseen(&mut self) {
        let is_seen = |cluster: &Cluster<'_>| {
            cluster.last_read.is_some()
                || cluster.write.is_none_or(|write| write.operation.fate() == Fate::Ok)
        };
        let mut places = Vec::with_capacity(self.clusters.len());
        let mut next = 0;
        for cluster in &self.clusters {
            places.push(next);
            next += usize::from(is_seen(cluster));
        }
        self.clusters.retain(is_seen);
        self.reads.iter_mut().for_each(|(cluster, _)| *cluster = places[*cluster]);
    }
}

impl<'a> Cluster<'a> {
    fn of(write: &'a Access<'a>) -> Cluster<'a> {
        Cluster {
            write: Some(write),
            begin: begin(write),
            first_end: end(write),
            first_ended: Some(write),
            last_read_begin: BEFORE,
            last_read: None,
        }
    }

    fn add(&mut self, read: &'a Access<'a>) -> Result<(), Anomaly> {
        if let Some(write) = self.write.filter(|_| end(read) < self.begin) {
            let (read_deed, write_deed) =
                (words::deed_and_event(read.operation), words::deed_and_event(write.operation));
            let explanation = format!("{read_deed} before it was written: only later {write_deed}");
            let shown = [read.index(), write.index()];
            return Err(Anomaly::new(AnomalyKind::FutureRead, read.key, shown, explanation));
        }
        if end(read) < self.first_end {
            (self.first_end, self.first_ended) = (end(read), Some(read));
        }
        if begin(read) > self.last_read_begin {
            (self.last_read_begin, self.last_read) = (begin(read), Some(read));
        }
        Ok(())
    }

    /// Its value had been written before the write of the other began.
    pub fn is_before(&self, other: &Cluster<'_>) -> bool {
        self.first_end < other.begin
    }
}

fn garbage(read: &Access<'_>, value: &Value) -> Anomaly {
    let explanation =
        format!("{}, although no write of {value} succeeded", words::deed_and_event(read.operation));
    Anomaly::new(AnomalyKind::GarbageRead, read.key, [read.index()], explanation)
}
