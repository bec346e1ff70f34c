//! What a script can do.
//!
//! | command | does |
//! |---|---|
//! | `cluster 3 key=value …` | starts so many nodes: first of all, and once |
//! | `stand n1 …` | these run out of patience, and the others have heard nobody for long enough |
//! | `elect n1` | the same for n1, and then everything arrives |
//! | `ask n1 …` | a client asks, see [`words::ask`]; `again n2` asks the last write again |
//! | `deadline 200` | how long the answers to what is asked from now on may take |
//! | `pass 100 n1 …` | time passes, at these nodes or at all, and nothing else |
//! | `run 100` | time passes, everything arrives and is synced |
//! | `settle` | everything arrives and is synced |
//! | `deliver`, `deliver n1 n2`, `deliver * n2` | what is on its way arrives: all of it, or what these say to those |
//! | `lose …`, `hold …`, `copy …` | the same packets are lost, held up, or will arrive again: until `release` |
//! | `sync n1`, `save n1` | n1 syncs its log; its snapshot becomes durable, and n1 hears so |
//! | `kill n1`, `start n1`, `damage n1 2` | n1 dies; starts; has lost two records |
//! | `power n1`, `power n1 2` | n1 loses power, and what is not synced; all but two records of it |
//! | `pause n1`, `resume n1`, `stall n1` | n1 stands still; goes on; will stand still before a lease answer |
//! | `cut n1`, `cut n1 n2`, `heal` | n1 is cut off; n1 does not reach n2; all is well again |
//! | `jump n1 -500`, `rate n1 60` | n1's wall clock jumps; its clocks run at 60 percent |
//! | `status`, `packets`, `journal n1` | what each node says of itself; what is on its way; the log of n1 on disk |
//!
//! `run`, `settle` and `elect` say what comes of messages, and leave the messages out.

use super::words;
use crate::protocol::NodeId;
use crate::raft::request::{Ask, Response, SessionId};
use crate::raft::testkit::{Cluster, DEADLINE_MS, Line, Packet, notation};

/// A cluster, and what a script remembers.
#[derive(Default)]
pub struct Stage {
    cluster: Option<Cluster>,
    /// A safeguard is off.
    may_break: bool,
    session: SessionId,
    /// Writes in that session.
    sequence: u64,
    last: Option<Ask>,
    deadline_ms: Option<u32>,
    held: Vec<Packet>,
}

impl Stage {
    /// Does what a line says, and returns what came of it.
    pub fn command(&mut self, line: &str) -> Vec<String> {
        let inside = line.strip_prefix('(').and_then(|line| line.strip_suffix(')'));
        let words: Vec<&str> = inside.unwrap_or(line).split_whitespace().collect();
        let mut said = match &words[..] {
            ["cluster", count, settings @ ..] => self.begin(words::number(count), settings),
            words => self.play(words),
        };
        self.remember_session();
        if inside.is_some() {
            said.clear();
        }
        said
    }

    /// The end of the script.
    ///
    /// # Panics
    /// If an invariant is broken that was to hold.
    pub fn finish(self) {
        let broken = self.cluster.map(|cluster| cluster.broken).unwrap_or_default();
        assert!(self.may_break || broken.is_empty(), "broken: {broken:?}");
    }

    fn begin(&mut self, count: usize, settings: &[&str]) -> Vec<String> {
        assert!(self.cluster.is_none(), "a script has one cluster");
        self.may_break = settings.iter().any(|word| word.starts_with("off="));
        let configure = |config: &mut _| settings.iter().for_each(|word| words::configure(config, word));
        self.cluster = Some(Cluster::with(count, 1, configure));
        Vec::new()
    }

    fn play(&mut self, words: &[&str]) -> Vec<String> {
        let mut cluster = self.cluster.take().expect("a script begins with its cluster");
        cluster.trace = Some(Vec::new());
        let mut said = self.tell(&mut cluster, words).unwrap_or_default();
        if said.is_empty() {
            self.act(&mut cluster, words);
        }
        let with_messages = !matches!(words[0], "run" | "settle" | "elect");
        for (kind, line) in cluster.trace.take().unwrap_or_default() {
            if matches!((kind, with_messages), (Line::Event, _) | (Line::Heard, true)) {
                said.push(line);
            }
        }
        self.cluster = Some(cluster);
        said
    }

    /// Commands that only look.
    fn tell(&self, cluster: &mut Cluster, words: &[&str]) -> Option<Vec<String>> {
        match words {
            ["status"] => {
                let up: Vec<NodeId> = cluster.nodes().filter(|&node| cluster.is_awake(node)).collect();
                let status = up.into_iter().map(|node| {
                    format!("{}: {}", notation::name(node), notation::response(&cluster.status(node)))
                });
                Some(status.collect())
            }
            ["packets"] if cluster.network.is_empty() => Some(vec!["nothing is on its way".to_owned()]),
            ["packets"] => Some(cluster.network.iter().map(described).collect()),
            ["journal", node] => {
                let records = cluster.host(words::node(node)).disk.records();
                let records: Vec<String> = records.iter().map(notation::record).collect();
                let records = if records.is_empty() { "nothing".to_owned() } else { records.join(", ") };
                Some(vec![format!("{node}: {records}")])
            }
            _ => None,
        }
    }

