//! The clocks of the machine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::env::{Clock, LocalFuture};

/// Both clocks of the operating system.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The clocks; the monotonic one begins at zero now.
    #[allow(clippy::disallowed_methods, reason = "the seam: everybody else asks the Clock trait")]
    pub fn new() -> SystemClock {
        SystemClock { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the seam: everybody else asks the Clock trait")]
    fn wall(&self) -> u64 {
        // A clock set before 1970 reads as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        nanoseconds(since)
    }

    fn monotonic(&self) -> u64 {
        nanoseconds(self.started.elapsed())
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Saturates after 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn both_clocks_advance_while_sleeping() {
        let clock = SystemClock::new();
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        clock.sleep(Duration::from_millis(20)).await;
        assert!(clock.monotonic() - monotonic >= 20_000_000);
        assert!(clock.wall() > wall);
        let year_2020 = Duration::from_secs(1_577_836_800);
        assert!(wall > nanoseconds(year_2020));
    }
}
