//! `perjury inspect`: what happened in a run.

mod filter;

use std::path::{Path, PathBuf};

use clap::Args;
use perjury::render::{self, faults, lanes, summary, table, words};
use perjury::report::{FaultSpan, Report};
use perjury::tally;
use perjury_histories::History;
use perjury_histories::format::Format;

use super::exit::{self, Exit};
use super::input::{self, FormatOption, Source};
use super::terminal;
use filter::Filter;

/// Shows what happened in a run or any history: summary, faults over time, one lane a client.
///
/// Without filters it shows the events around the first broken promise, else the first ones.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Inspect {
    /// A run's folder, or a history; - is standard input
    #[arg(value_name = "RUN|FILE")]
    path: PathBuf,
    #[command(flatten)]
    format: FormatOption,
    /// Shows at most this many events
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    limit: usize,
    /// Shows all events that the filters let through
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury inspect runs/…/4711
  cargo perjury inspect runs/…/4711 --key k3 --from 10s --to 20s
  cargo perjury inspect runs/…/4711 --around 812 --context 10
  cargo perjury inspect runs/…/4711 --function acknowledge --key k3 --all | less";

impl Inspect {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let (report, history, is_split_by_key) = read(&self.path, self.format.chosen())?;
        let faults = report.as_ref().map_or_else(|| tally::faults(&history), |report| report.faults.clone());
        let mut text = head(&self.path, report.as_ref(), &history);
        if is_split_by_key {
            text.push_str(&summary::named("keys", input::SPLIT_BY_KEY, terminal::width()));
        }
        text.push_str(&over_time(&faults, &history));
        let start = report.as_ref().and_then(first_evidence);
        text.push_str(&self.events(&history, start));
        exit::print(&text)?;
        Ok(Exit::Valid)
    }

    /// The events that the filters let through, as many as may be shown.
    fn events(&self, history: &History, start: Option<u64>) -> String {
        let filter = self.filter.or_around(start);
        let found = filter.positions(history);
        let limit = if self.all { usize::MAX } else { self.limit };
        let shown = &found.positions[..found.positions.len().min(limit)];
        let mut text = if shown.is_empty() { String::new() } else { lanes::draw(history, shown) };
        let total = history.events().len();
        text.push_str(&format!(
            "\n{} of {} shown",
            words::thousands(shown.len() as u64),
            words::count(total as u64, "event")
        ));
        match filter.around {
            Some(index) if !Filter::has(history, index) => {
                text.push_str(&format!("; no event has the index {index}{}", Filter::indices(history)));
            }
            Some(index) => {
                text.push_str(&format!(", around event {index}: --context, --from or --key show others"));
            }
            None => {}
        }
        if shown.len() < found.positions.len() {
            let hidden = (found.positions.len() - shown.len()) as u64;
            text.push_str(&format!("; {} more match: --limit or --all", words::thousands(hidden)));
        }
        if found.positions.is_empty() && total > 0 {
            text.push_str(&filter.why_nothing(history).map_or(String::new(), |why| format!("; {why}")));
        }
        if found.quiet > 0 {
            let quiet = words::count(found.quiet as u64, "note");
            text.push_str(&format!("; {quiet} of replicas left out: --function acknowledge,dump,placement"));
        }
        text.push('\n');
        text
    }
}

/// The history, the report where there is one, and whether keys stood inside of values.
fn read(path: &Path, format: Option<&'static Format>) -> anyhow::Result<(Option<Report>, History, bool)> {
    let source = input::find(path)?;
    let (history, _, is_split_by_key) = source.read_by_key(format)?;
    match source {
        Source::Run(folder) => Ok((Some(folder.report), history, is_split_by_key)),
        Source::File(_) | Source::Standard => Ok((None, history, is_split_by_key)),
    }
}

fn head(path: &Path, report: Option<&Report>, history: &History) -> String {
    match report {
        Some(report) => {
            let style = table::style(&report.verdict).unwrap_or_default();
            format!(
                "{}\n{}verdict {style}{}{style:#}\n\n{}\n{}\n",
                report.command,
                summary::scenario(&report.scenario, terminal::width()),
                report.verdict,
                table::promised(&report.rows, terminal::width()),
                summary::facts(report, terminal::width())
            )
        }
        None => format!(
            "{}\n{}\n",
            path.display(),
            summary::named(
                "operations",
                &summary::operations(&tally::operations(history)),
                terminal::width()
            )
        ),
    }
}

fn over_time(faults: &[FaultSpan], history: &History) -> String {
    let end = history.events().filter_map(|event| event.time).max().unwrap_or(0);
    match faults::timeline(faults, end) {
        text if text.is_empty() => text,
        text => format!("faults over time\n{text}\n"),
    }
}

/// The first event that shows a broken promise.
fn first_evidence(report: &Report) -> Option<u64> {
    let anomalies = render::broken(report).flat_map(|row| &row.anomalies);
    anomalies.min_by_key(|anomaly| anomaly.operations.len())?.operations.first().copied()
}
