//! Vector clocks: of each operation, how many of every chain come before it.
//!
//! ```text
//! chain 0   a ──► b          clock of b   2, 0
//! chain 1   c ──► d ──► e    clock of c   0, 1
//!           a ────────► e    clock of e   1, 3
//! ```
//!
//! The past of an operation takes a beginning of each chain, and so its length is all there is to know
//! (Fidge 1988, Mattern 1989). What an operation has of its own chain follows from its place in it; the rest
//! is a tree of counts whose nodes never change: rows are shared along a chain until something new is learnt,
//! and what was learnt long ago is shared by all. So neither a thousand sessions nor a million operations make
//! it large, and what two operations both know is the same node, and need not be looked at.

use crate::relation::{Edge, Growing, Relation};

/// How many counts a leaf holds, and how many nodes one above it, as a power of two.
const BITS: u32 = 4;
const WIDTH: usize = 1 << BITS;

/// The clocks of all operations.
pub(crate) struct Clocks {
    /// Chain and position of each operation.
    places: Vec<(u32, u32)>,
    /// The root of each operation.
    rows: Vec<u32>,
    /// Nodes and leaves; number 0 is the empty one, of every level.
    nodes: Vec<[u32; WIDTH]>,
    /// How many bits of a chain's number tell the child of the root.
    root_shift: u32,
}

/// The row of an operation that has not got one yet.
const NO_ROW: u32 = u32::MAX;

