//! Formats of transaction histories: what they read of `../shared/corpus` is what `plain` says there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use perjury_histories::format::{
    Format, HEAD_BYTES, Read, awdit_test, cobra_log_dir, dbcop_bincode, dbcop_json, jsonl, plume_text,
};
use perjury_histories::{Error, History};

use crate::shared_corpus::{corpus, entries};

/// The formats, and how many histories in them the corpus holds at least.
const FORMATS: [(&Format, usize); 5] = [
    (&plume_text::FORMAT, 1),
    (&awdit_test::FORMAT, 11),
    (&dbcop_json::FORMAT, 22),
    (&dbcop_bincode::FORMAT, 18),
    (&cobra_log_dir::FORMAT, 11),
];

fn read(format: &Format, path: &Path) -> Result<History, Error> {
    match format.read {
        Read::File(read) => read(&mut BufReader::new(File::open(path).unwrap())),
        Read::Folder(read) => read(path),
    }
}

#[test]
fn read_what_the_corpus_says_in_plain() {
    let Some(folder) = corpus() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries(&folder) {
        let named = |(format, _): &&(&Format, usize)| entry["format"] == format.name;
        let Some((format, _)) = FORMATS.iter().find(named) else { continue };
        let id = entry["id"].as_str().unwrap();
        let path = |field: &str| folder.join(entry[field].as_str().unwrap());
        let history = read(format, &path("file")).unwrap_or_else(|error| panic!("{id}: {error}"));
        let plain = jsonl::read(BufReader::new(File::open(path("plain")).unwrap())).unwrap();
        assert!(history == plain, "{id}");
        assert_eq!(entry["ops"], history.operations().len(), "{id}");
        *counts.entry(format.name).or_default() += 1;
    }
    for (format, count) in FORMATS {
        assert!(counts[format.name] >= count, "{counts:?}");
    }
}

#[test]
fn fit_their_own_originals_only() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for entry in entries(&folder) {
        for field in ["file", "plain", "paired"] {
            let Some(path) = entry[field].as_str().map(|path| folder.join(path)) else { continue };
            if path.is_dir() {
                continue;
            }
            let mut head = Vec::new();
            File::open(&path).unwrap().take(HEAD_BYTES as u64).read_to_end(&mut head).unwrap();
            let fitting = FORMATS.iter().map(|(format, _)| format).filter(|format| (format.fits)(&head));
            let expected =
                FORMATS.iter().filter(|(format, _)| field == "file" && entry["format"] == format.name);
            let names = fitting.map(|format| format.name);
            assert_eq!(
                names.collect::<Vec<_>>(),
                expected.map(|(format, _)| format.name).collect::<Vec<_>>(),
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 500, "only {count} files");
}
