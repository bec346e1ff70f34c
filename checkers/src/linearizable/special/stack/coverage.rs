//! How many of the remaining values are certainly inside, for each stretch.
//!
//! The counts stand in blocks; over the blocks there is a tree that keeps the least count of each half, quarter
//! and so on. What is subtracted from many blocks at once is noted at the nodes that cover them.

use super::Stretches;

/// How many stretches a block has.
const BLOCK: usize = 64;
/// The count of a stretch that is free: more than enough never to be the least again.
const FREE: i32 = i32::MAX / 2;

/// The counts.
pub(super) struct Coverage {
    /// For each stretch its count, without what is noted in the tree.
    counts: Vec<i32>,
    /// The leaves of the tree: a power of two, at least the number of blocks.
    leaves: usize,
    /// For each node the least count below, without what is noted above it. The root is 1, the children of `i`
    /// are `2i` and `2i + 1`.
    least: Vec<i32>,
    /// For each node what is to be added to all that is below.
    added: Vec<i32>,
}

impl Coverage {
    /// The counts of all values.
    pub(super) fn of(stretches: &Stretches) -> Coverage {
        let mut counts = vec![0; stretches.count() + 1];
        for (first, last) in (0..stretches.lives()).filter_map(|life| stretches.inside(life)) {
            counts[first as usize] += 1;
            counts[last as usize + 1] -= 1;
        }
        let mut count = 0;
        for change in &mut counts {
            count += *change;
            *change = count;
        }
        counts.pop();
        let leaves = counts.len().div_ceil(BLOCK).next_power_of_two();
        let mut least = vec![FREE; 2 * leaves];
        for (block, counts) in counts.chunks(BLOCK).enumerate() {
            least[leaves + block] = least_of(counts);
        }
        for node in (1..leaves).rev() {
            least[node] = least[2 * node].min(least[2 * node + 1]);
        }
        Coverage { counts, leaves, least, added: vec![0; 2 * leaves] }
    }

    /// Subtracts one from the counts from the first to the last of these stretches.
    pub(super) fn uncover(&mut self, first: u32, last: u32) {
        let (first, last) = (first as usize, last as usize);
        let (first_block, last_block) = (first / BLOCK, last / BLOCK);
        if first_block == last_block {
            self.uncover_within(first_block, first, last + 1);
            return;
        }
        self.uncover_within(first_block, first, (first_block + 1) * BLOCK);
        self.uncover_blocks(first_block + 1, last_block);
        self.uncover_within(last_block, last_block * BLOCK, last + 1);
    }

    /// Subtracts one from these counts of one block.
    fn uncover_within(&mut self, block: usize, first: usize, end: usize) {
        self.counts[first..end].iter_mut().for_each(|count| *count -= 1);
        self.look_again(block);
    }

    /// Finds the least count of a block, and what follows from it.
    fn look_again(&mut self, block: usize) {
        let end = self.counts.len().min((block + 1) * BLOCK);
        let node = self.leaves + block;
        self.least[node] = least_of(&self.counts[block * BLOCK..end]) + self.added[node];
        self.update_above(node);
    }

    /// Corrects the nodes above this one.
    fn update_above(&mut self, mut node: usize) {
        while node > 1 {
            node /= 2;
            let least = self.least[2 * node].min(self.least[2 * node + 1]) + self.added[node];
            if std::mem::replace(&mut self.least[node], least) == least {
                break;
            }
        }
    }

    /// Subtracts one from the counts of whole blocks, from the first up to before the end.
    fn uncover_blocks(&mut self, first: usize, end: usize) {
        let (mut left, mut right) = (first + self.leaves, end + self.leaves);
        // Each node noted at is followed by a correction of what is above it.
        let subtract = |coverage: &mut Coverage, node: usize| {
            coverage.least[node] -= 1;
            coverage.added[node] -= 1;
            coverage.update_above(node);
        };
        while left < right {
            if left % 2 == 1 {
                subtract(self, left);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                subtract(self, right);
            }
            left /= 2;
            right /= 2;
        }
    }

    /// Adds to `free` some stretches whose count is 0, each only once ever, and says whether there were any.
    pub(super) fn take_free(&mut self, free: &mut Vec<u32>) -> bool {
        if self.least[1] != 0 {
            return false;
        }
        let (mut node, mut wanted) = (1, 0);
        while node < self.leaves {
            wanted -= self.added[node];
            node = if self.least[2 * node] == wanted { 2 * node } else { 2 * node + 1 };
        }
        wanted -= self.added[node];
        let block = node - self.leaves;
        let first = block * BLOCK;
        for (stretch, count) in (first as u32..).zip(self.counts[first..].iter_mut().take(BLOCK)) {
            if *count == wanted {
                *count = FREE;
                free.push(stretch);
            }
        }
        self.look_again(block);
        true
    }
}

fn least_of(counts: &[i32]) -> i32 {
    counts.iter().copied().min().unwrap_or(FREE)
}
