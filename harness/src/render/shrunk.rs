//! A run before and after shrinking: what each is made of, and the anomaly that both show.

use super::{broken, counterexample, table, words};
use crate::shrink::Shrunk;

/// Both runs in numbers, then the counterexample of the smaller one.
pub fn text(shrunk: &Shrunk, width: usize) -> String {
    let mut table = table::plain(["", "before", "after"], width);
    let (before, after) = (&shrunk.before, &shrunk.after);
    let rows = [
        ("faults", before.faults, after.faults),
        ("operations", before.operations, after.operations),
        ("clients", before.clients, after.clients),
        ("keys", before.keys, after.keys),
        ("nodes", before.nodes, after.nodes),
        ("events", before.events, after.events),
    ];
    let time = |ms: u64| words::seconds(ms * 1_000_000);
    table.add_row(["time with faults", &time(before.time_ms), &time(after.time_ms)]);
    for (name, before, after) in rows {
        table.add_row([name, &words::thousands(before), &words::thousands(after)]);
    }
    let drawn = counterexamples(shrunk, width).into_iter().map(|drawn| drawn + "\n");
    format!("{}\n\n{table}\n\n{}", shrunk.signature, drawn.collect::<String>())
}

/// The counterexamples of the smaller run, one for each level at which its promise is broken.
pub fn counterexamples(shrunk: &Shrunk, width: usize) -> Vec<String> {
    let rows = broken(&shrunk.report).filter(|row| row.guarantee == shrunk.signature.guarantee);
    rows.map(|row| counterexample(&shrunk.report, &shrunk.recording.history, row, width)).collect()
}
