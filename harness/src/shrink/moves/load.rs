//! Less to do, while invocations are drawn: written out, they are left out one by one instead.

use crate::scenario::Scenario;
use crate::shrink::Search;

/// Half the operations, half the clients, half the keys, as long as it helps.
pub fn less(search: &mut Search<'_>) {
    while search.scenario().script.is_none() {
        let base = search.scenario();
        let halves = [
            Scenario { rate: base.rate / 2.0, ..base.clone() },
            Scenario { clients: base.clients / 2, ..base.clone() },
            Scenario { keys: base.keys / 2, ..base.clone() },
        ];
        if !search.attempt_any(halves) {
            return;
        }
    }
}
