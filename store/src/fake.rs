//! A seam for unit tests: connections in memory, tokio's paused clock, a network that does as told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use smallvec::{SmallVec, smallvec};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::env::{
    Clock, Delivery, Disk, Env, File, Listener, LocalFuture, Network, Observer, Points, Random, Stream,
};
use crate::point::Point;
use crate::quorum::membership::view::View;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;

/// The world around what is tested.
#[derive(Clone, Default)]
pub(crate) struct World {
    doors: Rc<RefCell<BTreeMap<String, mpsc::UnboundedSender<DuplexStream>>>>,
    /// What becomes of the next frames; then everything is delivered at once.
    pub(crate) fates: Rc<RefCell<VecDeque<SmallVec<[Delivery; 2]>>>>,
    /// The one disk of this world: fit for one node.
    pub(crate) disk: MemoryDisk,
    /// What the observer was told: notes, and markers in angle brackets.
    pub(crate) told: Rc<RefCell<Vec<String>>>,
}

impl World {
    /// A seam into this world; `random` is the first of its random numbers, which count up.
    pub(crate) fn env(&self, random: u64) -> Env {
        Env {
            network: Rc::new(self.clone()),
            disk: Rc::new(self.disk.clone()),
            random: Rc::new(Counter(Cell::new(random))),
            clock: Rc::new(PausedClock(Instant::now())),
            observer: Rc::new(self.clone()),
            points: Rc::new(Passed),
        }
    }

    /// The same world as another node has it: with a disk of its own.
    pub(crate) fn of_another_node(&self) -> World {
        World { disk: MemoryDisk::default(), ..self.clone() }
    }

    /// Listens at `address`, as long as the result lives.
    pub(crate) fn listen(&self, address: &str) -> mpsc::UnboundedReceiver<DuplexStream> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.doors.borrow_mut().insert(address.to_owned(), sender);
        receiver
    }

    /// Runs a test with the clock paused: time passes only when nothing else can happen.
    pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, test)
    }
}

impl Network for World {
    fn bind(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Listener>>> {
        let door = Door(self.listen(address));
        Box::pin(async { Ok(Box::new(door) as Box<dyn Listener>) })
    }

    fn connect(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Stream>>> {
        let door = self.doors.borrow().get(address).cloned();
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            let sent = door.map(|door| door.send(theirs));
            match sent {
                Some(Ok(())) => Ok(Box::new(ours) as Box<dyn Stream>),
                _ => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }

    fn deliveries(&self, _address: &str) -> SmallVec<[Delivery; 2]> {
        let fate = self.fates.borrow_mut().pop_front();
        fate.unwrap_or(smallvec![Delivery::default()])
    }
}

struct Door(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Door {
    fn accept(&mut self) -> LocalFuture<'_, io::Result<(Box<dyn Stream>, String)>> {
        Box::pin(async {
            let stream = self.0.recv().await.ok_or(io::ErrorKind::NotConnected)?;
            Ok((Box::new(stream) as Box<dyn Stream>, "caller".to_owned()))
        })
    }
}

impl Observer for World {
    fn note(&self, text: &str) {
        self.told.borrow_mut().push(text.to_owned());
    }
    fn reached(&self, marker: &'static str) {
        self.told.borrow_mut().push(format!("<{marker}>"));
    }
    fn acknowledged(&self, _key: &str, _version: Version) {}

    fn released(&self, _key: &str) {}
    fn corrupt(&self, _key: Option<&str>) {}
    fn fact(&self, fact: &Fact) {
        self.told.borrow_mut().push(format!("{fact:?}"));
    }
    fn view(&self, view: &View) {
        self.told.borrow_mut().push(view.to_string());
    }
}

/// Nobody is held up anywhere.
pub(crate) struct Passed;

impl Points for Passed {
    fn hold(&self, _point: &'static Point) -> Option<LocalFuture<'static, ()>> {
        None
    }
}

struct Counter(Cell<u64>);

impl Random for Counter {
    fn next(&self) -> u64 {
        self.0.replace(self.0.get() + 1)
    }
}

struct PausedClock(Instant);

impl Clock for PausedClock {
    fn wall(&self) -> u64 {
        self.monotonic()
    }
    fn monotonic(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What a file holds.
type Content = Rc<RefCell<Vec<u8>>>;

/// A disk in memory whose syncs take a while, those of snapshots long, and that can be full or fail.
#[derive(Clone, Default)]
pub(crate) struct MemoryDisk {
    files: Rc<RefCell<BTreeMap<String, Content>>>,
    /// Syncs begun, of files and of the directory.
    pub(crate) syncs: Rc<Cell<usize>>,
    /// No more bytes fit.
    pub(crate) is_full: Rc<Cell<bool>>,
    /// Syncs fail.
    pub(crate) is_failing: Rc<Cell<bool>>,
}

impl MemoryDisk {
    fn sync(&self, takes_ms: u64) -> LocalFuture<'static, io::Result<()>> {
        self.syncs.set(self.syncs.get() + 1);
        let result = if self.is_failing.get() { Err(io::Error::other("bad sector")) } else { Ok(()) };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(takes_ms)).await;
            result
        })
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.borrow().keys().cloned().collect())
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.files.borrow_mut().insert(name.to_owned(), Rc::default());
        self.open(name)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let bytes = self.files.borrow().get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        let sync_ms = if name.starts_with("snapshot") { 500 } else { 5 };
        Ok(Box::new(MemoryFile { bytes, disk: self.clone(), sync_ms }))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let file = self.files.borrow_mut().remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.files.borrow_mut().insert(to.to_owned(), file);
        Ok(())
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.borrow_mut().remove(name);
        Ok(())
    }
    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>> {
        self.sync(5)
    }
}

struct MemoryFile {
    bytes: Content,
    disk: MemoryDisk,
    sync_ms: u64,
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.borrow().len() as u64)
    }
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        if self.disk.is_full.get() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }
    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.bytes.borrow().clone())
    }
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let content = self.bytes.borrow();
        let part = content.get(offset as usize..).and_then(|rest| rest.get(..length));
        part.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.bytes.borrow_mut().truncate(len as usize);
        Ok(())
    }
    fn sync(&self) -> LocalFuture<'static, io::Result<()>> {
        self.disk.sync(self.sync_ms)
    }
}
