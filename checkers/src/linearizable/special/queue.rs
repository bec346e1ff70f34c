//! Queues: first in, first out.
//!
//! In a linearization the values are put in one order and taken in the same. Value v must precede w when its
//! put returned before that of w was invoked, or its take before that of w was.
//!
//! **Theorem** (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013, section
//! 4; Bouajjani, Emmi, Enea and Hamza, ICALP 2015, section 4). Lives have an order that suits a queue exactly
//! when no two values must precede each other. *Proof.* Take values one after the other that none of the others
//! must precede. With `v` the value whose put window ends first and `w` the one whose take window does, such a
//! value is one whose put begins before the put of `v` ends, and whose take begins before the take of `w` ends.
//! If there is none, then not `v`, so that the take of `v` begins when that of `w` has ended, and not `w`, so
//! that the put of `w` begins when that of `v` has ended: `v` and `w` must precede each other.
//!
//! In the order so found, puts suit real time among themselves, and so do takes. Before each take, make the puts
//! that come next as long as their windows begin no later than that of the take. The value's own put is among
//! them, or was made before; so what is taken is always the first. If a put of `x` stands before a take of `w`
//! that must end first, then `x` was put before the take of some `u`, which is `w` or earlier, and whose take
//! begins after the put of `x`, so after the take of `w` has ended: `w` must precede `u`, no. If a put of `x`
//! stands behind a take of `w` that must begin later, then some `y` held it up, not later than `x` in the order,
//! whose put begins after that take, so after the put of `x` has ended: `x` must precede `y`, no. ∎
//!
//! ```text
//! put 1  ├──┤                  ├──┤ take = 1
//! put 2       ├──┤   ├──┤ take = 2              2 is taken before 1, although 1 was put before 2: impossible
//! ```

use super::container::{self, Call, Life, Lives, Step};
use super::{Answer, Operation};

/// Whether these operations on a queue, empty at first, are linearizable.
pub(crate) fn linearize(operations: &[Operation<Call>]) -> Answer {
    container::linearize(operations, |lives| Ok(steps(&lives.lives, &sequence(lives)?)))
}

/// The lives by one of the ends of their windows, and how far they were looked at.
struct Line {
    /// (moment, life)
    ends: Vec<(u32, u32)>,
    next: usize,
}

impl Line {
    fn by(lives: &Lives, end: impl Fn(&Life) -> u32) -> Line {
        let mut ends: Vec<(u32, u32)> =
            (0..).zip(&lives.lives).map(|(life, ends)| (end(ends), life)).collect();
        ends.sort_unstable();
        Line { ends, next: 0 }
    }

    /// The next one for which this holds.
    fn peek(&mut self, holds: impl Fn(u32) -> bool) -> Option<(u32, u32)> {
        while self.ends.get(self.next).is_some_and(|(_, life)| !holds(*life)) {
            self.next += 1;
        }
        self.ends.get(self.next).copied()
    }

    /// Goes on behind the lives that begin before this moment.
    fn pass(&mut self, end: u32, mut each: impl FnMut(u32)) {
        while let Some((_, life)) = self.ends.get(self.next).filter(|(begin, _)| *begin < end) {
            each(*life);
            self.next += 1;
        }
    }
}

/// An order of the lives in which none stands behind one that it must precede, or two that must precede each
/// other.
fn sequence(lives: &Lives) -> Result<Vec<u32>, Vec<u32>> {
    let count = lives.lives.len();
    let (mut puts, mut put_ends) =
        (Line::by(lives, |life| life.put.from), Line::by(lives, |life| life.put.to));
    let (mut takes, mut take_ends) =
        (Line::by(lives, |life| life.take.from), Line::by(lives, |life| life.take.to));
    // How many of put and take nothing that is left must precede.
    let mut free = vec![0_u8; count];
    let mut is_done = vec![false; count];
    let (mut ready, mut sequence) = (Vec::new(), Vec::with_capacity(count));
    loop {
        let is_left = |life: u32| !is_done[life as usize];
        let (Some((put_end, first_put)), Some((take_end, first_taken))) =
            (put_ends.peek(is_left), take_ends.peek(is_left))
        else {
            return Ok(sequence);
        };
        let mut set_free = |life: u32| {
            free[life as usize] += 1;
            if free[life as usize] == 2 {
                ready.push(life);
            }
        };
        puts.pass(put_end, &mut set_free);
        takes.pass(take_end, &mut set_free);
        let Some(life) = ready.pop() else { return Err(vec![first_put, first_taken]) };
        is_done[life as usize] = true;
        sequence.push(life);
    }
}

/// Puts and takes, each in this order of the lives: before a take all puts that can be.
fn steps(lives: &[Life], sequence: &[u32]) -> Vec<Step> {
    let begin = |life: u32| lives[life as usize].put.from;
    let mut puts = sequence.iter().copied().peekable();
    let mut steps = Vec::with_capacity(2 * sequence.len());
    for &taken in sequence {
        let moment = lives[taken as usize].take.from;
        while let Some(put) = puts.next_if(|put| begin(*put) <= moment) {
            steps.push(Step::Put(put));
        }
        steps.push(Step::Take(taken));
    }
    steps
}
