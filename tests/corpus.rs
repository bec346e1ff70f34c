//! Agreement with verdicts that this project did not make, on histories that it did not record: every history of
//! `../shared/corpus`, from its original file in its original format.
//!
//! ```text
//! orig/…/etcd_001.log ── format told by its content ── history ──┬─ the checker that its levels call for
//!                                                                └─ the checkers that `fit` picks by itself
//! ```
//!
//! The corpus is not copied into the repository. Where it is absent nothing can be compared, and the tests say so
//! on standard error.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use perjury_checkers::{Checker, Context, Verdict, fit, linearizable, named, observation};
use perjury_histories::{History, Value, open, open_as};

/// Models of the corpus that are judged: by which checker where the entry names no level, and by which model of
/// ours where a checker asks for one.
const JUDGED: &[(&str, &str, Option<&str>)] = &[
    ("bank", "bank", None),
    ("cas-register", "linearizability", Some("cas-register")),
    ("causal-reverse", "causal-reverse", None),
    ("counter", "counter", None),
    ("fifo-queue", "linearizability", Some("fifo-queue")),
    ("kv-append", "linearizability", Some("kv-append")),
    ("long-fork", "long-fork", None),
    ("multi-register", "linearizability", Some("multi-register")),
    ("mutex", "linearizability", Some("mutex")),
    ("nondeterministic-register", "linearizability", Some("nondeterministic-register")),
    ("pn-counter", "pn-counter", None),
    ("register", "linearizability", Some("register")),
    ("set", "set", None),
    ("set-full", "set-full", None),
    ("set-linearizable", "linearizability", Some("set")),
    ("set-per-node", "set-full", None),
    ("strong-convergence", "strong-convergence", None),
    ("strong-convergence-mww", "strong-convergence", None),
    ("total-queue", "total-queue", None),
    ("unique-ids", "unique-ids", None),
    ("unordered-queue", "linearizability", Some("unordered-queue")),
    ("vec-stack", "linearizability", Some("stack")),
];

/// Which checker judges a level.
const LEVELS: &[(&str, &str)] =
    &[("linearizable", "linearizability"), ("sequential", "sequential"), ("set", "set")];

/// Models that have no checker yet: their histories are read, and unknown.
const UNJUDGED: &[&str] =
    &["causal-mww", "kafka", "list-append", "list-append-lww", "rw-register", "rw-register-sessions"];

/// Histories that are no histories, and what we say of them.
const REFUSED: &[(&str, &str)] = &[
    ("elle-la-paper-example", "event 0: an invocation without a process"),
    (
        "ut-causal-reverse-casusal-reverse-can-validate-concurrent-histories",
        "event 1: process 0 invokes write while its write of event 0 is still open",
    ),
    ("ut-long-fork-checker", "event 0: an invocation without a process"),
];

/// Histories of which we say something else than the corpus, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// The same of the checkers that are picked when nobody names any.
const EXCEPTIONS_OF_FIT: &[(&str, &str)] = &[
    (
        "ut-causal-mww-strong-convergence-strong-convergence-strong-convergence-2",
        "unknown: with final reads at one node it looks like any transactions",
    ),
    (
        "ut-causal-strong-convergence-final-reads-strong-convergence-strong-convergence-3",
        "unknown: with final reads at one node it looks like any transactions",
    ),
    (
        "ut-porc-set-3",
        "unknown: without a read nothing is known of a set; valid where --model set asks for it",
    ),
    (
        "ut-sr-vec-1",
        "unknown: no operation is ok, so nothing was seen; valid where --model stack asks for it",
    ),
    ("ut-sr-vec-12", "invalid: only sequential consistency is asserted, and it is not linearizable"),
];

/// Histories in another format than the corpus says, and why.
const OTHER_FORMATS: &[(&str, &str)] = &[("ellecli-set-edn", "one vector, not a map per line")];

/// The folder of the corpus, and its entries; none where it is absent.
fn entries() -> Option<(PathBuf, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(index) = fs::read_to_string(folder.join("index.jsonl")) else {
        // Not `eprintln!`, which cargo keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING TESTED: there is no {}", folder.display());
        return None;
    };
    let entries = index.lines().map(|line| serde_json::from_str(line).expect("an entry"));
    Some((folder, entries.collect()))
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_else(|| panic!("{entry} has no {field}"))
}

fn is_in<T>(list: &[(&str, T)], entry: &Value) -> bool {
    list.iter().any(|(id, _)| *id == text(entry, "id"))
}

/// The history of an entry that is one.
fn history(folder: &Path, entry: &Value) -> Option<History> {
    if is_in(REFUSED, entry) {
        return None;
    }
    Some(open(&folder.join(text(entry, "file")), None).unwrap_or_else(|error| panic!("{error}")))
}

