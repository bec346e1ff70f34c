//! How faults come and go: how long they last, and how long the cluster is left alone between them.

use std::time::Duration;

use crate::rng::Rng;

/// The shortest fault, but at the end of a run.
pub const LENGTH_MS_MIN: u64 = 1_000;

/// A day of simulated time is a week of memory; no typo should cost that.
pub const TIME_MS_MAX: u64 = 86_400_000;

/// How faults come and go in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long they do.
    pub time_ms: u64,
    /// From the end of one episode of faults to the beginning of the next, in the mean.
    pub gap_ms: u64,
    /// The longest fault, of those that do not stand alone.
    pub length_ms_max: u64,
}

impl Rhythm {
    /// A gap: a fifth of the mean at least, about three times the mean at most.
    pub(super) fn draw_gap_ms(self, rng: &mut Rng) -> u64 {
        let drawn = rng.exponential(Duration::from_millis(self.gap_ms)).as_millis() as u64;
        drawn.clamp(self.gap_ms / 5, self.gap_ms * 16 / 5)
    }

    /// The length of a fault.
    pub(super) fn draw_length_ms(self, rng: &mut Rng) -> u64 {
        rng.range(LENGTH_MS_MIN..self.length_ms_max + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_as_long_as_asked_and_never_extreme() {
        for gap_ms in [1, 300, 2_500, 60_000] {
            let rhythm = Rhythm { time_ms: 0, gap_ms, length_ms_max: 8_000 };
            let mut rng = Rng::new(1);
            let gaps: Vec<u64> = (0..1_000).map(|_| rhythm.draw_gap_ms(&mut rng)).collect();
            let mean = gaps.iter().sum::<u64>() / 1_000;
            assert!((gap_ms / 2..=gap_ms * 3 / 2).contains(&mean), "{gap_ms}: {mean}");
            assert!(gaps.iter().all(|gap| (gap_ms / 5..=gap_ms * 16 / 5).contains(gap)), "{gap_ms}");
        }
    }
}
