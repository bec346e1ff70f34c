//! A random run: trouble, then health, then the judges.

use super::clients::{CLIENTS, Clients};
use super::judge::{self, Truth};
use super::schedule::{Action, Rolls, Who};
use super::settings::Setting;
use crate::protocol::{NodeId, TICK_MS};
use crate::raft::config::Replication;
use crate::raft::message::Body;
use crate::raft::request::{Ask, Change, Response};
use crate::raft::testkit::{Cluster, Packet};
use crate::safeguards::Safeguards;

/// How long a healed cluster may take to make progress, in milliseconds.
const PROGRESS_MS: u64 = 10_000;
/// How long a leader is looked at that nothing should depose, in milliseconds.
const STABLE_MS: u64 = 3_000;
/// How long to wait for a leader.
const ELECTION_TICKS_MAX: u64 = 60;

/// A run under way.
pub struct Run {
    pub cluster: Cluster,
    setting: Setting,
    clients: Clients,
    /// How many of the calls have been looked at.
    judged: usize,
    seed: u64,
    /// A node that is not asked to catch up.
    cut_off: Option<NodeId>,
    /// Packets that are held up.
    held: Vec<Packet>,
}

/// How a run ended.
#[derive(Debug, Default, PartialEq)]
pub struct Ended {
    /// What it broke first, if anything.
    pub broken: Option<String>,
    /// What each line of its trace says, if it was kept.
    pub trace: Vec<String>,
    /// Markers, and how often they were reached.
    pub reached: std::collections::BTreeMap<&'static str, u64>,
    /// Calls with an end.
    pub calls: usize,
}

/// The schedule with this number.
pub fn schedule(setting: &Setting, seed: u64) -> Vec<Action> {
    let actions = [60, 150, 150, 400][(seed % 4) as usize];
    let mut rolls = Rolls(seed.wrapping_mul(0x0001_0000_01b3));
    let weights = setting.weights(&mut rolls);
    let gestures = std::iter::repeat_with(|| weights.gesture(&mut rolls));
    gestures.flatten().take(actions).collect()
}

/// Runs a schedule.
pub fn run(
    setting: &Setting,
    seed: u64,
    schedule: &[Action],
    safeguards: Safeguards,
    is_traced: bool,
) -> Ended {
    let mut run = Run::new(setting, seed, safeguards);
    run.cluster.trace = is_traced.then(Vec::new);
    let broken = schedule.iter().find_map(|action| run.act(action)).or_else(|| run.heal());
    Ended {
        broken,
        trace: run.cluster.trace.take().into_iter().flatten().map(|(_, line)| line).collect(),
        reached: std::mem::take(&mut run.cluster.reached),
        calls: run.clients.calls.len(),
    }
}

impl Run {
    fn new(setting: &Setting, seed: u64, safeguards: Safeguards) -> Run {
        let configure = |config: &mut _| setting.configure(seed, safeguards, config);
        Run {
            cluster: Cluster::with(setting.nodes, seed, configure),
            setting: *setting,
            clients: Clients::default(),
            judged: 0,
            seed,
            cut_off: None,
            held: Vec::new(),
        }
    }

    /// Does one thing; what that breaks.
    fn act(&mut self, action: &Action) -> Option<String> {
        let at = self.cluster.time_ms;
        self.cluster.note(|| format!("── {at} ms: {action:?}"));
        match *action {
            Action::Ask { client, roll, whom } => {
                let whom = whom.map(|whom| self.who(whom));
                self.clients.act(&mut self.cluster, client, roll, whom);
            }
            Action::Change(kind, node) => self.change(kind, node),
            Action::Transfer(node) => {
                let to = self.node(node);
                self.admin(Ask::Transfer { to });
            }
            Action::Kill(who) | Action::CutPower(who, _) => {
                let node = self.who(who);
                match *action {
                    Action::CutPower(_, left) => self.cluster.cut_power(node, left),
                    _ => self.cluster.kill(node),
                }
                self.clients.forget_leader(node);
            }
            _ => self.suffer(action),
        }
        self.look()
    }

