//! Latencies in short.

use serde::Serialize;

/// The least, the median, the 95th and 99th percentile, and the greatest of some latencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The least.
    pub p0: u64,
    /// Half are below it.
    pub p50: u64,
    /// 95 % are below it.
    pub p95: u64,
    /// 99 % are below it.
    pub p99: u64,
    /// The greatest.
    pub p100: u64,
}

impl Quantiles {
    /// Those of these latencies; none without any.
    pub(super) fn of(mut latencies: Vec<u64>) -> Option<Quantiles> {
        latencies.sort_unstable();
        let last = latencies.len().checked_sub(1)?;
        let at = |percent: usize| latencies[(latencies.len() * percent / 100).min(last)];
        Some(Quantiles { p0: at(0), p50: at(50), p95: at(95), p99: at(99), p100: at(100) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_taken_from_the_sorted_latencies() {
        let expected = Quantiles { p0: 1, p50: 51, p95: 96, p99: 100, p100: 100 };
        assert_eq!(Quantiles::of((1..=100).rev().collect()), Some(expected));
        assert_eq!(Quantiles::of(vec![3, 4]).map(|two| (two.p0, two.p50, two.p100)), Some((3, 4, 4)));
        assert_eq!(Quantiles::of(vec![]), None);
    }
}
