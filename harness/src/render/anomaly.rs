//! An anomaly drawn: what happened in words, then each operation as a bar over time.
//!
//! ```text
//!   read-your-writes on x: client 3 read v1 of x after its own write of v2.
//!
//!   client 3   #812    12.400 s  ├────┤            write x = 7: ok (v2, n1)
//!   client 3   #930    13.100 s           ├────┤   read x = 5 (v1, n4)
//!   partition          12.000 s  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  halves: n4 | n1 n2 n3 n5, until 17.200 s
//!   versions, oldest first: v1 = 5.2.1, v2 = 9.1.1
//! ```
//!
//! The columns of a bar are moments in their order, not in proportion: two operations a minute apart and
//! two a millisecond apart are seen equally well, and what overlapped what is exact.

use std::collections::BTreeMap;

use perjury_checkers::Anomaly;
use perjury_histories::History;

use super::evidence::{self, Evidence, Mark, Shape};
use super::words;
use crate::report::FaultSpan;

/// Columns of the bars.
const BAR: usize = 26;
/// Columns between two moments, where there is room.
const STEP_MAX: usize = 5;
/// More operations than this do not fit a picture that one can take in.
const MARKS_MAX: usize = 40;
/// The same of faults.
const FAULTS_MAX: usize = 10;

/// An anomaly in words and as a picture, at most `width` columns wide.
pub fn draw(history: &History, faults: &[FaultSpan], anomaly: &Anomaly, width: usize) -> String {
    let mut evidence = evidence::gather(history, faults, anomaly);
    let more_marks = evidence.marks.len().saturating_sub(MARKS_MAX);
    evidence.marks.truncate(MARKS_MAX);
    let more_faults = evidence.faults.len().saturating_sub(FAULTS_MAX);
    evidence.faults.truncate(FAULTS_MAX);

    let key = anomaly.key.as_ref().map(|key| format!(" on {key}")).unwrap_or_default();
    let explanation = evidence.versions.shorten(&anomaly.explanation);
    let mut text = words::indented(&format!("{}{key}: {explanation}", anomaly.kind), 2, width);
    if evidence.marks.is_empty() {
        return text;
    }
    text.push('\n');
    let columns = Columns::new(&evidence);
    columns.draw(&evidence.marks, width, &mut text);
    more(more_marks, "operation", &mut text);
    columns.draw(&evidence.faults, width, &mut text);
    more(more_faults, "fault", &mut text);
    if let Some(legend) = evidence.versions.legend() {
        text.push_str(&words::indented(&legend, 2, width));
    }
    text
}

fn more(count: usize, noun: &str, text: &mut String) {
    if count > 0 {
        text.push_str(&format!("  … and {}\n", words::count(count as u64, &format!("more {noun}"))));
    }
}

/// Where everything stands in a line.
struct Columns {
    who: usize,
    index: usize,
    time: usize,
    bar: usize,
    by_moment: BTreeMap<u64, usize>,
    is_timed: bool,
}

impl Columns {
    fn new(evidence: &Evidence) -> Columns {
        let within = evidence.marks.iter().flat_map(|mark| [Some(mark.from), mark.to]).flatten();
        let mut moments: Vec<u64> = within.collect();
        let ends = (moments.iter().min().copied(), moments.iter().max().copied());
        // A fault that began before the first operation and ended after the last needs no column.
        let of_faults = evidence.faults.iter().flat_map(|fault| [Some(fault.from), fault.to]).flatten();
        moments.extend(of_faults.filter(|&moment| Some(moment) > ends.0 && Some(moment) < ends.1));
        moments.sort_unstable();
        moments.dedup();
        let gaps = moments.len().saturating_sub(1).max(1);
        let step = ((BAR - 1) / gaps).min(STEP_MAX);
        let column = |rank: usize| if step > 0 { rank * step } else { rank * (BAR - 1) / gaps };
        let all = evidence.marks.iter().chain(&evidence.faults);
        Columns {
            who: all.clone().map(|mark| mark.who.chars().count()).max().unwrap_or(0),
            index: all.clone().map(|mark| index(mark).len()).max().unwrap_or(0),
            time: all.map(|mark| time(mark, evidence.is_timed).len()).max().unwrap_or(0),
            bar: column(moments.len() - 1) + 1,
            by_moment: moments.iter().enumerate().map(|(rank, &moment)| (moment, column(rank))).collect(),
            is_timed: evidence.is_timed,
        }
    }