    /// What happens to network, disks and clocks.
    fn suffer(&mut self, action: &Action) {
        match *action {
            Action::Run(ms) => self.cluster.run(ms),
            Action::Elect => self.elect(),
            Action::PreVote => self.pre_vote(),
            Action::Hop => self.hop(),
            Action::Pass(ms) => self.cluster.pass(ms),
            Action::Deliver(ref packets) => packets.iter().for_each(|&packet| {
                if let Some(index) = packet.checked_rem(self.cluster.network.len()) {
                    self.cluster.deliver(index);
                }
            }),
            Action::DeliverTo(who) => {
                let node = self.who(who);
                if self.cluster.is_awake(node) {
                    self.cluster.deliver_if(|packet| packet.to == node);
                }
            }
            Action::Nudge(who) => self.nudge(self.who(who)),
            Action::Duplicate(packet) => {
                if let Some(index) = packet.checked_rem(self.cluster.network.len()) {
                    self.held.push(self.cluster.network[index].clone());
                }
            }
            Action::Hold(ref packets) => packets.iter().for_each(|&packet| {
                if let Some(index) = packet.checked_rem(self.cluster.network.len()) {
                    self.held.push(self.cluster.network.remove(index));
                }
            }),
            Action::Release => self.cluster.network.append(&mut self.held),
            Action::LoseAll => self.cluster.network.clear(),
            Action::Lose(ref packets) => packets.iter().for_each(|&packet| {
                if let Some(index) = packet.checked_rem(self.cluster.network.len()) {
                    self.cluster.network.remove(index);
                }
            }),
            Action::Sync(who, records) => self.cluster.sync(self.who(who), records),
            Action::Keep(who) => self.cluster.keep(self.who(who)),
            _ => self.suffer_faults(action),
        }
    }

    fn suffer_faults(&mut self, action: &Action) {
        match *action {
            Action::Start(node) => self.start(self.node(node)),
            Action::StartAll => self.cluster.nodes().for_each(|node| self.start(node)),
            Action::Pause(who) => {
                let node = self.who(who);
                self.cluster.host(node).is_paused = self.cluster.is_awake(node);
            }
            Action::Stall(who) => {
                let node = self.who(who);
                self.cluster.host(node).stalls = true;
            }
            Action::Isolate(who) => self.cluster.isolate(self.who(who)),
            Action::CutLink(from, to) => {
                let link = (self.node(from), self.node(to));
                self.cluster.cut.insert(link);
            }
            Action::Split(bits) => self.split(bits),
            Action::Side(bits) => self.split(bits | 1 << self.who(Who::Leader)),
            Action::Join => self.cluster.cut.clear(),
            Action::Fill(who) => {
                let node = self.who(who);
                let host = self.cluster.host(node);
                host.is_full = !host.is_full;
            }
            Action::Jump(who, ms) => {
                let node = self.who(who);
                self.cluster.host(node).skew_ms += ms;
            }
            Action::Rate(who, percent) => {
                let node = self.who(who);
                self.cluster.host(node).rate = percent;
            }
            _ => {}
        }
    }

    fn change(&mut self, kind: u8, node: NodeId) {
        let node = self.node(node);
        let change = [Change::AddLearner, Change::Promote, Change::Remove][usize::from(kind % 3)];
        self.admin(Ask::Change(change(node)));
    }

    /// Somebody asks the leader, and does not wait for the answer.
    fn admin(&mut self, ask: Ask) {
        if let Some(leader) = self.cluster.leader() {
            self.cluster.ask(leader, ask);
        }
    }

    /// Time passes until a node comes to lead.
    fn elect(&mut self) {
        let terms = |run: &Run| run.cluster.hosts.iter().map(|host| host.leads).max();
        let before = terms(self);
        for _ in 0..ELECTION_TICKS_MAX {
            self.cluster.pass(TICK_MS);
            // Everything but appends: the first thing that a leader says waits.
            loop {
                self.cluster.nodes().for_each(|node| self.cluster.sync(node, usize::MAX));
                if terms(self) > before || self.cluster.network.is_empty() {
                    break;
                }
                self.cluster.deliver_if(|_| true);
            }
            if terms(self) > before {
                return;
            }
        }
    }

