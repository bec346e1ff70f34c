//! The network as a host sees it: the simulator's sockets, and the fate of each frame.
//!
//! Cutting a link is the simulator's work (see the cluster); what it cannot do is here. A connection
//! to a machine behind a cut is tried again until the cut heals, where the simulator would refuse at
//! once, and a machine whose process is gone refuses, where the simulator would keep us waiting.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::{Delivery, Listener, LocalFuture, Network, Stream};
use smallvec::{SmallVec, smallvec};
use turmoil::net::{TcpListener, TcpStream};

use super::FaultId;
use super::pause::Gate;
use crate::rng::Rng;

/// How long until a connection that found no way is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// What a machine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its process runs.
    Running,
    /// Its process is stopped and keeps its memory (SIGSTOP).
    Paused,
    /// Its process was killed; the machine is up.
    Killed,
    /// It has no power.
    Off,
    /// Its process ended, and will be started again: it returned, failed, panicked or was knocked out.
    Exited,
}

/// What is wrong with messages between nodes. Messages of clients are never disturbed: a repeated
/// request would be a second operation, and no client sends one.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageFault {
    /// Messages that go these ways are concerned, each from the first node to the second.
    pub ways: BTreeSet<(String, String)>,
    /// The probability that a message is hit.
    pub chance: f64,
    /// What happens to it.
    pub effect: MessageEffect,
}

/// What happens to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageEffect {
    /// It never arrives.
    Loss,
    /// It arrives late, by a time between these two.
    Delay(Duration, Duration),
    /// It arrives twice, the second time within this time.
    Duplication(Duration),
    /// It is held back for up to this time, so that later ones overtake it.
    Reordering(Duration),
    /// A few of its bits are turned over.
    Corruption,
    /// It takes this much longer, as all others of its link do, so that none overtakes another.
    SlowLink(Duration),
}

/// Bits of one frame that are turned over at most.
const FLIPS_MAX: u64 = 4;

/// How many messages were hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Never delivered.
    pub lost: u64,
    /// Delivered late.
    pub delayed: u64,
    /// Delivered twice.
    pub duplicated: u64,
    /// Held back for others to overtake.
    pub reordered: u64,
    /// Delivered with bits turned over.
    pub corrupted: u64,
    /// Delivered late because the link was slow.
    pub slowed: u64,
}

/// What all hosts share: cut links, message faults, and who is up.
#[derive(Default)]
pub struct Fabric {
    nodes: BTreeSet<String>,
    cuts: RefCell<BTreeMap<(String, String), BTreeSet<FaultId>>>,
    faults: RefCell<BTreeMap<FaultId, MessageFault>>,
    deaf: RefCell<BTreeMap<FaultId, String>>,
    status: RefCell<BTreeMap<String, Status>>,
    counts: RefCell<MessageCounts>,
    sent: Cell<u64>,
}

impl Fabric {
    /// A whole network between these nodes.
    pub fn new(nodes: &[String]) -> Fabric {
        let running = |node: &String| (node.clone(), Status::Running);
        Fabric {
            nodes: nodes.iter().cloned().collect(),
            status: RefCell::new(nodes.iter().map(running).collect()),
            ..Fabric::default()
        }
    }

    /// What this machine is doing; hosts that are no nodes always run.
    pub fn status(&self, host: &str) -> Status {
        let status = self.status.borrow();
        status.get(host).copied().unwrap_or(Status::Running)
    }

    /// This machine now does that.
    pub fn set_status(&self, node: &str, status: Status) {
        self.status.borrow_mut().insert(node.to_string(), status);
    }

    /// Cuts one direction of a link.
    pub fn cut(&self, id: FaultId, from: &str, to: &str) {
        let link = (from.to_string(), to.to_string());
        self.cuts.borrow_mut().entry(link).or_default().insert(id);
    }

    /// Takes back the cuts of this fault; the links concerned.
    pub fn uncut(&self, id: FaultId) -> Vec<(String, String)> {
        let mut concerned = Vec::new();
        self.cuts.borrow_mut().retain(|link, ids| {
            if ids.remove(&id) {
                concerned.push(link.clone());
            }
            !ids.is_empty()
        });
        concerned
    }

    /// Whether any fault in force cuts this direction.
    pub fn is_cut(&self, from: &str, to: &str) -> bool {
        let cuts = self.cuts.borrow();
        !cuts.is_empty() && cuts.contains_key(&(from.to_string(), to.to_string()))
    }

    /// Messages suffer this from now on.
    pub fn disturb(&self, id: FaultId, fault: MessageFault) {
        self.faults.borrow_mut().insert(id, fault);
    }

    /// No frame of another node reaches this one from now on; connections stand.
    pub fn deafen(&self, id: FaultId, node: &str) {
        self.deaf.borrow_mut().insert(id, node.to_string());
    }

    /// The message fault of this number is over.
    pub fn calm(&self, id: FaultId) {
        self.faults.borrow_mut().remove(&id);
        self.deaf.borrow_mut().remove(&id);
    }

