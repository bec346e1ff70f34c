//! Simpler settings: fewer nodes, one level, lower bounds, defaults.

use crate::command;
use crate::scenario::Scenario;
use crate::shrink::Search;
use crate::workload;

/// More invocations than this are many.
const MANY: usize = 20;
/// Bounds that are tried, in entries of the log.
const ENTRIES: &[u64] = &[1, 3, 10, 30];

/// Tries every smaller number of nodes, from one up.
pub fn fewer_nodes(search: &mut Search<'_>) {
    let base = search.scenario();
    let smaller: Vec<Scenario> = (1..base.nodes).map(|nodes| with_nodes(base, nodes)).collect();
    search.attempt_any(smaller);
}

/// The scenario on so many nodes; faults strike those that are left.
fn with_nodes(base: &Scenario, nodes: usize) -> Scenario {
    let mut scenario = Scenario { nodes, ..base.clone() };
    let names = scenario.node_names();
    if let Some(schedule) = &mut scenario.schedule {
        for struck in schedule.entries.iter_mut().filter_map(|fault| fault.nodes.as_mut()) {
            struck.retain(|node| names.contains(node));
        }
        schedule.entries.retain(|fault| fault.nodes.as_ref().is_none_or(|struck| !struck.is_empty()));
    }
    scenario
}

/// Tries one level for all keys: those of the anomaly's keys first.
pub fn one_level(search: &mut Search<'_>) {
    let base = search.scenario();
    let Some(workload) = workload::named(&base.workload) else { return };
    let of_keys = search.best().clues.keys.iter().map(|key| workload.level_of(key, base));
    let levels = of_keys.chain(base.levels().into_iter().map(str::to_owned));
    let single: Vec<Scenario> = levels.map(|level| at_level(base, level)).collect();
    search.attempt_any(single);
}

/// The scenario at this level; so is what its script says of levels.
fn at_level(base: &Scenario, level: String) -> Scenario {
    let mut scenario = Scenario { level, ..base.clone() };
    let invocations = scenario.script.iter_mut().flat_map(|script| &mut script.invocations);
    for named in invocations.filter_map(|invocation| invocation.level.as_mut()) {
        named.clone_from(&scenario.level);
    }
    scenario
}

/// Tries lower bounds, where many invocations are left: what takes many entries to go wrong then takes few.
pub fn lower_bounds(search: &mut Search<'_>) {
    if search.best().script().invocations.len() <= MANY {
        return;
    }
    let bounds: [fn(&mut Scenario) -> &mut u64; 2] =
        [|scenario| &mut scenario.loss_entries, |scenario| &mut scenario.snapshot_every];
    for bound in bounds {
        let with = |entries: &u64| {
            let mut scenario = search.scenario().clone();
            *bound(&mut scenario) = *entries;
            scenario
        };
        let lower: Vec<Scenario> = ENTRIES.iter().map(with).collect();
        search.attempt_any(lower);
    }
}

/// Tries the default of each other setting.
pub fn defaults(search: &mut Search<'_>) {
    let default = command::base(search.scenario().bug.as_deref());
    let settings: [fn(&mut Scenario, &Scenario); 14] = [
        // With the faults written out, nothing looks at their rhythm.
        |scenario, default| {
            (scenario.fault_gap_ms, scenario.fault_ms_max) = (default.fault_gap_ms, default.fault_ms_max);
        },
        |scenario, default| {
            (scenario.latency_ms_min, scenario.latency_ms_max) =
                (default.latency_ms_min, default.latency_ms_max);
        },
        |scenario, default| scenario.role_percent = default.role_percent,
        |scenario, default| scenario.batch_bytes = default.batch_bytes,
        |scenario, default| scenario.segment_bytes = default.segment_bytes,
        |scenario, default| scenario.storage.clone_from(&default.storage),
        |scenario, default| scenario.without.clone_from(&default.without),
        |scenario, default| scenario.tombstone_grace_ms = default.tombstone_grace_ms,
        |scenario, default| scenario.read_percent = default.read_percent,
        |scenario, default| scenario.reader_percent = default.reader_percent,
        |scenario, default| scenario.data_centres = default.data_centres,
        |scenario, default| scenario.replication = default.replication,
        |scenario, default| scenario.read_quorum = default.read_quorum,
        |scenario, default| scenario.write_quorum = default.write_quorum,
    ];
    for set in settings {
        let mut scenario = search.scenario().clone();
        set(&mut scenario, &default);
        search.attempt(&scenario);
    }
}
