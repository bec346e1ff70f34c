//! `perjury list`: what can be chosen.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use perjury::render::words;

use super::catalog::{self, Entry};
use super::exit::{self, Exit};
use super::terminal;

/// Lists what can be chosen: stores, workloads, nemeses, checkers, models, formats, bugs; and what is counted:
/// points, markers.
#[derive(Args)]
pub struct List {
    /// What to list; everything, if not given
    #[arg(value_enum)]
    what: Option<What>,
    /// Prints one JSON object: a list of name and about for each kind
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum What {
    /// Systems under test
    Stores,
    /// What the clients do
    Workloads,
    /// Kinds of fault, and the faults of each: --nemesis takes the names of both
    Nemeses,
    /// Judges of histories
    Checkers,
    /// What objects can be specified to be
    Models,
    /// How histories are written down
    Formats,
    /// Safeguards of the reference store that can be switched off
    Bugs,
    /// Places in the code of the reference store at which faults of kind `point` strike
    Points,
    /// What must happen at least once in a sweep of the reference store that means much
    Markers,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Stores => "stores",
            What::Workloads => "workloads",
            What::Nemeses => "nemeses",
            What::Checkers => "checkers",
            What::Models => "models",
            What::Formats => "formats",
            What::Bugs => "bugs",
            What::Points => "points",
            What::Markers => "markers",
        }
    }

    fn entries(self) -> Vec<Entry> {
        match self {
            What::Stores => catalog::stores(),
            What::Workloads => catalog::workloads(),
            What::Nemeses => catalog::nemeses(),
            What::Checkers => catalog::checkers(),
            What::Models => catalog::models(),
            What::Formats => catalog::formats(),
            What::Bugs => catalog::bugs(),
            What::Points => catalog::points(),
            What::Markers => catalog::markers(),
        }
    }
}

impl List {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let chosen = self.what.map_or(What::value_variants().to_vec(), |what| vec![what]);
        exit::print(&if self.json { json(&chosen)? } else { text(&chosen) })?;
        Ok(Exit::Valid)
    }
}

fn json(chosen: &[What]) -> anyhow::Result<String> {
    let lists: BTreeMap<&str, Vec<Entry>> = chosen.iter().map(|what| (what.name(), what.entries())).collect();
    Ok(serde_json::to_string(&lists)? + "\n")
}

fn text(chosen: &[What]) -> String {
    let mut text = String::new();
    for what in chosen {
        if chosen.len() > 1 {
            text.push_str(&format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, what.name()));
        }
        lines(&what.entries(), 2, &mut text);
    }
    text
}

/// A line an entry, and its parts below it.
fn lines(entries: &[Entry], indent: usize, text: &mut String) {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for Entry { name, about, parts } in entries {
        let words = words::wrapped(about, terminal::width().saturating_sub(indent + width + 2));
        for (position, line) in words.iter().enumerate() {
            let name = if position == 0 { *name } else { "" };
            text.push_str(&format!("{:indent$}{name:<width$}  {line}\n", ""));
        }
        lines(parts, indent + 2, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_kind_with_something_in_it() {
        let lists: BTreeMap<String, Vec<serde_json::Value>> =
            serde_json::from_str(&json(What::value_variants()).expect("plain data")).expect("JSON");
        assert_eq!(
            lists.keys().collect::<Vec<_>>(),
            ["bugs", "checkers", "formats", "markers", "models", "nemeses", "points", "stores", "workloads"]
        );
        assert!(lists.values().all(|list| !list.is_empty()));
    }

    #[test]
    fn puts_names_before_what_they_are() {
        let text = text(&[What::Stores]);
        assert!(text.starts_with("  quorum  "), "{text}");
    }
}
