//! A chaos sweep as JUnit XML: a test case a guarantee, for servers that show test results.

use std::collections::BTreeSet;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::totals::{Group, Totals};

/// The name of the suite.
const SUITE: &str = "perjury chaos";

/// The text of the file. What could not be decided is shown as skipped, unless it is to fail; shards that are missing are
/// an error.
pub fn junit(totals: &Totals, missing: &[u64], fails_on_unknown: bool) -> anyhow::Result<String> {
    let mut suite = TestSuite::new(SUITE);
    let guarantees: BTreeSet<&str> = totals.rows.keys().map(|name| guarantee(name)).collect();
    for &name in &guarantees {
        let broken: Vec<_> =
            totals.findings.iter().filter(|(finding, _)| guarantee(finding) == name).collect();
        suite.add_test_case(match broken_beside(totals, name) {
            Some(words) if broken.is_empty() => failure(name, &words),
            _ => case(name, &broken, NonSuccessKind::Failure),
        });
    }
    // What no row stands for: a panic of a node, say.
    for finding in totals.findings.iter().filter(|(name, _)| !guarantees.contains(guarantee(name))) {
        suite.add_test_case(case(finding.0, &[finding], NonSuccessKind::Failure));
    }
    let errors: Vec<_> = totals.errors.iter().collect();
    suite.add_test_case(case("runs", &errors, NonSuccessKind::Error));
    suite.add_test_case(decided(totals, fails_on_unknown));
    if !missing.is_empty() {
        suite.add_test_case(incomplete(missing));
    }
    let mut report = Report::new(SUITE);
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

/// In how many runs this guarantee was broken, in words. A finding has the name of one guarantee only, others may have
/// been broken beside it.
fn broken_beside(totals: &Totals, name: &str) -> Option<String> {
    let rows = totals.rows.iter().filter(|(row, _)| guarantee(row) == name);
    let broken = rows.map(|(_, counts)| counts.broken).max().filter(|broken| *broken > 0)?;
    Some(format!("broken in {broken} runs, beside what other cases show"))
}

fn failure(name: &str, words: &str) -> TestCase {
    non_success(name, NonSuccessKind::Failure, words)
}

fn incomplete(missing: &[u64]) -> TestCase {
    let numbers: Vec<String> = missing.iter().map(u64::to_string).collect();
    non_success("shards", NonSuccessKind::Error, &format!("missing: {}", numbers.join(", ")))
}

fn non_success(name: &str, kind: NonSuccessKind, words: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(words);
    of_suite(name, status)
}

fn of_suite(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(SUITE);
    case
}

/// The guarantee of a row (`durability@quorum`) or of a signature (`durability: lost-write`).
fn guarantee(name: &str) -> &str {
    name.split(['@', ':']).next().unwrap_or(name)
}

fn case(name: &str, groups: &[(&String, &Group)], kind: NonSuccessKind) -> TestCase {
    let status = match groups.first() {
        None => TestCaseStatus::success(),
        Some((_, first)) => {
            let mut status = TestCaseStatus::non_success(kind);
            let words: Vec<String> = groups.iter().map(words).collect();
            status.set_message(words.join("; ")).set_description(first.first.command.clone());
            status
        }
    };
    of_suite(name, status)
}

fn decided(totals: &Totals, fails: bool) -> TestCase {
    let groups: Vec<_> = totals.unknown.iter().collect();
    if fails || groups.is_empty() {
        return case("decided", &groups, NonSuccessKind::Failure);
    }
    let words: Vec<String> = groups.iter().map(words).collect();
    let mut status = TestCaseStatus::skipped();
    status.set_message(words.join("; "));
    of_suite("decided", status)
}

fn words((name, group): &(&String, &Group)) -> String {
    format!(
        "{name}: {} runs, first with seed {}; repeat with: {}",
        group.runs, group.first.seed, group.first.command
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::journal::tests::entry;
    use crate::report::RowOutcome;
    use crate::signature::Signature;

    fn totals() -> Totals {
        let mut totals = Totals::default();
        let mut broken = entry(7);
        broken.case.verdict = "invalid".to_owned();
        broken.signature = Some(Signature { guarantee: "set".to_owned(), anomalies: Default::default() });
        let rows = [
            ("set", RowOutcome::Broken),
            ("durability@one", RowOutcome::Held),
            ("convergence@all", RowOutcome::Broken),
        ];
        broken.rows = rows.map(|(name, outcome)| (name.to_owned(), outcome)).into();
        totals.add(&broken);
        let mut unknown = entry(8);
        unknown.case.verdict = "unknown".to_owned();
        totals.add(&unknown);
        totals
    }

    #[test]
    fn has_a_case_a_guarantee_and_shows_what_was_not_decided_as_skipped() {
        let text = junit(&totals(), &[], false).expect("XML");
        for words in [
            r#"tests="5" skipped="1" errors="0" failures="2""#,
            r#"<failure message="broken in 1 runs, beside what other cases show"#,
            r#"<testcase name="durability" classname="perjury chaos"/>"#,
            r#"<failure message="set: 1 runs, first with seed 7; repeat with: cargo perjury run --seed 7"#,
            r#"<skipped message="nothing was owed: 1 runs"#,
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
    }

    #[test]
    fn fails_on_unknown_where_that_is_wanted_and_on_our_own_failures() {
        let mut totals = totals();
        let mut error = entry(9);
        error.case.error = Some("no disk".to_owned());
        totals.add(&error);
        let text = junit(&totals, &[], true).expect("XML");
        assert!(text.contains(r#"tests="5" skipped="0" errors="1" failures="3""#), "{text}");
    }

    #[test]
    fn shards_that_are_missing_are_an_error() {
        let text = junit(&totals(), &[0, 3], false).expect("XML");
        assert!(text.contains(r#"tests="6" skipped="1" errors="1" failures="2""#), "{text}");
        assert!(text.contains(r#"<error message="missing: 0, 3""#), "{text}");
    }
}
