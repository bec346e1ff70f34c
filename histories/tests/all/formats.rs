//! Other people's formats, over the shared corpus: the original says what its plain twin says.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use perjury_histories::format::{self, Read, jsonl};
use perjury_histories::{Error, Event, EventRef, History, Value, open};

use crate::shared_corpus::{corpus, entries};

/// The formats that are compared here, and how many originals the corpus has of each.
const FORMATS: &[(&str, usize)] = &[
    ("elle-json", 5),
    ("jepsen-edn", 15),
    ("jepsen-edn-vec", 61),
    ("jepsen-history-txt", 2),
    ("jepsen-log", 52),
    ("porcupine-kv-edn", 3),
];

/// What is not read as the format that the corpus says, but as another with the same result.
const OTHERWISE_DETECTED: &[(&str, &str)] = &[("ellecli-set-edn", "jepsen-edn-vec")];

/// The originals of these formats, with their files and their plain twins.
fn originals(check: impl Fn(&str, &str, &Path, Result<History, Error>)) {
    let Some(folder) = corpus() else { return };
    let entries = entries(&folder);
    for &(format, expected) in FORMATS {
        let mut count = 0;
        for entry in entries.iter().filter(|entry| entry["format"] == format) {
            let path = |field: &str| folder.join(entry[field].as_str().unwrap());
            let plain = File::open(path("plain")).unwrap();
            let plain = jsonl::read(BufReader::new(plain));
            check(entry["id"].as_str().unwrap(), format, &path("file"), plain);
            count += 1;
        }
        assert_eq!(count, expected, "{format}");
    }
}

/// The event with its error cut as the plain twins have it.
fn with_short_error(event: EventRef<'_>) -> Event {
    let cut = |error: &Value| match error {
        Value::String(text) => Value::from(text.chars().take(200).collect::<String>()),
        error => error.clone(),
    };
    Event { error: event.error.map(cut), ..event.to_event() }
}

#[test]
fn reads_originals_like_their_plain_twins() {
    originals(|id, format, path, plain| {
        let original = open(path, format::named(format));
        match plain {
            Ok(plain) => {
                let original = original.unwrap_or_else(|error| panic!("{id}: {error}"));
                let events = |history: &History| history.events().map(with_short_error).collect::<Vec<_>>();
                let (original, plain) = (events(&original), events(&plain));
                for (original, plain) in original.iter().zip(&plain) {
                    assert_eq!(original, plain, "{id}");
                }
                assert_eq!(original.len(), plain.len(), "{id}");
            }
            Err(plain) => {
                let original = original.map(drop).expect_err(id).to_string();
                assert!(original.contains("an invocation without a process"), "{id}: {plain}: {original}");
            }
        }
    });
}

#[test]
fn detects_the_format_of_every_original() {
    originals(|id, format, path, _| {
        let head = fs::read(path).unwrap();
        let expected =
            OTHERWISE_DETECTED.iter().find(|(name, _)| *name == id).map_or(format, |(_, other)| other);
        let head = &head[..head.len().min(format::HEAD_BYTES)];
        assert_eq!(format::detect(head).map(|format| format.name), Some(expected), "{id}");
        let fitting = format::ALL.iter().filter(|format| (format.fits)(head)).map(|format| format.name);
        assert!(fitting.clone().count() <= 2, "{id}: {:?}", fitting.collect::<Vec<_>>());
        let first = &head[..head.len().min(400)];
        assert_eq!(format::detect(first).map(|format| format.name), Some(expected), "{id}, cut");
    });
}

#[test]
fn writes_originals_as_edn_that_reads_back() {
    let jepsen_edn = format::named("jepsen-edn").unwrap();
    let (Some(write), Read::File(read)) = (jepsen_edn.write, &jepsen_edn.read) else {
        panic!("no writer");
    };
    originals(|id, _, path, _| {
        let Ok(history) = open(path, None) else { return };
        let mut bytes = Vec::new();
        write(&history, &mut bytes).unwrap();
        assert!(read(&mut bytes.as_slice()).unwrap() == history, "{id}");
    });
}

#[test]
fn opens_every_history_by_its_content() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for entry in entries(&folder).iter().filter(|entry| entry["malformed"].is_null()) {
        for field in ["file", "plain", "paired"] {
            let Some(path) = entry[field].as_str().map(|path| folder.join(path)) else { continue };
            let history = open(&path, None).unwrap_or_else(|error| panic!("{error}"));
            if field == "file" {
                let operations = history.operations().len();
                assert_eq!(entry["ops"], operations, "{}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 600, "only {count} files");
}
