//! Stacks: last in, first out.
//!
//! **Theorem** (Lee and Mathur, section on stacks). Call a value **loose** if both its put window and its take
//! window have a moment at which no other value is certainly inside. If some order suits a stack, a value is
//! loose, namely one that lies at the bottom of the stack when it is there; and if a value is loose, there is an
//! order for all exactly when there is one for the others. So loose values are removed one after the other (each
//! can make others loose), and there is an order exactly when none is left.
//!
//! ```text
//! put 1  ├──┤          ├──┤ take = 1        while 1 is inside, 2 is loose only after 1 is removed;
//! put 2       ├──┤              ├──┤ take = 2     but 2 is inside while 1 is taken: none is loose, impossible
//! ```
//!
//! *The order, and the proof that it is one.* Number the values as they are removed: what was removed later lies
//! higher. A moment is free for a value when, at its removal, nobody that was left was certainly inside. Let it be
//! put at the last free moment of its put window, and taken at the first free moment of its take window; or both
//! at the latter if that is not the later one. Now let `u` be removed before `v`, and be put or taken at the
//! moment `t`, which is free for `u`, and so for `v`. Then `v` is not there at `t`, except that it may be put or
//! taken at `t`, too: were `t` strictly between, it would be a later free moment of the put window, or an earlier
//! one of the take window, or `v` would be certainly inside at `t`, which is not free then. Within one moment,
//! first come the takes of what was put before it, from the highest on down; then what is both put and taken
//! there, each value by itself; then the puts of what is taken later, from the lowest on up. So whenever a value
//! is put or taken, no higher one is there, which is what a stack is. ∎
//!
//! **Speed.** How many values are certainly inside is counted for each stretch of moments ([`coverage`]). A
//! stretch whose count falls to 0 is free from then on, and gives their moment to all puts and takes that can be
//! there ([`stabbing`]). All of this takes O(n log n).

mod coverage;
mod free;
mod stabbing;
mod stretches;

use self::coverage::Coverage;
use self::free::Free;
use self::stabbing::Stabbing;
use self::stretches::Stretches;
use super::container::{self, Call, Life, Lives, Step};
use super::{Answer, Operation};

/// Whether these operations on a stack, empty at first, are linearizable.
pub(crate) fn linearize(operations: &[Operation<Call>]) -> Answer {
    container::linearize(operations, |lives: &Lives| {
        let stretches = Stretches::of(&lives.lives);
        let stays = remove_loose(&stretches, &lives.lives)?;
        Ok(steps(&stays))
    })
}

/// The moments at which a value is put and taken, the second not before the first.
#[derive(Clone, Copy)]
struct Stay {
    life: u32,
    put: u32,
    take: u32,
}

/// The stays of all lives, in the order of their removal: the lowest first.
fn remove_loose(stretches: &Stretches, lives: &[Life]) -> Result<Vec<Stay>, Vec<u32>> {
    let mut coverage = Coverage::of(stretches);
    let mut windows = Stabbing::of(stretches);
    let mut free = Free::new(stretches.count());
    let mut stays = Vec::with_capacity(lives.len());
    let mut is_half_loose = vec![false; lives.len()];
    let (mut stretches_freed, mut freed) = (Vec::new(), Vec::new());
    while coverage.take_free(&mut stretches_freed) {
        stretches_freed.iter().for_each(|stretch| free.insert(*stretch));
        for stretch in stretches_freed.drain(..) {
            windows.take_at(stretch, &mut freed);
        }
        for life in freed.drain(..) {
            if std::mem::replace(&mut is_half_loose[life as usize], true) {
                stays.push(stay(stretches, &free, life, &lives[life as usize]));
                if let Some((first, last)) = stretches.inside(life) {
                    coverage.uncover(first, last);
                }
            }
        }
    }
    if stays.len() == lives.len() { Ok(stays) } else { Err(Vec::new()) }
}

/// Where the theorem puts a loose value.
fn stay(stretches: &Stretches, free: &Free, life: u32, windows: &Life) -> Stay {
    let (first, last) = stretches.take(life);
    let take = free.first(first, last).map_or(windows.take.from, |stretch| stretches.begin(stretch));
    let take = take.max(windows.take.from);
    let (first, last) = stretches.put(life);
    let put = free.last(first, last).map_or(windows.put.to, |stretch| stretches.end(stretch));
    let put = put.min(windows.put.to) - 1;
    Stay { life, put: put.min(take), take }
}

/// All puts and takes by their moments, and within a moment as the theorem has them.
fn steps(stays: &[Stay]) -> Vec<Step> {
    let count = stays.len() as u32;
    let key = |moment: u32, place: u32| u64::from(moment) << 32 | u64::from(place);
    let mut steps = Vec::with_capacity(2 * stays.len());
    for (height, stay) in (0..).zip(stays) {
        if stay.put == stay.take {
            steps.push((key(stay.put, count + 2 * height), Step::Put(stay.life)));
            steps.push((key(stay.take, count + 2 * height + 1), Step::Take(stay.life)));
        } else {
            steps.push((key(stay.take, count - 1 - height), Step::Take(stay.life)));
            steps.push((key(stay.put, 3 * count + height), Step::Put(stay.life)));
        }
    }
    steps.sort_unstable_by_key(|(key, _)| *key);
    steps.into_iter().map(|(_, step)| step).collect()
}
