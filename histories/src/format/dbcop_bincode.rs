//! dbcop's histories in bincode: numbers of 64 bits with the lowest byte first, lists after their lengths.
//!
//! | part | bytes |
//! |---|---|
//! | parameters of the run: id, nodes, variables, transactions, events | 5 × 8 |
//! | texts: what was tested, start, end | each its length, 8, and so many bytes |
//! | sessions | their number, 8, and each of them |
//! | a session | the number of its transactions, 8, and each of them |
//! | a transaction | the number of its events, 8, each of them, and whether it was committed, 1 |
//! | an event | whether it is a write, 1; variable, 8; value, 8; whether it succeeded, 1 |
//!
//! The n-th session is process n, from 0. What was not committed failed. An event that did not succeed
//! is left out: that read saw nothing, that write is not there. The parameters and texts are passed over.
//! A value that is read but never written is kept as it stands: it is 0, dbcop's initial value, or wrong.

use std::io::BufRead;

use super::Format;
use super::bytes::Bytes;
use super::sessions::{self, Session, Step, Transaction};
use crate::{Error, History, Kind};

/// dbcop's histories in bincode.
pub const FORMAT: Format = Format {
    name: "dbcop-bincode",
    about: "dbcop's sessions of transactions, as bincode",
    fits,
    read: super::Read::File(|input| read(input)),
    write: None,
};

/// The longest text that is passed over: far above names and times.
const TEXT_BYTES_MAX: u64 = 64 * 1024;

/// Whether the three texts are where they should be, and the last two begin like a time.
fn fits(head: &[u8]) -> bool {
    let texts = || {
        let (_, rest) = split_text(head.get(5 * 8..)?)?;
        let (start, rest) = split_text(rest)?;
        let (end, _) = split_text(rest)?;
        Some([start, end])
    };
    let is_time = |text: &[u8]| text.get(4) == Some(&b'-') && text[..4].iter().all(u8::is_ascii_digit);
    texts().is_some_and(|texts| texts.iter().all(|text| is_time(text)))
}

/// The text at the beginning of these bytes, and what follows.
fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// Reads a whole history.
pub fn read(input: impl BufRead) -> Result<History, Error> {
    let mut bytes = Bytes::new(input);
    for parameter in
        ["id", "number of nodes", "number of variables", "number of transactions", "number of events"]
    {
        number(&mut bytes, || format!("the {parameter} of the run"))?;
    }
    for text in ["what was tested", "the start", "the end"] {
        skip_text(&mut bytes, text)?;
    }
    let count = number(&mut bytes, || "the number of sessions".to_owned())?;
    let mut sessions = Vec::new();
    for process in 0..count {
        sessions.push(session(&mut bytes, process)?);
    }
    let offset = bytes.offset();
    match bytes.next()? {
        None => Ok(sessions::history(&sessions)),
        Some(_) => Err(Error::Bytes { offset, problem: format!("more bytes after all {count} sessions") }),
    }
}

fn skip_text(bytes: &mut Bytes<impl BufRead>, what: &str) -> Result<(), Error> {
    let offset = bytes.offset();
    let length = number(bytes, || format!("the length of {what}"))?;
    if length > TEXT_BYTES_MAX {
        let problem = format!("{what} is {length} bytes long, but this reads {TEXT_BYTES_MAX} at most");
        return Err(Error::Bytes { offset, problem });
    }
    (0..length).try_for_each(|_| bytes.take::<1>(|| what.to_owned()).map(drop))
}

fn session(bytes: &mut Bytes<impl BufRead>, process: u64) -> Result<Session, Error> {
    let count = number(bytes, || format!("the number of transactions of session {process}"))?;
    let mut transactions = Vec::new();
    for position in 0..count {
        let place = || format!("transaction {position} of session {process}");
        transactions.push(transaction(bytes, place)?);
    }
    Ok(Session { process, transactions })
}

fn transaction(bytes: &mut Bytes<impl BufRead>, place: impl Fn() -> String) -> Result<Transaction, Error> {
    let count = number(bytes, || format!("the number of events of {}", place()))?;
    let mut steps = Vec::new();
    for position in 0..count {
        steps.extend(event(bytes, || format!("event {position} of {}", place()))?);
    }
    let is_committed = flag(bytes, || format!("the outcome of {}", place()))?;
    Ok(Transaction { kind: if is_committed { Kind::Ok } else { Kind::Fail }, steps })
}

/// The step of an event, unless it did not succeed.
fn event(bytes: &mut Bytes<impl BufRead>, place: impl Fn() -> String) -> Result<Option<Step>, Error> {
    let is_write = flag(bytes, &place)?;
    let key = number(bytes, &place)?.into();
    let value = number(bytes, &place)?.into();
    let has_succeeded = flag(bytes, &place)?;
    Ok(has_succeeded.then_some(Step { is_write, key, value }))
}

fn number(bytes: &mut Bytes<impl BufRead>, place: impl FnOnce() -> String) -> Result<u64, Error> {
    bytes.take(place).map(u64::from_le_bytes)
}

