//! The hybrid logical clock that versions come from (Kulkarni et al. 2014).
//!
//! ```text
//! wall ms   100   101   90 (jumped back)   90    …   102
//! reading   100.0 101.0 101.1              101.2 …   102.0
//! ```

use super::version::Version;

/// Issues versions: never twice the same, never below one it has observed.
#[derive(Clone, Debug)]
pub struct HybridClock {
    node: u16,
    incarnation: u32,
    millis: u64,
    counter: u32,
    hybrid: bool,
}

impl HybridClock {
    /// The clock of a node in its current incarnation. With `hybrid` off, versions follow the wall
    /// clock alone, wherever it jumps.
    pub fn new(node: u16, incarnation: u32, hybrid: bool) -> HybridClock {
        HybridClock { node, incarnation, millis: 0, counter: 0, hybrid }
    }

    /// A version was seen: later ones are above it.
    pub fn observe(&mut self, version: Version) {
        // Without the safeguard nothing may touch the counter either: it keeps versions unique.
        if self.hybrid && (version.millis, version.counter) > (self.millis, self.counter) {
            (self.millis, self.counter) = (version.millis, version.counter);
        }
    }

    /// A new version, above everything observed, for a wall clock that shows `wall` nanoseconds.
    pub fn next(&mut self, wall: u64) -> Version {
        let physical = wall / 1_000_000;
        if !self.hybrid {
            (self.millis, self.counter) = (physical, self.counter.wrapping_add(1));
        } else if physical > self.millis {
            (self.millis, self.counter) = (physical, 0);
        } else if let Some(counter) = self.counter.checked_add(1) {
            self.counter = counter;
        } else {
            (self.millis, self.counter) = (self.millis.saturating_add(1), 0);
        }
        let HybridClock { node, incarnation, millis, counter, .. } = *self;
        Version { millis, counter, node, incarnation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn rises_while_the_wall_clock_jumps_back() {
        let mut clock = HybridClock::new(0, 1, true);
        let versions: Vec<Version> = [100, 101, 90, 90, 102].map(|millis| clock.next(millis * MS)).to_vec();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
        assert_eq!((versions[4].millis, versions[4].counter), (102, 0));
    }

    #[test]
    fn goes_above_what_it_observed() {
        let mut clock = HybridClock::new(0, 1, true);
        let seen = Version { millis: 500, counter: u32::MAX, node: 9, incarnation: 9 };
        clock.observe(seen);
        assert!(clock.next(100 * MS) > seen);
    }

    #[test]
    fn never_issues_a_version_twice_even_without_the_safeguard() {
        let mut clock = HybridClock::new(0, 1, false);
        let first = clock.next(100 * MS);
        clock.observe(Version { millis: 500, ..Version::default() });
        assert_ne!(clock.next(100 * MS), first);
    }

    #[test]
    fn without_the_safeguard_follows_the_wall_clock_back() {
        let mut clock = HybridClock::new(0, 1, false);
        assert!(clock.next(100 * MS) > clock.next(90 * MS));
    }
}
