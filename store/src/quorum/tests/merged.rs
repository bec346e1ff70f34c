//! Random schedules of clients that merge what they read: no acknowledged write is lost, whatever happens, and in the end
//! all home replicas hold the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::Safeguards;
use crate::quorum::config::Mode;
use crate::quorum::effect::RequestId;
use crate::quorum::message::{Level, NodeId, Response};
use crate::quorum::siblings::Siblings;
use crate::quorum::testkit::{Cluster, get};

use super::random::{Action, schedule};
use super::siblings::{read, update};

const NODES: usize = 4;
const KEYS: [&str; 2] = ["a", "b"];

/// What a session waits for.
#[derive(Clone, Copy)]
enum Waiting {
    Read { id: RequestId, node: NodeId, key: usize },
    Write { id: RequestId, node: NodeId, key: usize, element: u32 },
}

/// A run under way: sets in keys, to which sessions add elements.
struct Run {
    cluster: Cluster,
    sessions: [Option<Waiting>; 4],
    elements: u32,
    acknowledged: BTreeSet<(usize, u32)>,
    damaged: Option<NodeId>,
}

/// The elements of a value.
fn elements(value: &str) -> BTreeSet<u32> {
    value.split(' ').filter_map(|element| element.parse().ok()).collect()
}

impl Run {
    fn act(&mut self, action: &Action) {
        let cluster = &mut self.cluster;
        let place = |index: usize, cluster: &Cluster| index.checked_rem(cluster.network.len());
        match *action {
            Action::Ask { session, node, key, .. } => self.begin(session, node, key % KEYS.len()),
            Action::Deliver(ref indices) => {
                for &index in indices {
                    place(index, cluster).into_iter().for_each(|index| cluster.deliver(index));
                }
            }
            Action::Duplicate(index) => {
                let copy = place(index, cluster).map(|index| cluster.network[index].clone());
                cluster.network.extend(copy);
            }
            Action::Lose(index) => {
                place(index, cluster).into_iter().for_each(|index| drop(cluster.network.remove(index)));
            }
            Action::Sync(bits) => {
                let syncs = |node: &NodeId| bits & (1 << node) != 0;
                (0..NODES as NodeId).filter(syncs).for_each(|node| cluster.sync(node));
            }
            Action::Pass(ms) => cluster.pass(ms),
            Action::Crash { node, power, damage } => self.crash(node, power, damage),
            Action::Start(node) if cluster.hosts[usize::from(node)].node.is_none() => cluster.start(node),
            Action::Fill(node) => {
                let host = &mut cluster.hosts[usize::from(node)];
                host.is_full = !host.is_full;
            }
            Action::Start(_) | Action::Jump { .. } => {}
        }
    }

    fn begin(&mut self, session: usize, node: NodeId, key: usize) {
        if self.sessions[session].is_none() && self.cluster.hosts[usize::from(node)].node.is_some() {
            let id = self.cluster.ask(node, get(KEYS[key], Level::Quorum));
            self.sessions[session] = Some(Waiting::Read { id, node, key });
        }
    }

    fn crash(&mut self, node: NodeId, power: bool, damage: bool) {
        match power {
            true => self.cluster.cut_power(node),
            false => self.cluster.kill(node),
        }
        for session in &mut self.sessions {
            session.take_if(|waiting| match *waiting {
                Waiting::Read { node: asked, .. } | Waiting::Write { node: asked, .. } => asked == node,
            });
        }
        if damage && *self.damaged.get_or_insert(node) == node {
            self.cluster.damage(node, |record| record.entry.version.counter % 2 == 0);
        }
    }

    /// Clients hear answers, and write over what they have read.
    fn listen(&mut self) {
        for session in 0..self.sessions.len() {
            let Some(waiting) = self.sessions[session] else { continue };
            let (Waiting::Read { id, .. } | Waiting::Write { id, .. }) = waiting;
            let Some(response) = self.cluster.replies.get(&id).cloned() else { continue };
            self.sessions[session] = match (waiting, response) {
                (Waiting::Read { node, key, .. }, response @ Response::Siblings { .. }) => {
                    self.add(node, key, response)
                }
                (Waiting::Write { key, element, .. }, Response::Written { .. }) => {
                    self.acknowledged.insert((key, element));
                    None
                }
                _ => None,
            };
        }
    }

    fn add(&mut self, node: NodeId, key: usize, response: Response) -> Option<Waiting> {
        self.cluster.hosts[usize::from(node)].node.as_ref()?;
        let (values, context) = read(response);
        self.elements += 1;
        let element = self.elements;
        let mut set: BTreeSet<u32> = values.iter().flatten().flat_map(|value| elements(value)).collect();
        set.insert(element);
        let text = set.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let id = self.cluster.ask(node, update(KEYS[key], Some(&text), context, Level::Quorum));
        Some(Waiting::Write { id, node, key, element })
    }

    /// Everything works again; then what is wrong, if anything.
    fn judge(&mut self) -> Option<String> {
        self.cluster.heal();
        self.listen();
        (0..KEYS.len()).find_map(|key| self.wrong(key))
    }

    fn wrong(&mut self, key: usize) -> Option<String> {
        let homes = self.cluster.homes(KEYS[key]);
        let mut held = homes.iter().map(|&home| self.cluster.held(home, KEYS[key])).collect::<Vec<_>>();
        held.dedup();
        if held.len() > 1 {
            return Some(format!("{} differs: {held:?}", KEYS[key]));
        }
        let siblings = held[0].as_ref().map(Siblings::of).unwrap_or_default();
        let texts = siblings.values().flatten().map(|value| String::from_utf8_lossy(value).into_owned());
        let found: BTreeSet<u32> = texts.flat_map(|text| elements(&text)).collect();
        let owed = self.acknowledged.iter().filter(|(of, _)| *of == key);
        let lost: Vec<u32> =
            owed.map(|(_, element)| *element).filter(|element| !found.contains(element)).collect();
        (!lost.is_empty()).then(|| format!("{} lost {lost:?} of {found:?}", KEYS[key]))
    }
}

/// What a schedule breaks, if anything.
fn run(schedule: &[Action], safeguards: Safeguards) -> Option<String> {
    let configure = |config: &mut crate::quorum::config::Config| {
        (config.mode, config.safeguards) = (Mode::Siblings, safeguards);
    };
    let mut run = Run {
        cluster: Cluster::with(NODES, configure),
        sessions: [None; 4],
        elements: 0,
        acknowledged: BTreeSet::new(),
        damaged: None,
    };
    for action in schedule {
        run.act(action);
        run.listen();
    }
    run.judge()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn loses_nothing_in_any_order_of_messages(schedule in schedule(false)) {
        prop_assert_eq!(run(&schedule, Safeguards::default()), None);
    }

    #[test]
    fn loses_nothing_with_one_damaged_replica(schedule in schedule(true)) {
        prop_assert_eq!(run(&schedule, Safeguards::default()), None);
    }
}

#[test]
fn finds_conflicts_that_are_not_recorded() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let off = Safeguards { conflict_recorded: false, ..Safeguards::default() };
    let mut schedules = std::iter::repeat_with(|| {
        schedule(false).new_tree(&mut runner).expect("the strategy rejects nothing").current()
    });
    let found = schedules.by_ref().take(400).find_map(|schedule| run(&schedule, off));
    assert!(found.is_some_and(|found| found.contains(" lost ")));
}
