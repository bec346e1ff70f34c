//! What must hold of any bytes: no panic, errors with a place in the file, and a history that was read can
//! be written in every format that is written and reads back equal.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

use perjury_histories::edn::{self, Edn};
use perjury_histories::format::{self, ALL, Format, Read};
use perjury_histories::{Error, History};
use perjury_histories::{notation as lines, open};

/// Reads the bytes in this format.
pub fn format(name: &str, bytes: &[u8]) {
    let format = format::named(name).expect("a format");
    let history = match format.read {
        // The first byte says in what portions the others arrive.
        Read::File(read) => match bytes.split_first() {
            Some((&first, rest)) if first < 16 => {
                let history = read(&mut BufReader::with_capacity(usize::from(first) + 1, rest));
                check(history, rest)
            }
            _ => check(read(&mut &bytes[..]), bytes),
        },
        Read::Folder(read) => {
            fs::write(FOLDER.join("T0.log"), bytes).expect("a file in a folder of our own");
            check(read(&FOLDER), bytes)
        }
    };
    if let Some(history) = history {
        reads_back(&history);
    }
}

/// Opens a file of these bytes by its content.
pub fn detect(bytes: &[u8]) {
    let path = FOLDER.join("T0.log");
    fs::write(&path, bytes).expect("a file in a folder of our own");
    let by_content = open(&path, None);
    if let Some(Format { read: Read::File(read), name, .. }) = format::detect(bytes) {
        assert_eq!(by_content.ok(), read(&mut &bytes[..]).ok(), "{name}");
    }
    let _ = open(&FOLDER, None);
}

/// Reads a value of EDN, prints it, and turns it into JSON and back.
pub fn edn(bytes: &[u8]) {
    let Some(value) = str::from_utf8(bytes).ok().and_then(|text| edn::parse(text).ok()) else {
        return;
    };
    let printed = value.to_string();
    let again = edn::parse(&printed).expect("what is printed is EDN");
    assert_eq!(again.to_string(), printed);
    if let Ok(json) = value.into_json() {
        let printed = Edn::from_json(&json).to_string();
        let again = edn::parse(&printed).expect("what is printed is EDN");
        assert_eq!(again.into_json().as_ref(), Ok(&json), "{printed}");
    }
}

/// Reads the one-line form of a history, and prints it.
pub fn notation(bytes: &[u8]) {
    let Some(history) = str::from_utf8(bytes).ok().and_then(|text| lines::parse(text).ok()) else {
        return;
    };
    let printed = lines::print(&history);
    assert_eq!(lines::parse(&printed).expect("what is printed is a history"), history, "{printed}");
    reads_back(&history);
}

/// A folder of this process.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = parent.join(format!("perjury-fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder of our own");
    folder
});

/// The history, if it is one; what is wrong has a place in the bytes.
fn check(history: Result<History, Error>, bytes: &[u8]) -> Option<History> {
    match history {
        Ok(history) => return Some(history),
        Err(Error::Input { line, column, problem }) => {
            let width = bytes.split(|&byte| byte == b'\n').nth(line as usize - 1).map(<[u8]>::len);
            let width = width.unwrap_or_else(|| panic!("line {line}: {problem}"));
            assert!(
                column.is_none_or(|column| (1..=width + 1).contains(&column)),
                "{line}, {column:?}: {problem}"
            );
        }
        Err(Error::Bytes { offset, problem }) => {
            assert!(offset <= bytes.len() as u64, "byte {offset}: {problem}")
        }
        // Of a folder, in one of its files.
        Err(Error::File { source, .. }) => return check(Err(*source), bytes),
        Err(error) => panic!("{error}"),
    }
    None
}

/// Writes the history in every format that is written, and reads it again.
fn reads_back(history: &History) {
    for format in ALL {
        let (Some(write), Read::File(read)) = (format.write, &format.read) else {
            continue;
        };
        let mut bytes = Vec::new();
        write(history, &mut bytes).expect("a vector takes all");
        let again = read(&mut bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        assert!(again == *history, "{}: {}", format.name, String::from_utf8_lossy(&bytes));
    }
}
