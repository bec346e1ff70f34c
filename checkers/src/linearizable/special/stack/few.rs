//! A few lives that no order suits.
//!
//! Lives that are left over when no more is loose would also be left over by themselves: what was removed before
//! was in nobody's way. So chunks of them are left out, as long as something of the rest is left over, which then
//! is all that matters; first large chunks, then smaller ones, at last single lives (Zeller and Hildebrandt,
//! "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002). What is linearizable remains so
//! with less, hence a life that could not be left out once never can.

use super::{Life, Stay, Stretches, remove_loose};

/// How often all that are left over may be looked at.
const LOOKS: usize = 50;

/// Of these lives, a few that have no order, given the stays of those that are not left over.
pub(super) fn stuck(lives: &[Life], stays: &[Stay]) -> Vec<u32> {
    let all: Vec<u32> = (0..lives.len() as u32).collect();
    let mut few = left_over(&all, stays);
    let mut work = LOOKS * few.len();
    let mut chunk = few.len().div_ceil(2);
    loop {
        let mut start = 0;
        while start < few.len() {
            let end = few.len().min(start + chunk);
            let rest = [&few[..start], &few[end..]].concat();
            let Some(work_left) = work.checked_sub(rest.len()) else { return few };
            work = work_left;
            let some: Vec<Life> = rest.iter().map(|life| lives[*life as usize]).collect();
            let smaller = left_over(&rest, &remove_loose(&Stretches::of(&some), &some));
            if smaller.is_empty() {
                start = end;
            } else {
                few = smaller;
            }
        }
        if chunk == 1 {
            return few;
        }
        chunk = chunk.min(few.len()).div_ceil(2);
    }
}

/// Those of these lives that have no stay; the stays name them by their places here.
fn left_over(lives: &[u32], stays: &[Stay]) -> Vec<u32> {
    let mut is_removed = vec![false; lives.len()];
    stays.iter().for_each(|stay| is_removed[stay.life as usize] = true);
    lives.iter().zip(is_removed).filter(|(_, is_removed)| !is_removed).map(|(life, _)| *life).collect()
}
