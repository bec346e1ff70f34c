//! What else must come before what, if some reads are to be explained by one order; and when it cannot be.
//!
//! ```text
//! write x = 1 ──► write y = 1          read y = 1 ──► read x = null ?
//! ```
//!
//! A read that returned one write of its key and has another before it puts that other one before the one it
//! returned. This may give further reads more before them, and so it goes on, round by round, until nothing
//! is new (then nothing contradicts these reads, as far as writes can be told apart) or there is a cycle.
//! One round with the reads of everybody is the conflict relation of causal convergence (CF); all rounds with
//! the reads of one session give its happens-before (HB). See Bouajjani et al. 2017, sections 4.2 and 4.3.

use crate::causality::Clocks;
use crate::causality::overtakes::{Overtake, Writers};
use crate::checker::{Context, Undecided};
use crate::differentiated::Differentiated;
use crate::relation::{Edge, Growing, Relation};
use crate::threads;

/// A write that must come before another because of a read; `rank` is the round that inferred it, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inferred {
    pub edge: Edge,
    pub read: u32,
    pub key: u32,
}

/// What has no order: what was inferred closes a circle, or leads from a write to a read of the initial value.
pub(crate) struct Clash {
    inferred: Vec<Inferred>,
    initial: Option<Overtake>,
}

/// Why there is no order.
pub(crate) struct Contradiction {
    /// What was inferred.
    pub inferred: Vec<Inferred>,
    /// The operations that would have to come before each other, in a circle; or those on the way to a read of
    /// the initial value, from a write of its key.
    pub way: Vec<u32>,
    /// Whether the way is a circle.
    pub is_cycle: bool,
}

/// How many operations may be looked at.
pub(crate) struct Budget(u64);

impl Budget {
    /// An operation is looked at much faster than a configuration is searched.
    const OPERATIONS_PER_CONFIGURATION: u64 = 32;

    /// What this context allows.
    pub fn of(context: &Context) -> Budget {
        Budget(context.limits.configurations_max.saturating_mul(Budget::OPERATIONS_PER_CONFIGURATION))
    }

    fn spend(&mut self, operations: usize) -> Result<(), Undecided> {
        let left = self.0.checked_sub(operations as u64);
        self.0 = left.ok_or_else(|| "it takes more work than the limit allows".to_owned())?;
        Ok(())
    }
}

/// Causal order, as it is known before anything is inferred.
pub(crate) struct Ground<'d, 'a> {
    pub history: &'d Differentiated<'a>,
    pub relation: Relation<'d>,
    pub order: Vec<u32>,
    pub clocks: Clocks,
    pub writers: Writers<'d, 'a>,
}

impl<'d, 'a> Ground<'d, 'a> {
    /// That of this history; or a circle in it, if there is one.
    pub fn of(history: &'d Differentiated<'a>) -> Result<Ground<'d, 'a>, Option<Vec<u32>>> {
        let relation = Relation::new(history.len(), &history.chains, &history.edges);
        let order = relation.order().map_err(|tangled| relation.shortest_cycle(&tangled))?;
        let clocks = Clocks::of(&history.chains, &relation, &order);
        Ok(Ground { history, relation, order, clocks, writers: Writers::of(history) })
    }

    /// Why the writes have no common order, when the reads of everybody look at causal order only.
    pub fn conflicts(&self, overtakes: impl IntoIterator<Item = Overtake>) -> Option<Contradiction> {
        let inferred = infer(overtakes, 1);
        let edges: Vec<Edge> = inferred.iter().map(|inferred| inferred.edge).collect();
        let has_order = Growing::of(&self.relation, &self.order).add(&edges);
        if has_order { None } else { self.explain(Clash { inferred, initial: None }) }
    }

    /// Whether the writes have an order that explains these reads, which come in order; if not, what was inferred
    /// from them.
    pub fn clash(&mut self, reads: &[u32], budget: &mut Budget) -> Result<Option<Clash>, Undecided> {
        let rows = self.clocks.rows();
        let found = self.saturate(reads, budget);
        self.clocks.forget(rows);
        found
    }

