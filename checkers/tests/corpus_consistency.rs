//! Agreement with verdicts that this project did not make: sequential and causal consistency, staleness, long
//! fork and causal reverse, on the shared corpus (`../shared/corpus` beside the repository; it is not copied
//! into it, and where it is absent nothing can be compared).

use std::fs;
use std::io::Write as _;
use std::path::Path;

use perjury_checkers::{Context, Verdict, named};
use perjury_histories::{History, Kind, Value, format::jsonl};
use serde_json::json;

/// An entry of the index, with the lines of its file.
struct Entry {
    entry: Value,
    lines: Vec<Value>,
}

/// The entries of these models; none where the corpus is absent.
fn entries(models: &[&str]) -> Vec<Entry> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(index) = fs::read_to_string(corpus.join("index.jsonl")) else {
        // Not `eprintln!`, which cargo keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING TESTED: there is no {}", corpus.display());
        return Vec::new();
    };
    let json = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let entries = index.lines().map(json);
    let entries = entries.filter(|entry| models.iter().any(|model| entry["model"] == *model));
    let read = |entry: Value| {
        let file = corpus.join(entry["plain"].as_str().expect("a file"));
        let lines = fs::read_to_string(file).expect("the file").lines().map(json).collect();
        Entry { entry, lines }
    };
    entries.map(read).collect()
}

impl Entry {
    fn history(&self) -> History {
        let lines: Vec<String> = self.lines.iter().map(Value::to_string).collect();
        jsonl::read(lines.join("\n").as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", self.entry))
    }

    fn check(&self, checker: &str, context: &Context) -> Verdict {
        named(checker).expect("a checker").check(&self.history(), context)
    }

    fn level(&self, level: &str) -> &Value {
        &self.entry["levels"][level]
    }
}

/// Where the initial value is another one, Knossos means by an ok read of null one of unknown outcome.
fn without_null_reads(history: &History) -> History {
    let mut events = history.to_events();
    for event in events.iter_mut().filter(|event| event.function == "read" && event.value.is_null()) {
        if event.kind == Kind::Ok {
            event.kind = Kind::Info;
        }
    }
    History::new(events).expect("well formed")
}

/// Asserts that nothing is wrong, and that so many entries were compared.
fn report(wrong: &[String], compared: usize, expected: usize) {
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared == 0 || compared >= expected, "only {compared} were compared");
}

/// The value -1 is the initial one there.
#[test]
fn causal_consistency_agrees_on_multiple_writes() {
    let entries = entries(&["causal-mww"]);
    let context = Context { initial: json!(-1), ..Context::default() };
    let mut wrong = Vec::new();
    for checker in ["causal", "causal-memory", "causal-convergence"] {
        for entry in &entries {
            let verdict = entry.check(checker, &context);
            if entry.entry["expected"] != verdict.name() {
                wrong.push(format!("{checker}: {}: {verdict:?}", entry.entry["id"]));
            }
        }
    }
    report(&wrong, entries.len(), 5);
}

/// What is called causal there asks for one order of all writes: causal convergence, of transactions. The other
/// notions are weaker than that, or than sequential consistency.
#[test]
fn causal_convergence_agrees_on_transactions() {
    let entries = entries(&["rw-register-sessions"]);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for entry in entries.iter().filter(|entry| entry.level("causal").is_string()) {
        let verdict = entry.check("causal-convergence", &Context::default());
        if verdict.is_unknown() {
            println!("{}: {verdict:?}", entry.entry["id"]);
            continue;
        }
        compared += 1;
        if *entry.level("causal") != verdict.name() {
            wrong.push(format!("{}: {verdict:?}", entry.entry["id"]));
        }
    }
    for entry in entries.iter().filter(|entry| *entry.level("serializable") == "valid") {
        for checker in ["causal", "causal-memory"] {
            let verdict = entry.check(checker, &Context::default());
            if verdict.is_invalid() {
                wrong.push(format!("{checker}: {}: {verdict:?}", entry.entry["id"]));
            }
        }
    }
    report(&wrong, compared, 20);
}

/// What is linearizable is sequentially consistent, and one entry says so itself.
#[test]
fn sequential_agrees_with_what_linearizability_implies() {
    let entries = entries(&["register", "cas-register"]);
    let (mut wrong, mut compared, mut decided) = (Vec::new(), 0, 0);
    for entry in &entries {
        let is_linearizable = entry.entry["expected"] == "valid";
        if !is_linearizable && !entry.level("sequential").is_string() {
            continue;
        }
        let context = Context { initial: entry.entry["init"].clone(), ..Context::default() };
        let verdict = match context.initial {
            Value::Null => entry.check("sequential", &context),
            _ => {
                named("sequential").expect("a checker").check(&without_null_reads(&entry.history()), &context)
            }
        };
        compared += 1;
        decided += usize::from(!verdict.is_unknown());
        if verdict.is_invalid() || (!is_linearizable && !verdict.is_valid()) {
            wrong.push(format!("{}: {verdict:?}", entry.entry["id"]));
        }
    }
    println!("{decided} of {compared} were decided");
    report(&wrong, decided, 70);
}

/// With nothing declared, staleness is linearizability wherever values are unique.
#[test]
fn staleness_agrees_with_linearizability_where_values_are_unique() {
    let entries = entries(&["register", "cas-register"]);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for entry in entries {
        let context = Context { initial: entry.entry["init"].clone(), ..Context::default() };
        let verdict = entry.check("staleness", &context);
        if !verdict.is_unknown() {
            compared += 1;
            if entry.entry["expected"] != verdict.name() {
                wrong.push(format!("{}: {verdict:?}", entry.entry["id"]));
            }
        }
    }
    report(&wrong, compared, 3);
}

/// The invocations there are of no process, which is no history; the completions say everything.
#[test]
fn long_fork_agrees_with_the_corpus() {
    let mut entries = entries(&["long-fork"]);
    for entry in &mut entries {
        entry.lines.retain(|line| line["type"] != "invoke" || !line["process"].is_null());
        let verdict = entry.check("long-fork", &Context::default());
        assert_eq!(entry.entry["expected"], verdict.name(), "{}: {verdict:?}", entry.entry["id"]);
    }
}

/// One of them has operations of one process overlap: each gets a process of its own.
#[test]
fn causal_reverse_agrees_with_the_corpus() {
    let mut entries = entries(&["causal-reverse"]);
    for entry in &mut entries {
        for line in entry.lines.iter_mut().filter(|line| line["f"] == "write") {
            line["process"] = json!(100 + line["value"].as_u64().expect("a number"));
        }
        let verdict = entry.check("causal-reverse", &Context::default());
        assert_eq!(entry.entry["expected"], verdict.name(), "{}: {verdict:?}", entry.entry["id"]);
    }
}
