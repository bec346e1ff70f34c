//! Cobra's logs: a folder with one binary file per session, `T0.log`, `T1.log`, and so on.
//!
//! A file is a list of records, each a letter and numbers of 64 bits, the highest byte first:
//!
//! ```text
//! S transaction                              a transaction begins
//! W write key value                          it wrote: each write has a number of its own
//! R transaction write key value              it read what that transaction wrote there
//! C transaction                              it was committed
//! ```
//!
//! A read from transaction 0xbebeebee or 0xdeadbeef found the initial value, or none: null here.
//!
//! Keys and values in these logs are hashes. Here, as in the corpus, a key is named by when it was first
//! met, from 0, and so is a write, from 1: session by session, in the order of the numbers of the files,
//! which the processes, from 0, follow too. A write is told by its transaction and its own number, so that
//! a read that names the right write of the wrong transaction is one of a value that nobody wrote.
//!
//! A transaction that is neither committed nor followed by anything but the next one, or by the end of
//! the file, is of unknown fate: its client may have been stopped before it could write the record.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::Format;
use super::bytes::Bytes;
use super::sessions::{self, Session, Step, Transaction};
use crate::{Error, History, Kind};

/// Cobra's logs.
pub const FORMAT: Format = Format {
    name: "cobra-log-dir",
    about: "Cobra's logs: a folder with a binary file T*.log per session",
    fits,
    read: super::Read::Folder(read),
    write: None,
};

/// The transactions that a read of no write names: of the initial value, and of none.
const NOBODY: [u64; 2] = [0xbebe_ebee, 0xdead_beef];

/// Whether this is the beginning of a log, of whole records unless more follows.
fn fits(head: &[u8]) -> bool {
    let mut rest = head;
    while let Some((letter, after)) = rest.split_first() {
        let numbers = match letter {
            b'S' | b'C' => 1,
            b'W' => 3,
            b'R' => 4,
            _ => return false,
        };
        match after.get(8 * numbers..) {
            Some(after) => rest = after,
            None => return head.len() >= super::HEAD_BYTES,
        }
    }
    head.starts_with(b"S")
}

/// Reads all logs of this folder; what else is there is passed over.
pub fn read(folder: &Path) -> Result<History, Error> {
    let mut met = Met::default();
    let mut sessions = Vec::new();
    for (process, name) in (0..).zip(log_names(folder)?) {
        let path = folder.join(name);
        let log = File::open(&path).map_err(Error::Unopened);
        let transactions = log.and_then(|log| transactions(BufReader::new(log), &mut met));
        sessions.push(Session { process, transactions: transactions.map_err(|error| error.in_file(path))? });
    }
    Ok(sessions::history(&sessions))
}

/// The names of the logs, in the order of their numbers, then those without.
fn log_names(folder: &Path) -> Result<Vec<String>, Error> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::Unopened)? {
        let name = entry.map_err(Error::Unopened)?.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(number) = name.strip_prefix('T').and_then(|name| name.strip_suffix(".log")) {
            logs.push((number.parse().unwrap_or(u64::MAX), name.to_owned()));
        }
    }
    if logs.is_empty() {
        return Err(Error::Format("the folder holds no log T*.log".to_owned()));
    }
    logs.sort();
    Ok(logs.into_iter().map(|(_, name)| name).collect())
}

/// The transactions of a log.
fn transactions(log: impl BufRead, met: &mut Met) -> Result<Vec<Transaction>, Error> {
    let mut bytes = Bytes::new(log);
    let mut transactions = Vec::new();
    let mut open: Option<Open> = None;
    loop {
        let offset = bytes.offset();
        let wrong = |problem| Err(Error::Bytes { offset, problem });
        match (bytes.next()?, &mut open) {
            (None, _) => break,
            (Some(b'S'), _) => {
                let [id] = numbers(&mut bytes, "S")?;
                let next = Open { id, steps: Vec::new() };
                transactions.extend(open.replace(next).map(|open| open.end(Kind::Info)));
            }
            (Some(b'W'), Some(open)) => {
                let [write, key, _] = numbers(&mut bytes, "W")?;
                let value = met.write(open.id, write);
                open.steps.push(Step { is_write: true, key: met.key(key), value });
            }
            (Some(b'R'), Some(open)) => {
                let [writer, write, key, _] = numbers(&mut bytes, "R")?;
                let value = if NOBODY.contains(&writer) { Value::Null } else { met.write(writer, write) };
                open.steps.push(Step { is_write: false, key: met.key(key), value });
            }
            (Some(b'C'), Some(Open { id: begun, .. })) => {
                let [id] = numbers(&mut bytes, "C")?;
                if id != *begun {
                    return wrong(format!("transaction {id} is committed, but {begun} was begun"));
                }
                transactions.extend(open.take().map(|open| open.end(Kind::Ok)));
            }
            (Some(letter @ (b'W' | b'R' | b'C')), None) => {
                return wrong(format!("a record {} outside of a transaction", char::from(letter)));
            }
            (Some(byte), _) => return wrong(format!("expected a record S, W, R or C, not byte {byte:#04x}")),
        }
    }
    transactions.extend(open.map(|open| open.end(Kind::Info)));
    Ok(transactions)
}

/// The numbers of a record of this letter.
fn numbers<const N: usize>(bytes: &mut Bytes<impl BufRead>, letter: &str) -> Result<[u64; N], Error> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = u64::from_be_bytes(bytes.take(|| format!("a record {letter}"))?);
    }
    Ok(numbers)
}

