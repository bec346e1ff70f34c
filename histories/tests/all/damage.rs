//! Damaged files of every format: an error with a place in the file, or a history, and never a panic.

use std::io;

use perjury_histories::format::{ALL, Format, Read};
use perjury_histories::{Error, History};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A small file of each text format that is read here, with something of everything.
const FILES: &[(&str, &str)] = &[
    (
        "jepsen-edn",
        "; first\n{:index 0, :time -1, :type :invoke, :process 0, :f :cas, :value [1 2N]}\n\
         #jepsen.history.Op{:type :info :process :nemesis :value #{\"n1\" \"é\" \\a 1/2 ##Inf}, :error [:a \"b\"]}\n\
         {:type :ok :process 0 #_x :f :cas :value {:a #inst \"2026\" 1 1.5M}, :version [1 2] :final? true}\n",
    ),
    (
        "jepsen-edn-vec",
        "[{:type :invoke :process 1 :f :read :value nil :key \"x\"}\n \
         {:type :ok, :process 1, :f :read, :value (1 x :y \"z\\n\\u0041\"), :key \"x\"}]\n",
    ),
    (
        "porcupine-kv-edn",
        "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n\
         {:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 0 y\"}\n",
    ),
    (
        "elle-json",
        "[{\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\",\"é\",null]],\"process\":0,\"index\":0},\n\
         {\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",\"é\",1.5e3]],\"process\":0,\"index\":1,\"x\":{}}]\n",
    ),
    (
        "jepsen-history-txt",
        "0\t:invoke\t:txn\t[[:r 8 nil]]\n:nemesis\t:info\t:start\t{\"n1\" #{\"n2\"}}\tfirst\n second\n\
         0\t:info\t:txn\t[[:r 8 nil]]\t:eof\n",
    ),
    (
        "jepsen-log",
        "INFO  jepsen.core - up\nINFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n\
         INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n",
    ),
];

fn named(name: &str) -> &'static Format {
    ALL.iter().find(|format| format.name == name).expect("a format")
}

fn read(format: &Format, bytes: &[u8]) -> Result<History, Error> {
    match format.read {
        Read::File(read) => read(&mut io::BufReader::with_capacity(7, bytes)),
        Read::Folder(_) => panic!("{} is of folders", format.name),
    }
}

/// Reads it with every format of files; whatever is wrong has a place in it.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    for format in ALL.iter().filter(|format| matches!(format.read, Read::File(_))) {
        // To be asked is to survive, too.
        let _ = (format.fits)(bytes);
        match read(format, bytes) {
            Ok(history) => reads_back(&history)?,
            Err(Error::Input { line, column, problem }) => {
                let width = bytes.split(|&byte| byte == b'\n').nth(line as usize - 1).map(<[u8]>::len);
                prop_assert!((1..=lines).contains(&line), "{}: line {}: {}", format.name, line, problem);
                // The end of the text may be what is wrong.
                let column = column.unwrap_or(1);
                prop_assert!(
                    (1..=width.unwrap_or(0) + 1).contains(&column),
                    "{}: {}, {}: {}",
                    format.name,
                    line,
                    column,
                    problem
                );
            }
            Err(Error::Bytes { offset, problem }) => {
                prop_assert!(offset <= bytes.len() as u64, "{}: byte {}: {}", format.name, offset, problem);
            }
            Err(error) => prop_assert!(false, "{}: {}", format.name, error),
        }
    }
    Ok(())
}

/// What was read can be written in every format that is written, and reads back equal.
fn reads_back(history: &History) -> Result<(), TestCaseError> {
    for format in ALL {
        if let Some(write) = format.write {
            let mut bytes = Vec::new();
            write(history, &mut bytes).expect("a vector takes all");
            let again = read(format, &bytes)
                .map_err(|error| TestCaseError::fail(format!("{}: {error}", format.name)))?;
            prop_assert!(again == *history, "{}: {}", format.name, String::from_utf8_lossy(&bytes));
        }
    }
    Ok(())
}

#[test]
fn reads_every_file_undamaged() {
    for (name, text) in FILES {
        let history = read(named(name), text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(history.operations().len() == 1, "{name}");
        assert!((named(name).fits)(text.as_bytes()), "{name}");
        survives(text.as_bytes()).unwrap();
    }
}

#[test]
fn survives_a_cut_anywhere() {
    for (_, text) in FILES {
        for cut in 0..text.len() {
            survives(&text.as_bytes()[..cut]).unwrap();
        }
    }
}

fn files() -> impl Strategy<Value = Vec<u8>> {
    select(FILES).prop_map(|(_, text)| text.as_bytes().to_vec())
}

fn bytes() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), select(b"\"{}[]()#\n\t:;\\_/1-.N ".to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn survives_changed_bytes(mut file in files(), changes in vec((any::<Index>(), bytes()), 1..4)) {
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        survives(&file)?;
    }

    #[test]
    fn survives_removed_and_inserted_bytes(mut file in files(), places in vec((any::<Index>(), any::<Index>()), 1..3), byte in bytes()) {
        for (from, to) in places {
            let (from, to) = (from.index(file.len()), to.index(file.len()));
            let removed = from.min(to)..from.max(to).min(from.min(to) + 5);
            file.splice(removed, [byte]);
        }
        survives(&file)?;
    }

    #[test]
    fn survives_a_splice_of_two_files(one in files(), other in files(), first in any::<Index>(), second in any::<Index>()) {
        let mut file = one[..first.index(one.len())].to_vec();
        file.extend_from_slice(&other[second.index(other.len())..]);
        survives(&file)?;
    }
}
