//! What happens to a cluster, step by step.

use crate::protocol::NodeId;

/// One thing that happens. Whatever does not apply is skipped; numbers are taken modulo what there is.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Time passes, in milliseconds; everything arrives and is synced at once.
    Run(u64),
    /// Time passes, and nothing else.
    Pass(u64),
    /// Some packets arrive, in any order.
    Deliver(Vec<usize>),
    /// Everything on its way to a node arrives.
    DeliverTo(Who),
    /// A packet arrives, and will arrive again.
    Duplicate(usize),
    /// Some packets are lost.
    Lose(Vec<usize>),
    /// A node syncs so many records.
    Sync(Who, usize),
    /// A node goes on saving its snapshot.
    Keep(Who),
    /// A client asks, asks again, or gives up.
    Ask { client: usize, roll: u64 },
    /// A process dies.
    Kill(Who),
    /// A machine dies, and keeps so many of the records that are not durable.
    CutPower(Who, usize),
    /// A node starts again.
    Start(NodeId),
    /// A process stands still.
    Pause(Who),
    /// It goes on.
    Resume(NodeId),
    /// A process will stand still before it answers a lease read.
    Stall(Who),
    /// A node is cut off from all others.
    Isolate(Who),
    /// What one node sends to another is lost.
    CutLink(NodeId, NodeId),
    /// Nodes with a bit here, and those without, are cut off from each other.
    Split(u8),
    /// All links work again.
    Join,
    /// A disk is full, or has room again.
    Fill(Who),
    /// A wall clock jumps, by so many milliseconds.
    Jump(NodeId, i64),
    /// A node's clocks run this fast, in percent.
    Rate(NodeId, u64),
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
    /// This one.
    Node(NodeId),
}

/// Which schedules have a kind of action.
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

/// How often a kind of action comes among all, which schedules have it, and the rest of it.
type Kind = (u64, Part, fn(&mut Rolls) -> Action);

const KINDS: [Kind; 24] = [
    (12, Part::Always, |rolls| Action::Run(100 * rolls.below(12))),
    (6, Part::Always, |rolls| Action::Pass(25 * rolls.below(20))),
    (30, Part::Always, |rolls| Action::Deliver(rolls.some(8))),
    (12, Part::Always, |rolls| Action::DeliverTo(rolls.who())),
    (4, Part::Sometimes, |rolls| Action::Duplicate(rolls.next() as usize)),
    (6, Part::Sometimes, |rolls| Action::Lose(rolls.some(8))),
    (16, Part::Always, |rolls| Action::Sync(rolls.who(), [1, 2, usize::MAX][rolls.below(3) as usize])),
    (6, Part::Always, |rolls| Action::Keep(rolls.who())),
    (40, Part::Always, |rolls| Action::Ask { client: rolls.below(8) as usize, roll: rolls.next() }),
    (3, Part::Sometimes, |rolls| Action::Kill(rolls.who())),
    (3, Part::Sometimes, |rolls| Action::CutPower(rolls.who(), rolls.below(4) as usize)),
    (8, Part::Always, |rolls| Action::Start(rolls.node())),
    (2, Part::Sometimes, |rolls| Action::Pause(rolls.who())),
    (4, Part::Always, |rolls| Action::Resume(rolls.node())),
    (3, Part::Sometimes, |rolls| Action::Stall(rolls.who())),
    (3, Part::Sometimes, |rolls| Action::Isolate(rolls.who())),
    (3, Part::Sometimes, |rolls| Action::CutLink(rolls.node(), rolls.node())),
    (3, Part::Sometimes, |rolls| Action::Split(rolls.next() as u8)),
    (4, Part::Always, |_| Action::Join),
    (1, Part::Sometimes, |rolls| Action::Fill(rolls.who())),
    (2, Part::Sometimes, |rolls| Action::Jump(rolls.node(), rolls.below(20_000) as i64 - 10_000)),
    (3, Part::Drift, |rolls| Action::Rate(rolls.node(), 60 + rolls.below(81))),
    (8, Part::Churn, |rolls| Action::Change(rolls.next() as u8, rolls.node())),
    (3, Part::Sometimes, |rolls| Action::Transfer(rolls.node())),
];

/// How often each kind of action comes in one schedule: some not at all, so that schedules differ in kind and
/// not only in order (swarm testing; Groce et al. 2012).
#[derive(Clone, Debug)]
pub struct Weights([u64; KINDS.len()]);

impl Weights {
    /// The weights of a schedule.
    pub fn drawn(rolls: &mut Rolls, has: impl Fn(Part) -> bool) -> Weights {
        Weights(KINDS.map(|(weight, part, _)| match part {
            _ if !has(part) || (part == Part::Sometimes && rolls.below(3) == 0) => 0,
            _ => weight * [1, 1, 1, 3][rolls.below(4) as usize],
        }))
    }

    /// One action.
    pub fn action(&self, rolls: &mut Rolls) -> Action {
        let mut left = rolls.below(self.0.iter().sum());
        let drawn = self.0.iter().zip(KINDS).find_map(|(&weight, (_, _, action))| {
            let is_it = left < weight;
            left = left.saturating_sub(weight);
            is_it.then_some(action)
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
        match self.below(5) {
            0 | 1 => Who::Leader,
            _ => Who::Node(self.node()),
        }
    }

    fn some(&mut self, max: u64) -> Vec<usize> {
        (0..=self.below(max)).map(|_| self.next() as usize).collect()
    }
}