    /// Cuts nodes with a bit off from those without.
    fn split(&mut self, bits: u8) {
        let side = |node: NodeId| bits & (1 << node) != 0;
        let nodes = self.cluster.nodes();
        let links = nodes.clone().flat_map(|from| nodes.clone().map(move |to| (from, to)));
        self.cluster.cut.extend(links.filter(|&(from, to)| side(from) != side(to)));
    }

    /// Everything on its way to nodes that are awake arrives.
    fn hop(&mut self) {
        let awake: Vec<bool> = self.cluster.nodes().map(|node| self.cluster.is_awake(node)).collect();
        self.cluster.deliver_if(|packet| awake[usize::from(packet.to)]);
        self.cluster.nodes().for_each(|node| self.cluster.sync(node, usize::MAX));
    }

    /// All pre-votes and their answers arrive.
    fn pre_vote(&mut self) {
        let is_pre_vote = |packet: &Packet| {
            matches!(packet.message.body, Body::Vote { is_pre: true, .. } | Body::Voted { is_pre: true, .. })
        };
        self.cluster.deliver_if(is_pre_vote);
        self.cluster.deliver_if(is_pre_vote);
        self.cluster.nodes().for_each(|node| self.cluster.sync(node, usize::MAX));
    }

    /// One packet gets through to a node, one of the leader's if there is any, and the answer.
    fn nudge(&mut self, node: NodeId) {
        let leader = self.cluster.leader();
        let is_wanted = |packet: &Packet| packet.to == node && Some(packet.from) == leader;
        let first = self.cluster.network.iter().position(is_wanted);
        let first = first.or_else(|| self.cluster.network.iter().position(|packet| packet.to == node));
        if let Some(index) = first.filter(|_| self.cluster.is_awake(node)) {
            self.cluster.deliver(index);
            self.cluster.sync(node, usize::MAX);
            let asleep: Vec<bool> = self.cluster.nodes().map(|node| !self.cluster.is_awake(node)).collect();
            self.cluster.deliver_if(|packet| packet.from == node && !asleep[usize::from(packet.to)]);
        }
    }

    /// Starts a node that is down; one that stands still goes on.
    fn start(&mut self, node: NodeId) {
        let host = self.cluster.host(node);
        if host.is_paused {
            self.cluster.resume(node);
        } else if host.node.is_none() {
            host.is_full = false;
            self.cluster.start(node);
        }
    }

    fn node(&self, node: NodeId) -> NodeId {
        node % self.cluster.hosts.len() as NodeId
    }

    fn who(&self, who: Who) -> NodeId {
        match who {
            Who::Leader => self.cluster.leader().unwrap_or(0),
            Who::Deposed => self.cluster.deposed().unwrap_or(0),
            Who::Node(node) => self.node(node),
        }
    }

    /// What is broken so far, as far as that can be told at once.
    fn look(&mut self) -> Option<String> {
        self.clients.listen(&mut self.cluster);
        if let Some(broken) = self.cluster.broken.first() {
            return Some(format!("{}: {}", broken.invariant, broken.what));
        }
        let new = &self.clients.calls[self.judged..];
        self.judged = self.clients.calls.len();
        new.iter().find_map(judge::goes_back)
    }

    /// Everything works again; what is broken then, or does not get going.
    fn heal(&mut self) -> Option<String> {
        self.cluster.note(|| "── everything is healed".to_owned());
        self.cluster.cut.clear();
        for node in self.cluster.nodes() {
            let host = self.cluster.host(node);
            (host.is_full, host.stalls, host.rate) = (false, false, 100);
            self.start(node);
        }
        self.progress().or_else(|| self.suffer_one_way_cut()).or_else(|| self.judge())
    }

