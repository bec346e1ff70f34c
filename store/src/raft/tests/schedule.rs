//! What happens to a cluster, step by step.

use crate::protocol::NodeId;

/// One thing that happens. Whatever does not apply is skipped; numbers are taken modulo what there is.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Time passes, in milliseconds; everything arrives and is synced at once.
    Run(u64),
    /// The same until a node comes to lead: what it says first is still on its way.
    Elect,
    /// Time passes, and nothing else.
    Pass(u64),
    /// All pre-votes arrive, and what is said to them.
    PreVote,
    /// Everything on its way arrives, and what is appended is synced; what is said to it is on its way then.
    Hop,
    /// Some packets arrive, in any order.
    Deliver(Vec<usize>),
    /// Everything on its way to a node arrives.
    DeliverTo(Who),
    /// The first packet on its way to a node arrives, from the leader if there is one, and its answer.
    Nudge(Who),
    /// A packet will arrive again, perhaps much later.
    Duplicate(usize),
    /// Some packets are held up, until they are released.
    Hold(Vec<usize>),
    Release,
    /// Some packets are lost.
    Lose(Vec<usize>),
    LoseAll,
    /// A node syncs so many records.
    Sync(Who, usize),
    /// A node goes on saving its snapshot.
    Keep(Who),
    /// A client asks, asks again, or gives up: this node, or one of its choice.
    Ask {
        client: usize,
        roll: u64,
        whom: Option<Who>,
    },
    /// A process dies.
    Kill(Who),
    /// A machine dies, and keeps so many of the records that are not durable.
    CutPower(Who, usize),
    /// A node starts again, or goes on if it stood still.
    Start(NodeId),
    StartAll,
    /// A process stands still.
    Pause(Who),
    /// A process will stand still before it answers a lease read.
    Stall(Who),
    /// A node is cut off from all others.
    Isolate(Who),
    /// What one node sends to another is lost.
    CutLink(NodeId, NodeId),
    /// Nodes with a bit here, and those without, are cut off from each other.
    Split(u8),
    /// The leader and the nodes with a bit here are cut off from the others.
    Side(u8),
    /// All links work again.
    Join,
    /// A disk is full, or has room again.
    Fill(Who),
    /// A wall clock jumps, by so many milliseconds.
    Jump(Who, i64),
    /// A node's clocks run this fast, in percent.
    Rate(Who, u64),
    /// Somebody asks the leader for a change of members: add, promote or remove this node.
    Change(u8, NodeId),
    /// Somebody asks the leader to hand over to this node.
    Transfer(NodeId),
}

/// A node that something happens to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Who {
    /// The leader, if there is one.
    Leader,
    /// A node that takes itself for the leader, and is not.
    Deposed,
    /// This one.
    Node(NodeId),
}

/// Which schedules have a gesture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Always,
    /// About two of three.
    Sometimes,
    /// Those in which clocks drift.
    Drift,
    /// Those in which members change.
    Churn,
}

/// A few actions that belong together: how often they come among all, which schedules have them, and what they
/// are.
type Gesture = (u64, Part, fn(&mut Rolls) -> Vec<Action>);

