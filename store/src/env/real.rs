//! The real seam: sockets, a directory, the operating system's clocks and randomness.
//!
//! The only place of this crate that may ask the operating system for any of these.

mod clock;
mod disk;
mod network;

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use crate::point::Point;
use crate::quorum::membership::view::View;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;

use super::{Disk, Env, LocalFuture, Observer, Points, Random};

/// The seam of a node that keeps its data in `data_dir`, which is created if need be.
///
/// An error when another process uses this directory: two logs in one would destroy each other.
pub fn env(data_dir: &Path) -> io::Result<Env> {
    with_disk(Rc::new(disk::Directory::lock(data_dir)?))
}

/// The seam of a client, which has no disk: all operations of that fail.
pub fn client_env() -> io::Result<Env> {
    with_disk(Rc::new(disk::NoDisk))
}

fn with_disk(disk: Rc<dyn Disk>) -> io::Result<Env> {
    Ok(Env {
        network: Rc::new(network::Sockets),
        disk,
        random: Rc::new(Pcg::from_system()?),
        clock: Rc::new(clock::SystemClock::new()),
        observer: Rc::new(StandardError),
        points: Rc::new(Unmarked),
    })
}

/// Seeded once from the operating system. Not for secrets.
struct Pcg(RefCell<Pcg64>);

impl Pcg {
    fn from_system() -> io::Result<Pcg> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Pcg(RefCell::new(Pcg64::from_seed(seed))))
    }
}

impl Random for Pcg {
    fn next(&self) -> u64 {
        self.0.borrow_mut().next_u64()
    }
}

/// Writes the notes to standard error; the rest is for a harness.
struct StandardError;

impl Observer for StandardError {
    fn note(&self, text: &str) {
        // Nobody reads it: nothing to be done, and no reason to stop.
        let _ = writeln!(io::stderr(), "{text}");
    }

    fn reached(&self, _marker: &'static str) {}

    fn acknowledged(&self, _key: &str, _version: Version) {}

    fn released(&self, _key: &str) {}

    fn corrupt(&self, _key: Option<&str>) {}

    fn fact(&self, _fact: &Fact) {}

    fn view(&self, view: &View) {
        self.note(&view.to_string());
    }
}

/// Nobody waits at any point.
struct Unmarked;

impl Points for Unmarked {
    fn hold(&self, _point: &'static Point) -> Option<LocalFuture<'static, ()>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ_between_processes_and_calls() {
        let (one, other) = (Pcg::from_system().unwrap(), Pcg::from_system().unwrap());
        assert_ne!(one.next(), one.next());
        assert_ne!(one.next(), other.next());
    }

    #[test]
    fn client_has_no_disk() {
        let env = client_env().unwrap();
        assert_eq!(env.disk.list().unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
}