    /// One node hears nobody, or is heard by nobody: the others go on, and keep their leader.
    fn suffer_one_way_cut(&mut self) -> Option<String> {
        if self.setting.has_churn || self.setting.replication != Replication::Majority {
            return None;
        }
        let victim = self.node((self.seed / 2 % 5) as NodeId);
        let is_deaf = self.seed.is_multiple_of(2);
        self.cluster.note(|| format!("── n{} is cut off one way", victim + 1));
        let others = self.cluster.nodes().filter(|&node| node != victim);
        let links = others.map(|other| if is_deaf { (other, victim) } else { (victim, other) });
        self.cluster.cut = links.collect();
        self.cut_off = Some(victim);
        let stuck = self.progress();
        let before =
            self.cluster.leader().map(|leader| (leader, self.cluster.hosts[usize::from(leader)].leads));
        self.cluster.run(STABLE_MS);
        let after =
            self.cluster.leader().map(|leader| (leader, self.cluster.hosts[usize::from(leader)].leads));
        self.cluster.cut.clear();
        self.cut_off = None;
        let deposed =
            || format!("a node cut off one way, n{}, deposes the leader: {before:?}, {after:?}", victim + 1);
        stuck.or_else(|| (before != after).then(deposed)).or_else(|| self.progress())
    }

    /// A healed cluster serves all clients, and all members catch up.
    fn progress(&mut self) -> Option<String> {
        let end = self.cluster.time_ms + PROGRESS_MS;
        let before = self.clients.calls.len();
        let mut rolls = Rolls(7);
        while self.cluster.time_ms < end {
            self.cluster.run(25);
            if let Some(broken) = self.look() {
                return Some(broken);
            }
            let new = &self.clients.calls[before..];
            let is_served = |client: &usize| {
                let mut calls = new.iter().filter(|call| call.client == *client);
                calls.any(|call| matches!(call.response, Response::Done { .. }))
            };
            let unserved: Vec<usize> = (0..CLIENTS).filter(|client| !is_served(client)).collect();
            if unserved.is_empty() && self.has_caught_up() {
                return None;
            }
            for client in unserved {
                self.clients.act(&mut self.cluster, client, rolls.next(), None);
            }
        }
        Some(format!("no progress in {PROGRESS_MS} ms after everything was healed"))
    }

    /// Whether all members have applied all there is.
    fn has_caught_up(&mut self) -> bool {
        let Some((last, members)) = self.members() else { return false };
        let mut asked = members.into_iter().filter(|&node| Some(node) != self.cut_off);
        asked.all(
            |node| matches!(self.cluster.status(node), Response::Status { applied, .. } if applied == last),
        )
    }

    /// The last entry of the leader's log, and the members that keep copies of it.
    fn members(&mut self) -> Option<(u64, Vec<NodeId>)> {
        let leader = self.cluster.leader()?;
        let Response::Status { last, members, .. } = self.cluster.status(leader) else { return None };
        let mut all: Vec<NodeId> = members.voters.into_iter().chain(members.learners).collect();
        if self.setting.replication != Replication::Majority {
            all.retain(|&node| node < 2);
        }
        Some((last, all))
    }

    /// The log, against what clients were told and what members hold.
    fn judge(&mut self) -> Option<String> {
        let (last, members) = self.members()?;
        let truth = Truth::new(&self.cluster, last);
        let may_lose = self.setting.may_lose();
        let calls = &self.clients.calls;
        calls
            .iter()
            .find_map(|call| truth.contradicts(call, may_lose))
            .or_else(|| judge::refused_in_vain(&self.cluster, calls))
            .or_else(|| truth.lacks_too_much(calls, self.setting.loss_max()))
            .or_else(|| members.iter().find_map(|&node| self.differs(node, &truth)))
    }

    fn differs(&mut self, node: NodeId, truth: &Truth) -> Option<String> {
        let page = self.cluster.call(node, Ask::Dump { after: None });
        let what = || format!("n{} holds {page:?}, and the log makes {:?}", node + 1, truth.page);
        (page != truth.page).then(what)
    }
}
