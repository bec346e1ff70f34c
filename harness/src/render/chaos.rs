//! What a chaos sweep found: the one page that somebody reads in the morning.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::words;
use crate::chaos::totals::{Group, Reached};
use crate::chaos::{Header, Totals};
use crate::sweep::RowCounts;

/// Reasons and commands longer than this have their own file or folder.
const CELL_CHARS_MAX: usize = 400;
/// Counterexamples longer than this are drawn in full by the command that replays them.
const COUNTEREXAMPLE_LINES_MAX: usize = 40;

/// What is said besides what the runs found.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// Real time.
    pub spent_ns: u64,
    /// Simulations at a time; none, where shards ran elsewhere.
    pub jobs: Option<usize>,
    /// The most memory the process has held.
    pub memory_bytes_max: Option<u64>,
    /// Shards that are not there.
    pub missing: Vec<u64>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// The command that goes on where it ended.
    pub resume: Option<String>,
}

impl Occasion {
    /// What can be said of all shards: those that are missing may hold anything.
    pub fn verdict(&self, totals: &Totals) -> &'static str {
        match totals.verdict() {
            "valid" if !self.missing.is_empty() => "unknown",
            verdict => verdict,
        }
    }
}

/// The page, as Markdown.
pub fn markdown(header: &Header, totals: &Totals, occasion: &Occasion) -> String {
    let mut text =
        format!("# perjury chaos: {}\n\n{}\n", occasion.verdict(totals), headline(header, totals, occasion));
    groups(&mut text, "Findings: promises that were broken", &totals.findings);
    groups(&mut text, "Not decided", &totals.unknown);
    groups(&mut text, "Our own failures", &totals.errors);
    promises(&mut text, totals);
    text.push_str("\n## What happened\n\n");
    for (name, words) in facts(totals, occasion) {
        // A string takes everything.
        let _ = writeln!(text, "- **{name}**: {words}");
    }
    if let Some(resume) = &occasion.resume {
        let _ = writeln!(text, "\nTo go on: `{resume}`");
    }
    text
}

/// Runs, verdicts, time, in a sentence or two.
fn headline(header: &Header, totals: &Totals, occasion: &Occasion) -> String {
    let counts = ["valid", "invalid", "unknown", "error"]
        .map(|verdict| format!("{} {verdict}", words::thousands(totals.count_of(verdict))));
    let runs = words::count(totals.runs(), "run");
    let mut text = format!("{runs} in {}: {}.", words::duration(occasion.spent_ns), counts.join(", "));
    let end = header.end.map_or(String::new(), |end| {
        let (all, done) = (end - header.first, totals.runs());
        let left = if done < all {
            format!(", {} of them left", words::thousands(all - done))
        } else {
            String::new()
        };
        format!(" up to {}{left}", end - 1)
    });
    let _ = write!(text, " Seeds from {}{end}", header.first);
    match header.shard.count {
        1 => text.push('.'),
        count => {
            let _ = write!(text, ", in {count} shards.");
        }
    }
    if !occasion.missing.is_empty() {
        let missing: Vec<String> = occasion.missing.iter().map(u64::to_string).collect();
        let _ = write!(text, " Shards that are missing: {}.", missing.join(", "));
    }
    if occasion.interrupted {
        text.push_str(" It was stopped before its end.");
    }
    text
}

fn groups(text: &mut String, title: &str, groups: &BTreeMap<String, Group>) {
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {title}");
    let mut all: Vec<(&String, &Group)> = groups.iter().collect();
    all.sort_by_key(|(_, group)| std::cmp::Reverse(group.runs));
    for (name, group) in all {
        let _ = writeln!(text, "\n### {name}: {}\n", words::count(group.runs, "run"));
        for words in [&group.first.why, &group.first.error].into_iter().flatten() {
            let _ = writeln!(text, "{}\n", words::cut(words, CELL_CHARS_MAX));
        }
        if let Some(shrunk) = &group.shrunk {
            let _ =
                writeln!(text, "- shrunk from {} to {}: `{}`", shrunk.before, shrunk.after, shrunk.command);
        }
        let _ = writeln!(text, "- seed {}: `{}`", group.first.seed, group.first.command);
        if let Some(folder) = &group.first.folder {
            let _ = writeln!(text, "- kept in `{}`", folder.display());
        }
        if let Some(shrunk) = &group.shrunk {
            drawing(text, &shrunk.counterexample);
        }
    }
}

/// What the shrunk run shows, as it is.
fn drawing(text: &mut String, counterexample: &str) {
    let mut lines: Vec<&str> = counterexample.lines().collect();
    if lines.len() > COUNTEREXAMPLE_LINES_MAX {
        lines.truncate(COUNTEREXAMPLE_LINES_MAX);
        lines.push("…");
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "\n```text\n{}\n```", lines.join("\n"));
    }
}

/// How each guarantee fared, over all levels: what was never owed shows.
fn promises(text: &mut String, totals: &Totals) {
    let mut sums: BTreeMap<&str, RowCounts> = BTreeMap::new();
    for (name, counts) in &totals.rows {
        let guarantee = name.split_once('@').map_or(name.as_str(), |(guarantee, _)| guarantee);
        sums.entry(guarantee).or_default().sum(counts);
    }
    text.push_str(
        "\n## Promises\n\n| guarantee | held | broken | not owed | unknown |\n|---|---|---|---|---|\n",
    );
    for (guarantee, counts) in sums {
        let cells = [counts.held, counts.broken, counts.not_owed, counts.unknown].map(words::thousands);
        let _ = writeln!(text, "| {guarantee} | {} |", cells.join(" | "));
    }
}

