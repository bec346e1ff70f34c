//! The seam: everything that a node takes from the world outside.
//!
//! Network, disk, randomness and two clocks, one way out for what an observer may know, and the points at which
//! a test may strike. Each is a trait with a real implementation in [`real`] and a simulated one in the harness; a node that
//! takes these from nowhere else behaves the same for the same seed, byte for byte.
//!
//! Nodes are single-threaded (a tokio `LocalSet`), so nothing here is `Send`.

pub mod real;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::point::Point;
use crate::quorum::membership::view::View;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;

/// A future of this thread, boxed so that the traits of the seam can be objects.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Everything that one node, or one client, takes from outside.
#[derive(Clone)]
pub struct Env {
    /// Connections, and the fate of each frame sent over them.
    pub network: Rc<dyn Network>,
    /// The node's own directory.
    pub disk: Rc<dyn Disk>,
    /// Random numbers.
    pub random: Rc<dyn Random>,
    /// Both clocks, and timers.
    pub clock: Rc<dyn Clock>,
    /// Who watches; it can change nothing.
    pub observer: Rc<dyn Observer>,
    /// Where a process can be held up.
    pub points: Rc<dyn Points>,
}

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Connections between nodes, and from clients to nodes.
pub trait Network {
    /// Listens at `address` (`host:port`).
    fn bind(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Listener>>>;

    /// Connects to `address` (`host:port`). May hang: callers set a deadline.
    fn connect(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Stream>>>;

    /// What becomes of one frame sent to `address` now: one entry a delivery.
    ///
    /// The real network delivers once, at once. A simulated one may lose the frame (no entry), delay
    /// it (so that later frames overtake it), turn over bits of it, or deliver it more than once.
    fn deliveries(&self, address: &str) -> SmallVec<[Delivery; 2]>;
}

/// One delivery of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How long after it was sent.
    pub delay: Duration,
    /// Bits that are turned over on the way, each by its place in the frame, counted round and round: the network
    /// does not know how long a frame is.
    pub flips: SmallVec<[u64; 4]>,
}

impl Delivery {
    /// Whole, after this time.
    pub fn after(delay: Duration) -> Delivery {
        Delivery { delay, ..Delivery::default() }
    }
}

/// A bound socket.
pub trait Listener {
    /// The next incoming connection, with the address it comes from.
    fn accept(&mut self) -> LocalFuture<'_, io::Result<(Box<dyn Stream>, String)>>;
}

/// One directory of files, as a write-ahead log and sorted tables need it.
///
/// Writes reach the operating system at once and survive the death of the process; they survive a
/// power loss only once synced: the file's content by [`File::sync`], its name by
/// [`Disk::sync_directory`].
pub trait Disk {
    /// Names of all files, sorted.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Creates a file; an error when there is one of that name.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;
    /// Opens a file that exists.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;
    /// Gives a file a new name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable: all creations, renames and removals so far.
    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>>;
}

/// An open file.
#[expect(clippy::len_without_is_empty, reason = "nobody asks a log whether it is empty")]
pub trait File {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Adds `bytes` at the end. On an error a part of them may have been written.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;
    /// The whole content.
    fn read(&self) -> io::Result<Vec<u8>>;
    /// `length` bytes from `offset` on; an error when it ends before.
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;
    /// Cuts it to `len` bytes.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Makes all content written so far durable.
    fn sync(&self) -> LocalFuture<'static, io::Result<()>>;
}

/// Random numbers.
pub trait Random {
    /// 64 random bits.
    fn next(&self) -> u64;
}

/// The two clocks of a machine, in nanoseconds, and its timers.
pub trait Clock {
    /// Time of day since the Unix epoch. May jump in both directions, drift, and strobe.
    fn wall(&self) -> u64;
    /// Time since some moment in the past. May drift; never goes back; goes on while the process
    /// is paused.
    fn monotonic(&self) -> u64;
    /// Returns once the monotonic clock has advanced by `duration`.
    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()>;
}

/// What a node tells of its inside. A real node writes the notes to standard error; the harness
/// records all of it. No answer comes back, so nothing a node does can depend on being watched.
pub trait Observer {
    /// Something worth a line in the log.
    fn note(&self, text: &str);
    /// The code path of this name was reached (a safeguard was needed, or its absence bit).
    fn reached(&self, marker: &'static str);
    /// This replica acknowledges that it holds `key` at `version`, durably.
    fn acknowledged(&self, key: &str, version: Version);
    /// This replica has dropped what it held of `key`, which others own now.
    fn released(&self, key: &str);
    /// This replica found a corrupt record; of which key, where it can tell.
    fn corrupt(&self, key: Option<&str>);
    /// This is now true of a node of a replicated log.
    fn fact(&self, fact: &Fact);
    /// The node takes a member for this from here on.
    fn view(&self, view: &View);
}

/// The named [points](crate::point) of the code. On a real machine nothing happens there.
pub trait Points {
    /// The code is at this point. None: it goes on at once. Else it waits for the future, which need not end.
    fn hold(&self, point: &'static Point) -> Option<LocalFuture<'static, ()>>;
}

impl dyn Points {
    /// Passes a point: what comes after it is done once it is let go on, if ever.
    pub async fn pass(&self, point: &'static Point) {
        if let Some(held) = self.hold(point) {
            held.await;
        }
    }
}
