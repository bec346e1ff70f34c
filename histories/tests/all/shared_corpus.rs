//! Every history of `../shared/corpus` that is well formed reads; the others say why they do not.

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use perjury_histories::format::jsonl;
use perjury_histories::{Error, History, Value};

/// Marked as malformed in the corpus, but readable here, and why.
const READABLE: &[(&str, &str)] = &[(
    "ut-pn-counter-checker-definite",
    "it holds completions without a process only: nothing is paired, so nothing is lost",
)];

/// Marked as malformed, and what we say of it.
const REFUSED: &[(&str, &str)] = &[
    ("elle-la-paper-example", "line 1: event 0: an invocation without a process"),
    (
        "ut-causal-reverse-casusal-reverse-can-validate-concurrent-histories",
        "line 2: event 1: process 0 invokes write while its write of event 0 is still open",
    ),
    ("ut-long-fork-checker", "line 1: event 0: an invocation without a process"),
];

pub fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !folder.exists() {
        // Not `eprintln!`, which cargo keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING TESTED: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

pub fn entries(folder: &Path) -> Vec<Value> {
    let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
    index.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(folder: &Path, entry: &Value) -> Result<History, Error> {
    let file = File::open(folder.join(entry["plain"].as_str().unwrap())).unwrap();
    jsonl::read(BufReader::new(file))
}

#[test]
fn reads_every_well_formed_history_and_reads_back_what_it_writes() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for entry in entries(&folder) {
        let id = entry["id"].as_str().unwrap();
        let is_readable = entry.get("malformed").is_none() || READABLE.iter().any(|(name, _)| *name == id);
        if !is_readable {
            continue;
        }
        let history = read(&folder, &entry).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(history.operations().len() > 0, "{id}");
        assert!(history.events().is_sorted_by(|a, b| a.index < b.index), "{id}");
        let mut bytes = Vec::new();
        jsonl::write(&history, &mut bytes).unwrap();
        assert!(jsonl::read(bytes.as_slice()).unwrap() == history, "{id}");
        count += 1;
    }
    assert!(count > 300, "only {count} histories");
}

#[test]
fn says_what_is_wrong_with_each_malformed_history() {
    let Some(folder) = corpus() else { return };
    let mut refused = Vec::new();
    for entry in entries(&folder).iter().filter(|entry| entry.get("malformed").is_some()) {
        if let Err(error) = read(&folder, entry) {
            refused.push((entry["id"].as_str().unwrap().to_owned(), error.to_string()));
        }
    }
    let expected = REFUSED.iter().map(|(id, error)| ((*id).to_owned(), (*error).to_owned()));
    assert_eq!(refused, expected.collect::<Vec<_>>());
}