    fn draw(&self, marks: &[Mark], width: usize, text: &mut String) {
        for mark in marks {
            let head = format!(
                "  {:<who$}  {:<index$}  {:>time$}  {}  ",
                mark.who,
                index(mark),
                time(mark, self.is_timed),
                self.bar(mark),
                who = self.who,
                index = self.index,
                time = self.time,
            );
            let indent = head.chars().count();
            for (position, line) in
                words::wrapped(&mark.what, width.saturating_sub(indent)).iter().enumerate()
            {
                let head = if position == 0 { head.as_str() } else { &" ".repeat(indent) };
                text.push_str(head);
                text.push_str(line);
                text.push('\n');
            }
        }
    }

    fn bar(&self, mark: &Mark) -> String {
        let from = self.column(mark.from);
        let to = mark.to.map_or(self.bar - 1, |to| self.column(to));
        let end = match (mark.shape, mark.to) {
            (_, None) => '…',
            (Shape::Fail, _) => '╳',
            (Shape::Unknown, _) => '?',
            _ => '┤',
        };
        let at = |column: usize| match mark.shape {
            _ if column < from || column > to => ' ',
            Shape::Fault => '▒',
            Shape::Note => '●',
            _ if column == to && from == to => '●',
            _ if column == from => '├',
            _ if column == to => end,
            _ => '─',
        };
        (0..self.bar).map(at).collect()
    }

    /// The column of a moment; of one without a column, that of the moment before it.
    fn column(&self, moment: u64) -> usize {
        self.by_moment.range(..=moment).next_back().map_or(0, |(_, &column)| column)
    }
}

fn index(mark: &Mark) -> String {
    mark.index.map(|index| format!("#{index}")).unwrap_or_default()
}

fn time(mark: &Mark, is_timed: bool) -> String {
    if is_timed { words::seconds(mark.from) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::WIDTH;
    use crate::render::faults::tests::span;
    use perjury_checkers::AnomalyKind;
    use perjury_histories::{Key, notation};

    fn timed(text: &str) -> History {
        let mut events = notation::parse(text).expect("a history").to_events();
        events.iter_mut().for_each(|event| event.time = Some((event.index + 1) * 250_000_000));
        History::new(events).expect("a history")
    }

    #[test]
    fn draws_operations_over_time_with_the_faults_in_force() {
        let history = timed(
            "0s3:write(x,7)? 0:ok/n1@9.1 1s4:write(x,8)? 0s3:read(x)? 0:ok/n4=5@5.2 \
             nemesis:acknowledge(x)/n1@9.1",
        );
        let faults = [span("partition", "halves", &["n4"], 600_000_000, Some(9_000_000_000))];
        let key = Key::from("x");
        let anomaly = Anomaly::new(
            AnomalyKind::ReadYourWrites,
            Some(&key),
            [0, 2, 3, 5],
            "client 3 wrote version 9.1 of x and then read version 5.2.",
        );
        assert_eq!(
            draw(&history, &faults, &anomaly, WIDTH),
            "  read-your-writes on x: client 3 wrote v2 of x and then read v1.

  client 3 (p0)  #0  0.250 s  ├───┤                      write x = 7: ok (v2, n1)
  client 4 (p1)  #2  0.750 s              ├───────────…  write x = 8: never answered
  client 3 (p0)  #3  1.000 s                  ├───┤      read x = 5 (v1, n4)
  n1             #5  1.500 s                          ●  acknowledges x at v2
  partition          0.600 s          ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  halves: halves of n4, until 9.000 s
  versions, oldest first: v1=5.2, v2=9.1
"
        );
    }

    #[test]
    fn draws_what_has_no_times_by_index() {
        let history = notation::parse("0:read(x)=5").expect("a history");
        let anomaly = Anomaly::new(AnomalyKind::GarbageRead, Some(&Key::from("x")), [0], "Nobody wrote 5.");
        assert_eq!(
            draw(&history, &[], &anomaly, WIDTH),
            "  garbage-read on x: Nobody wrote 5.

  process 0  #0    ├────┤  read x = 5
"
        );
    }

    #[test]
    fn stays_within_its_width() {
        let text: String = (0..60).map(|value| format!("0:write(a-rather-long-key,{value}) ")).collect();
        let anomaly = Anomaly::new(
            AnomalyKind::NotLinearizable,
            Some(&Key::from("a-rather-long-key")),
            (0..60).map(|write| 2 * write),
            "Words and more words. ".repeat(12),
        );
        let text = draw(&timed(&text), &[], &anomaly, WIDTH);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("… and 20 more operations"), "{text}");
    }
}
