//! The windows of puts and takes that have no moment yet, by the stretches that they reach.
//!
//! The windows stand in the order of their first stretch, in blocks; over the blocks there is a tree that keeps
//! the furthest reach of each half, quarter and so on.

use super::Stretches;

/// How many windows a block has.
const BLOCK: usize = 64;

/// The windows.
pub(super) struct Stabbing {
    /// For each stretch how many windows begin in it or before.
    begun: Vec<u32>,
    /// For each window the stretch before which it ends; 0 when it was taken out.
    reaches: Vec<u32>,
    /// For each window its life.
    lives: Vec<u32>,
    /// The leaves of the tree: a power of two, at least the number of blocks.
    leaves: usize,
    /// For each node the furthest reach below. The root is 1, the children of `i` are `2i` and `2i + 1`.
    furthest: Vec<u32>,
}

impl Stabbing {
    /// The windows of all puts and takes.
    pub(super) fn of(stretches: &Stretches) -> Stabbing {
        let windows = || (0..stretches.lives()).flat_map(|life| [stretches.put(life), stretches.take(life)]);
        let mut begun = vec![0_u32; stretches.count()];
        windows().for_each(|(first, _)| begun[first as usize] += 1);
        let mut count = 0;
        for place in &mut begun {
            (*place, count) = (count, count + *place);
        }
        // Until all are placed, `begun` is where the next window that begins in a stretch goes.
        let (mut reaches, mut lives) = (vec![0; count as usize], vec![0; count as usize]);
        for (window, (first, last)) in (0..).zip(windows()) {
            let place = &mut begun[first as usize];
            reaches[*place as usize] = last + 1;
            lives[*place as usize] = window / 2;
            *place += 1;
        }
        let leaves = reaches.len().div_ceil(BLOCK).next_power_of_two();
        let mut stabbing = Stabbing { begun, reaches, lives, leaves, furthest: vec![0; 2 * leaves] };
        for (block, reaches) in stabbing.reaches.chunks(BLOCK).enumerate() {
            stabbing.furthest[leaves + block] = furthest_of(reaches);
        }
        for node in (1..leaves).rev() {
            stabbing.furthest[node] = stabbing.furthest[2 * node].max(stabbing.furthest[2 * node + 1]);
        }
        stabbing
    }

    /// Takes out all windows with this stretch, and adds the life of each to `lives`.
    pub(super) fn take_at(&mut self, stretch: u32, lives: &mut Vec<u32>) {
        let begun = self.begun[stretch as usize] as usize;
        let mut block = begun / BLOCK;
        self.take_from(block, begun, stretch, lives);
        while let Some(earlier) = self.last_block_before(block, stretch) {
            block = earlier;
            self.take_from(block, (block + 1) * BLOCK, stretch, lives);
        }
    }

    /// Takes out the windows of one block, up to an end, that reach this stretch.
    fn take_from(&mut self, block: usize, end: usize, stretch: u32, lives: &mut Vec<u32>) {
        let first = block * BLOCK;
        let mut is_changed = false;
        for (reach, life) in self.reaches[first..end].iter_mut().zip(&self.lives[first..end]) {
            if *reach > stretch {
                *reach = 0;
                lives.push(*life);
                is_changed = true;
            }
        }
        if is_changed {
            let end = self.reaches.len().min(first + BLOCK);
            self.furthest[self.leaves + block] = furthest_of(&self.reaches[first..end]);
            self.update_above(self.leaves + block);
        }
    }

    /// Corrects the nodes above this one.
    fn update_above(&mut self, mut node: usize) {
        while node > 1 {
            node /= 2;
            let furthest = self.furthest[2 * node].max(self.furthest[2 * node + 1]);
            if std::mem::replace(&mut self.furthest[node], furthest) == furthest {
                break;
            }
        }
    }

    /// The last block before this one with a window that reaches this stretch.
    fn last_block_before(&self, block: usize, stretch: u32) -> Option<usize> {
        let mut node = block + self.leaves;
        // Up, until something on the left reaches far enough;
        while node > 1 && (node % 2 == 0 || self.furthest[node - 1] <= stretch) {
            node /= 2;
        }
        if node <= 1 {
            return None;
        }
        node -= 1;
        // and down to the last block of it that does.
        while node < self.leaves {
            node = 2 * node + usize::from(self.furthest[2 * node + 1] > stretch);
        }
        Some(node - self.leaves)
    }
}

fn furthest_of(reaches: &[u32]) -> u32 {
    reaches.iter().copied().max().unwrap_or(0)
}