    /// Infers round by round. After the first, only the reads that have learnt something are looked at: of the
    /// others everything is inferred already.
    fn saturate(&mut self, reads: &[u32], budget: &mut Budget) -> Result<Option<Clash>, Undecided> {
        let mut is_asked = vec![false; self.history.len()];
        reads.iter().for_each(|&read| is_asked[read as usize] = true);
        let mut growing = Growing::of(&self.relation, &self.order);
        let mut inferred: Vec<Inferred> = Vec::new();
        let mut reads = reads.to_vec();
        for round in 1.. {
            budget.spend(self.history.len())?;
            let begin = inferred.partition_point(|inferred| inferred.edge.rank + 1 < round);
            let edges: Vec<Edge> = inferred[begin..].iter().map(|inferred| inferred.edge).collect();
            if !growing.add(&edges) {
                return Ok(Some(Clash { inferred, initial: None }));
            }
            if round > 1 {
                reads = self.clocks.grow(&growing, &edges);
                reads.retain(|&read| is_asked[read as usize]);
            }
            let overtakes: Vec<Overtake> =
                self.writers.overtakes(&self.clocks, reads.iter().copied()).collect();
            if let Some(initial) = overtakes.iter().find(|overtake| overtake.source.is_none()) {
                return Ok(Some(Clash { inferred, initial: Some(*initial) }));
            }
            if overtakes.is_empty() {
                break;
            }
            inferred.extend(infer(overtakes, round));
        }
        Ok(None)
    }

    /// The shortest way through what clashes.
    pub fn explain(&self, Clash { inferred, initial }: Clash) -> Option<Contradiction> {
        let edges = self.history.edges.iter().copied().chain(inferred.iter().map(|inferred| inferred.edge));
        let edges: Vec<Edge> = edges.collect();
        let relation = Relation::new(self.history.len(), &self.history.chains, &edges);
        let (way, is_cycle) = match initial {
            Some(initial) => (relation.shortest_way(initial.passed, initial.read, u32::MAX), false),
            None => (relation.order().err().and_then(|tangled| relation.shortest_cycle(&tangled)), true),
        };
        Some(Contradiction { inferred, way: way?, is_cycle })
    }
}

/// For each session that reads anything, and each end it has, what must be explained together: its reads up to
/// there. Happens-before only grows along a session, so its ends are enough.
pub(crate) fn observers(history: &Differentiated<'_>) -> Vec<Vec<u32>> {
    let reads = |&node: &u32| !history.reads(node).is_empty();
    let operation = |node: u32| history.operations[node as usize];
    let mut sessions: Vec<(Option<u64>, u32)> =
        (0..history.len() as u32).filter(reads).map(|node| (operation(node).session(), node)).collect();
    sessions.sort_unstable();
    let ends = history.chains.iter().filter(|chain| chain.iter().any(reads));
    let ends = ends.filter_map(|chain| chain.last().copied());
    let observers = ends.map(|end| {
        let session = operation(end).session();
        let begin = sessions.partition_point(|(other, _)| *other < session);
        let members = sessions[begin..].iter().take_while(|(other, _)| *other == session);
        let is_up_to_end = |node: &u32| *node == end || threads::is_before(operation(*node), operation(end));
        members.map(|(_, node)| *node).filter(is_up_to_end).collect()
    });
    observers.collect()
}

fn infer(overtakes: impl IntoIterator<Item = Overtake>, rank: u32) -> Vec<Inferred> {
    let inferred = overtakes.into_iter().filter_map(|Overtake { read, key, passed, source }| {
        source.map(|source| Inferred { edge: Edge { from: passed, to: source, rank }, read, key })
    });
    let mut inferred: Vec<Inferred> = inferred.collect();
    inferred.sort_unstable();
    inferred.dedup_by_key(|inferred| inferred.edge);
    inferred
}
