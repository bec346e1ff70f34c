//! A sweep as JUnit XML: a test case a seed, for servers that show test results.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Case, Summary};

/// The text of the file. Unknown is a failure here: a server that shows green must have seen it hold.
pub fn junit(summary: &Summary) -> anyhow::Result<String> {
    let mut suite = TestSuite::new(summary.scenario.slug());
    for (seed, (_, cpu_ns)) in &summary.cases {
        let failed = summary.failed.binary_search_by_key(seed, |case| case.seed);
        let status = match failed {
            Ok(place) => status(&summary.failed[place]),
            Err(_) => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(format!("seed {seed}"), status);
        case.set_classname(summary.scenario.slug()).set_time(Duration::from_nanos(*cpu_ns));
        suite.add_test_case(case);
    }
    let mut report = Report::new("perjury sweep");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

fn status(case: &Case) -> TestCaseStatus {
    let is_ours = case.error.is_some();
    let kind = if is_ours { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = TestCaseStatus::non_success(kind);
    let why = case.error.as_ref().or(case.why.as_ref());
    let folder = case.folder.as_ref().map(|path| format!("\nkept in {}", path.display())).unwrap_or_default();
    status
        .set_type(case.verdict.clone())
        .set_message(format!("{}; repeat with: {}", why.map_or("no reason", String::as_str), case.command))
        .set_description(format!("{}{folder}", case.command));
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::tests::report;
    use crate::scenario::Scenario;

    #[test]
    fn writes_a_case_a_seed_with_the_command_that_repeats_it() {
        let mut summary = Summary::new(&Scenario::default(), 1..3, 1);
        summary.add(Case::new(&report(1)), None);
        summary.add(Case::failed(&Scenario::default(), 2, "no <disk>".to_owned()), None);
        let slug = Scenario::default().slug();
        assert_eq!(
            junit(&summary).expect("XML"),
            format!(
                r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="perjury sweep" tests="2" skipped="0" failures="0" errors="1">
    <testsuite name="{slug}" tests="2" skipped="0" errors="1" failures="0">
        <testcase name="seed 1" classname="{slug}" time="0.000"/>
        <testcase name="seed 2" classname="{slug}" time="0.000">
            <error message="no &lt;disk&gt;; repeat with: cargo perjury run --seed 2" type="error">cargo perjury run --seed 2</error>
        </testcase>
    </testsuite>
</testsuites>
"#
            )
        );
    }
}
