//! The beginnings and ends of all operations, in real-time order, in linear time.
//!
//! ```text
//! position    0         1         2         3
//! 0:add       begin ─────────────────────── end
//! 1:read                begin ─── end                 begin 0, begin 1, end 1, end 0
//! ```

use perjury_histories::{History, Operation};

/// The beginning of an operation, or its end.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    /// The operation.
    pub operation: Operation<'a>,
    /// Its number, in the order of beginnings.
    pub number: usize,
    /// Whether it ends here. An operation of unknown fate never does.
    pub is_end: bool,
}

/// No operation ends here.
const NONE: u32 = u32::MAX;

/// The operations of a history, and which of them ends at each position.
pub(crate) struct Sweep<'a> {
    operations: Vec<Operation<'a>>,
    ends: Vec<u32>,
}

impl<'a> Sweep<'a> {
    /// All operations of this history.
    pub fn of(history: &'a History) -> Sweep<'a> {
        let operations: Vec<Operation<'a>> = history.operations().collect();
        let last =
            operations.iter().map(|operation| operation.returned_at().unwrap_or(operation.invoked_at()));
        let mut ends = vec![NONE; last.max().map_or(0, |last| last + 1)];
        for (number, operation) in (0..NONE).zip(&operations) {
            operation.returned_at().inspect(|&position| ends[position] = number);
        }
        Sweep { operations, ends }
    }

    /// Their beginnings and ends; a lone completion begins and ends at once.
    pub fn steps(&self) -> impl Iterator<Item = Step<'a>> {
        let mut begun = 0;
        self.ends.iter().enumerate().flat_map(move |(position, &ended)| {
            let operation = self.operations.get(begun).filter(|operation| operation.invoked_at() == position);
            let begin = operation.map(|&operation| Step { operation, number: begun, is_end: false });
            begun += usize::from(begin.is_some());
            let end = (ended != NONE).then(|| {
                let number = ended as usize;
                Step { operation: self.operations[number], number, is_end: true }
            });
            begin.into_iter().chain(end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    #[test]
    fn steps_in_real_time_order() {
        let history =
            history("0:add(_,1)? 1:read()? nemesis:healed() 1:ok=1 2:add(_,2):info 0:ok ..3:read()=3");
        let sweep = Sweep::of(&history);
        let steps: Vec<_> = sweep.steps().map(|step| (step.number, step.is_end)).collect();
        assert_eq!(steps, [(0, false), (1, false), (1, true), (2, false), (0, true), (3, false), (3, true)]);
    }
}
