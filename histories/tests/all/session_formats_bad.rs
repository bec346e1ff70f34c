//! Formats of transaction histories on bad input: an error with its place within the file, never a panic.

use std::fs;
use std::path::PathBuf;

use perjury_histories::format::{Read, awdit_test, cobra_log_dir, dbcop_bincode, dbcop_json, plume_text};
use perjury_histories::{Error, History};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const PLUME: &[u8] = b"w(0,1,0,0)\nw(-1,18446744073709551615,0,0)\nr(0,0,3,1)\nr(0,1,0,1)\nw(2,5,1,-1)\n";

const AWDIT: &[u8] = b"w 0 1\nw -1 2\n-----\nr 0 1\n=====\nr 1 0\n\nw 2 18446744073709551615\n";

const JSON: &[u8] = br#"{"params":{"id":0},"data":[[{"events":[{"Write":{"variable":"x","version":1}},
["r","\u00e9",null]],"committed":true}],[],[{"events":[["w",-3,4]],"committed":false}]]}"#;

/// Two sessions, one of them empty; the other has a transaction of two events, and an empty one.
fn bincode() -> Vec<u8> {
    let number = |number: u64| number.to_le_bytes().to_vec();
    let text = |text: &str| [number(text.len() as u64), text.as_bytes().to_vec()].concat();
    let event = |is_write: u8, key, value| [vec![is_write], number(key), number(value), vec![1]].concat();
    let parameters = (0..5).map(number).collect::<Vec<_>>().concat();
    let texts = [text("a store"), text("2022-07-05"), text("2022-07-06")].concat();
    let first = [number(2), event(1, 5, 1), event(0, 6, 0), vec![1]].concat();
    [parameters, texts, number(2), number(0), number(2), first, number(0), vec![0]].concat()
}

/// A log of two transactions, the second one not committed.
fn log() -> Vec<u8> {
    let record = |letter: u8, numbers: &[u64]| {
        [vec![letter], numbers.iter().flat_map(|n| n.to_be_bytes()).collect()].concat()
    };
    let first =
        [record(b'S', &[1]), record(b'W', &[9, 5, 0]), record(b'R', &[1, 9, 5, 0]), record(b'C', &[1])];
    [first.concat(), record(b'S', &[2]), record(b'R', &[0xbebe_ebee, 0, 6, 0])].concat()
}

/// A folder of our own under the target folder.
fn folder_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cobra").join(name)
}

/// That folder, made anew.
fn folder(name: &str) -> PathBuf {
    let folder = folder_path(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn read_log(name: &str, bytes: &[u8]) -> Result<History, Error> {
    let folder = folder(name);
    fs::write(folder.join("T7.log"), bytes).unwrap();
    cobra_log_dir::read(&folder)
}

/// Whether a result is a history, or an error within a file of these bytes.
fn is_sound(result: Result<History, Error>, bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n');
    match result {
        Ok(_) => true,
        Err(Error::Bytes { offset, .. }) => offset <= bytes.len() as u64,
        Err(Error::Input { line, column, .. }) => {
            let length = lines.clone().nth(line as usize - 1).map(<[u8]>::len);
            length.is_some_and(|length| column.is_none_or(|column| (1..=length + 1).contains(&column)))
        }
        Err(Error::File { source, .. }) => is_sound(Err(*source), bytes),
        Err(_) => false,
    }
}

/// The file, with bytes replaced, a part taken out, and a part of it put in somewhere.
fn mutated(file: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let flips = vec((any::<Index>(), prop_oneof![any::<u8>(), proptest::sample::select(file.clone())]), 0..4);
    let range = || (any::<Index>(), any::<Index>());
    (flips, proptest::option::of(range()), proptest::option::of((range(), any::<Index>()))).prop_map(
        move |(flips, cut, splice)| {
            let mut bytes = file.clone();
            let range = |(a, b): (Index, Index)| {
                let (a, b) = (a.index(file.len() + 1), b.index(file.len() + 1));
                a.min(b)..a.max(b)
            };
            for (at, byte) in flips {
                bytes[at.index(file.len())] = byte;
            }
            if let Some((part, at)) = splice {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, file[range(part)].to_vec());
            }
            if let Some(part) = cut {
                bytes.drain(range(part));
            }
            bytes
        },
    )
}

#[test]
fn start_from_files_that_are_good() {
    for (result, operations) in [
        (plume_text::read(PLUME), 4),
        (awdit_test::read(AWDIT), 3),
        (dbcop_json::read(JSON), 2),
        (dbcop_bincode::read(bincode().as_slice()), 2),
        (read_log("good", &log()), 2),
    ] {
        assert_eq!(result.unwrap().operations().len(), operations);
    }
}

#[test]
fn survive_any_cut() {
    for (read, file) in [
        (dbcop_bincode::FORMAT, bincode()),
        (plume_text::FORMAT, PLUME.to_vec()),
        (awdit_test::FORMAT, AWDIT.to_vec()),
        (dbcop_json::FORMAT, JSON.to_vec()),
    ] {
        let Read::File(read) = read.read else { panic!("no file") };
        for length in 0..file.len() {
            let bytes = &file[..length];
            assert!(is_sound(read(&mut &*bytes), bytes), "{length}");
        }
    }
    let file = bincode();
    for length in 0..file.len() {
        let error = dbcop_bincode::read(&file[..length]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("byte {length}: the file ends within ")), "{error}");
    }
}

