//! The content of one file, twice: as the operating system shows it, and as it is on the platter.
//!
//! ```text
//!  append a, sync, append b, truncate, append c
//!  seen     a | c          what reads give, and what a killed process leaves
//!  durable  a | b          what is certain after a power loss, if b had been synced
//!           ╰ common: up to here both are known to be equal
//! ```

use crate::rng::Rng;

/// What a disk writes at once; a hole left by a power loss has this size.
const SECTOR: usize = 512;

/// The content of one file.
#[derive(Debug, Default)]
pub struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    common: usize,
    truncations: u64,
    syncs_begun: u64,
    sync_done: u64,
}

/// What a sync found when it was asked for; this becomes durable when it completes.
#[derive(Debug)]
pub struct Captured {
    number: u64,
    truncations: u64,
    common: usize,
    rest: Vec<u8>,
}

impl Content {
    /// As the operating system shows it.
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) {
        self.seen.extend_from_slice(bytes);
    }

    /// Cuts it to `len` bytes; a longer `len` changes nothing.
    pub fn truncate(&mut self, len: usize) {
        if len < self.seen.len() {
            self.seen.truncate(len);
            self.common = self.common.min(len);
            self.truncations += 1;
        }
    }

    /// A sync begins.
    pub fn capture(&mut self) -> Captured {
        self.syncs_begun += 1;
        Captured {
            number: self.syncs_begun,
            truncations: self.truncations,
            common: self.common,
            rest: self.seen[self.common..].to_vec(),
        }
    }

    /// The sync has succeeded: what it captured is durable.
    pub fn complete(&mut self, captured: Captured) {
        if captured.number < self.sync_done {
            return; // a later one was faster, and covers this one
        }
        self.sync_done = captured.number;
        self.durable.truncate(captured.common);
        self.durable.extend_from_slice(&captured.rest);
        self.common = if captured.truncations == self.truncations {
            self.durable.len()
        } else {
            let pairs = self.seen.iter().zip(&self.durable);
            pairs.take_while(|(seen, durable)| seen == durable).count()
        };
    }

    /// The power is gone: what was synced is left and, of the rest, what `rng` decides. True when
    /// something was lost.
    pub fn power_loss(&mut self, rng: &mut Rng) -> bool {
        let before = self.seen.len();
        let mut lost = false;
        if self.common == self.durable.len() {
            let mut tail = self.seen.split_off(self.common);
            lost = tear(&mut tail, rng);
            self.durable.extend_from_slice(&tail);
        } else if rng.chance(0.5) {
            // A truncation that nobody synced happened all the same, with all that followed.
            self.durable.clone_from(&self.seen);
        }
        self.seen.clone_from(&self.durable);
        self.common = self.durable.len();
        lost || self.seen.len() != before
    }

    /// Turns over one bit of the byte at this place, on the platter and in memory.
    pub fn flip(&mut self, at: usize, bit: u32) {
        for copy in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = copy.get_mut(at) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }
}

/// What is left of appended bytes that nobody synced: nothing, all, or a prefix; sometimes one
/// sector inside was never written and reads as zeros. True when something is missing.
fn tear(tail: &mut Vec<u8>, rng: &mut Rng) -> bool {
    let before = tail.len();
    let kept = match rng.below(4) {
        0 => 0,
        1 => before,
        _ => rng.below(before as u64 + 1) as usize,
    };
    tail.truncate(kept);
    let sectors = kept / SECTOR;
    let hole = sectors >= 2 && rng.chance(0.25);
    if hole {
        let start = rng.below(sectors as u64) as usize * SECTOR;
        tail[start..start + SECTOR].fill(0);
    }
    hole || kept != before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synced(content: &mut Content) {
        let captured = content.capture();
        content.complete(captured);
    }

    #[test]
    fn sync_covers_what_was_written_before_it() {
        let mut content = Content::default();
        content.append(b"ab");
        let captured = content.capture();
        content.append(b"cd");
        content.complete(captured);
        assert_eq!((content.durable.as_slice(), content.common), (&b"ab"[..], 2));
        synced(&mut content);
        assert_eq!(content.durable, b"abcd");
    }

    #[test]
    fn slow_sync_does_not_undo_a_later_one() {
        let mut content = Content::default();
        content.append(b"a");
        let slow = content.capture();
        content.append(b"b");
        synced(&mut content);
        content.complete(slow);
        assert_eq!(content.durable, b"ab");
    }

    #[test]
    fn truncation_during_a_sync_is_not_durable() {
        let mut content = Content::default();
        content.append(b"abcd");
        let captured = content.capture();
        content.truncate(2);
        content.append(b"xyz");
        content.complete(captured);
        assert_eq!((content.durable.as_slice(), content.common), (&b"abcd"[..], 2));
        synced(&mut content);
        assert_eq!(content.durable, b"abxyz");
    }

    #[test]
    fn unsynced_truncation_may_be_undone() {
        let outcomes: std::collections::BTreeSet<Vec<u8>> = (0..20)
            .map(|seed| {
                let mut content = Content::default();
                content.append(b"abcd");
                synced(&mut content);
                content.truncate(1);
                content.power_loss(&mut Rng::new(seed));
                content.seen
            })
            .collect();
        assert_eq!(outcomes, [b"a".to_vec(), b"abcd".to_vec()].into());
    }

    #[test]
    fn power_loss_tears_and_leaves_holes() {
        let (mut none, mut all, mut torn, mut holes) = (0, 0, 0, 0);
        for seed in 0..200 {
            let mut content = Content::default();
            content.append(b"synced");
            synced(&mut content);
            content.append(&[1; 4 * SECTOR]);
            content.power_loss(&mut Rng::new(seed));
            assert!(content.seen.starts_with(b"synced"));
            assert_eq!(content.seen, content.durable);
            let tail = &content.seen[6..];
            none += u32::from(tail.is_empty());
            all += u32::from(tail == [1; 4 * SECTOR]);
            torn += u32::from(!tail.is_empty() && tail.len() < 4 * SECTOR);
            holes += u32::from(tail.contains(&0));
        }
        assert!(none > 10 && all > 10 && torn > 50 && holes > 10, "{none} {all} {torn} {holes}");
    }
}
