//! A seed, where nobody names one.

use std::hash::{BuildHasher as _, RandomState};

/// A seed that is new every time, and short enough to be typed. The only randomness that no seed decides.
pub fn random_seed() -> u64 {
    // The standard library keys its hashers from the operating system's randomness.
    u64::from(RandomState::new().hash_one("seed") as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_another_seed_each_time() {
        let seeds: std::collections::BTreeSet<u64> = (0..8).map(|_| random_seed()).collect();
        assert!(seeds.len() > 1);
        assert!(seeds.iter().all(|&seed| seed <= u64::from(u32::MAX)));
    }
}