/// A checker, and the verdict that is expected of it.
type Expected = (&'static dyn Checker, String);

/// The checkers that the entry calls for, and our name of its model.
fn expected(entry: &Value) -> Option<(Vec<Expected>, Option<&'static str>)> {
    let &(_, checker, model) = JUDGED.iter().find(|(model, ..)| *model == text(entry, "model"))?;
    let pair = |checker: &str, verdict: &str| (named(checker).expect("a checker"), verdict.to_owned());
    let levels = entry["levels"].as_object().into_iter().flatten().map(|(level, verdict)| {
        let (_, checker) = LEVELS.iter().find(|(name, _)| name == level).expect("a level that we know");
        pair(checker, verdict.as_str().expect("a verdict"))
    });
    let mut pairs: Vec<_> = levels.collect();
    if pairs.is_empty() {
        pairs.push(pair(checker, text(entry, "expected")));
    }
    Some((pairs, model))
}

/// What may be known beside the history.
fn context(entry: &Value, model: Option<&str>) -> Context {
    let model = model.map(|name| linearizable::named(name).expect("a model"));
    Context { initial: entry["init"].clone(), model, ..Context::default() }
}

/// Compares each entry's verdicts with those expected; `exceptions` differ, and each is needed.
fn compare(exceptions: &[(&str, &str)], judge: impl Fn(&History, &Value) -> Vec<(String, Verdict, String)>) {
    let Some((folder, entries)) = entries() else { return };
    let (mut wrong, mut differing, mut count) = (Vec::new(), Vec::new(), 0);
    for entry in &entries {
        let Some(history) = history(&folder, entry) else { continue };
        let verdicts = judge(&history, entry);
        count += usize::from(!verdicts.is_empty());
        let mut differ =
            verdicts.iter().filter(|(_, verdict, expected)| verdict.name() != expected).peekable();
        let Some((checker, verdict, expected)) = differ.peek() else { continue };
        match is_in(exceptions, entry) {
            true => differing.push(text(entry, "id").to_owned()),
            false => wrong.push(format!("{}: {checker}: expected {expected}: {verdict:?}", entry["id"])),
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 150, "only {count} histories were judged");
    let needless = exceptions.iter().filter(|(id, _)| !differing.iter().any(|differing| differing == id));
    assert_eq!(needless.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "no exceptions any longer");
}

#[test]
fn tells_every_format_by_its_content() {
    let Some((folder, entries)) = entries() else { return };
    for entry in entries.iter().filter(|entry| !is_in(REFUSED, entry)) {
        let opened = open_as(&folder.join(text(entry, "file")), None);
        let (_, format) = opened.unwrap_or_else(|error| panic!("{error}"));
        let expected = text(entry, "format").replace("plain-jsonl", "jsonl");
        assert_eq!(format.name != expected, is_in(OTHER_FORMATS, entry), "{}: {}", entry["id"], format.name);
    }
}

#[test]
fn reads_every_history_and_says_what_is_wrong_with_those_that_are_none() {
    let Some((folder, entries)) = entries() else { return };
    for entry in &entries {
        let Err(error) = open(&folder.join(text(entry, "file")), None) else {
            assert!(!is_in(REFUSED, entry), "{}", entry["id"]);
            continue;
        };
        let problem = REFUSED.iter().find(|(id, _)| *id == text(entry, "id")).map(|(_, problem)| problem);
        assert!(
            problem.is_some_and(|problem| error.to_string().ends_with(problem)),
            "{}: {error}",
            entry["id"]
        );
    }
}

/// Their pairs are something else: in none of them is it certain.
#[test]
fn takes_no_value_of_the_corpus_for_a_key() {
    let Some((folder, entries)) = entries() else { return };
    for entry in &entries {
        let Some(mut history) = history(&folder, entry) else { continue };
        assert!(!history.split_by_key(), "{}", entry["id"]);
    }
}

#[test]
fn agrees_at_every_level_that_is_asserted() {
    compare(EXCEPTIONS, |history, entry| {
        let Some((pairs, model)) = expected(entry) else { return Vec::new() };
        // A property that is asked for by its name, and that histories without reads have too.
        let context = Context { may_be_unread: true, ..context(entry, model) };
        let judge = |(checker, expected): (&'static dyn Checker, String)| {
            (checker.name().to_owned(), checker.check(history, &context), expected)
        };
        pairs.into_iter().map(judge).collect()
    });
}

#[test]
fn agrees_by_the_checkers_that_fit() {
    compare(EXCEPTIONS_OF_FIT, |history, entry| {
        if expected(entry).is_none() {
            return Vec::new();
        }
        // As the command line does it.
        let may_be_unread = observation::is_anything_ok(history);
        let context = Context { may_be_unread, ..context(entry, None) };
        let fits = fit::fits(history);
        let names: Vec<&str> = fits.iter().map(|fit| fit.checker.name()).collect();
        let verdict = Verdict::worst(fits.iter().map(|fit| fit.checker.check(history, &context)));
        vec![(names.join(", "), verdict, text(entry, "expected").to_owned())]
    });
}

#[test]
fn says_of_transactions_that_there_is_no_checker_yet() {
    let Some((folder, entries)) = entries() else { return };
    let mut count = 0;
    for entry in entries.iter().filter(|entry| UNJUDGED.contains(&text(entry, "model"))) {
        let Some(history) = history(&folder, entry) else { continue };
        let fits: Vec<&str> = fit::fits(&history).iter().map(|fit| fit.checker.name()).collect();
        assert_eq!(fits, Vec::<&str>::new(), "{}", entry["id"]);
        assert!(fit::why_none(&history).starts_with("no checker yet"), "{}", entry["id"]);
        count += 1;
    }
    assert!(count > 100, "only {count} histories");
}

#[test]
fn knows_every_model_of_the_corpus() {
    let Some((_, entries)) = entries() else { return };
    for entry in &entries {
        let model = text(entry, "model");
        let is_judged = JUDGED.iter().any(|(judged, ..)| *judged == model);
        assert_ne!(is_judged, UNJUDGED.contains(&model), "{model}");
    }
}
