//! "Must come before", between operations numbered from 0: whether it has a cycle, and the shortest ways.
//!
//! ```text
//! chain        0 ──► 1 ──► 2        each before all later ones of its chain: a session, the writes of a key
//! edge               1 ───────► 5   one before another: a write and its read
//! ```
//!
//! A chain of n operations stands for all its n² pairs, so a way may jump along it in one step. Edges have
//! ranks, and a way may be asked for that uses only lower ones: what was inferred later is left out when one
//! explains what was inferred earlier.

use smallvec::SmallVec;

mod growing;

pub(crate) use growing::Growing;

/// An edge: from, to, and its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub from: u32,
    pub to: u32,
    pub rank: u32,
}

/// A place in a chain: which chain, and which position in it.
type Place = (u32, u32);

/// In no chain.
const NOWHERE: Place = (u32::MAX, u32::MAX);

/// Chains and edges over the operations 0 to n - 1.
pub(crate) struct Relation<'c> {
    chains: &'c [Vec<u32>],
    /// Of each operation its places: two chains hold it at most.
    places: Vec<[Place; 2]>,
    /// The edges of operation i are `edges[begins[i]..begins[i + 1]]`.
    begins: Vec<u32>,
    edges: Vec<(u32, u32)>,
}

/// How many operations of a tangle are tried as the beginning of its shortest cycle.
const BEGINNINGS_MAX: u32 = 256;

/// Not met yet.
const UNSEEN: u32 = u32::MAX;

impl<'c> Relation<'c> {
    /// The relation of these chains and edges.
    pub fn new(operations: usize, chains: &'c [Vec<u32>], edges: &[Edge]) -> Relation<'c> {
        let mut places = vec![[NOWHERE; 2]; operations];
        for (number, chain) in (0..).zip(chains) {
            for (position, &operation) in (0..).zip(chain) {
                let [first, second] = &mut places[operation as usize];
                debug_assert_eq!(*second, NOWHERE, "two chains at most");
                *(if *first == NOWHERE { first } else { second }) = (number, position);
            }
        }
        let mut begins = vec![0; operations + 1];
        for edge in edges {
            begins[edge.from as usize + 1] += 1;
        }
        for operation in 0..operations {
            begins[operation + 1] += begins[operation];
        }
        let (mut free, mut sorted) = (begins.clone(), vec![(0, 0); edges.len()]);
        for edge in edges {
            let place = &mut free[edge.from as usize];
            sorted[*place as usize] = (edge.to, edge.rank);
            *place += 1;
        }
        Relation { chains, places, begins, edges: sorted }
    }

    /// The edges that leave this operation: where to, and of which rank.
    pub fn edges(&self, from: u32) -> &[(u32, u32)] {
        let from = from as usize;
        &self.edges[self.begins[from] as usize..self.begins[from + 1] as usize]
    }

    /// The chains that this operation is in, and where.
    fn places(&self, operation: u32) -> impl Iterator<Item = Place> + '_ {
        self.places[operation as usize].iter().copied().filter(|place| *place != NOWHERE)
    }

    /// The next operations: those behind it in its chains, and those that its edges lead to.
    pub fn next(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let behind = self
            .places(from)
            .filter_map(|(chain, position)| self.chains[chain as usize].get(position as usize + 1).copied());
        behind.chain(self.edges(from).iter().map(|&(to, _)| to))
    }

    /// All operations in an order that keeps to the relation; or, if there is none, those that lie on a cycle
    /// or between two.
    pub fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        sorted(self.places.len(), |from| self.next(from)).map_err(|missing| self.tangled(&missing))
    }

    /// Those that could not be ordered from the front, without those that nothing tangled follows.
    fn tangled(&self, missing: &[u32]) -> Vec<u32> {
        let mut is_tangled: Vec<bool> = missing.iter().map(|&missing| missing > 0).collect();
        let all = 0..self.places.len() as u32;
        let mut before: Vec<SmallVec<[u32; 2]>> = vec![SmallVec::new(); self.places.len()];
        let mut follow = vec![0_u32; self.places.len()];
        for from in all.clone().filter(|&op| is_tangled[op as usize]) {
            for to in self.next(from) {
                if is_tangled[to as usize] {
                    before[to as usize].push(from);
                    follow[from as usize] += 1;
                }
            }
        }
        let is_end = |&op: &u32| missing[op as usize] > 0 && follow[op as usize] == 0;
        let mut ends: Vec<u32> = all.clone().filter(is_end).collect();
        while let Some(end) = ends.pop() {
            is_tangled[end as usize] = false;
            for &from in &before[end as usize] {
                follow[from as usize] -= 1;
                if follow[from as usize] == 0 {
                    ends.push(from);
                }
            }
        }
        all.filter(|&op| is_tangled[op as usize]).collect()
    }

    /// The shortest cycle through any of the first of these operations, which are tangled: all cycles lie within
    /// them.
    pub fn shortest_cycle(&self, tangled: &[u32]) -> Option<Vec<u32>> {
        let mut numbers = vec![UNSEEN; self.places.len()];
        (0..).zip(tangled).for_each(|(number, &operation)| numbers[operation as usize] = number);
        let number = |operation: u32| Some(numbers[operation as usize]).filter(|&number| number != UNSEEN);
        let chains = self.chains.iter().map(|chain| chain.iter().filter_map(|&op| number(op)).collect());
        let chains: Vec<Vec<u32>> = chains.filter(|chain: &Vec<u32>| !chain.is_empty()).collect();
        let edges =
            tangled.iter().flat_map(|&from| self.edges(from).iter().map(move |&(to, rank)| (from, to, rank)));
        let edge = |(from, to, rank)| Some(Edge { from: number(from)?, to: number(to)?, rank });
        let edges: Vec<Edge> = edges.filter_map(edge).collect();
        let part = Relation::new(tangled.len(), &chains, &edges);
        let mut shortest: Option<Vec<u32>> = None;
        for beginning in 0..tangled.len() as u32 {
            if beginning >= BEGINNINGS_MAX && shortest.is_some() {
                break;
            }
            let cycle = part.shortest_way(beginning, beginning, u32::MAX);
            if let Some(cycle) =
                cycle.filter(|cycle| shortest.as_ref().is_none_or(|it| cycle.len() < it.len()))
            {
                shortest = Some(cycle);
            }
        }
        let mut cycle: Vec<u32> = shortest?.into_iter().map(|number| tangled[number as usize]).collect();
        cycle.pop();
        Some(cycle)
    }

    /// The shortest way from one operation to another, both named, over edges up to this rank. From an
    /// operation to itself it is a cycle.
    pub fn shortest_way(&self, from: u32, to: u32, rank_max: u32) -> Option<Vec<u32>> {
        let mut came_from = vec![UNSEEN; self.places.len()];
        // Of each chain, everything from this position on has been seen.
        let mut seen_from: Vec<u32> = self.chains.iter().map(|chain| chain.len() as u32).collect();
        let (mut queue, mut done) = (vec![from], 0);
        while let Some(&at) = queue.get(done) {
            done += 1;
            let mut see = |next: u32| {
                if came_from[next as usize] == UNSEEN {
                    came_from[next as usize] = at;
                    queue.push(next);
                }
            };
            for (chain, position) in self.places(at) {
                let seen = &mut seen_from[chain as usize];
                let (begin, end) = (position + 1, *seen);
                if begin < end {
                    self.chains[chain as usize][begin as usize..end as usize]
                        .iter()
                        .copied()
                        .for_each(&mut see);
                    *seen = begin;
                }
            }
            self.edges(at).iter().filter(|(_, rank)| *rank <= rank_max).for_each(|&(next, _)| see(next));
            if came_from[to as usize] != UNSEEN {
                return Some(way_back(&came_from, from, to));
            }
        }
        None
    }
}

