//! Priority queues: what has the highest priority comes out first.
//!
//! **Theorem** (Lee and Mathur, section on priority queues). Lives have an order that suits a priority queue
//! exactly when each take has a moment in its window at which no higher value is certainly inside. *Proof.* At
//! the moment of a take all higher values are outside, so the condition is needed. If it holds, go through the
//! moments in order, and at each take every open value (its take window has begun) that is higher than all that
//! are certainly inside, the highest first. Put a value right before its put window ends, or right before its
//! take if that comes first. Then a value that is taken is the highest there is: what was put and is not yet
//! taken is either certainly inside, and so lower, or open, and would have been taken before it if it were
//! higher. No take window ends before its value is taken, since the condition gives a moment for it. ∎
//!
//! ```text
//! put 2    ├──┤              ├──┤ take = 2
//! put 1  ├──┤     ├──┤ take = 1            2 is certainly inside while 1 is taken: impossible
//! ```

use std::collections::BinaryHeap;

use super::container::{self, Call, Lives, Order, Step};
use super::{Answer, Operation};

/// Whether these operations on a priority queue, empty at first, are linearizable. Of two values the one of the
/// higher priority is taken first; no two that were put may have the same.
pub(crate) fn linearize(operations: &[Operation<Call>], priority: impl Fn(u32) -> u32) -> Answer {
    let mut priorities: Vec<u32> = operations
        .iter()
        .filter_map(|operation| match operation.call {
            Call::Put(value) => Some(priority(value)),
            Call::Take(_) | Call::TakeEmpty | Call::TakeUnknown => None,
        })
        .collect();
    priorities.sort_unstable();
    if !priorities.is_sorted_by(|left, right| left < right) {
        return Answer::NotApplicable("two values have one priority");
    }
    container::linearize(operations, |lives| Sweep::new(lives, &priority).order())
}

/// What happens to a life right before a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    PutEnds,
    TakeBegins,
    TakeEnds,
}

/// The walk through the moments.
struct Sweep<'a> {
    lives: &'a Lives,
    /// The priority of each life.
    priorities: Vec<u32>,
    is_put: Vec<bool>,
    is_taken: Vec<bool>,
    is_open: Vec<bool>,
    /// (priority, life) of those that are certainly inside, and of some that are open.
    inside: BinaryHeap<(u32, u32)>,
    /// (priority, life) of those that may be taken.
    open: BinaryHeap<(u32, u32)>,
    steps: Vec<Step>,
}

impl<'a> Sweep<'a> {
    fn new(lives: &'a Lives, priority: impl Fn(u32) -> u32) -> Sweep<'a> {
        let count = lives.lives.len();
        Sweep {
            lives,
            priorities: lives.values.iter().map(|value| priority(*value)).collect(),
            is_put: vec![false; count],
            is_taken: vec![false; count],
            is_open: vec![false; count],
            inside: BinaryHeap::new(),
            open: BinaryHeap::new(),
            steps: Vec::with_capacity(2 * count),
        }
    }

    fn order(mut self) -> Order {
        let mut ends = Vec::with_capacity(3 * self.lives.lives.len());
        for (life, windows) in (0..).zip(&self.lives.lives) {
            ends.push((windows.put.to, End::PutEnds, life));
            ends.push((windows.take.from, End::TakeBegins, life));
            ends.push((windows.take.to, End::TakeEnds, life));
        }
        ends.sort_unstable();
        for ends in ends.chunk_by(|left, right| left.0 == right.0) {
            for &(_, end, life) in ends {
                self.pass(end, life)?;
            }
            self.take_what_can_be();
        }
        Ok(self.steps)
    }

    /// Goes past this end of a life.
    fn pass(&mut self, end: End, life: u32) -> Result<(), Vec<u32>> {
        let priority = self.priorities[life as usize];
        match end {
            End::TakeEnds if !self.is_taken[life as usize] => return Err(self.obstacle(life)),
            End::TakeEnds => {}
            End::PutEnds => {
                self.put(life);
                self.inside.push((priority, life));
            }
            End::TakeBegins => {
                self.is_open[life as usize] = true;
                self.open.push((priority, life));
            }
        }
        Ok(())
    }

    fn put(&mut self, life: u32) {
        if !std::mem::replace(&mut self.is_put[life as usize], true) {
            self.steps.push(Step::Put(life));
        }
    }

    /// Takes the open ones that are higher than what is certainly inside.
    fn take_what_can_be(&mut self) {
        while self.inside.peek().is_some_and(|(_, life)| self.is_open[*life as usize]) {
            self.inside.pop();
        }
        let highest_inside = self.inside.peek().copied();
        while let Some((_, life)) = self.open.peek().copied().filter(|open| Some(*open) > highest_inside) {
            self.open.pop();
            self.put(life);
            self.is_taken[life as usize] = true;
            self.steps.push(Step::Take(life));
        }
    }

    /// A life that cannot be taken, and a few higher ones that are in its way.
    fn obstacle(&self, life: u32) -> Vec<u32> {
        let priority = self.priorities[life as usize];
        let is_higher = |other: u32| self.priorities[other as usize] > priority;
        let mut lives = container::cover(self.lives, self.lives.lives[life as usize].take, is_higher);
        lives.push(life);
        lives
    }
}
