//! What somebody has seen of a key: a causal context.
//!
//! ```text
//! n1.1: 1 to 7        all that n1, started once, has issued up to its seventh write
//! n4.3: 1 to 2, 4     n4's third write is under way, or reached nobody
//! ```
//!
//! Where there are no gaps this is a version vector. A dot beyond a gap is what makes it a dotted one (Preguiça, Baquero,
//! Almeida, Fonte and Gonçalves 2010): a write can be seen before an earlier one of the same coordinator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::quorum::message::NodeId;

/// Who issues dots: a node, in one of its incarnations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// The node.
    pub node: NodeId,
    /// How many times it had been started.
    pub incarnation: u32,
}

/// Names one write of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dot {
    /// Who coordinated it.
    pub actor: Actor,
    /// Which of its writes of the key, from 1 on.
    pub number: u64,
}

/// First and last number of a run without gaps.
type Run = (u64, u64);

/// A set of dots of one key.
///
/// - The runs of an actor are in order, with a gap between each two, so that equal sets are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context(BTreeMap<Actor, Vec<Run>>);

impl Context {
    /// The context of these bytes; none: no store gave them out.
    pub fn decode(bytes: &[u8]) -> Option<Context> {
        let Context(actors) = postcard::from_bytes(bytes).ok()?;
        let mut context = Context::default();
        for (actor, runs) in actors {
            for run in runs {
                (run.0 >= 1 && run.0 <= run.1).then(|| context.add(actor, run))?;
            }
        }
        Some(context)
    }

    /// Its bytes, as clients carry them.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain data")
    }

    /// Whether this write has been seen.
    pub fn contains(&self, dot: &Dot) -> bool {
        self.has(dot.actor, (dot.number, dot.number))
    }

    /// Whether all has been seen that the other one has.
    pub fn includes(&self, other: &Context) -> bool {
        other.runs().all(|(actor, run)| self.has(actor, run))
    }

    /// This write has been seen.
    pub fn insert(&mut self, dot: Dot) {
        self.add(dot.actor, (dot.number, dot.number));
    }

    /// All has been seen that either has.
    pub fn union(mut self, other: &Context) -> Context {
        other.runs().for_each(|(actor, run)| self.add(actor, run));
        self
    }

    /// How many writes have been seen.
    pub fn count(&self) -> u64 {
        self.runs().fold(0, |count: u64, (_, (first, last))| count.saturating_add(last - first + 1))
    }

    fn runs(&self) -> impl Iterator<Item = (Actor, Run)> {
        self.0.iter().flat_map(|(actor, runs)| runs.iter().map(|run| (*actor, *run)))
    }

    fn has(&self, actor: Actor, (first, last): Run) -> bool {
        let runs = self.0.get(&actor);
        runs.is_some_and(|runs| runs.iter().any(|run| run.0 <= first && last <= run.1))
    }

    fn add(&mut self, actor: Actor, run: Run) {
        let runs = self.0.entry(actor).or_default();
        let begin = runs.partition_point(|(_, last)| last.saturating_add(1) < run.0);
        let end = runs.partition_point(|(first, _)| *first <= run.1.saturating_add(1));
        let join = |joined: Run, run: &Run| (joined.0.min(run.0), joined.1.max(run.1));
        let joined = runs[begin..end].iter().fold(run, join);
        runs.splice(begin..end, [joined]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn dot((node, number): (NodeId, u64)) -> Dot {
        Dot { actor: Actor { node, incarnation: 1 }, number }
    }

    fn context(dots: &[(NodeId, u64)]) -> Context {
        let mut context = Context::default();
        dots.iter().for_each(|&each| context.insert(dot(each)));
        context
    }

    #[test]
    fn a_gap_is_closed_by_the_write_that_was_missing() {
        let gap = context(&[(0, 1), (0, 2), (0, 4)]);
        assert!(!gap.contains(&dot((0, 3))));
        let closed = gap.clone().union(&context(&[(0, 3)]));
        assert_eq!((closed.runs().count(), gap.runs().count()), (1, 2));
        assert!(closed.includes(&gap) && !gap.includes(&closed));
    }

    #[test]
    fn refuses_bytes_that_no_store_gave_out() {
        for runs in [vec![(0, 3)], vec![(5, 4)]] {
            let made_up = Context(BTreeMap::from([(Actor { node: 0, incarnation: 1 }, runs)]));
            assert_eq!(Context::decode(&made_up.encode()), None);
        }
        assert_eq!(Context::decode(&[7]), None);
        let all = Context(BTreeMap::from([(Actor { node: 0, incarnation: 1 }, vec![(1, u64::MAX); 3])]));
        assert_eq!(Context::decode(&all.encode()).map(|context| context.count()), Some(u64::MAX));
    }

    fn dots() -> impl Strategy<Value = Vec<(NodeId, u64)>> {
        prop::collection::vec((0..3 as NodeId, 1..9u64), 0..16)
    }

    proptest! {
        #[test]
        fn is_a_set_of_dots(left in dots(), right in dots()) {
            let sets = [&left, &right].map(|dots| dots.iter().copied().collect::<BTreeSet<_>>());
            let (ours, theirs) = (context(&left), context(&right));
            prop_assert_eq!(ours.count(), sets[0].len() as u64);
            prop_assert_eq!(ours.includes(&theirs), sets[0].is_superset(&sets[1]));
            prop_assert_eq!(ours.clone().union(&theirs), context(&[left, right].concat()));
            prop_assert_eq!(Context::decode(&ours.encode()), Some(ours));
        }
    }
}
