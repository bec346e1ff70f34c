//! Random schedules: requests, deliveries in any order, losses, duplicates, crashes, damage and clock
//! jumps; then everything is healed, and the [judge](super::judge) looks at it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::Safeguards;
use crate::quorum::config::Mode;
use crate::quorum::effect::RequestId;
use crate::quorum::message::{Level, NodeId, Operation, Request, Response};
use crate::quorum::testkit::{Cluster, get, put, request};
use crate::quorum::version::Version;

use super::judge::{Call, broken, is_progress};

const NODES: usize = 4;
const SESSIONS: usize = 4;
/// The first is used at level atomic only, the others at all other levels.
const KEYS: [&str; 3] = ["a", "b", "c"];

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Action {
    /// A session that waits for nothing asks a node.
    Ask { session: usize, node: NodeId, key: usize, level: usize, kind: u8 },
    /// Some packets arrive, in any order.
    Deliver(Vec<usize>),
    /// A packet arrives, and will arrive again.
    Duplicate(usize),
    /// A packet is lost.
    Lose(usize),
    /// Those nodes sync of which this holds a bit.
    Sync(u8),
    /// Time passes, in milliseconds.
    Pass(u64),
    /// A process dies, or with `power` its machine; with `damage` some of its records are corrupted.
    Crash { node: NodeId, power: bool, damage: bool },
    /// A node starts again.
    Start(NodeId),
    /// A wall clock jumps.
    Jump { node: NodeId, ms: i64 },
    /// A disk is full, or has room again.
    Fill(NodeId),
}

/// Schedules of so many actions.
pub fn schedule(damage: bool) -> impl Strategy<Value = Vec<Action>> {
    let node = || 0..NODES as NodeId;
    let ask = (0..SESSIONS, node(), prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(2)], 0..3usize, 0..8u8)
        .prop_map(|(session, node, key, level, kind)| Action::Ask { session, node, key, level, kind });
    let crash = (node(), any::<bool>(), any::<bool>()).prop_map(move |(node, power, half)| Action::Crash {
        node,
        power,
        damage: damage && half,
    });
    let action = prop_oneof![
        20 => ask,
        50 => prop::collection::vec(any::<usize>(), 1..6).prop_map(Action::Deliver),
        6 => any::<usize>().prop_map(Action::Duplicate),
        6 => any::<usize>().prop_map(Action::Lose),
        20 => (1..1u8 << NODES).prop_map(Action::Sync),
        3 => (25..300u64).prop_map(Action::Pass),
        1 => crash,
        2 => node().prop_map(Action::Start),
        2 => (node(), -5_000..5_000i64).prop_map(|(node, ms)| Action::Jump { node, ms }),
        1 => node().prop_map(Action::Fill),
    ];
    prop::collection::vec(action, 50..300)
}

/// A client: one operation at a time, and a token.
#[derive(Default)]
struct Session {
    floors: BTreeMap<usize, Version>,
    above: Option<Version>,
    waiting: Option<(RequestId, NodeId, usize, Request, usize)>,
}

/// A run under way.
struct Run {
    cluster: Cluster,
    sessions: Vec<Session>,
    calls: Vec<Call>,
    moments: usize,
    values: u32,
    /// The one node that may lose synced records.
    damaged: Option<NodeId>,
}

/// What a schedule breaks, if anything.
pub fn run(schedule: &[Action], mode: Mode, safeguards: Safeguards) -> Option<String> {
    let mut run = Run {
        cluster: Cluster::with(NODES, |config| {
            (config.mode, config.safeguards) = (mode, safeguards);
            config.has_membership = mode == Mode::Sloppy;
        }),
        sessions: (0..SESSIONS).map(|_| Session::default()).collect(),
        calls: Vec::new(),
        moments: 0,
        values: 0,
        damaged: None,
    };
    for action in schedule {
        run.act(action);
        run.listen();
    }
    run.heal();
    let keys = KEYS.map(str::to_owned);
    broken(&mut run.cluster, &run.calls, &keys, run.damaged.is_some()).or_else(|| run.stuck())
}

impl Run {
    fn act(&mut self, action: &Action) {
        let cluster = &mut self.cluster;
        let at = |index: usize, cluster: &Cluster| index.checked_rem(cluster.network.len());
        match *action {
            Action::Ask { session, node, key, level, kind } => self.ask(session, node, key, level, kind),
            Action::Deliver(ref indices) => {
                for &index in indices {
                    if let Some(index) = at(index, cluster) {
                        cluster.deliver(index);
                    }
                }
            }
            Action::Duplicate(index) => {
                if let Some(index) = at(index, cluster) {
                    cluster.network.push(cluster.network[index].clone());
                    cluster.deliver(index);
                }
            }
            Action::Lose(index) => {
                if let Some(index) = at(index, cluster) {
                    cluster.network.remove(index);
                }
            }
            Action::Sync(bits) => {
                let syncs = |node: &NodeId| bits & (1 << node) != 0;
                (0..NODES as NodeId).filter(syncs).for_each(|node| cluster.sync(node));
            }
            Action::Pass(ms) => cluster.pass(ms),
            Action::Crash { node, power, damage } => self.crash(node, power, damage),
            Action::Start(node) => {
                if cluster.hosts[usize::from(node)].node.is_none() {
                    cluster.start(node);
                }
            }
            Action::Jump { node, ms } => cluster.hosts[usize::from(node)].skew_ms += ms,
            Action::Fill(node) => {
                let host = &mut cluster.hosts[usize::from(node)];
                host.is_full = !host.is_full;
            }
        }
    }