/// The numbers below `count` in an order that puts each before those that are `next` to it, and that leaves them in
/// their own order where it can: what has to wait follows at once when it need wait no more. If there is no such
/// order: of each number how many come before it that could not be put.
fn sorted<I: Iterator<Item = u32>>(count: usize, next: impl Fn(u32) -> I) -> Result<Vec<u32>, Vec<u32>> {
    let mut missing = vec![0_u32; count];
    for to in (0..count as u32).flat_map(&next) {
        missing[to as usize] += 1;
    }
    let mut order: Vec<u32> = Vec::with_capacity(count);
    for number in 0..count as u32 {
        // What was put late has been put already, by what it had waited for.
        const PUT: u32 = u32::MAX;
        if missing[number as usize] != 0 {
            continue;
        }
        let mut done = order.len();
        order.push(number);
        missing[number as usize] = PUT;
        while let Some(&from) = order.get(done) {
            done += 1;
            for to in next(from) {
                missing[to as usize] -= 1;
                if missing[to as usize] == 0 && to < number {
                    order.push(to);
                    missing[to as usize] = PUT;
                }
            }
        }
    }
    if order.len() == count {
        return Ok(order);
    }
    order.iter().for_each(|&put| missing[put as usize] = 0);
    Err(missing)
}

fn way_back(came_from: &[u32], from: u32, to: u32) -> Vec<u32> {
    let mut way = vec![to];
    let mut at = came_from[to as usize];
    while at != from {
        way.push(at);
        at = came_from[at as usize];
    }
    way.push(from);
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(edges: &[(u32, u32, u32)]) -> Vec<Edge> {
        edges.iter().map(|&(from, to, rank)| Edge { from, to, rank }).collect()
    }

    #[test]
    fn orders_what_has_no_cycle() {
        let chains = [vec![2, 1, 0], vec![3, 4]];
        let relation = Relation::new(5, &chains, &edges(&[(4, 2, 0)]));
        assert_eq!(relation.order(), Ok(vec![3, 4, 2, 1, 0]));
    }

    #[test]
    fn names_what_is_tangled_and_its_shortest_cycle() {
        let chains = [vec![0, 1, 2, 3, 4], vec![5, 6]];
        let relation = Relation::new(7, &chains, &edges(&[(3, 1, 0), (4, 5, 0)]));
        assert_eq!(relation.order(), Err(vec![1, 2, 3]));
        assert_eq!(relation.shortest_cycle(&[1, 2, 3]), Some(vec![1, 3]));
    }

    #[test]
    fn jumps_along_chains() {
        let chains = [vec![0, 1, 2, 3], vec![4, 5, 6]];
        let relation = Relation::new(7, &chains, &edges(&[(1, 4, 0), (2, 6, 0)]));
        assert_eq!(relation.shortest_way(0, 6, 0), Some(vec![0, 2, 6]));
        assert_eq!(relation.shortest_way(4, 0, 0), None);
    }

    #[test]
    fn leaves_higher_ranks_out() {
        let chains = [vec![0, 1], vec![2, 3]];
        let relation = Relation::new(4, &chains, &edges(&[(0, 3, 2), (1, 2, 1)]));
        assert_eq!(relation.shortest_way(0, 3, 2), Some(vec![0, 3]));
        assert_eq!(relation.shortest_way(0, 3, 1), Some(vec![0, 1, 2, 3]));
        assert_eq!(relation.shortest_way(0, 3, 0), None);
    }
}
