//! What the background exchange sends until two replicas are equal, against how much they differ.
//!
//! ```text
//! cargo bench -p perjury-store --bench anti_entropy -- 1000000
//! ```
//!
//! Two nodes, as values, are home to all keys; a key has 16 bytes and a value 100. One of them holds newer versions of
//! some. Every message is encoded as it would be for the wire, and counted.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Result, ensure};
use perjury_store::protocol::{Now, Protocol};
use perjury_store::quorum::config::Config;
use perjury_store::quorum::effect::{Effect, Input, RecordNumber};
use perjury_store::quorum::message::{Entry, Message, NodeId};
use perjury_store::quorum::node::{Node, Start};
use perjury_store::quorum::record::{Logged, Record};
use perjury_store::quorum::version::Version;
use perjury_store::wire::Frame;
use xxhash_rust::xxh3::xxh3_64;

const VALUE_BYTES: usize = 100;
const DIFFERENCES: [u64; 4] = [0, 10, 1_000, 100_000];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    // What tests all targets runs this one too, and should not wait for it.
    if !arguments.any(|argument| argument == "--bench") {
        return Ok(());
    }
    let keys = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    println!("{keys} keys of 16 bytes, values of {VALUE_BYTES}; until both hold the same");
    println!(
        "{:>9} {:>9} {:>8} {:>13} {:>13} {:>13} {:>9}",
        "different", "exchanges", "messages", "hashes", "versions", "entries", "CPU s"
    );
    DIFFERENCES
        .iter()
        .filter(|&&different| different <= keys)
        .try_for_each(|&different| measure(keys, different))
}

/// Prints one line: two replicas of so many keys, of which so many differ.
fn measure(keys: u64, different: u64) -> Result<()> {
    // Spread over all keys.
    let every = keys / different.max(1);
    let newer = |number: u64| 1 + u64::from(number.is_multiple_of(every) && number / every < different);
    let mut pair = Pair::new([records(keys, |_| 1), records(keys, newer)]);
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begun = Instant::now();
    let mut exchanges = 0;
    // An exchange by which nothing more is handed over finds both equal.
    while pair.exchange()? {
        exchanges += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let Sent { messages, hashes, versions, entries } = pair.sent;
    ensure!(pair.appended == [different, 0], "{:?} records were handed over, not {different}", pair.appended);
    println!(
        "{different:>9} {exchanges:>9} {messages:>8} {hashes:>13} {versions:>13} {entries:>13} {seconds:>9.2}"
    );
    Ok(())
}

/// Messages, and bytes by what they carry.
#[derive(Default)]
struct Sent {
    messages: u64,
    hashes: usize,
    versions: usize,
    entries: usize,
}

/// Two nodes, and nothing between them that could lose anything.
struct Pair {
    nodes: [Node; 2],
    now: Now,
    appended: [RecordNumber; 2],
    sent: Sent,
}

impl Pair {
    fn new(held: [Vec<Logged>; 2]) -> Pair {
        let names = vec!["n1".to_owned(), "n2".to_owned()];
        let now = Now { wall: 1_000_000_000, monotonic: 0 };
        let (mut nodes, mut number) = (Vec::new(), 0);
        for records in held {
            let config = Config { replication: 2, ..Config::new(number, names.clone()) };
            nodes.push(Node::new(config, Start { incarnation: 1, records, ..Start::default() }, now));
            number += 1;
        }
        let nodes = nodes.try_into().expect("two nodes");
        Pair { nodes, now, appended: [0; 2], sent: Sent::default() }
    }

    /// The first node exchanges with the second. Returns whether anything was handed over.
    fn exchange(&mut self) -> Result<bool> {
        let before = self.appended;
        self.now.monotonic += 2_000_000_000;
        let mut effects = Vec::new();
        self.nodes[0].tick(self.now, &mut effects);
        let mut under_way = VecDeque::new();
        self.carry_out(0, effects, &mut under_way)?;
        while let Some((to, message)) = under_way.pop_front() {
            let input = Input::Message { from: 1 - to, message };
            self.step(to, input, &mut under_way)?;
        }
        for node in [0, 1] {
            let through = self.appended[usize::from(node)];
            self.step(node, Input::Synced { through }, &mut under_way)?;
        }
        Ok(self.appended != before)
    }

    fn step(
        &mut self,
        node: NodeId,
        input: Input,
        under_way: &mut VecDeque<(NodeId, Message)>,
    ) -> Result<()> {
        let mut effects = Vec::new();
        self.nodes[usize::from(node)].step(input, self.now, &mut effects);
        self.carry_out(node, effects, under_way)
    }

    fn carry_out(
        &mut self,
        node: NodeId,
        effects: Vec<Effect>,
        under_way: &mut VecDeque<(NodeId, Message)>,
    ) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Append(_) => self.appended[usize::from(node)] += 1,
                Effect::Send { to, message } => under_way.push_back((to, self.sent.over_the_wire(message)?)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Sent {
    /// What the other side decodes.
    fn over_the_wire(&mut self, message: Message) -> Result<Message> {
        let bytes = Frame::<Node>::Peer(message).encode()?;
        let Frame::Peer(message) = Frame::<Node>::decode(&bytes)? else {
            anyhow::bail!("a message was decoded as something else");
        };
        self.messages += 1;
        match message {
            Message::Digest { .. } | Message::Hashes { .. } => self.hashes += bytes.len(),
            Message::Versions { .. } => self.versions += bytes.len(),
            _ => self.entries += bytes.len(),
        }
        Ok(message)
    }
}

fn records(keys: u64, millis: impl Fn(u64) -> u64) -> Vec<Logged> {
    let record = |number: u64| {
        let value = number.to_le_bytes().into_iter().cycle().take(VALUE_BYTES).collect();
        let version = Version { millis: millis(number), ..Version::default() };
        let key = format!("{:016x}", xxh3_64(&number.to_le_bytes()));
        Logged::Held(Record { key, entry: Entry { version, atomic: false, value: Some(value) } })
    };
    (0..keys).map(record).collect()
}