fn flag(bytes: &mut Bytes<impl BufRead>, place: impl Fn() -> String) -> Result<bool, Error> {
    let offset = bytes.offset();
    match bytes.take(&place)? {
        [0] => Ok(false),
        [1] => Ok(true),
        [byte] => {
            Err(Error::Bytes { offset, problem: format!("expected 0 or 1, not {byte}, in {}", place()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::print;

    /// Committed or not, of events: a write, variable, value, success.
    type Written<'a> = (u8, &'a [(u8, u64, u64, u8)]);

    fn written(sessions: &[&[Written<'_>]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let number = |bytes: &mut Vec<u8>, number: u64| bytes.extend(number.to_le_bytes());
        (0..5).for_each(|parameter| number(&mut bytes, parameter));
        for text in ["a store", "2022-07-05T12:23:43+08:00", "2022-07-05T12:23:55+08:00"] {
            number(&mut bytes, text.len() as u64);
            bytes.extend(text.bytes());
        }
        number(&mut bytes, sessions.len() as u64);
        for session in sessions {
            number(&mut bytes, session.len() as u64);
            for (is_committed, events) in *session {
                number(&mut bytes, events.len() as u64);
                for (is_write, variable, value, success) in *events {
                    bytes.push(*is_write);
                    number(&mut bytes, *variable);
                    number(&mut bytes, *value);
                    bytes.push(*success);
                }
                bytes.push(*is_committed);
            }
        }
        bytes
    }

    fn printed(sessions: &[&[Written<'_>]]) -> String {
        print(&read(written(sessions).as_slice()).unwrap())
    }

    fn problem(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    /// Where the number of sessions stands.
    const SESSIONS_AT: usize = 40 + 3 * 8 + 7 + 25 + 25;

    #[test]
    fn reads_sessions_of_transactions() {
        assert_eq!(
            printed(&[&[(1, &[(1, 5, u64::MAX, 1), (0, 7, 0, 1)]), (1, &[])], &[], &[(1, &[(0, 5, 1, 1)])]]),
            r#"0:txn(_,[["w",5,18446744073709551615],["r",7,null]])? 2:txn(_,[["r",5,null]])? 0:ok=[["w",5,18446744073709551615],["r",7,0]] 2:ok=[["r",5,1]] 0:txn(_,[])"#
        );
        assert_eq!(printed(&[]), "");
    }

    #[test]
    fn fails_what_was_not_committed() {
        assert_eq!(printed(&[&[(0, &[(1, 5, 1, 1)])]]), r#"0:txn(_,[["w",5,1]]):fail"#);
    }

    #[test]
    fn leaves_out_events_that_did_not_succeed() {
        assert_eq!(
            printed(&[&[(1, &[(0, 5, 1, 0), (1, 6, 1, 1), (1, 7, 1, 0)])]]),
            r#"0:txn(_,[["w",6,1]])"#
        );
    }

    #[test]
    fn says_where_the_file_ends() {
        let whole = written(&[&[], &[(1, &[(1, 5, 1, 1), (1, 5, 1, 1)])]]);
        for (length, expected) in [
            (0, "byte 0: the file ends within the id of the run"),
            (39, "byte 39: the file ends within the number of events of the run"),
            (47, "byte 47: the file ends within the length of what was tested"),
            (54, "byte 54: the file ends within what was tested"),
            (SESSIONS_AT - 1, "byte 120: the file ends within the end"),
            (SESSIONS_AT + 7, "byte 128: the file ends within the number of sessions"),
            (SESSIONS_AT + 8, "byte 129: the file ends within the number of transactions of session 0"),
            (
                SESSIONS_AT + 24,
                "byte 145: the file ends within the number of events of transaction 0 of session 1",
            ),
            (whole.len() - 2, "byte 188: the file ends within event 1 of transaction 0 of session 1"),
            (whole.len() - 1, "byte 189: the file ends within the outcome of transaction 0 of session 1"),
        ] {
            assert_eq!(problem(&whole[..length]), expected);
        }
    }

    #[test]
    fn says_which_byte_is_wrong() {
        let whole = written(&[&[(1, &[(1, 5, 1, 1)])]]);
        for (offset, expected) in [
            (SESSIONS_AT + 24, "byte 145: expected 0 or 1, not 2, in event 0 of transaction 0 of session 0"),
            (SESSIONS_AT + 41, "byte 162: expected 0 or 1, not 2, in event 0 of transaction 0 of session 0"),
            (
                SESSIONS_AT + 42,
                "byte 163: expected 0 or 1, not 2, in the outcome of transaction 0 of session 0",
            ),
            (SESSIONS_AT + 43, "byte 164: more bytes after all 1 sessions"),
        ] {
            let mut bytes = whole.clone();
            bytes.resize(bytes.len().max(offset + 1), 2);
            bytes[offset] = 2;
            assert_eq!(problem(&bytes), expected);
        }
    }

    #[test]
    fn allocates_nothing_for_what_is_only_promised() {
        let whole = written(&[&[(1, &[(1, 5, 1, 1)])]]);
        for (offset, expected) in [
            (40, "byte 40: what was tested is 18446744073709551615 bytes long, but this reads 65536 at most"),
            (SESSIONS_AT, "byte 164: the file ends within the number of transactions of session 1"),
            (
                SESSIONS_AT + 8,
                "byte 164: the file ends within the number of events of transaction 1 of session 0",
            ),
            (SESSIONS_AT + 16, "byte 164: the file ends within event 1 of transaction 0 of session 0"),
        ] {
            let mut bytes = whole.clone();
            bytes[offset..offset + 8].fill(u8::MAX);
            assert_eq!(problem(&bytes), expected);
        }
    }

    #[test]
    fn fits_what_has_its_texts_in_place() {
        let whole = written(&[]);
        assert!(fits(&whole));
        assert!(!fits(&whole[..SESSIONS_AT - 1]));
        assert!(!fits(&[0; 100]));
        assert!(!fits(&[u8::MAX; 100]));
        for offset in [SESSIONS_AT - 25, SESSIONS_AT - 25 - 8 - 25] {
            let mut bytes = whole.clone();
            bytes[offset] = b'x';
            assert!(!fits(&bytes));
        }
    }
}
