//! The order of operations within their sessions, as chains and a few edges between them.
//!
//! ```text
//! session 7   ├─ 0 ─┤  ├─ 1 …          unknown outcome: it may take effect whenever from here on
//!                         ├─ 2 ─┤  ├─ 3 ─┤        chains  0 ► 2 ► 3  and  1;  edge  0 ► 1
//! ```
//!
//! Within a session one operation comes before another if it returned before the other was invoked. In most
//! sessions that is one chain. An operation of unknown outcome is never followed by anything, and is a chain
//! of its own, as is one of no session. Where operations of a session overlap there are as many chains as
//! overlap at once.

use perjury_histories::{Fate, Operation};
use rustc_hash::FxHashMap;

use crate::relation::Edge;

/// Session order: chains that hold each operation once, and edges between chains.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Threads {
    pub chains: Vec<Vec<u32>>,
    pub edges: Vec<Edge>,
}

impl Threads {
    /// The order of these operations, which are numbered as they stand here: by their invocations.
    pub fn of(operations: &[Operation<'_>]) -> Threads {
        let mut threads = Threads::default();
        let mut sessions: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (number, operation) in (0..).zip(operations) {
            let chains = match operation.session() {
                Some(session) => sessions.entry(session).or_default(),
                None => &mut Vec::new(),
            };
            threads.append(operations, chains, number);
        }
        threads
    }

    /// Puts the next operation behind the chains of its session.
    fn append(&mut self, operations: &[Operation<'_>], chains: &mut Vec<usize>, number: u32) {
        let operation = operations[number as usize];
        let is_before = |other: u32| operations[other as usize].returned_at() < Some(operation.invoked_at());
        let ends_before = |chain: &usize, threads: &Threads| {
            threads.chains[*chain].last().is_some_and(|&last| is_before(last))
        };
        let home = chains.iter().copied().find(|chain| ends_before(chain, self));
        let home = home.filter(|_| operation.fate() != Fate::Unknown);
        for &chain in chains.iter().filter(|chain| Some(**chain) != home) {
            let from = self.chains[chain].iter().rev().copied().find(|&other| is_before(other));
            self.edges.extend(from.map(|from| Edge { from, to: number, rank: 0 }));
        }
        match home {
            Some(home) => self.chains[home].push(number),
            None => {
                if operation.fate() != Fate::Unknown {
                    chains.push(self.chains.len());
                }
                self.chains.push(vec![number]);
            }
        }
    }
}

/// Whether the first comes before the second in a session.
pub(crate) fn is_before(first: Operation<'_>, second: Operation<'_>) -> bool {
    let is_one_session = first.session().is_some() && first.session() == second.session();
    is_one_session && first.returned_at().is_some_and(|returned_at| returned_at < second.invoked_at())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    fn threads(text: &str) -> (Vec<Vec<u32>>, Vec<(u32, u32)>) {
        let history = history(text);
        let threads = Threads::of(&history.operations().collect::<Vec<_>>());
        (threads.chains, threads.edges.iter().map(|edge| (edge.from, edge.to)).collect())
    }

    #[test]
    fn chains_the_operations_of_a_session() {
        let text = "0:read(x) 1:read(x)? 0:read(x) 1:ok 1:read(x)";
        assert_eq!(threads(text), (vec![vec![0, 2], vec![1, 3]], vec![]));
    }

    #[test]
    fn puts_nothing_behind_an_unknown_outcome() {
        let text = "0s7:read(x) 0s7:write(x,1):info 1s7:read(x) 1s7:read(x)";
        assert_eq!(threads(text), (vec![vec![0, 2, 3], vec![1]], vec![(0, 1)]));
    }

    #[test]
    fn keeps_overlapping_operations_apart() {
        let text = "0s7:read(x)? 1s7:read(x)? 0:ok 2s7:read(x) 1:ok 1s7:read(x)";
        assert_eq!(threads(text), (vec![vec![0, 2, 3], vec![1]], vec![(1, 3)]));
    }

    #[test]
    fn orders_nothing_without_a_session() {
        assert_eq!(threads("?:read(x) ?:read(x)"), (vec![vec![0], vec![1]], vec![]));
    }
}
