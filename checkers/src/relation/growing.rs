//! A relation that grows by edges, with an order that keeps to it.
//!
//! ```text
//! order    a  b  c  d  e        new edges  d ──► b  and  a ──► e
//!             └─────┘           only what lies between b and d is ordered anew: a  d  b  c  e
//! ```
//!
//! An edge that agrees with the order costs nothing. One that does not concerns the stretch between its ends
//! alone: what is outside stays where it is, and any new cycle lies inside.

use super::{Edge, Relation, sorted};

/// The relation, what was added to it, and the order.
pub(crate) struct Growing<'r, 'c> {
    relation: &'r Relation<'c>,
    order: Vec<u32>,
    /// Where in the order each operation is.
    positions: Vec<u32>,
    /// Of each operation the last edge that was added to it.
    last: Vec<u32>,
    /// Where each added edge leads, and the one before it of the same operation.
    added: Vec<(u32, u32)>,
}

/// No edge.
const NONE: u32 = u32::MAX;

impl<'r, 'c> Growing<'r, 'c> {
    /// This relation, of which this is an order.
    pub fn of(relation: &'r Relation<'c>, order: &[u32]) -> Growing<'r, 'c> {
        let mut positions = vec![0; order.len()];
        (0..).zip(order).for_each(|(position, &operation)| positions[operation as usize] = position);
        Growing {
            relation,
            order: order.to_vec(),
            positions,
            last: vec![NONE; order.len()],
            added: Vec::new(),
        }
    }

    /// The next operations, in chains, by edges and by added edges.
    pub fn next(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let edge = |number: u32| self.added.get(number as usize);
        let added = std::iter::successors(edge(self.last[from as usize]), move |(_, before)| edge(*before));
        self.relation.next(from).chain(added.map(|(to, _)| *to))
    }

    /// All operations, in order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where in the order this operation is.
    pub fn position(&self, operation: u32) -> u32 {
        self.positions[operation as usize]
    }

    /// Adds these edges. Whether there still is an order; if not, this is of no more use.
    pub fn add(&mut self, edges: &[Edge]) -> bool {
        for edge in edges {
            self.added.push((edge.to, self.last[edge.from as usize]));
            self.last[edge.from as usize] = self.added.len() as u32 - 1;
        }
        let mut stretches: Vec<(u32, u32)> =
            edges.iter().map(|edge| (self.position(edge.to), self.position(edge.from))).collect();
        stretches.retain(|(begin, end)| begin <= end);
        stretches.sort_unstable();
        let mut stretches = stretches.into_iter().peekable();
        while let Some((begin, mut end)) = stretches.next() {
            while let Some((_, other)) = stretches.next_if(|(other, _)| *other <= end) {
                end = end.max(other);
            }
            if !self.sort(begin as usize, end as usize + 1) {
                return false;
            }
        }
        true
    }

    /// Orders this stretch anew, if it can be.
    fn sort(&mut self, begin: usize, end: usize) -> bool {
        let next = |place: u32| {
            let next = self.next(self.order[begin + place as usize]);
            let places = next.map(|to| self.positions[to as usize] as usize);
            places.filter(|place| (begin..end).contains(place)).map(|place| (place - begin) as u32)
        };
        let Ok(sorted) = sorted(end - begin, next) else { return false };
        let stretch: Vec<u32> = sorted.into_iter().map(|place| self.order[begin + place as usize]).collect();
        for (position, &operation) in (begin..).zip(&stretch) {
            self.positions[operation as usize] = position as u32;
        }
        self.order[begin..end].copy_from_slice(&stretch);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn keeps_an_order_as_long_as_there_is_one() {
        let mut of_outcome = [0; 2];
        for seed in 0..2_000 {
            let mut random = Random(seed);
            let chains: Vec<Vec<u32>> =
                (0..4).map(|chain| (0..5).map(|place| 4 * place + chain).collect()).collect();
            let mut edges = Vec::new();
            let relation = Relation::new(20, &chains, &edges);
            let mut growing = Growing::of(&relation, &relation.order().expect("chains alone"));
            let is_ordered = loop {
                let mut end = || random.below(20) as u32;
                let more = [(); 2].map(|()| Edge { from: end(), to: end(), rank: 0 });
                edges.extend(more);
                let has_order = Relation::new(20, &chains, &edges).order().is_ok();
                assert_eq!(growing.add(&more), has_order, "{edges:?}");
                if !has_order || edges.len() > 6 {
                    break has_order;
                }
                let is_kept =
                    |from: u32| growing.next(from).all(|to| growing.position(from) < growing.position(to));
                assert!(growing.order().iter().copied().all(is_kept), "{edges:?}");
            };
            of_outcome[usize::from(is_ordered)] += 1;
        }
        assert!(of_outcome.iter().all(|count| *count > 100), "{of_outcome:?}");
    }
}
