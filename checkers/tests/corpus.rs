//! Agreement with verdicts that this project did not make: the registers and sets of the shared corpus
//! (`../shared/corpus` beside the repository; it is not copied into it, and where it is absent nothing can be
//! compared).

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::Path;

use perjury_checkers::linearizable as model;
use perjury_checkers::{Checker, Context, named};
use perjury_histories::{History, Value, format::jsonl};

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

/// Models of the corpus and what they are called here.
const MODELS: &[(&str, &str)] = &[
    ("register", "register"),
    ("cas-register", "cas-register"),
    ("multi-register", "multi-register"),
    ("kv-append", "kv-append"),
    ("mutex", "mutex"),
    ("fifo-queue", "fifo-queue"),
    ("unordered-queue", "unordered-queue"),
    ("set-linearizable", "set"),
    ("vec-stack", "stack"),
    ("counter", "counter"),
    ("nondeterministic-register", "nondeterministic-register"),
];

/// Entries that are not compared, and why.
const EXCEPTIONS: &[(&str, &str)] =
    &[("ut-sr-vec-12", "the source says only that it is sequentially consistent")];

/// What the source says of linearizability: in so many words, or as its only verdict.
fn expected(entry: &Value) -> Option<&str> {
    match &entry["levels"] {
        Value::Null => entry["expected"].as_str(),
        levels => levels["linearizable"].as_str(),
    }
}

#[test]
fn linearizability_agrees_with_the_corpus() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (theirs, ours) in MODELS {
        for (entry, history) in entries(&[theirs]) {
            let id = entry["id"].as_str().expect("an id");
            let is_exception = EXCEPTIONS.iter().any(|(exception, _)| *exception == id);
            let is_doubtful = entry["contested"] == true || !entry["malformed"].is_null();
            assert!(!is_doubtful || is_exception, "{id} is doubtful: compare it or list it with a reason");
            let Some(expected) = expected(&entry).filter(|_| !is_exception) else {
                assert!(is_exception, "{id} expects nothing: list it with a reason");
                continue;
            };
            compared += 1;
            let initial = entry["init"].clone();
            let model = model::named(ours);
            let context = Context { initial, model, may_be_unread: true, ..Context::default() };
            let verdict = named("linearizability").expect("a checker").check(&history, &context);
            if verdict.name() != expected {
                wrong.push(format!("{id}: {verdict:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}

fn agrees(checker: &dyn Checker, models: &[&str]) {
    let entries = entries(models);
    let wrong = entries.iter().filter_map(|(entry, history)| {
        let context = Context { initial: entry["init"].clone(), ..Context::default() };
        let verdict = checker.check(history, &context);
        (entry["expected"] != verdict.name()).then(|| format!("{}: {verdict:?}", entry["id"]))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

#[test]
fn set_agrees_with_the_corpus() {
    agrees(named("set").expect("a checker"), &["set"]);
}
