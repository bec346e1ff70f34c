//! Stretches of moments during which the same values are certainly inside, and the windows of lives in them.

use super::Life;

/// Stretch `i` goes from cut `i - 1` up to before cut `i`; the first begins at 0 and the last never ends.
pub(super) struct Stretches {
    /// The moments at which what is certainly inside changes.
    cuts: Vec<u32>,
    /// For each life the first and last stretch of the window of its put,
    puts: Vec<(u32, u32)>,
    /// of its take,
    takes: Vec<(u32, u32)>,
    /// and of the time between: the first is greater than the last if there is none.
    insides: Vec<(u32, u32)>,
}

/// One end of a window, in 64 bits: its moment, its life and which end it is.
struct End;

impl End {
    const PUT_FROM: u64 = 0;
    const PUT_TO: u64 = 1;
    const TAKE_FROM: u64 = 2;
    const TAKE_TO: u64 = 3;

    fn key(moment: u32, life: u32, end: u64) -> u64 {
        u64::from(moment) << 32 | u64::from(life) << 2 | end
    }
}

impl Stretches {
    /// The stretches of these lives, of which there are less than 2^30.
    pub(super) fn of(lives: &[Life]) -> Stretches {
        let mut ends = Vec::with_capacity(4 * lives.len());
        for (life, windows) in (0..).zip(lives) {
            ends.push(End::key(windows.put.from, life, End::PUT_FROM));
            ends.push(End::key(windows.put.to, life, End::PUT_TO));
            ends.push(End::key(windows.take.from, life, End::TAKE_FROM));
            ends.push(End::key(windows.take.to, life, End::TAKE_TO));
        }
        ends.sort_unstable();
        let mut stretches = Stretches {
            cuts: Vec::new(),
            puts: vec![(0, 0); lives.len()],
            takes: vec![(0, 0); lives.len()],
            insides: vec![(1, 0); lives.len()],
        };
        for ends in ends.chunk_by(|left, right| left >> 32 == right >> 32) {
            stretches.place(ends, lives);
        }
        stretches
    }

    /// Places the ends that are at one moment.
    fn place(&mut self, ends: &[u64], lives: &[Life]) {
        let before = self.cuts.len() as u32;
        let life = |end: u64| (end as u32 >> 2) as usize;
        let is_ever_inside = |end: u64| lives[life(end)].inside().is_some();
        if ends.iter().any(|end| matches!(end & 3, End::PUT_TO | End::TAKE_FROM) && is_ever_inside(*end)) {
            self.cuts.push((ends[0] >> 32) as u32);
        }
        let after = self.cuts.len() as u32;
        for &end in ends {
            let place = life(end);
            match end & 3 {
                End::PUT_FROM => self.puts[place].0 = after,
                End::PUT_TO => self.puts[place].1 = before,
                End::TAKE_FROM => self.takes[place].0 = after,
                _ => self.takes[place].1 = before,
            }
            match end & 3 {
                End::PUT_TO if is_ever_inside(end) => self.insides[place].0 = after,
                End::TAKE_FROM if is_ever_inside(end) => self.insides[place].1 = before,
                _ => {}
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The moment at which this stretch begins.
    pub(super) fn begin(&self, stretch: u32) -> u32 {
        stretch.checked_sub(1).map_or(0, |cut| self.cuts[cut as usize])
    }

    /// The moment before which it ends.
    pub(super) fn end(&self, stretch: u32) -> u32 {
        self.cuts.get(stretch as usize).copied().unwrap_or(u32::MAX)
    }

    /// The first and last stretch in which this life may be put.
    pub(super) fn put(&self, life: u32) -> (u32, u32) {
        self.puts[life as usize]
    }

    /// The first and last stretch in which it may be taken.
    pub(super) fn take(&self, life: u32) -> (u32, u32) {
        self.takes[life as usize]
    }

    /// The first and last stretch in which it is certainly inside, if it is ever.
    pub(super) fn inside(&self, life: u32) -> Option<(u32, u32)> {
        Some(self.insides[life as usize]).filter(|(first, last)| first <= last)
    }

    /// How many lives there are.
    pub(super) fn lives(&self) -> u32 {
        self.puts.len() as u32
    }
}