    fn act(&mut self, cluster: &mut Cluster, words: &[&str]) {
        match words {
            ["ask", node, what @ ..] => {
                self.sequence += u64::from(words::is_write(what));
                let ask = words::ask(what, self.session, self.sequence);
                if words::is_write(what) {
                    self.last = Some(ask.clone());
                }
                cluster.ask_within(words::node(node), ask, self.deadline_ms.unwrap_or(DEADLINE_MS));
            }
            ["again", node] => {
                let ask = self.last.clone().expect("something was written before");
                cluster.ask(words::node(node), ask);
            }
            ["deadline", ms] => self.deadline_ms = Some(words::number(ms)),
            ["elect", node] => {
                stand(cluster, &[words::node(node)]);
                cluster.settle();
            }
            ["stand", nodes @ ..] => stand(cluster, &words::nodes(nodes)),
            ["pass", ms] => cluster.pass(words::number(ms)),
            ["pass", ms, nodes @ ..] => {
                words::nodes(nodes).into_iter().for_each(|node| cluster.pass_at(node, words::number(ms)));
            }
            ["run", ms] => cluster.run(words::number(ms)),
            ["settle"] => cluster.settle(),
            ["deliver" | "lose" | "hold" | "copy", ..] | ["release"] => self.carry(cluster, words),
            _ => suffer(cluster, words),
        }
    }

    /// Packets.
    fn carry(&mut self, cluster: &mut Cluster, words: &[&str]) {
        let is = |node: NodeId, word: &str| word == "*" || words::node(word) == node;
        let is_wanted = |packet: &Packet| match words {
            [_, from, to] => is(packet.from, from) && is(packet.to, to),
            _ => true,
        };
        match words[0] {
            "deliver" => cluster.deliver_if(is_wanted),
            "lose" => {
                for packet in cluster.take_if(is_wanted) {
                    cluster.note(|| format!("lost {}", described(&packet)));
                }
            }
            "hold" => self.held.extend(cluster.take_if(is_wanted)),
            "copy" => self.held.extend(cluster.network.iter().filter(|packet| is_wanted(packet)).cloned()),
            _ => cluster.network.append(&mut self.held),
        }
    }

    /// Writes belong to the session that was opened last.
    fn remember_session(&mut self) {
        let replies = self.cluster.iter().flat_map(|cluster| cluster.replies.values());
        let opened = replies.filter_map(|response| match response {
            Response::Opened { session } => Some(*session),
            _ => None,
        });
        let latest = opened.max().unwrap_or(0);
        if latest > self.session {
            (self.session, self.sequence) = (latest, 0);
        }
    }
}

/// Nodes run out of patience; the others have heard nobody for an election timeout.
fn stand(cluster: &mut Cluster, nodes: &[NodeId]) {
    let ms = cluster.config.election_ms;
    for node in cluster.nodes() {
        cluster.pass_at(node, if nodes.contains(&node) { 2 * ms } else { ms });
    }
}

/// What happens to hosts and links.
fn suffer(cluster: &mut Cluster, words: &[&str]) {
    match *words {
        ["sync", node] => cluster.sync(words::node(node), usize::MAX),
        ["save", node] => {
            cluster.keep(words::node(node));
            cluster.keep(words::node(node));
        }
        ["kill", node] => cluster.kill(words::node(node)),
        ["power", node] => cluster.cut_power(words::node(node), 0),
        ["power", node, left] => cluster.cut_power(words::node(node), words::number(left)),
        ["start", node] => cluster.start(words::node(node)),
        ["damage", node, records] => cluster.damage(words::node(node), words::number(records)),
        ["pause", node] => cluster.host(words::node(node)).is_paused = true,
        ["resume", node] => cluster.resume(words::node(node)),
        ["stall", node] => cluster.host(words::node(node)).stalls = true,
        ["cut", node] => cluster.isolate(words::node(node)),
        ["cut", from, to] => _ = cluster.cut.insert((words::node(from), words::node(to))),
        ["heal"] => cluster.cut.clear(),
        ["jump", node, ms] => cluster.host(words::node(node)).skew_ms += words::number::<i64>(ms),
        ["rate", node, percent] => cluster.host(words::node(node)).rate = words::number(percent),
        _ => panic!("nobody does that: {words:?}"),
    }
}

fn described(Packet { from, to, message }: &Packet) -> String {
    format!("{} -> {}: {}", notation::name(*from), notation::name(*to), notation::message(message))
}