const GESTURES: [Gesture; 34] = [
    (12, Part::Always, |rolls| vec![Action::Run(100 * rolls.below(12))]),
    (6, Part::Always, |rolls| vec![Action::Pass(25 * rolls.below(20))]),
    (30, Part::Always, |rolls| vec![Action::Deliver(rolls.some(8))]),
    (12, Part::Always, |rolls| vec![Action::DeliverTo(rolls.who())]),
    (8, Part::Sometimes, |rolls| vec![Action::Nudge(rolls.who())]),
    (4, Part::Sometimes, |rolls| vec![Action::Duplicate(rolls.index())]),
    (4, Part::Sometimes, |rolls| vec![Action::Hold(rolls.some(8))]),
    (3, Part::Always, |_| vec![Action::Release]),
    (6, Part::Sometimes, |rolls| vec![Action::Lose(rolls.some(8))]),
    (16, Part::Always, |rolls| vec![Action::Sync(rolls.who(), [1, 2, usize::MAX][rolls.index() % 3])]),
    (6, Part::Always, |rolls| vec![Action::Keep(rolls.who())]),
    (40, Part::Always, |rolls| vec![rolls.ask(None)]),
    (3, Part::Sometimes, |rolls| vec![Action::Kill(rolls.who())]),
    (3, Part::Sometimes, |rolls| vec![Action::CutPower(rolls.who(), rolls.index() % 4)]),
    (8, Part::Always, |rolls| vec![Action::Start(rolls.node())]),
    (2, Part::Sometimes, |rolls| vec![Action::Pause(rolls.who())]),
    (3, Part::Sometimes, |rolls| vec![Action::Stall(rolls.who())]),
    (3, Part::Sometimes, |rolls| vec![Action::Isolate(rolls.who())]),
    (3, Part::Sometimes, |rolls| vec![Action::CutLink(rolls.node(), rolls.node())]),
    (3, Part::Sometimes, |rolls| vec![Action::Split(rolls.next() as u8)]),
    (4, Part::Always, |_| vec![Action::Join]),
    (1, Part::Sometimes, |rolls| vec![Action::Fill(rolls.who())]),
    (2, Part::Sometimes, |rolls| vec![rolls.jump()]),
    (3, Part::Drift, |rolls| vec![Action::Rate(rolls.who(), 60 + rolls.below(81))]),
    (8, Part::Churn, |rolls| vec![Action::Change(rolls.next() as u8, rolls.node())]),
    (3, Part::Sometimes, |rolls| vec![Action::Transfer(rolls.node())]),
    (6, Part::Sometimes, |_| vec![Action::Elect]),
    (5, Part::Sometimes, leader_is_replaced_unawares),
    (4, Part::Sometimes, leaders_die_young),
    (4, Part::Sometimes, follower_falls_behind),
    (4, Part::Sometimes, voter_forgets),
    (3, Part::Sometimes, old_words_arrive),
    (4, Part::Churn, member_comes),
    (6, Part::Churn, changes_on_both_sides),
];

/// A leader stands still or is cut off; another one serves; then somebody asks the first.
fn leader_is_replaced_unawares(rolls: &mut Rolls) -> Vec<Action> {
    let mut actions = vec![Action::Run(800), rolls.ask(Some(Who::Leader))];
    if rolls.below(2) == 0 {
        actions.push(Action::Jump(Who::Leader, -(rolls.below(5_000) as i64)));
    }
    let stops = [Action::Pause(Who::Leader), Action::Isolate(Who::Leader), Action::Stall(Who::Leader)];
    actions.extend([stops[rolls.index() % 3].clone(), Action::Run(200 * rolls.below(8))]);
    actions.extend((0..3).flat_map(|_| [rolls.ask(Some(Who::Leader)), Action::Run(100)]));
    if rolls.below(2) == 0 {
        actions.push(Action::StartAll);
    }
    actions.extend((0..4).map(|_| rolls.ask(Some(Who::Deposed))));
    actions
}

/// One leader after the other gets through to hardly anybody, and dies.
fn leaders_die_young(rolls: &mut Rolls) -> Vec<Action> {
    let mut actions = Vec::new();
    for _ in 0..=rolls.below(5) {
        actions.extend([Action::StartAll, Action::Join, Action::Elect]);
        let lucky = Action::Nudge(Who::Node(rolls.node()));
        actions.extend((0..rolls.below(6)).map(|_| lucky.clone()));
        actions.push(Action::LoseAll);
        let ends =
            [Action::Kill(Who::Leader), Action::CutPower(Who::Leader, 1), Action::Isolate(Who::Leader)];
        actions.push(ends[rolls.index() % 3].clone());
    }
    actions
}

/// A node is cut off while the others go on, and comes back.
fn follower_falls_behind(rolls: &mut Rolls) -> Vec<Action> {
    let mut actions = vec![Action::Isolate(rolls.who())];
    actions.extend((0..4).flat_map(|_| [Action::Run(200), rolls.ask(None), rolls.ask(None)]));
    actions.push(Action::Join);
    actions
}