    /// How many messages were hit so far.
    pub fn counts(&self) -> MessageCounts {
        *self.counts.borrow()
    }

    /// How many messages were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    fn deliveries(&self, from: &str, to: &str, rng: &mut Rng) -> SmallVec<[Delivery; 2]> {
        self.sent.set(self.sent.get() + 1);
        let mut deliveries = smallvec![Delivery::default()];
        let (faults, deaf) = (self.faults.borrow(), self.deaf.borrow());
        let is_disturbed = !(faults.is_empty() && deaf.is_empty());
        if !is_disturbed || !self.nodes.contains(from) || !self.nodes.contains(to) {
            return deliveries;
        }
        let mut counts = self.counts.borrow_mut();
        if deaf.values().any(|node| node == to) {
            counts.lost += 1;
            deliveries.clear();
            return deliveries;
        }
        let way = (from.to_string(), to.to_string());
        for fault in faults.values() {
            if fault.ways.contains(&way) && rng.chance(fault.chance) {
                fault.effect.apply(&mut deliveries, &mut counts, rng);
            }
        }
        deliveries
    }
}

impl MessageEffect {
    fn apply(self, deliveries: &mut SmallVec<[Delivery; 2]>, counts: &mut MessageCounts, rng: &mut Rng) {
        match self {
            MessageEffect::Loss => {
                deliveries.clear();
                counts.lost += 1;
            }
            MessageEffect::Delay(from, to) => {
                let late = rng.duration(from, to);
                deliveries.iter_mut().for_each(|delivery| delivery.delay += late);
                counts.delayed += 1;
            }
            MessageEffect::Duplication(within) => {
                let again = rng.duration(Duration::ZERO, within);
                if let Some(first) = deliveries.first().cloned() {
                    deliveries.push(Delivery { delay: first.delay + again, ..first });
                    counts.duplicated += 1;
                }
            }
            MessageEffect::Reordering(within) => {
                for delivery in deliveries.iter_mut() {
                    delivery.delay += rng.duration(Duration::ZERO, within);
                }
                counts.reordered += 1;
            }
            MessageEffect::Corruption => {
                for delivery in deliveries.iter_mut() {
                    let flips = rng.range(1..FLIPS_MAX + 1);
                    delivery.flips.extend((0..flips).map(|_| rng.next()));
                }
                counts.corrupted += 1;
            }
            MessageEffect::SlowLink(late) => {
                deliveries.iter_mut().for_each(|delivery| delivery.delay += late);
                counts.slowed += 1;
            }
        }
    }
}

/// The network of one host.
pub struct SimNetwork {
    host: String,
    fabric: Rc<Fabric>,
    gate: Rc<Gate>,
    rng: RefCell<Rng>,
}

impl SimNetwork {
    /// The network as `host` sees it, whose process stands behind `gate`.
    pub fn new(host: &str, fabric: Rc<Fabric>, gate: Rc<Gate>, rng: Rng) -> SimNetwork {
        SimNetwork { host: host.to_string(), fabric, gate, rng: RefCell::new(rng) }
    }
}

impl Network for SimNetwork {
    fn bind(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Listener>>> {
        let address = address.to_string();
        Box::pin(async move {
            let (_, port) = split(&address)?;
            let listener = TcpListener::bind(("0.0.0.0", port)).await?;
            Ok(Box::new(SimListener(listener)) as Box<dyn Listener>)
        })
    }

    fn connect(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Stream>>> {
        let (from, fabric) = (self.host.clone(), self.fabric.clone());
        let address = address.to_string();
        Box::pin(async move {
            let (host, port) = split(&address)?;
            loop {
                match fabric.status(host) {
                    Status::Killed | Status::Exited => return Err(io::ErrorKind::ConnectionRefused.into()),
                    Status::Running | Status::Paused if !fabric.is_cut(&from, host) => break,
                    _ => tokio::time::sleep(RETRY).await,
                }
            }
            let stream = TcpStream::connect((host, port)).await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }

    fn deliveries(&self, address: &str) -> SmallVec<[Delivery; 2]> {
        if self.gate.is_struck() {
            return SmallVec::new();
        }
        let to = address.split(':').next().unwrap_or_default();
        self.fabric.deliveries(&self.host, to, &mut self.rng.borrow_mut())
    }
}

struct SimListener(TcpListener);

impl Listener for SimListener {
    fn accept(&mut self) -> LocalFuture<'_, io::Result<(Box<dyn Stream>, String)>> {
        Box::pin(async move {
            let (stream, from) = self.0.accept().await?;
            let host = turmoil::reverse_lookup(from.ip()).unwrap_or_else(|| from.ip().to_string());
            Ok((Box::new(stream) as Box<dyn Stream>, format!("{host}:{}", from.port())))
        })
    }
}

fn split(address: &str) -> io::Result<(&str, u16)> {
    let parts = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    parts.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{address}: not host:port")))
}
