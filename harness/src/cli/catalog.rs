//! All that can be chosen by name, as the crates list it.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Command};
use perjury::marker::{self, Marker};
use perjury::nemesis::Kind;
use perjury::system::Choice;
use perjury::{System, bug, store, workload};
use perjury_checkers::{checker, linearizable};
use perjury_histories::format;
use perjury_store::features::Features;
use perjury_store::point::{self, Point};
use serde::Serialize;

/// One thing that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: String,
    /// What it consists of: the faults of a kind, the levels and modes of a store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Entry>,
}

impl Entry {
    fn new(name: &'static str, about: impl Into<String>) -> Entry {
        Entry { name, about: about.into(), parts: Vec::new() }
    }
}

/// The systems under test.
pub fn stores() -> Vec<Entry> {
    let store = |store: &&dyn System| Entry {
        parts: choices("level", store.levels()).chain(choices("mode", store.modes())).collect(),
        ..Entry::new(store.name(), store.about())
    };
    store::ALL.iter().map(store).collect()
}

fn choices(what: &'static str, choices: &'static [Choice]) -> impl Iterator<Item = Entry> {
    choices.iter().map(move |choice| Entry::new(choice.name, format!("{what}: {}", choice.about)))
}

/// What the clients do.
pub fn workloads() -> Vec<Entry> {
    workload::ALL.iter().map(|workload| Entry::new(workload.name(), workload.about())).collect()
}

/// The kinds of fault.
pub fn nemeses() -> Vec<Entry> {
    let kind = |kind: Kind| Entry {
        parts: kind.faults().map(|fault| Entry::new(fault.name(), fault.about())).collect(),
        ..Entry::new(kind.name(), kind.about())
    };
    Kind::ALL.into_iter().map(kind).collect()
}

/// The judges.
pub fn checkers() -> Vec<Entry> {
    checker::ALL.iter().map(|checker| Entry::new(checker.name(), checker.about())).collect()
}

/// What objects can be specified to be.
pub fn models() -> Vec<Entry> {
    let entry = |model: &&dyn linearizable::AnyModel| {
        Entry::new(model.name(), format!("{} ({})", model.about(), model.functions().join(", ")))
    };
    linearizable::ALL.iter().map(entry).collect()
}

/// How histories are written down.
pub fn formats() -> Vec<Entry> {
    let entry = |format: &&format::Format| {
        let written = if format.write.is_some() { "; can be written" } else { "" };
        Entry::new(format.name, format!("{}{written}", format.about))
    };
    format::ALL.iter().map(entry).collect()
}

/// Those of them in which histories can be written.
pub fn written_formats() -> Vec<Entry> {
    let written = format::ALL.iter().filter(|format| format.write.is_some());
    written.map(|format| Entry::new(format.name, format.about)).collect()
}

/// The safeguards that can be switched off.
pub fn bugs() -> Vec<Entry> {
    let entry = |bug: &&bug::Bug| {
        let faults = if bug.nemesis.is_empty() { "no faults".to_owned() } else { bug.nemesis.join(" and ") };
        let settings: String = bug.settings.iter().map(|(name, value)| format!(", {name} {value}")).collect();
        let (about, workload, level) = (bug.about, bug.workload, bug.level);
        Entry::new(bug.name, format!("{about} ({workload}, level {level}, {faults}{settings})"))
    };
    bug::ALL.iter().map(entry).collect()
}

/// Where faults of kind `point` strike.
pub fn points() -> Vec<Entry> {
    let place = |point: &Point| format!("{}{}", point.families.join(" and "), needs(point.needs));
    let entry = |point: &&Point| Entry::new(point.name, format!("{}: {}", place(point), point.about));
    point::ALL.iter().map(entry).collect()
}

fn needs(features: Features) -> &'static str {
    match features {
        Features { tables: true, .. } => ", storage tables",
        Features { ring_changes: true, .. } => ", membership faults",
        _ => "",
    }
}

/// What a good sweep makes happen.
pub fn markers() -> Vec<Entry> {
    let place = |marker: &Marker| match marker.modes {
        [] => format!("{}{}", marker.families.join(" and "), needs(marker.needs)),
        modes => format!("{}, {}", marker.families.join(" and "), modes.join(" and ")),
    };
    let entry = |marker: &&Marker| Entry::new(marker.name, format!("{}: {}", place(marker), marker.about));
    marker::ALL.iter().map(entry).collect()
}

/// Accepts the names of these entries, with blanks around them or not, and explains them in the help.
pub fn parser(entries: Vec<Entry>) -> Names {
    Names(PossibleValuesParser::new(entries.into_iter().map(value)))
}

fn value(entry: Entry) -> PossibleValue {
    PossibleValue::new(entry.name).help(entry.about)
}

/// See [`parser`].
#[derive(Clone)]
pub struct Names(PossibleValuesParser);

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> clap::error::Result<String> {
        let trimmed = value.to_str().map_or(value, |value| OsStr::new(value.trim()));
        self.0.parse_ref(command, argument, trimmed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// The same for kinds of fault, and `none`; single faults are too many for the help.
pub fn nemesis_parser() -> Names {
    let kinds = nemeses();
    let faults: Vec<Entry> = kinds.iter().flat_map(|kind| kind.parts.clone()).collect();
    let none = Entry::new("none", "no faults at all");
    let shown = kinds.into_iter().chain([none]).map(value);
    Names(PossibleValuesParser::new(shown.chain(faults.into_iter().map(|fault| value(fault).hide(true)))))
}
