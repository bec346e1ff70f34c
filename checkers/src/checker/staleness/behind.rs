//! How far each read is behind at least: how many writes certainly came between it and what it returned, and
//! for how long that had certainly been overwritten.
//!
//! ```text
//! write 1 ├──┤   write 2 ├──┤   write 3 ├─────┤
//!                          write 4 ├──┤             read 1 ├──┤      3 versions, since write 2 ended
//! ```
//!
//! A write certainly came between if its value was first there after the value read had been, and was there
//! before the read began.

use crate::checker::staleness::register::{NEVER, Place, Register, begin};

/// How far one read is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    /// Which of the register's reads.
    pub read: usize,
    /// How many versions at least.
    pub versions: u64,
    /// The cluster that overwrote it first for certain.
    pub overwritten_by: usize,
}

/// All reads of this register that are certainly behind, in order.
pub(super) fn behind(register: &Register<'_>) -> Vec<Behind> {
    let clusters = &register.clusters;
    let mut by_begin: Vec<usize> = (0..clusters.len()).collect();
    by_begin.sort_unstable_by_key(|&cluster| clusters[cluster].begin);
    let begins: Vec<Place> = by_begin.iter().map(|&cluster| clusters[cluster].begin).collect();
    // Of all that begin from here on, the one that was there first.
    let mut first_from = by_begin.clone();
    for place in (1..first_from.len()).rev() {
        let (this, next) = (first_from[place - 1], first_from[place]);
        if clusters[next].first_end < clusters[this].first_end {
            first_from[place - 1] = next;
        }
    }
    let mut behind = Vec::new();
    for (read, (cluster, access)) in register.reads.iter().enumerate() {
        let after = begins.partition_point(|&begin| begin <= clusters[*cluster].first_end);
        let first = first_from.get(after).copied();
        if let Some(overwritten_by) = first.filter(|&first| clusters[first].first_end < begin(access)) {
            behind.push(Behind { read, versions: 0, overwritten_by });
        }
    }
    count(register, &begins, &mut behind);
    behind
}

/// Counts for each of these reads the clusters that begin after the one it returned, and that were there before
/// it began: reads in the order of their begins, while clusters that are there are added to a tree of counts.
fn count(register: &Register<'_>, begins: &[Place], behind: &mut [Behind]) {
    let clusters = &register.clusters;
    let rank = |place: Place| begins.partition_point(|&begin| begin <= place);
    let mut by_end: Vec<usize> = (0..clusters.len()).filter(|&it| clusters[it].first_end != NEVER).collect();
    by_end.sort_unstable_by_key(|&cluster| clusters[cluster].first_end);
    let mut order: Vec<usize> = (0..behind.len()).collect();
    let read_begin = |one: &Behind| begin(register.reads[one.read].1);
    order.sort_unstable_by_key(|&one| read_begin(&behind[one]));
    let mut there = Counts(vec![0; begins.len() + 1]);
    let mut added = 0;
    for one in order {
        let one = &mut behind[one];
        while let Some(&cluster) = by_end.get(added).filter(|it| clusters[**it].first_end < read_begin(one)) {
            there.add(rank(clusters[cluster].begin) - 1);
            added += 1;
        }
        let source = &clusters[register.reads[one.read].0];
        one.versions = added as u64 - there.below(rank(source.first_end));
    }
}

/// Counts by place, with their sums (Fenwick 1994).
struct Counts(Vec<u64>);

impl Counts {
    fn add(&mut self, place: usize) {
        let mut at = place + 1;
        while let Some(sum) = self.0.get_mut(at) {
            *sum += 1;
            at += at & at.wrapping_neg();
        }
    }

    fn below(&self, place: usize) -> u64 {
        let (mut at, mut sum) = (place, 0);
        while at > 0 {
            sum += self.0[at];
            at &= at - 1;
        }
        sum
    }
}
