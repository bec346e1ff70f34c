//! Agreement with verdicts that this project did not make, for the objects other than registers: counters, sets,
//! queues, ids, banks and replicas of the shared corpus (`../shared/corpus` beside the repository; it is not
//! copied into it, and where it is absent nothing can be compared).

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::Path;

use perjury_checkers::checker::{bank, counter, pn_counter, set_full, total_queue, unique_ids};
use perjury_checkers::{Context, named};
use perjury_histories::{History, Value, format::jsonl};

/// Each model of the corpus that is judged here, and by which checker.
const CHECKERS: &[(&str, &str)] = &[
    ("bank", "bank"),
    ("counter", "counter"),
    ("pn-counter", "pn-counter"),
    ("set", "set"),
    ("set-full", "set-full"),
    ("set-per-node", "set-full"),
    ("strong-convergence", "strong-convergence"),
    ("strong-convergence-mww", "strong-convergence"),
    ("total-queue", "total-queue"),
    ("unique-ids", "unique-ids"),
];

/// Models of single objects, or called after one, that no checker here judges, and why.
const UNJUDGED: &[(&str, &str)] = &[
    ("causal-mww", "causal consistency over transactions on several keys: no checker yet"),
    ("kafka", "a log of many partitions: no checker yet"),
    ("list-append-lww", "a cycle of real-time order and writes between transactions: no checker yet"),
];

/// The entries of this model, with their histories; none where the corpus is absent.
fn entries(model: &str) -> Vec<(Value, History)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(index) = fs::read_to_string(corpus.join("index.jsonl")) else {
        // Not `eprintln!`, which cargo keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING TESTED: there is no {}", corpus.display());
        return Vec::new();
    };
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).expect("an entry"));
    let read = |entry: Value| {
        let file = corpus.join(entry["plain"].as_str().expect("a file"));
        let history = jsonl::read(BufReader::new(File::open(file).expect("the file")));
        let history = history.unwrap_or_else(|error| panic!("{entry}: {error}"));
        (entry, history)
    };
    entries.filter(|entry| entry["model"] == model).map(read).collect()
}

fn context(entry: &Value) -> Context {
    Context { initial: entry["init"].clone(), may_be_unread: true, ..Context::default() }
}

#[test]
fn agrees_with_the_corpus() {
    let mut wrong = Vec::new();
    for (model, checker) in CHECKERS {
        let checker = named(checker).expect("a checker");
        for (entry, history) in entries(model) {
            let verdict = checker.check(&history, &context(&entry));
            if entry["expected"] != verdict.name() {
                wrong.push(format!("{}: expected {}: {verdict:?}", entry["id"], entry["expected"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The figures that the source's unit test asserts, where the corpus has them.
#[test]
fn measures_what_the_corpus_asserts() {
    for (model, _) in CHECKERS {
        for (entry, history) in entries(model) {
            let Some(asserted) = entry["asserts"][0]["result"].as_object() else { continue };
            let figures = figures(model, &history, &context(&entry));
            let names = figures.iter().filter(|(name, _)| asserted.contains_key(*name));
            for (name, figure) in names {
                assert_eq!(asserted[*name], *figure, "{}: {name}", entry["id"]);
            }
        }
    }
}

/// Our figures under the names that the sources give them.
fn figures(model: &str, history: &History, context: &Context) -> Vec<(&'static str, Value)> {
    match model {
        "counter" => {
            let all = counter::measure(history, context).expect("a counter");
            let triple = |bounds: &counter::Bounds| {
                Value::from(vec![bounds.lower as i64, bounds.value as i64, bounds.upper as i64])
            };
            let reads = all.iter().map(triple).collect();
            let errors = all.iter().filter(|bounds| !bounds.holds()).map(triple).collect();
            vec![("reads", reads), ("errors", errors)]
        }
        "pn-counter" => {
            let all = pn_counter::measure(history, context).expect("a counter");
            let reads = all.iter().map(|read| read.value as i64).collect();
            let acceptable = all[0].acceptable.iter().map(|(from, to)| vec![*from as i64, *to as i64]);
            vec![("final-reads", reads), ("acceptable", acceptable.collect())]
        }
        "set-full" => {
            let measures = set_full::measure(history, context).unwrap_or_else(|_| Default::default());
            vec![
                ("lost-count", measures.lost.into()),
                ("stable-count", measures.stable.into()),
                ("stale-count", measures.stale.into()),
                ("duplicated-count", measures.duplicated.into()),
            ]
        }
        "total-queue" => {
            let measures = total_queue::measure(history, context).expect("a queue");
            vec![
                ("attempt-count", measures.attempted.into()),
                ("acknowledged-count", measures.acknowledged.into()),
                ("ok-count", measures.delivered.into()),
                ("lost-count", (measures.lost + measures.left).into()),
                ("unexpected-count", measures.unexpected.into()),
                ("duplicated-count", measures.duplicated.into()),
                ("recovered-count", measures.recovered.into()),
            ]
        }
        "unique-ids" => {
            let measures = unique_ids::measure(history, context).expect("ids");
            vec![
                ("attempted-count", measures.attempted.into()),
                ("acknowledged-count", measures.acknowledged.into()),
                ("duplicated-count", measures.duplicated.into()),
            ]
        }
        _ => Vec::new(),
    }
}

#[test]
fn measures_the_bank_of_the_corpus() {
    for (entry, history) in entries("bank") {
        let measures = bank::measure(&history, &context(&entry)).expect("a bank");
        let is_wrong = measures.wrong_n + measures.wrong_total + measures.negative > 0;
        assert_eq!(is_wrong, entry["expected"] == "invalid", "{}: {measures:?}", entry["id"]);
    }
}

/// Every single-object model of the corpus is judged here, elsewhere, or listed with the reason why not.
#[test]
fn leaves_unjudged_only_what_it_says() {
    for (model, why) in UNJUDGED {
        assert!(CHECKERS.iter().all(|(judged, _)| judged != model), "{model}: {why}");
        for (entry, history) in entries(model) {
            for (_, checker) in CHECKERS {
                let verdict = named(checker).expect("a checker").check(&history, &context(&entry));
                assert!(verdict.is_unknown(), "{}: {checker}: {verdict:?}", entry["id"]);
            }
        }
    }
}
