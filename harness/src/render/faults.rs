//! Faults as bars over time, one line a fault.
//!
//! ```text
//! crash kill           ·····██····████··········   2 times, n3 n5
//! partition halves     ··█████████··············   once, n1 n2
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::words;
use crate::report::FaultSpan;

/// Columns of the bar.
const COLUMNS: u64 = 48;

/// A line for each fault that was injected, over the time from zero to `end_ns`. Empty without faults.
pub fn timeline(faults: &[FaultSpan], end_ns: u64) -> String {
    let mut by_fault: BTreeMap<(&str, &str), Vec<&FaultSpan>> = BTreeMap::new();
    for span in faults {
        by_fault.entry((&span.kind, &span.fault)).or_default().push(span);
    }
    let mut text = String::new();
    for ((kind, fault), spans) in &by_fault {
        let nodes: BTreeSet<&str> = spans.iter().flat_map(|span| &span.nodes).map(String::as_str).collect();
        let nodes: Vec<&str> = nodes.into_iter().collect();
        let times = if spans.len() == 1 { "once".to_owned() } else { format!("{} times", spans.len()) };
        let name = words::cut(&name(kind, fault), 24);
        let line = format!("  {name:<24} {}  {times}, {}", bar(spans, end_ns), nodes.join(" "));
        text.push_str(line.trim_end_matches([' ', ',']));
        text.push('\n');
    }
    if !text.is_empty() {
        let end = words::seconds(end_ns);
        text.push_str(&format!("  {:<24} 0 s{end:>width$}\n", "", width = COLUMNS as usize - 3));
    }
    text
}

/// `crash kill`, `partition halves`: the kind once, also where it begins the fault's name.
pub fn name(kind: &str, fault: &str) -> String {
    format!("{kind} {}", short(kind, fault)).trim_end().to_owned()
}

/// The name of a fault without its kind: `halves` for `partition-halves`, `kill` for `kill`.
pub fn short<'a>(kind: &str, fault: &'a str) -> &'a str {
    fault.strip_prefix(kind).map_or(fault, |rest| rest.trim_start_matches('-'))
}

/// The same in one line: `crash 3, partition 2`.
pub fn counts(faults: &[FaultSpan]) -> String {
    let mut by_fault: BTreeMap<String, u64> = BTreeMap::new();
    for span in faults {
        *by_fault.entry(name(&span.kind, &span.fault)).or_default() += 1;
    }
    let counts: Vec<String> = by_fault.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}

fn bar(spans: &[&FaultSpan], end_ns: u64) -> String {
    let column = |ns: u64| (u128::from(ns) * u128::from(COLUMNS) / u128::from(end_ns.max(1))) as u64;
    let is_struck = |at: u64| {
        spans.iter().any(|span| (column(span.from_ns)..=column(span.to_ns.unwrap_or(end_ns))).contains(&at))
    };
    (0..COLUMNS).map(|at| if is_struck(at) { '█' } else { '·' }).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn span(
        kind: &str,
        fault: &str,
        nodes: &[&str],
        from_ns: u64,
        to_ns: Option<u64>,
    ) -> FaultSpan {
        FaultSpan {
            kind: kind.to_owned(),
            fault: fault.to_owned(),
            nodes: nodes.iter().map(|&node| node.to_owned()).collect(),
            detail: format!("{fault} of {}", nodes.join(" ")),
            from_ns,
            to_ns,
        }
    }

    #[test]
    fn draws_a_bar_a_fault() {
        let second = 1_000_000_000;
        let faults = [
            span("partition", "partition-halves", &["n1", "n2"], 12 * second, Some(23 * second)),
            span("crash", "kill", &["n3"], 0, Some(second / 2)),
            span("crash", "kill", &["n1"], 40 * second, None),
        ];
        assert_eq!(
            timeline(&faults, 48 * second),
            "  crash kill               █·······································████████  2 times, n1 n3
  partition halves         ············████████████························  once, n1 n2
                           0 s                                     48.000 s
"
        );
        assert_eq!(counts(&faults), "crash kill 2, partition halves 1");
    }

    #[test]
    fn draws_nothing_without_faults() {
        assert_eq!((timeline(&[], 5), counts(&[])), (String::new(), "none".to_owned()));
    }
}
