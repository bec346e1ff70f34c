//! Bad patterns in plain words: the way through the operations, and why each step of it must be.

use crate::causality::overtakes::Overtake;
use crate::causality::saturation::{Contradiction, Inferred};
use crate::differentiated::{Differentiated, Source};
use crate::relation::{Edge, Relation};
use crate::threads;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// Tells what happened in this history.
pub(crate) struct Explainer<'d, 'a> {
    history: &'d Differentiated<'a>,
}

impl<'d, 'a> Explainer<'d, 'a> {
    /// An explainer of this history.
    pub fn new(history: &'d Differentiated<'a>) -> Explainer<'d, 'a> {
        Explainer { history }
    }

    fn index(&self, node: u32) -> u64 {
        self.history.operations[node as usize].index()
    }

    fn deed(&self, node: u32) -> String {
        words::deed_and_event(self.history.operations[node as usize])
    }

    fn anomaly(&self, kind: AnomalyKind, key: Option<u32>, nodes: &[u32], explanation: String) -> Anomaly {
        let key = key.and_then(|key| self.history.keys[key as usize].key());
        Anomaly::new(kind, key.as_ref(), nodes.iter().map(|&node| self.index(node)), explanation)
    }

    /// A value from nowhere.
    pub fn thin_air(&self, node: u32) -> Anomaly {
        let thin = self.history.reads(node).iter().find(|read| read.source == Source::Nobody);
        let nobody = thin.map(|read| {
            let object = self.history.keys[read.key as usize];
            format!(", although nobody wrote {} to {object}", words::value(read.value))
        });
        let explanation = format!("{}{}", self.deed(node), nobody.unwrap_or_default());
        self.anomaly(AnomalyKind::ThinAirRead, thin.map(|read| read.key), &[node], explanation)
    }

    /// A read of what had been overwritten.
    pub fn stale(&self, overtake: &Overtake, relation: &Relation<'_>) -> Anomaly {
        let way = |from, to| relation.shortest_way(from, to, 0).unwrap_or_default();
        let after = way(overtake.passed, overtake.read);
        let passed = self.index(overtake.passed);
        let Some(source) = overtake.source else {
            let explanation = format!(
                "{}: it returned the initial value although the write of event {passed} comes before it",
                self.tell(&after)
            );
            return self.anomaly(AnomalyKind::WriteCoInitRead, Some(overtake.key), &after, explanation);
        };
        let mut nodes = way(source, overtake.passed);
        nodes.extend(after.into_iter().skip(1));
        let explanation = format!(
            "{}: it returned what event {} wrote, although the write of event {passed}, which comes later, comes \
             before it",
            self.tell(&nodes),
            self.index(source)
        );
        self.anomaly(AnomalyKind::WriteCoRead, Some(overtake.key), &nodes, explanation)
    }

    /// Operations that come before each other in a circle.
    pub fn cycle(&self, kind: AnomalyKind, cycle: Vec<u32>) -> Anomaly {
        self.contradiction(kind, &Contradiction { inferred: Vec::new(), way: cycle, is_cycle: true })
    }

    /// What must come before what, as a circle or as a way to a read of the initial value, with the reason
    /// of each step that is not plain from the operations.
    pub fn contradiction(&self, kind: AnomalyKind, found: &Contradiction) -> Anomaly {
        let edges = self.history.edges.iter().copied().chain(found.inferred.iter().map(|one| one.edge));
        let edges: Vec<Edge> = edges.collect();
        let relation = Relation::new(self.history.len(), &self.history.chains, &edges);
        const INITIAL: &str = ", which returned the initial value nevertheless";
        let mut way = found.way.clone();
        let (kind, end) = match (found.is_cycle, way.first()) {
            (true, Some(&first)) => {
                way.push(first);
                (kind, ", where it began")
            }
            _ if kind == AnomalyKind::CyclicHb => (AnomalyKind::WriteHbInitRead, INITIAL),
            _ => (kind, INITIAL),
        };
        let mut nodes = way.clone();
        let mut explanation = format!("{}{end}", self.tell(&way));
        let mut reasons: Vec<Inferred> = self.reasons(&way, u32::MAX, &found.inferred);
        let mut told = 0;
        while let Some(&reason) = reasons.get(told) {
            told += 1;
            let Edge { from, to, rank } = reason.edge;
            let way = relation.shortest_way(from, reason.read, rank - 1).unwrap_or_default();
            explanation.push_str(&format!(
                "; event {} comes before event {} because {} returned what the latter wrote although the former \
                 comes before it",
                self.index(from),
                self.index(to),
                self.deed(reason.read)
            ));
            if way.len() > 2 {
                explanation.push_str(&format!(" ({})", self.tell(&way)));
            }
            let further = self.reasons(&way, rank - 1, &found.inferred);
            reasons.extend(further.into_iter().filter(|one| !reasons.contains(one)).collect::<Vec<_>>());
            nodes.extend(way);
        }
        self.anomaly(kind, None, &nodes, explanation)
    }

    /// The inferred steps of this way, by what was inferred up to this round.
    fn reasons(&self, way: &[u32], rank_max: u32, inferred: &[Inferred]) -> Vec<Inferred> {
        let steps = way.windows(2).filter(|step| self.link(step[0], step[1]).is_none());
        let reason = |step: &[u32]| {
            let fits = |one: &&Inferred| {
                (one.edge.from, one.edge.to) == (step[0], step[1]) && one.edge.rank <= rank_max
            };
            inferred.iter().find(fits).copied()
        };
        let mut reasons: Vec<Inferred> = steps.filter_map(reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// How the first operation is plainly before the second.
    fn link(&self, first: u32, second: u32) -> Option<&'static str> {
        let operation = |node: u32| self.history.operations[node as usize];
        if self.history.reads(second).iter().any(|read| read.source == Source::Node(first)) {
            Some(", from which ")
        } else {
            threads::is_before(operation(first), operation(second)).then_some(", then in the same session ")
        }
    }

    /// The operations of a way, and how each comes before the next.
    fn tell(&self, way: &[u32]) -> String {
        let mut told = way.first().map(|&first| self.deed(first)).unwrap_or_default();
        for step in way.windows(2) {
            told.push_str(self.link(step[0], step[1]).unwrap_or(", which must come before what follows: "));
            told.push_str(&self.deed(step[1]));
        }
        told
    }
}