#[test]
fn a_cobra_error_names_the_file_and_the_byte() {
    let mut bytes = log();
    bytes.pop();
    let problem = |result: Result<History, Error>| result.unwrap_err().to_string();
    let in_file =
        |name: &str, problem: &str| format!("{}: {problem}", folder_path(name).join("T7.log").display());
    assert_eq!(problem(read_log("cut", &bytes)), in_file("cut", "byte 117: the file ends within a record R"));
    assert_eq!(problem(cobra_log_dir::read(&folder("empty"))), "the folder holds no log T*.log");
    let missing = problem(cobra_log_dir::read(&folder("empty").join("missing")));
    assert!(missing.starts_with("cannot be opened: "), "{missing}");
    let inner = folder("inner");
    fs::create_dir(inner.join("T7.log")).unwrap();
    let unreadable = problem(cobra_log_dir::read(&inner));
    assert!(unreadable.starts_with(&in_file("inner", "byte 0: cannot be read: ")), "{unreadable}");
}

#[test]
fn a_cobra_folder_is_read_in_the_order_of_its_numbers() {
    let folder = folder("order");
    // As many writes as its place in the order.
    let write =
        |count: usize| [&b"S\0\0\0\0\0\0\0\0"[..], &[b"W", &[0; 24][..]].concat().repeat(count)].concat();
    for (name, count) in
        [("T10.log", 3), ("T9.log", 2), ("Tx.log", 4), ("T1.log", 1), ("J0.log", 5), ("T2.txt", 6)]
    {
        fs::write(folder.join(name), write(count)).unwrap();
    }
    let history = cobra_log_dir::read(&folder).unwrap();
    let counts = history.operations().map(|operation| operation.argument().as_array().unwrap().len());
    assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 3, 4]);
}

proptest! {
    #[test]
    fn survive_mutated_plume(bytes in mutated(PLUME.to_vec())) {
        prop_assert!(is_sound(plume_text::read(bytes.as_slice()), &bytes));
    }

    #[test]
    fn survive_mutated_awdit(bytes in mutated(AWDIT.to_vec())) {
        prop_assert!(is_sound(awdit_test::read(bytes.as_slice()), &bytes));
    }

    #[test]
    fn survive_mutated_json(bytes in mutated(JSON.to_vec())) {
        prop_assert!(is_sound(dbcop_json::read(bytes.as_slice()), &bytes));
    }

    #[test]
    fn survive_mutated_bincode(bytes in mutated(bincode())) {
        prop_assert!(is_sound(dbcop_bincode::read(bytes.as_slice()), &bytes));
    }

    #[test]
    fn survive_mutated_logs(bytes in mutated(log())) {
        prop_assert!(is_sound(read_log("mutated", &bytes), &bytes));
    }

    #[test]
    fn guess_without_panic(head in vec(any::<u8>(), 0..200), bytes in mutated(bincode())) {
        for format in [&plume_text::FORMAT, &awdit_test::FORMAT, &dbcop_json::FORMAT, &dbcop_bincode::FORMAT] {
            let fits = (format.fits)(&head);
            prop_assert!(!fits || format.name != "dbcop-bincode" || head.len() > 64);
            (format.fits)(&bytes);
        }
    }
}