/// A transaction that was begun.
struct Open {
    id: u64,
    steps: Vec<Step>,
}

impl Open {
    fn end(self, kind: Kind) -> Transaction {
        Transaction { kind, steps: self.steps }
    }
}

/// The keys and the writes that were met, and how they are named here.
#[derive(Default)]
struct Met {
    keys: FxHashMap<u64, u64>,
    /// By transaction and write.
    writes: FxHashMap<(u64, u64), u64>,
}

impl Met {
    fn key(&mut self, key: u64) -> Value {
        let name = self.keys.len() as u64;
        Value::from(*self.keys.entry(key).or_insert(name))
    }

    fn write(&mut self, transaction: u64, write: u64) -> Value {
        let name = self.writes.len() as u64 + 1;
        Value::from(*self.writes.entry((transaction, write)).or_insert(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::print;

    fn log(records: &[(u8, &[u64])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (letter, numbers) in records {
            bytes.push(*letter);
            numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        }
        bytes
    }

    /// The history of these logs.
    fn printed(logs: &[&[(u8, &[u64])]]) -> String {
        let mut met = Met::default();
        let sessions = (0..).zip(logs).map(|(process, records)| {
            let transactions = transactions(log(records).as_slice(), &mut met).unwrap();
            Session { process, transactions }
        });
        print(&sessions::history(&sessions.collect::<Vec<_>>()))
    }

    fn problem(bytes: &[u8]) -> String {
        transactions(bytes, &mut Met::default()).unwrap_err().to_string()
    }

    #[test]
    fn names_keys_and_writes_by_when_they_were_first_met() {
        let first: &[(u8, &[u64])] = &[
            (b'S', &[70]),
            (b'R', &[80, 3, 1000, 5]),
            (b'W', &[4, 2000, 5]),
            (b'C', &[70]),
            (b'S', &[71]),
            (b'W', &[5, 1000, 5]),
            (b'C', &[71]),
        ];
        let second: &[(u8, &[u64])] =
            &[(b'S', &[80]), (b'W', &[3, 1000, 5]), (b'R', &[70, 4, 2000, 5]), (b'C', &[80])];
        assert_eq!(
            printed(&[first, second]),
            r#"0:txn(_,[["r",0,null],["w",1,2]])? 1:txn(_,[["w",0,1],["r",1,null]])? 0:ok=[["r",0,1],["w",1,2]] 1:ok=[["w",0,1],["r",1,2]] 0:txn(_,[["w",0,3]])"#
        );
    }

    #[test]
    fn tells_a_write_by_its_transaction_too() {
        assert_eq!(
            printed(&[&[(b'S', &[1]), (b'W', &[9, 5, 0]), (b'R', &[2, 9, 5, 0]), (b'C', &[1])]]),
            r#"0:txn(_,[["w",0,1],["r",0,null]])=[["w",0,1],["r",0,2]]"#
        );
    }

    #[test]
    fn takes_a_read_of_no_write_for_the_initial_value() {
        let read = |writer| printed(&[&[(b'S', &[1]), (b'R', &[writer, 9, 5, 3]), (b'C', &[1])]]);
        assert_eq!(read(0xbebe_ebee), r#"0:txn(_,[["r",0,null]])"#);
        assert_eq!(read(0xdead_beef), r#"0:txn(_,[["r",0,null]])"#);
        assert_eq!(read(0xdead_beee), r#"0:txn(_,[["r",0,null]])=[["r",0,1]]"#);
    }

    #[test]
    fn leaves_open_what_became_of_a_transaction_that_was_not_committed() {
        assert_eq!(
            printed(&[&[(b'S', &[1]), (b'W', &[9, 5, 0]), (b'S', &[2]), (b'C', &[2]), (b'S', &[3])]]),
            r#"0:txn(_,[["w",0,1]]):info 0:txn(_,[]) 0:txn(_,[]):info"#
        );
        assert_eq!(printed(&[&[], &[(b'S', &[1]), (b'C', &[1])]]), "1:txn(_,[])");
    }

    #[test]
    fn says_where_the_file_ends() {
        let whole = log(&[(b'S', &[1]), (b'W', &[9, 5, 0]), (b'R', &[1, 9, 5, 0]), (b'C', &[1])]);
        for (length, expected) in [
            (8, "byte 8: the file ends within a record S"),
            (10, "byte 10: the file ends within a record W"),
            (33, "byte 33: the file ends within a record W"),
            (66, "byte 66: the file ends within a record R"),
            (68, "byte 68: the file ends within a record C"),
        ] {
            assert_eq!(problem(&whole[..length]), expected);
        }
    }

    #[test]
    fn says_which_record_is_wrong() {
        for (records, expected) in [
            (&[(b'A', &[1_u64; 1][..])][..], "byte 0: expected a record S, W, R or C, not byte 0x41"),
            (&[(b'S', &[1]), (b'\n', &[])], "byte 9: expected a record S, W, R or C, not byte 0x0a"),
            (&[(b'W', &[1, 1, 1])], "byte 0: a record W outside of a transaction"),
            (&[(b'S', &[1]), (b'C', &[1]), (b'R', &[])], "byte 18: a record R outside of a transaction"),
            (&[(b'S', &[1]), (b'C', &[1]), (b'C', &[1])], "byte 18: a record C outside of a transaction"),
            (&[(b'S', &[1]), (b'C', &[2])], "byte 9: transaction 2 is committed, but 1 was begun"),
        ] {
            assert_eq!(problem(&log(records)), expected);
        }
    }
}
