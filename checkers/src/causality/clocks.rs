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
//! is a row of pieces. Rows are shared along a chain until something new is learnt, and pieces between rows:
//! of sessions that have long ended everybody knows the same, once.

use crate::relation::Relation;

/// How many counts a piece holds.
const PIECE: usize = 16;

/// The clocks of all operations.
pub(crate) struct Clocks {
    /// Chain and position of each operation.
    places: Vec<(u32, u32)>,
    /// The row of each operation.
    rows: Vec<u32>,
    /// The pieces of all rows, `width` each.
    table: Vec<u32>,
    width: usize,
    pieces: Vec<[u32; PIECE]>,
}

/// The row of an operation that has not got one yet.
const NO_ROW: u32 = u32::MAX;

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
        let width = chains.len().div_ceil(PIECE);
        let mut clocks = Clocks {
            places,
            rows: vec![NO_ROW; order.len()],
            table: vec![0; width],
            width,
            pieces: vec![[0; PIECE]],
        };
        let mut is_own = vec![false; order.len()];
        for &operation in order {
            if clocks.rows[operation as usize] == NO_ROW {
                clocks.rows[operation as usize] = 0;
            }
            let (chain, position) = clocks.places[operation as usize];
            let behind = chains[chain as usize].get(position as usize + 1);
            behind.into_iter().for_each(|&to| clocks.learn(operation, to, &mut is_own));
            relation.edges(operation).iter().for_each(|&(to, _)| clocks.learn(operation, to, &mut is_own));
        }
        clocks
    }

    /// How many of this chain come before the operation, or are it.
    pub fn count(&self, operation: u32, chain: u32) -> u32 {
        match self.places[operation as usize] {
            (own, position) if own == chain => position + 1,
            _ => {
                let row = self.rows[operation as usize] as usize;
                let piece = self.table[row * self.width + chain as usize / PIECE];
                self.pieces[piece as usize][chain as usize % PIECE]
            }
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

    /// What `from` knows is known to `to`, which comes after it. The clock of `from` is complete.
    fn learn(&mut self, from: u32, to: u32, is_own: &mut [bool]) {
        let ((chain, position), (own_chain, _)) = (self.places[from as usize], self.places[to as usize]);
        let (row, known) = (self.rows[from as usize], self.rows[to as usize]);
        let is_one_chain = chain == own_chain;
        if is_one_chain && (known == NO_ROW || known == row) {
            self.rows[to as usize] = row;
            return;
        }
        if known == NO_ROW {
            self.rows[to as usize] = row;
        } else if !is_one_chain && self.count(to, chain) > position {
            return;
        }
        if !is_own[to as usize] {
            let begin = self.rows[to as usize] as usize * self.width;
            self.rows[to as usize] = (self.table.len() / self.width) as u32;
            self.table.extend_from_within(begin..begin + self.width);
            is_own[to as usize] = true;
        }
        let into = self.rows[to as usize] as usize * self.width;
        let from = row as usize * self.width;
        for piece in 0..self.width {
            let bump = (!is_one_chain && chain as usize / PIECE == piece)
                .then_some((chain as usize % PIECE, position + 1));
            self.table[into + piece] = self.join(self.table[into + piece], self.table[from + piece], bump);
        }
    }

    /// The piece with the larger counts of both, and at least this count in this place.
    fn join(&mut self, left: u32, right: u32, bump: Option<(usize, u32)>) -> u32 {
        if left == right && bump.is_none() {
            return left;
        }
        let (known, learnt) = (&self.pieces[left as usize], &self.pieces[right as usize]);
        let mut joined: [u32; PIECE] = std::array::from_fn(|place| known[place].max(learnt[place]));
        if let Some((place, count)) = bump {
            joined[place] = joined[place].max(count);
        }
        if joined == *known {
            left
        } else if joined == *learnt {
            right
        } else {
            self.pieces.push(joined);
            self.pieces.len() as u32 - 1
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
        for first in 0..operations as u32 {
            for second in 0..operations as u32 {
                let is_before = first == second || relation.shortest_way(first, second, 0).is_some();
                assert_eq!(
                    clocks.is_before(first, second),
                    is_before,
                    "{first} {second}: {chains:?} {edges:?}"
                );
            }
        }
    }

    #[test]
    fn know_exactly_what_comes_before() {
        agrees(&[vec![0, 1], vec![2, 3, 4]], &[(0, 4)]);
        // Twenty chains of three, more than a piece holds, with edges scattered over them.
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
