//! The invocations and returns of a problem in the order in which they happened.

use super::problem::{NEVER, Op};

/// Something that happened to an operation, by its place in the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Invoked(u32),
    Returned(u32),
}

/// The returns of a problem, in order.
pub(super) struct Timeline<'p> {
    ops: &'p [Op],
    /// The position, and in the lower half the operation.
    returns: Vec<u64>,
}

/// A place in a timeline.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    invocations: usize,
    returns: usize,
}

impl<'p> Timeline<'p> {
    pub fn of(ops: &'p [Op]) -> Timeline<'p> {
        let returning = (0..).zip(ops).filter(|(_, op)| op.returned != NEVER);
        let mut returns: Vec<u64> =
            returning.map(|(number, op)| u64::from(op.returned) << 32 | number).collect();
        returns.sort_unstable();
        Timeline { ops, returns }
    }

    /// The next event and its position; moves the cursor behind it. An operation that returns at the position
    /// of its invocation is invoked first.
    pub fn next(&self, cursor: &mut Cursor) -> Option<(u32, Event)> {
        let invoked = self.ops.get(cursor.invocations).map(|op| op.invoked);
        let returned = self.returns.get(cursor.returns).map(|entry| ((entry >> 32) as u32, *entry as u32));
        match (invoked, returned) {
            (Some(at), Some((until, _))) if at <= until => Some((at, Event::Invoked(cursor.take_op()))),
            (Some(at), None) => Some((at, Event::Invoked(cursor.take_op()))),
            (_, Some((at, op))) => {
                cursor.returns += 1;
                Some((at, Event::Returned(op)))
            }
            (None, None) => None,
        }
    }

    /// How many operations are open at the same time at most, those that never return aside.
    pub fn open_max(&self) -> usize {
        let (mut cursor, mut open, mut most) = (Cursor::default(), 0, 0);
        while let Some((_, event)) = self.next(&mut cursor) {
            match event {
                Event::Invoked(op) => open += usize::from(!self.ops[op as usize].is_indeterminate()),
                Event::Returned(_) => open -= 1,
            }
            most = most.max(open);
        }
        most
    }
}

impl Cursor {
    fn take_op(&mut self) -> u32 {
        self.invocations += 1;
        self.invocations as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linearizable::Problem;
    use crate::testing::history;

    #[test]
    fn merges_invocations_and_returns() {
        let history = history("0:write(x,1)? 1:write(x,1)? 2:read(x)=1 0:ok 1:info");
        let problem = Problem::of(history.operations());
        let timeline = Timeline::of(&problem.ops);
        let mut cursor = Cursor::default();
        let events: Vec<_> = std::iter::from_fn(|| timeline.next(&mut cursor)).collect();
        let [invoked, returned] = [Event::Invoked, Event::Returned];
        assert_eq!(
            events,
            [(0, invoked(0)), (1, invoked(1)), (2, invoked(2)), (3, returned(2)), (4, returned(0))]
        );
        assert_eq!(timeline.open_max(), 2);
    }

    #[test]
    fn invokes_before_it_returns_at_the_same_position() {
        let ops = [Op { invoked: 4, returned: 4, call: 0 }, Op { invoked: 5, returned: 5, call: 0 }];
        let timeline = Timeline::of(&ops);
        let mut cursor = Cursor::default();
        let events: Vec<_> =
            std::iter::from_fn(|| timeline.next(&mut cursor)).map(|(_, event)| event).collect();
        let [invoked, returned] = [Event::Invoked, Event::Returned];
        assert_eq!(events, [invoked(0), returned(0), invoked(1), returned(1)]);
    }
}
