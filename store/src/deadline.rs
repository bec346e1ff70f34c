//! Deadlines on the clock of the seam, so that simulated time counts.

use std::future::Future;
use std::time::Duration;

use crate::env::Clock;

/// What `future` gives, unless `limit` passes first; then it is dropped.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = clock.sleep(limit) => None,
    }
}