/// What two operations know of a chain and its neighbours.
pub(crate) enum Knowledge<'c> {
    /// The same, of all chains from this one on and below that one.
    Same(u32),
    /// Their counts of the chains of one leaf.
    Counts([&'c [u32; WIDTH]; 2]),
}

/// Where a chain is in its leaf.
pub(crate) fn place_in_leaf(chain: u32) -> usize {
    chain as usize % WIDTH
}

impl Clocks {
    /// The clocks by this relation, of which this is an order. Each operation is in exactly one of the chains,
    /// which are chains of the relation.
    pub fn of(chains: &[Vec<u32>], relation: &Relation<'_>, order: &[u32]) -> Clocks {
        let mut places = vec![(0, 0); order.len()];
        for (number, chain) in (0..).zip(chains) {
            for (position, &operation) in (0..).zip(chain) {
                places[operation as usize] = (number, position);
            }
        }
        let mut root_shift = 0;
        while chains.len() > WIDTH << root_shift {
            root_shift += BITS;
        }
        let rows = vec![NO_ROW; order.len()];
        let mut clocks = Clocks { places, rows, nodes: vec![[0; WIDTH]], root_shift };
        for &operation in order {
            if clocks.rows[operation as usize] == NO_ROW {
                clocks.rows[operation as usize] = 0;
            }
            for to in relation.next(operation) {
                // Who has learnt of an operation knows all that it knows, since its clock is complete.
                let is_one_chain = clocks.place(operation).0 == clocks.place(to).0;
                if is_one_chain || clocks.rows[to as usize] == NO_ROW || !clocks.is_before(operation, to) {
                    clocks.learn(operation, to);
                }
            }
        }
        clocks
    }

    /// Brings the clocks up to date with edges that the relation has grown by. Returns the operations that have
    /// learnt something.
    pub fn grow(&mut self, relation: &Growing<'_, '_>, edges: &[Edge]) -> Vec<u32> {
        let mut is_new = vec![0_u64; self.rows.len().div_ceil(64)];
        let place = |operation: u32| {
            let position = relation.position(operation);
            (position as usize / 64, 1_u64 << (position % 64))
        };
        for edge in edges {
            let (word, bit) = place(edge.from);
            is_new[word] |= bit;
        }
        let mut learnt = Vec::new();
        for word in 0..is_new.len() {
            while is_new[word] != 0 {
                let position = 64 * word + is_new[word].trailing_zeros() as usize;
                is_new[word] &= is_new[word] - 1;
                let from = relation.order()[position];
                for to in relation.next(from) {
                    if self.learn(from, to) {
                        learnt.push(to);
                        let (word, bit) = place(to);
                        is_new[word] |= bit;
                    }
                }
            }
        }
        learnt.sort_unstable();
        learnt.dedup();
        learnt
    }

    /// The clocks as they are now: to come back to.
    pub fn rows(&self) -> (Vec<u32>, usize) {
        (self.rows.clone(), self.nodes.len())
    }

    /// Forgets what was learnt since.
    pub fn forget(&mut self, (rows, nodes): (Vec<u32>, usize)) {
        self.rows = rows;
        self.nodes.truncate(nodes);
    }

    /// How many of this chain come before the operation, or are it.
    pub fn count(&self, operation: u32, chain: u32) -> u32 {
        match self.places[operation as usize] {
            (own, position) if own == chain => position + 1,
            _ => {
                let mut node = self.rows[operation as usize];
                let mut shift = self.root_shift;
                while shift > 0 {
                    node = self.nodes[node as usize][(chain >> shift) as usize % WIDTH];
                    shift -= BITS;
                }
                self.nodes[node as usize][place_in_leaf(chain)]
            }
        }
    }

    /// What the first operation knows of this chain and its neighbours, and what the second (none: who knows
    /// nothing), their own chains aside.
    pub fn compare(&self, first: u32, second: Option<u32>, chain: u32) -> Knowledge<'_> {
        let mut nodes = [self.rows[first as usize], second.map_or(0, |second| self.rows[second as usize])];
        let mut shift = self.root_shift + BITS;
        loop {
            if nodes[0] == nodes[1] {
                let end = (u64::from(chain >> shift) + 1) << shift;
                return Knowledge::Same(u32::try_from(end).unwrap_or(u32::MAX));
            }
            shift -= BITS;
            if shift == 0 {
                return Knowledge::Counts(nodes.map(|node| &self.nodes[node as usize]));
            }
            nodes = nodes.map(|node| self.nodes[node as usize][(chain >> shift) as usize % WIDTH]);
        }
    }

    /// Whether the first comes before the second, or is it.
    pub fn is_before(&self, first: u32, second: u32) -> bool {
        let (chain, position) = self.places[first as usize];
        self.count(second, chain) > position
    }

    /// Chain of an operation, and position in it.
    pub fn place(&self, operation: u32) -> (u32, u32) {
        self.places[operation as usize]
    }

    /// What `from` knows is known to `to`, which comes after it. Whether that is news.
    fn learn(&mut self, from: u32, to: u32) -> bool {
        let ((chain, position), (own_chain, _)) = (self.places[from as usize], self.places[to as usize]);
        let (row, known) = (self.rows[from as usize], self.rows[to as usize]);
        let is_one_chain = chain == own_chain;
        let learnt = match known {
            _ if is_one_chain && (known == NO_ROW || known == row) => row,
            _ if is_one_chain => self.join(self.root_shift, known, row, None),
            NO_ROW => self.join(self.root_shift, row, row, Some((chain, position + 1))),
            _ => self.join(self.root_shift, known, row, Some((chain, position + 1))),
        };
        self.rows[to as usize] = learnt;
        learnt != known
    }

    /// The node with the larger counts of both, and at least this count of this chain.
    fn join(&mut self, shift: u32, left: u32, right: u32, own: Option<(u32, u32)>) -> u32 {
        if left == right && own.is_none() {
            return left;
        }
        let (known, learnt) = (self.nodes[left as usize], self.nodes[right as usize]);
        let mut joined = known;
        if shift == 0 {
            for (joined, learnt) in joined.iter_mut().zip(learnt) {
                *joined = learnt.max(*joined);
            }
            if let Some((chain, count)) = own {
                let joined = &mut joined[place_in_leaf(chain)];
                *joined = count.max(*joined);
            }
        } else {
            let child = own.map(|(chain, _)| (chain >> shift) as usize % WIDTH);
            for place in 0..WIDTH {
                let own = own.filter(|_| child == Some(place));
                joined[place] = self.join(shift - BITS, known[place], learnt[place], own);
            }
        }
        if joined == known {
            left
        } else if joined == learnt {
            right
        } else {
            self.nodes.push(joined);
            self.nodes.len() as u32 - 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::Edge;

    /// Every relation of these chains and edges, against reachability by search.
    fn agrees(chains: &[Vec<u32>], edges: &[(u32, u32)]) {
        let operations = chains.iter().map(Vec::len).sum();
        let edges: Vec<Edge> = edges.iter().map(|&(from, to)| Edge { from, to, rank: 0 }).collect();
        let relation = Relation::new(operations, chains, &edges);
        let Ok(order) = relation.order() else { return };
        let clocks = Clocks::of(chains, &relation, &order);
        let grown = grown(chains, &edges);
        for first in 0..operations as u32 {
            for second in 0..operations as u32 {
                let is_before = first == second || relation.shortest_way(first, second, 0).is_some();
                assert_eq!(
                    clocks.is_before(first, second),
                    is_before,
                    "{first} {second}: {chains:?} {edges:?}"
                );
                assert_eq!(grown.is_before(first, second), is_before, "{first} {second}: grown, {edges:?}");
            }
        }
    }

    /// The clocks of the first edges, and then of the others as well.
    fn grown(chains: &[Vec<u32>], edges: &[Edge]) -> Clocks {
        let (first, others) = edges.split_at(edges.len() / 2);
        let relation = Relation::new(chains.iter().map(Vec::len).sum(), chains, first);
        let order = relation.order().expect("that of all edges");
        let mut clocks = Clocks::of(chains, &relation, &order);
        let mut growing = Growing::of(&relation, &order);
        assert!(growing.add(others));
        clocks.grow(&growing, others);
        clocks
    }

    #[test]
    fn know_exactly_what_comes_before() {
        agrees(&[vec![0, 1], vec![2, 3, 4]], &[(0, 4)]);
        // So many chains that the trees have three levels, each known to the next one but six.
        let chains: Vec<Vec<u32>> = (0..300).map(|chain| vec![chain]).collect();
        agrees(&chains, &(0..293).map(|chain| (chain, chain + 7)).collect::<Vec<_>>());
        // Twenty chains of three, more than a leaf holds, with edges scattered over them.
        let chains: Vec<Vec<u32>> =
            (0..20).map(|chain| vec![3 * chain, 3 * chain + 1, 3 * chain + 2]).collect();
        for seed in 0..40_u32 {
            let edge = |number: u32| {
                let mixed = (seed * 977 + number + 1).wrapping_mul(2_654_435_761);
                ((mixed >> 8) % 60, (mixed >> 20) % 60)
            };
            let forward = |(a, b): (u32, u32)| (a % 3 < b % 3).then_some((a, b));
            let edges: Vec<(u32, u32)> = (0..30 + seed).filter_map(|number| forward(edge(number))).collect();
            assert!(edges.len() > 5);
            agrees(&chains, &edges);
        }
    }
}
