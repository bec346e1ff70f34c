//! The table of promises: guarantee, level, outcome, evidence.

use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::words;
use crate::report::{Row, RowOutcome};

/// Columns of the names of guarantees, where several share a row.
const GUARANTEES: u16 = 44;

/// Evidence is cut to this many characters; what was broken is drawn in full below the table.
const EVIDENCE_CHARS_MAX: usize = 120;

/// The rows of what was promised. What was not promised is information, and stands elsewhere.
///
/// Guarantees of one level that held on the same evidence share a row: what did not hold stands out.
pub fn promised(rows: &[Row], width: usize) -> String {
    let mut table = plain(["guarantee", "level", "promised", "outcome", "evidence"], width);
    let promised: Vec<&Row> = rows.iter().filter(|row| row.promised).collect();
    for alike in promised.chunk_by(|left, right| held_alike(left, right)) {
        let names: Vec<&str> = alike.iter().map(|row| row.guarantee.as_str()).collect();
        let row = alike[0];
        let evidence = words::cut(&row.evidence, EVIDENCE_CHARS_MAX);
        table.add_row([&names.join(", "), &row.level, "yes", word(row.outcome), &evidence]);
    }
    if let Some(guarantees) = table.column_mut(0) {
        guarantees.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(GUARANTEES)));
    }
    painted(&table.to_string())
}

fn held_alike(left: &Row, right: &Row) -> bool {
    let held = [left, right].iter().all(|row| row.outcome == RowOutcome::Held);
    held && (&left.level, &left.evidence) == (&right.level, &right.evidence)
}

/// An empty table with this header, at most `width` columns wide.
pub fn plain<const CELLS: usize>(header: [&str; CELLS], width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width.try_into().unwrap_or(u16::MAX))
        .set_header(header);
    table
}

/// An outcome in words.
pub fn word(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::Held => "held",
        RowOutcome::Broken => "broken",
        RowOutcome::NotOwed => "not owed",
        RowOutcome::Unknown => "unknown",
    }
}

/// The same table with its outcomes and verdicts in colour. Colours never widen a cell: they are put in
/// once the table is laid out.
pub fn painted(table: &str) -> String {
    table.lines().map(|line| painted_line(line) + "\n").collect()
}

fn painted_line(line: &str) -> String {
    let mut cells: Vec<String> = line.split('┆').map(str::to_owned).collect();
    for cell in cells.iter_mut() {
        let word = cell.trim_matches(['│', ' ']).to_owned();
        if let Some(style) = style(&word) {
            *cell = cell.replace(&word, &format!("{style}{word}{style:#}"));
        }
    }
    cells.join("┆")
}

/// The colour of an outcome or a verdict.
pub fn style(word: &str) -> Option<Style> {
    let color = match word {
        "held" | "valid" => AnsiColor::Green,
        "broken" | "invalid" => AnsiColor::Red,
        "not owed" | "unknown" => AnsiColor::Yellow,
        _ => return None,
    };
    Some(color.on_default().bold())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::WIDTH;

    #[test]
    fn draws_promised_rows_those_that_held_alike_together() {
        let row = |guarantee: &str, promised, outcome, evidence: &str| Row {
            guarantee: guarantee.to_owned(),
            level: "quorum".to_owned(),
            promised,
            outcome,
            evidence: evidence.to_owned(),
            anomalies: Vec::new(),
            found: Default::default(),
        };
        let rows = [
            row("integrity", true, RowOutcome::Held, "1,203 reads"),
            row("read-your-writes", true, RowOutcome::Held, "1,203 reads"),
            row("monotonic-reads", true, RowOutcome::Held, "1,203 reads"),
            row("monotonic-writes", true, RowOutcome::Held, "1,203 reads"),
            row("durability", true, RowOutcome::Broken, &"many words ".repeat(9)),
            row("linearizability", false, RowOutcome::Broken, ""),
        ];
        let table = anstream::adapter::strip_str(&promised(&rows, WIDTH)).to_string();
        assert_eq!(
            table,
            "\
┌──────────────────────────────┬────────┬──────────┬─────────┬─────────────────────────────────────┐
│ guarantee                    ┆ level  ┆ promised ┆ outcome ┆ evidence                            │
╞══════════════════════════════╪════════╪══════════╪═════════╪═════════════════════════════════════╡
│ integrity, read-your-writes, ┆ quorum ┆ yes      ┆ held    ┆ 1,203 reads                         │
│ monotonic-reads,             ┆        ┆          ┆         ┆                                     │
│ monotonic-writes             ┆        ┆          ┆         ┆                                     │
│ durability                   ┆ quorum ┆ yes      ┆ broken  ┆ many words many words many words    │
│                              ┆        ┆          ┆         ┆ many words many words many words    │
│                              ┆        ┆          ┆         ┆ many words many words many words    │
└──────────────────────────────┴────────┴──────────┴─────────┴─────────────────────────────────────┘
"
        );
    }

    #[test]
    fn paints_outcomes_only() {
        assert_eq!(painted_line("│ held ┆ it held │"), "│ \u{1b}[1m\u{1b}[32mheld\u{1b}[0m ┆ it held │");
    }
}