/// What was done and reached, each with its name.
fn facts(totals: &Totals, occasion: &Occasion) -> Vec<(&'static str, String)> {
    let cpu_ns = totals.simulation_cpu_ns + totals.checking_cpu_ns;
    let mut facts = vec![
        ("stores", stores(totals)),
        ("operations", words::thousands(totals.operations)),
        ("faults", super::summary::counts(&totals.faults)),
        ("reached", reached(&totals.markers)),
        ("never reached", names(totals.markers_missing())),
        ("points passed", reached(&totals.points)),
        ("points never passed", names(totals.points_missing())),
        ("run twice and compared", words::count(totals.compared, "run")),
        (
            "time",
            format!(
                "{} simulated, {} of CPU, {:.0} % of it judging",
                words::duration(totals.simulated_ns),
                words::duration(cpu_ns),
                100.0 * totals.checking_cpu_ns as f64 / cpu_ns.max(1) as f64
            ),
        ),
        ("speed", speed(totals, occasion)),
    ];
    if let Some(bytes) = occasion.memory_bytes_max {
        facts.push(("memory", format!("{} MB at most", bytes / 1_000_000)));
    }
    facts
}

/// `quorum: majority 12; raft: asynchronous 2, majority 7`.
fn stores(totals: &Totals) -> String {
    let of = |(store, modes): (&String, &BTreeMap<String, u64>)| {
        format!("{store}: {}", super::summary::counts(modes))
    };
    totals.stores.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn names(names: Vec<&str>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn speed(totals: &Totals, occasion: &Occasion) -> String {
    let a_second = totals.runs() as f64 * 1e9 / occasion.spent_ns.max(1) as f64;
    let jobs = occasion.jobs.map(|jobs| format!(" with {}", words::count(jobs as u64, "thread")));
    format!("{a_second:.2} runs a second{}", jobs.unwrap_or_default())
}

/// `marker in 12 runs`, the rarest first.
fn reached(markers: &BTreeMap<String, Reached>) -> String {
    let mut all: Vec<(&String, &Reached)> = markers.iter().collect();
    all.sort_by_key(|(_, reached)| reached.runs);
    let words =
        |(marker, reached): (&String, &Reached)| format!("{marker} in {}", words::count(reached.runs, "run"));
    if all.is_empty() { "none".to_owned() } else { all.into_iter().map(words).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::entry::{Entry, Shrunk};
    use crate::chaos::journal::tests::{entry, header};
    use crate::report::RowOutcome;
    use crate::signature::Signature;

    fn totals() -> Totals {
        let mut totals = Totals::default();
        let mut broken = entry(7);
        broken.signature = Some(Signature { guarantee: "set".to_owned(), anomalies: Default::default() });
        broken.case.verdict = "invalid".to_owned();
        broken.case.why = Some("an element is gone".to_owned());
        broken.rows = [
            ("set", RowOutcome::Broken),
            ("durability@one", RowOutcome::NotOwed),
            ("durability@all", RowOutcome::Held),
        ]
        .map(|(name, outcome)| (name.to_owned(), outcome))
        .into();
        broken.markers = BTreeMap::from([("torn-tail-cut".to_owned(), 3)]);
        let counterexample = "set: broken\n".to_owned() + &"  x\n".repeat(99);
        broken.shrunk = Some(Shrunk {
            command: "run it".to_owned(),
            before: "much".to_owned(),
            after: "little".to_owned(),
            counterexample,
        });
        totals.add(&broken);
        totals.add(&entry(8));
        totals
    }

    #[test]
    fn is_one_page_with_the_command_that_repeats_each_finding() {
        let occasion =
            Occasion { spent_ns: 90_000_000_000, jobs: Some(2), missing: vec![3], ..Occasion::default() };
        let page = markdown(&header(), &totals(), &occasion);
        for words in [
            "# perjury chaos: invalid\n\n2 runs in 1 min 30 s: 1 valid, 1 invalid, 0 unknown, 0 error.",
            "Shards that are missing: 3.",
            "### set: 1 run\n\nan element is gone\n\n- shrunk from much to little: `run it`\n- seed 7: `cargo perjury run --seed 7",
            "| durability | 1 | 0 | 1 | 0 |\n",
            "- **reached**: torn-tail-cut in 1 run\n",
            "- **speed**: 0.02 runs a second with 2 threads\n",
        ] {
            assert!(page.contains(words), "{words}\n\n{page}");
        }
        assert!(!page.contains("Not decided"), "{page}");
        let shown = COUNTEREXAMPLE_LINES_MAX - 1;
        assert!(
            page.contains(&format!("\n```text\nset: broken\n{}…\n```\n", "  x\n".repeat(shown))),
            "{page}"
        );
    }

    #[test]
    fn missing_shards_may_hold_anything_but_take_back_no_finding() {
        let verdict = |entry: &Entry, missing: &[u64]| {
            let mut totals = Totals::default();
            totals.add(entry);
            Occasion { missing: missing.to_vec(), ..Occasion::default() }.verdict(&totals)
        };
        let mut held = entry(1);
        held.rows = BTreeMap::from([("set".to_owned(), RowOutcome::Held)]);
        let mut broken = entry(2);
        broken.case.verdict = "invalid".to_owned();
        assert_eq!(verdict(&held, &[]), "valid");
        assert_eq!(verdict(&held, &[3]), "unknown");
        assert_eq!(verdict(&broken, &[3]), "invalid");
    }
}
