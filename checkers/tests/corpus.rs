//! Agreement with verdicts that this project did not make: the registers and sets of the shared corpus
//! (`../shared/corpus` beside the repository; it is not copied into it, and where it is absent nothing can be
//! compared).

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::Path;

use perjury_checkers::{Checker, Context, named};
use perjury_histories::{History, Kind, Value, format::jsonl};

/// The entries of these models that expect a verdict, with their files; none where the corpus is absent.
fn entries(models: &[&str]) -> Vec<(Value, History)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(index) = fs::read_to_string(corpus.join("index.jsonl")) else {
        // Not `eprintln!`, which cargo keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING TESTED: there is no {}", corpus.display());
        return Vec::new();
    };
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).expect("an entry"));
    let entries = entries.filter(|entry| models.iter().any(|model| entry["model"] == *model));
    let read = |entry: Value| {
        let file = corpus.join(entry["plain"].as_str().expect("a file"));
        let history = jsonl::read(BufReader::new(File::open(file).expect("the file")));
        let history = history.unwrap_or_else(|error| panic!("{entry}: {error}"));
        (entry, history)
    };
    entries.map(read).collect()
}

/// The history with every ok read of null turned into one of unknown outcome: so Knossos means it where the
/// register does not begin with null.
fn without_null_reads(history: &History) -> History {
    let mut events = history.to_events();
    for event in &mut events {
        if event.function == "read" && event.kind == Kind::Ok && event.value.is_null() {
            event.kind = Kind::Info;
        }
    }
    // A process that goes on after an unknown outcome is no error in a history.
    History::new(events).expect("well formed")
}

fn agrees(checker: &dyn Checker, models: &[&str]) {
    let entries = entries(models);
    let wrong = entries.iter().filter_map(|(entry, history)| {
        let context = Context { initial: entry["init"].clone(), ..Context::default() };
        let verdict = match context.initial {
            Value::Null => checker.check(history, &context),
            _ => checker.check(&without_null_reads(history), &context),
        };
        (entry["expected"] != verdict.name()).then(|| format!("{}: {verdict:?}", entry["id"]))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

#[test]
fn linearizability_agrees_with_the_corpus() {
    agrees(named("linearizability").expect("a checker"), &["register", "cas-register"]);
}

#[test]
fn set_agrees_with_the_corpus() {
    agrees(named("set").expect("a checker"), &["set"]);
}
