//! From the steps of one configuration to an order of all operations.
//!
//! A trail holds what was tried: not the pure operations, which take effect wherever they match first, nor
//! the plain writes that were covered by another one and never came. This follows the steps, as they are
//! settled, through the history, and puts both in.
//!
//! ```text
//! ├──── write 1 ────┤                 settled   write 2 (at the return of write 2)
//! ├── write 2 ──┤                     order     write 1 (covered), write 2, read 2 (matches then)
//!     ├─ read 2 ──────────┤
//! ```

use std::collections::VecDeque;

use super::facts::Facts;
use super::problem::Problem;
use super::states::States;
use super::timeline::{Cursor, Event, Timeline};
use super::trail::{Step, What};
use crate::model::Model;

/// An order in the making.
pub(super) struct Order<'p> {
    problem: &'p Problem<'p>,
    timeline: &'p Timeline<'p>,
    facts: &'p Facts,
    is_seen: &'p [bool],
    cursor: Cursor,
    pub(super) state: u32,
    order: Vec<u32>,
    /// Pure operations that are open and have not matched.
    waiting: Vec<u32>,
    /// Plain writes that are open and have not been placed, and before which place of the order each is
    /// covered, if it is.
    uncovered: Vec<(u32, Option<u32>)>,
    /// Those that never came: before which place, and which.
    covered: Vec<(u32, u32)>,
    /// By class, the operations of unknown outcome that were invoked and have not been used.
    unused: Vec<VecDeque<u32>>,
}

impl<'p> Order<'p> {
    pub fn new(
        problem: &'p Problem<'p>,
        timeline: &'p Timeline<'p>,
        facts: &'p Facts,
        is_seen: &'p [bool],
    ) -> Order<'p> {
        Order {
            problem,
            timeline,
            facts,
            is_seen,
            cursor: Cursor::default(),
            state: 0,
            order: Vec::new(),
            waiting: Vec::new(),
            uncovered: Vec::new(),
            covered: Vec::new(),
            unused: vec![VecDeque::new(); facts.classes.len()],
        }
    }

    /// The next step.
    pub fn settle<M: Model>(&mut self, step: Step, states: &mut States<'_, M>) {
        self.advance(step.at, states);
        let op = match step.what {
            What::Op(op) => op,
            What::Class(class) => {
                let unused = self.unused[class as usize].pop_front();
                unused.expect("no more of a class are used than were invoked")
            }
        };
        self.uncovered.retain(|(other, _)| *other != op);
        if self.facts.calls[self.problem.ops[op as usize].call as usize].is_overwrite {
            let place = self.order.len() as u32;
            self.uncovered.iter_mut().for_each(|(_, cover)| *cover = cover.or(Some(place)));
        }
        self.order.push(op);
        self.state = step.state;
        let (problem, order) = (self.problem, &mut self.order);
        self.waiting.retain(|&op| {
            let matches = states.next(step.state, problem.ops[op as usize].call).is_possible();
            if matches {
                order.push(op);
            }
            !matches
        });
    }

    /// Goes on to a position: invocations there count, returns do not.
    fn advance<M: Model>(&mut self, until: u32, states: &mut States<'_, M>) {
        let mut cursor = self.cursor;
        while let Some((position, event)) = self.timeline.next(&mut cursor) {
            match event {
                Event::Invoked(op) if position <= until => self.invoke(op, states),
                Event::Returned(op) if position < until => self.complete(op),
                _ => return,
            }
            self.cursor = cursor;
        }
    }

    fn invoke<M: Model>(&mut self, number: u32, states: &mut States<'_, M>) {
        let op = &self.problem.ops[number as usize];
        let fact = &self.facts.calls[op.call as usize];
        if !self.is_seen[number as usize] {
            return;
        }
        match fact.class.filter(|_| op.is_indeterminate()) {
            Some(class) => self.unused[class as usize].push_back(number),
            None if op.is_indeterminate() => {}
            None if fact.is_pure && states.next(self.state, op.call).is_possible() => self.order.push(number),
            None if fact.is_pure => self.waiting.push(number),
            None if fact.is_overwrite => self.uncovered.push((number, None)),
            None => {}
        }
    }

    fn complete(&mut self, number: u32) {
        if let Some(place) = self.uncovered.iter().position(|(op, _)| *op == number) {
            let (op, cover) = self.uncovered.swap_remove(place);
            self.covered.push((cover.expect("a write that was not placed is covered"), op));
        }
    }

    /// The whole order.
    pub fn finish<M: Model>(mut self, states: &mut States<'_, M>) -> Vec<u32> {
        self.advance(u32::MAX, states);
        self.covered.sort_unstable();
        let mut covered = self.covered.iter().peekable();
        let mut order = Vec::with_capacity(self.order.len() + self.covered.len());
        for (place, op) in (0..).zip(self.order) {
            while let Some((_, write)) = covered.next_if(|(before, _)| *before <= place) {
                order.push(*write);
            }
            order.push(op);
        }
        order
    }
}
