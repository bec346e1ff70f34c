//! Fewer faults, and shorter ones.

use crate::nemesis::{Entry, Schedule};
use crate::scenario::Scenario;
use crate::shrink::Search;
use crate::shrink::minimal::minimal;

/// No fault is made shorter than this, in simulated milliseconds: nothing would be seen of it.
const FOR_MS_MIN: u64 = 100;

fn entries(search: &Search<'_>) -> Vec<Entry> {
    search.scenario().schedule.as_ref().map(|schedule| schedule.entries.clone()).unwrap_or_default()
}

fn with(base: &Scenario, entries: &[Entry]) -> Scenario {
    Scenario { schedule: Some(Schedule { entries: entries.to_vec() }), ..base.clone() }
}

/// Leaves out faults that are not needed.
pub fn fewer(search: &mut Search<'_>) {
    minimal(entries(search), |entries| {
        (!search.is_given_up()).then(|| search.attempt(&with(search.scenario(), entries)))
    });
}

/// Halves the length of each fault as long as it helps.
pub fn shorter(search: &mut Search<'_>) {
    for place in 0..entries(search).len() {
        loop {
            let mut entries = entries(search);
            entries[place].for_ms /= 2;
            if entries[place].for_ms < FOR_MS_MIN || !search.attempt(&with(search.scenario(), &entries)) {
                break;
            }
        }
    }
}
