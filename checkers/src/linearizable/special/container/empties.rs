//! Takes that found nothing.
//!
//! Such a take needs a moment at which no value is certainly inside; and that is enough, for each of them by
//! itself (Lee and Mathur, section 2, "empty operations"). *Proof.* Choose such a moment for each; they become
//! barriers. For every barrier, each life either may have its take before it (it then ends before the barrier)
//! or may have its put after it (then it begins after). Cut the windows of the lives off there. None becomes
//! empty, and what was linearizable without the empty takes is so still: an operation whose time was on the
//! wrong side of a barrier moves to the barrier, keeping the order among those that move; as whole lives lie on
//! one side, and containers stay right when whole lives are left out or follow each other, each side can be
//! put in its old order by itself. At the barrier the container is empty. ∎
//!
//! ```text
//! put 1    ├────┤            ├────┤ take = 1
//! empty      ├───┤   before put 1 returns: good. Between the two, where 1 is certainly inside: impossible.
//! ```

use super::lives::{Lives, window};
use super::{Call, Order, Step, Window};
use crate::linearizable::special::{Answer, Operation};

/// A take that found nothing, and the moment that a barrier begins.
type Empty = (u32, u32);

/// An order of all operations that have an effect, or why there is none.
pub(super) fn order(
    lives: &Lives,
    operations: &[Operation<Call>],
    solve: impl Fn(&Lives) -> Order,
) -> Result<Vec<u32>, Answer> {
    let empties = barriers(lives, operations)?;
    let impossible = |few: Vec<u32>| Answer::Impossible(lives.operations_of(&few));
    if empties.is_empty() {
        let steps = solve(lives).map_err(impossible)?;
        return Ok(interleave(lives, &steps, &[]));
    }
    let cut = cut(lives, &empties);
    let steps = solve(&cut).map_err(impossible)?;
    Ok(interleave(&cut, &steps, &empties))
}

/// A barrier for each take that found nothing, in the order of time.
fn barriers(lives: &Lives, operations: &[Operation<Call>]) -> Result<Vec<Empty>, Answer> {
    let is_empty = |place: &u32| {
        let operation = &operations[*place as usize];
        operation.call == Call::TakeEmpty && !operation.is_unknown()
    };
    let mut empties: Vec<u32> = (0..operations.len() as u32).filter(is_empty).collect();
    if empties.is_empty() {
        return Ok(Vec::new());
    }
    empties.sort_unstable_by_key(|place| operations[*place as usize].invoked);
    let filled = filled(lives);
    let mut next_filled = 0;
    let mut barriers = Vec::with_capacity(empties.len());
    for place in empties {
        let Window { from, to } = window(&operations[place as usize]);
        while filled.get(next_filled).is_some_and(|filled| filled.to <= from) {
            next_filled += 1;
        }
        let is_filled = filled.get(next_filled).filter(|filled| filled.from <= from);
        // Both moments between two events are alike: the barrier is the beginning of the second.
        let barrier = is_filled.map_or(from, |filled| filled.to) | 1;
        if barrier >= to {
            let mut places = lives.operations_of(&cover(lives, Window { from, to }, |_| true));
            places.push(place);
            return Err(Answer::Impossible(places));
        }
        barriers.push((place, barrier));
    }
    barriers.sort_unstable_by_key(|(place, barrier)| (*barrier, *place));
    Ok(barriers)
}

/// When something is certainly inside: windows that do not touch, in the order of time.
fn filled(lives: &Lives) -> Vec<Window> {
    let mut inside: Vec<Window> = lives.lives.iter().filter_map(|life| life.inside()).collect();
    inside.sort_unstable_by_key(|window| window.from);
    let mut filled: Vec<Window> = Vec::new();
    for window in inside {
        match filled.last_mut().filter(|last| window.from <= last.to) {
            Some(last) => last.to = last.to.max(window.to),
            None => filled.push(window),
        }
    }
    filled
}

/// A few of the lives that `counts` of which at least one is certainly inside at every moment of this window.
pub(in crate::linearizable::special) fn cover(
    lives: &Lives,
    window: Window,
    counts: impl Fn(u32) -> bool,
) -> Vec<u32> {
    let inside = (0..).zip(&lives.lives).filter(|(life, _)| counts(*life));
    let mut inside: Vec<(Window, u32)> =
        inside.filter_map(|(life, ends)| Some((ends.inside()?, life))).collect();
    inside.sort_unstable_by_key(|(inside, life)| (inside.from, *life));
    let (mut cover, mut covered_to) = (Vec::new(), window.from);
    let mut rest = inside.into_iter().peekable();
    while covered_to < window.to {
        let mut furthest = (covered_to, None);
        while let Some((inside, life)) = rest.next_if(|(inside, _)| inside.from <= covered_to) {
            if inside.to > furthest.0 {
                furthest = (inside.to, Some(life));
            }
        }
        let Some(life) = furthest.1 else { break };
        cover.push(life);
        covered_to = furthest.0;
    }
    cover
}

/// The lives with their windows cut off at the barriers: each ends at the first before which it can end.
fn cut(lives: &Lives, empties: &[Empty]) -> Lives {
    let mut lives = lives.clone();
    for life in &mut lives.lives {
        let next = empties.partition_point(|(_, barrier)| *barrier <= life.take.from);
        if let Some((_, barrier)) = next.checked_sub(1).and_then(|previous| empties.get(previous)) {
            life.put.from = life.put.from.max(*barrier);
        }
        if let Some((_, barrier)) = empties.get(next) {
            life.put.to = life.put.to.min(*barrier);
            life.take.to = life.take.to.min(*barrier);
        }
    }
    lives
}

/// The operations of these steps, with each take that found nothing where its barrier is.
fn interleave(lives: &Lives, steps: &[Step], empties: &[Empty]) -> Vec<u32> {
    let mut order = Vec::with_capacity(steps.len() + empties.len());
    let mut empties = empties.iter().peekable();
    for step in steps {
        let (Step::Put(life) | Step::Take(life)) = *step;
        let begin = lives.lives[life as usize].take.from;
        while let Some((place, _)) = empties.next_if(|(_, barrier)| *barrier <= begin) {
            order.push(*place);
        }
        match step {
            Step::Put(life) => order.push(lives.puts[*life as usize]),
            Step::Take(life) => order.extend(lives.take_of(*life)),
        }
    }
    order.extend(empties.map(|(place, _)| *place));
    order
}