    fn ask(&mut self, session: usize, node: NodeId, key: usize, level: usize, kind: u8) {
        let node = self.taker(KEYS[key], node);
        let client = &mut self.sessions[session];
        if client.waiting.is_some() || self.cluster.hosts[usize::from(node)].node.is_none() {
            return;
        }
        let level = if key == 0 { Level::Atomic } else { [Level::One, Level::Quorum, Level::All][level] };
        self.values += 1;
        let (floor, above) = (client.floors.get(&key).copied(), client.above);
        let request = match kind {
            0..4 => Request { floor, ..get(KEYS[key], level) },
            4..7 => Request { above, ..put(KEYS[key], &self.values.to_string(), level) },
            _ => Request { above, ..request(Operation::Delete { key: KEYS[key].to_owned() }, level) },
        };
        self.moments += 1;
        let id = self.cluster.ask(node, request.clone());
        client.waiting = Some((id, node, key, request, self.moments));
    }

    /// Who takes requests for a key: where there are caches its own, else this node as any other.
    fn taker(&self, key: &str, node: NodeId) -> NodeId {
        if self.cluster.config.mode.has_cache() { self.cluster.cache_of(key) } else { node }
    }

    fn crash(&mut self, node: NodeId, power: bool, damage: bool) {
        match power {
            true => self.cluster.cut_power(node),
            false => self.cluster.kill(node),
        }
        // Its clients see their connections close.
        for session in &mut self.sessions {
            session.waiting.take_if(|(_, asked, ..)| *asked == node);
        }
        if damage && *self.damaged.get_or_insert(node) == node {
            self.cluster.damage(node, |record| record.entry.version.counter % 2 == 0);
        }
    }

    /// Clients hear answers.
    fn listen(&mut self) {
        for session in &mut self.sessions {
            let Some((id, ..)) = session.waiting else { continue };
            let Some(response) = self.cluster.replies.get(&id).cloned() else { continue };
            let Some((_, _, key, request, invoked_at)) = session.waiting.take() else { continue };
            self.moments += 1;
            let returned_at = self.moments;
            let call = Call { key: KEYS[key].to_owned(), request, invoked_at, returned_at, response };
            if let Some(version) = call.version() {
                let floor = session.floors.entry(key).or_insert(version);
                *floor = version.max(*floor);
                session.above = session.above.max(Some(version));
            }
            self.calls.push(call);
        }
    }

    /// Everything works again, and runs until nothing changes any more.
    fn heal(&mut self) {
        self.cluster.heal();
        self.listen();
    }

    /// A healed cluster makes progress, and all are answered.
    fn stuck(&mut self) -> Option<String> {
        if let Some(waiting) = self.sessions.iter().find_map(|session| session.waiting.as_ref()) {
            return Some(format!("never answered: {waiting:?}"));
        }
        let levels = [Level::Atomic, Level::All, Level::Quorum];
        let answers = KEYS.iter().zip(levels).flat_map(|(key, level)| {
            let node = self.taker(key, 1);
            [get(key, level), put(key, "last", level)].map(|request| self.cluster.call(node, request))
        });
        let answers: Vec<Response> = answers.collect();
        answers.iter().find(|answer| !is_progress(answer)).map(|answer| format!("no progress: {answer:?}"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn keeps_its_promises_in_any_order_of_messages(schedule in schedule(false)) {
        prop_assert_eq!(run(&schedule, Mode::Strict, Safeguards::default()), None);
    }

    #[test]
    fn keeps_its_promises_with_one_damaged_replica(schedule in schedule(true)) {
        prop_assert_eq!(run(&schedule, Mode::Strict, Safeguards::default()), None);
    }

    #[test]
    fn keeps_its_promises_with_a_cache(schedule in schedule(false)) {
        prop_assert_eq!(run(&schedule, Mode::WriteThrough, Safeguards::default()), None);
    }

    #[test]
    fn keeps_its_promises_with_a_cache_and_one_damaged_node(schedule in schedule(true)) {
        prop_assert_eq!(run(&schedule, Mode::WriteThrough, Safeguards::default()), None);
    }

    #[test]
    fn keeps_its_promises_with_stand_ins(schedule in schedule(false)) {
        prop_assert_eq!(run(&schedule, Mode::Sloppy, Safeguards::default()), None);
    }

    #[test]
    fn keeps_its_promises_with_stand_ins_and_one_damaged_node(schedule in schedule(true)) {
        prop_assert_eq!(run(&schedule, Mode::Sloppy, Safeguards::default()), None);
    }
}
