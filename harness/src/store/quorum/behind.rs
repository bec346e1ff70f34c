//! What cannot be run in mode write-behind.

use super::{DEADLINE, level};
use crate::scenario::Scenario;

/// What a write waits for in a cache beside messages, roughly: a tick, and a sync.
const TICK_AND_SYNC_MS: u64 = 75;

/// What cannot be run, if anything: the name of the setting first, then what to do.
pub(super) fn problem(scenario: &Scenario) -> Option<String> {
    let level = &scenario.level;
    let atomic = |_| {
        format!("level {level}: mode write-behind has no level atomic; take quorum+all+one, or one of them")
    };
    level::atomic(scenario).map(atomic).or_else(|| bound_too_low(scenario))
}

/// A bound under which many writes wait for a cache in vain, as they should, so that not every client gets something
/// done: all of them may want one key, and no more writes than the bound says go to the store at once.
fn bound_too_low(scenario: &Scenario) -> Option<String> {
    let Scenario { loss_entries, clients, latency_ms_max, .. } = *scenario;
    let round_ms = 2 * latency_ms_max + TICK_AND_SYNC_MS;
    let needed = (2 * clients as u64 * round_ms).div_ceil(DEADLINE.as_millis() as u64);
    (scenario.script.is_none() && loss_entries < needed).then(|| {
        format!(
            "loss-entries {loss_entries}: {clients} clients may wait for one cache; take {needed} or more, or fewer \
             clients"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(level: &str, loss_entries: u64) -> Scenario {
        let (mode, level) = ("write-behind".to_owned(), level.to_owned());
        Scenario { mode, level, loss_entries, ..Scenario::default() }
    }

    #[test]
    fn there_is_no_level_atomic() {
        assert_eq!(problem(&behind("quorum+one/all", 7)), None);
        let words = problem(&behind("mixed", 7)).expect("a problem");
        assert!(words.starts_with("level mixed: mode write-behind has no level atomic"), "{words}");
    }

    #[test]
    fn many_clients_need_room() {
        let words = problem(&behind("quorum", 3)).expect("a problem");
        assert!(words.ends_with("take 4 or more, or fewer clients"), "{words}");
        let few = Scenario { clients: 5, ..behind("quorum", 1) };
        assert_eq!(problem(&few), None);
    }
}
