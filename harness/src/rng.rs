//! The one generator of randomness of a run, forked by name.
//!
//! Every part of a run draws from its own fork, so a part that draws once more shifts nobody else:
//!
//! ```
//! use perjury::rng::Rng;
//!
//! let run = Rng::new(7);
//! let (mut disk, mut clock) = (run.fork("disk"), run.fork("clock"));
//! let first = clock.next();
//! disk.next(); // does not disturb the clock's fork
//! assert_eq!(run.fork("clock").next(), first);
//! ```
//!
//! Seeding and distributions are written out here, in integers: a seed that found something must
//! find it again after an update of a dependency, and on another machine.

use std::ops::Range;
use std::time::Duration;

use rand_core::Rng as _;
use rand_pcg::Pcg64Mcg;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The natural logarithm of 2, in units of 2^-32.
const LN_2: u128 = 2_977_044_472;

/// A seeded generator of random numbers; the same seed draws the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: u64,
    generator: Pcg64Mcg,
}

impl Rng {
    /// A generator that draws what `seed` decides.
    pub fn new(seed: u64) -> Rng {
        let state = xxh3_128_with_seed(b"perjury", seed);
        Rng { seed, generator: Pcg64Mcg::new(state) }
    }

    /// A generator of its own for the part of this name, whatever was drawn here before.
    pub fn fork(&self, name: &str) -> Rng {
        Rng::new(xxh3_64_with_seed(name.as_bytes(), self.seed))
    }

    /// 64 random bits.
    #[expect(clippy::should_implement_trait, reason = "an endless source of numbers, not an iterator")]
    pub fn next(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number below `n`.
    ///
    /// # Panics
    /// When `n` is zero: there is no such number.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "no number is below zero");
        // Multiply and shift: the bias is below n / 2^64, and one draw is always enough.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number of the range.
    ///
    /// # Panics
    /// When the range is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end.saturating_sub(range.start))
    }

    /// A duration between the two, in whole milliseconds, both ends included.
    pub fn duration(&mut self, from: Duration, to: Duration) -> Duration {
        let (from, to) = (from.as_millis() as u64, to.as_millis() as u64);
        Duration::from_millis(self.range(from..to.max(from) + 1))
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        uniform < p
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// `size` of the items (all of them when there are fewer), in their order.
    pub fn subset<T: Clone>(&mut self, items: &[T], size: usize) -> Vec<T> {
        let mut chosen: Vec<usize> = (0..items.len()).collect();
        self.shuffle(&mut chosen);
        chosen.truncate(size);
        chosen.sort_unstable();
        chosen.into_iter().map(|at| items[at].clone()).collect()
    }

    /// Puts the items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// A waiting time of exponential distribution: what comes next is independent of what came.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        let nanoseconds = (mean.as_nanos() * minus_ln(self.next())) >> 32;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// `-ln(x / 2^64)`, in units of 2^-32, for x above zero (zero counts as one).
///
/// In integers, bit by bit, because `f64::ln` may differ in its last bit between platforms.
fn minus_ln(x: u64) -> u128 {
    let x = x.max(1);
    let zeros = x.leading_zeros();
    // The leading one is at bit 63: a number between 1 and 2 in units of 2^-63, squared again and
    // again; each time it passes 2, the next bit of its binary logarithm is one.
    let mut mantissa = u128::from(x << zeros);
    let mut fraction = 0u128;
    for bit in (0..32).rev() {
        mantissa = (mantissa * mantissa) >> 63;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            fraction |= 1 << bit;
        }
    }
    let minus_log2 = (u128::from(zeros + 1) << 32) - fraction;
    (minus_log2 * LN_2) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_same_for_ever() {
        let mut rng = Rng::new(42);
        let drawn = [rng.next(), rng.next(), rng.fork("disk").next()];
        assert_eq!(drawn, [11514017118587466000, 1521877705534874269, 14418112519727875532]);
    }

    #[test]
    fn fork_is_independent_of_draws() {
        let mut rng = Rng::new(1);
        let before = rng.fork("a").next();
        rng.next();
        assert_eq!(rng.fork("a").next(), before);
        assert_ne!(rng.fork("b").next(), before);
    }

    #[test]
    fn stays_within_bounds() {
        let mut rng = Rng::new(2);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[rng.below(5) as usize] = true;
            assert!((10..13).contains(&rng.range(10..13)));
        }
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn subset_keeps_size_and_order() {
        let mut rng = Rng::new(3);
        for size in 0..6 {
            let subset = rng.subset(&[1, 2, 3, 4, 5], size);
            assert_eq!(subset.len(), size.min(5));
            assert!(subset.is_sorted());
        }
    }

    #[test]
    fn logarithm_is_right() {
        for x in [1, 2, 3, 1 << 40, u64::MAX / 3, u64::MAX] {
            let exact = -((x as f64) / 2f64.powi(64)).ln();
            let ours = minus_ln(x) as f64 / 2f64.powi(32);
            assert!((exact - ours).abs() < 1e-6, "{x}: {exact} is not {ours}");
        }
    }

    #[test]
    fn exponential_has_its_mean() {
        let mut rng = Rng::new(4);
        let mean = Duration::from_secs(3);
        let sum: Duration = (0..10_000).map(|_| rng.exponential(mean)).sum();
        let measured = sum / 10_000;
        assert!(measured > mean * 95 / 100 && measured < mean * 105 / 100, "{measured:?}");
    }

    #[test]
    fn chance_is_fair() {
        let mut rng = Rng::new(5);
        let hits = (0..10_000).filter(|_| rng.chance(0.2)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert!(!rng.chance(0.0));
        assert!(rng.chance(1.0));
    }
}