/// Several stand in one term; a voter votes, starts again, and hears from another candidate.
fn voter_forgets(rolls: &mut Rolls) -> Vec<Action> {
    let voter = Who::Node(rolls.node());
    vec![
        Action::StartAll,
        Action::Join,
        Action::LoseAll,
        Action::Pass(1_000),
        Action::PreVote,
        Action::Nudge(voter),
        Action::CutPower(voter, 0),
        Action::StartAll,
        Action::Pass(400 + 25 * rolls.below(6)),
        Action::DeliverTo(voter),
        Action::Sync(voter, usize::MAX),
    ]
}

/// What was said long ago arrives again: to a node that had fallen behind, so that this may be a snapshot.
fn old_words_arrive(rolls: &mut Rolls) -> Vec<Action> {
    let mut actions = follower_falls_behind(rolls);
    actions.push(Action::Pass(100));
    for _ in 0..6 {
        actions.extend((0..3).map(|_| Action::Duplicate(rolls.index())));
        actions.push(Action::Hop);
    }
    actions.extend([Action::Run(200), rolls.ask(None), rolls.ask(None), Action::Run(200), Action::Release]);
    actions
}

/// A node becomes a learner, and then a voter.
fn member_comes(rolls: &mut Rolls) -> Vec<Action> {
    let node = rolls.node();
    vec![
        Action::Run(200),
        Action::Change(0, node),
        Action::Run(200),
        Action::Change(1, node),
        Action::Run(100),
    ]
}

/// A leader that is cut off changes the members, and so does the next one.
fn changes_on_both_sides(rolls: &mut Rolls) -> Vec<Action> {
    let mut actions = vec![Action::StartAll, Action::Join, Action::Run(800)];
    if rolls.below(2) == 0 {
        // Whoever is to be promoted is a learner on both sides.
        actions.extend([3, 4].into_iter().flat_map(|node| [Action::Change(0, node), Action::Run(200)]));
        let promotions = [Action::Change(1, 3), Action::Run(200), Action::Change(1, 4)];
        actions.push(Action::Side(0b11000));
        actions.extend(promotions);
    } else {
        actions.extend([Action::Side(rolls.next() as u8), Action::Change(rolls.next() as u8, rolls.node())]);
    }
    actions.extend([Action::Run(1_200), rolls.ask(None), rolls.ask(None)]);
    actions.extend([Action::Change(rolls.next() as u8, rolls.node()), Action::Run(100)]);
    actions
}

/// How often each gesture comes in one schedule: some not at all, so that schedules differ in kind and not only
/// in order (swarm testing; Groce et al. 2012).
#[derive(Clone, Debug)]
pub struct Weights([u64; GESTURES.len()]);

impl Weights {
    /// The weights of a schedule.
    pub fn drawn(rolls: &mut Rolls, has: impl Fn(Part) -> bool) -> Weights {
        Weights(GESTURES.map(|(weight, part, _)| match part {
            _ if !has(part) || (part == Part::Sometimes && rolls.below(3) == 0) => 0,
            _ => weight * [1, 1, 1, 3][rolls.index() % 4],
        }))
    }

    /// The actions of one gesture.
    pub fn gesture(&self, rolls: &mut Rolls) -> Vec<Action> {
        let mut left = rolls.below(self.0.iter().sum());
        let drawn = self.0.iter().zip(GESTURES).find_map(|(&weight, (_, _, gesture))| {
            let is_it = left < weight;
            left = left.saturating_sub(weight);
            is_it.then_some(gesture)
        });
        drawn.expect("below the sum of the weights")(rolls)
    }
}

/// Numbers from a seed (SplitMix64; Steele et al. 2014).
#[derive(Clone, Debug)]
pub struct Rolls(pub u64);

impl Rolls {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    fn node(&mut self) -> NodeId {
        self.below(5) as NodeId
    }

    fn who(&mut self) -> Who {
        match self.below(10) {
            0..3 => Who::Leader,
            3 => Who::Deposed,
            _ => Who::Node(self.node()),
        }
    }

    fn index(&mut self) -> usize {
        self.next() as usize
    }

    fn ask(&mut self, whom: Option<Who>) -> Action {
        Action::Ask { client: self.index(), roll: self.next(), whom }
    }

    fn jump(&mut self) -> Action {
        Action::Jump(self.who(), self.below(20_000) as i64 - 10_000)
    }

    fn some(&mut self, max: u64) -> Vec<usize> {
        (0..=self.below(max)).map(|_| self.next() as usize).collect()
    }
}
