//! Plume's text: one micro-operation of a transaction per line.
//!
//! ```text
//! w(0,1,0,0)     session 0 in its transaction 0 writes 1 to key 0
//! r(0,1,3,1)     session 3 in its transaction 1 reads 1 from key 0
//! w(1,5,3,1)     and writes 5 to key 1
//! r(2,0,3,2)     in its transaction 2 it reads the initial value of key 2, which nobody wrote
//! ```
//!
//! | part | meaning |
//! |---|---|
//! | key, value | integers of 64 bits; a read of 0 from a key to which nobody writes 0 found the initial value, null here |
//! | session | a number from 0, and that of the process |
//! | transaction | a number from 0, or -1 for what was aborted in this session, one failed transaction here |
//!
//! A session runs its transactions in the order of their first lines; later lines with the number of an
//! earlier transaction belong to that one. Sessions may be mixed, and number their transactions each for
//! itself or all together. When anything ran, the text does not say.

use std::io::BufRead;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::Format;
use super::lines::{Line, Lines, Number};
use super::sessions::{self, Session, Step, Transaction};
use crate::{Error, History, Kind};

/// Plume's text.
pub const FORMAT: Format = Format {
    name: "plume-text",
    about: "Plume's text: r(key,value,session,transaction) or w(…) per line",
    fits,
    read: super::Read::File(|input| read(input)),
    write: None,
};

fn fits(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    head.starts_with(b"r(") || head.starts_with(b"w(")
}

/// Reads a whole history.
pub fn read(input: impl BufRead) -> Result<History, Error> {
    let mut lines = Lines::new(input);
    let mut text = Text::default();
    while let Some(line) = lines.next()? {
        text.add(parse(line)?);
    }
    if text.sessions.is_empty() {
        return Err(Error::Input { line: 1, column: None, problem: "empty: no transaction".to_owned() });
    }
    Ok(sessions::history(&text.finish()))
}

/// A line.
struct Entry {
    is_write: bool,
    key: Number,
    value: Number,
    session: u64,
    /// None for what was aborted.
    transaction: Option<u64>,
}

fn parse(mut line: Line<'_>) -> Result<Entry, Error> {
    let is_write = line.is_write()?;
    line.expect("(")?;
    let key = line.number("a key")?;
    line.expect(",")?;
    let value = line.number("a value")?;
    line.expect(",")?;
    let session = line.natural("a session")?;
    line.expect(",")?;
    let transaction = if line.take("-1") { None } else { Some(line.natural("a transaction")?) };
    line.expect(")")?;
    line.end()?;
    Ok(Entry { is_write, key, value, session, transaction })
}

/// What was read of a text.
#[derive(Default)]
struct Text {
    sessions: Vec<Session>,
    /// Where a session is among them.
    positions: FxHashMap<u64, usize>,
    /// Where a transaction is: its session, and its place there.
    places: FxHashMap<(u64, Option<u64>), (usize, usize)>,
    /// The keys to which somebody writes 0.
    zeroed: FxHashSet<Value>,
}

impl Text {
    fn add(&mut self, entry: Entry) {
        let Text { sessions, positions, places, zeroed } = self;
        let (session, place) = *places.entry((entry.session, entry.transaction)).or_insert_with(|| {
            let session = *positions.entry(entry.session).or_insert_with(|| {
                sessions.push(Session { process: entry.session, transactions: Vec::new() });
                sessions.len() - 1
            });
            let kind = if entry.transaction.is_some() { Kind::Ok } else { Kind::Fail };
            let transactions = &mut sessions[session].transactions;
            transactions.push(Transaction { kind, steps: Vec::new() });
            (session, transactions.len() - 1)
        });
        let step = Step { is_write: entry.is_write, key: entry.key.into(), value: entry.value.into() };
        if step.is_write && step.value == 0 {
            zeroed.insert(step.key.clone());
        }
        sessions[session].transactions[place].steps.push(step);
    }

    /// The sessions in the order of their numbers, with null where a read found the initial value.
    fn finish(mut self) -> Vec<Session> {
        let transactions = self.sessions.iter_mut().flat_map(|session| &mut session.transactions);
        for step in transactions.flat_map(|transaction| &mut transaction.steps) {
            if !step.is_write && step.value == 0 && !self.zeroed.contains(&step.key) {
                step.value = Value::Null;
            }
        }
        self.sessions.sort_by_key(|session| session.process);
        self.sessions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::print;

    fn printed(text: &str) -> String {
        print(&read(text.as_bytes()).unwrap())
    }

    fn problem(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn gathers_the_lines_of_a_transaction() {
        assert_eq!(
            printed("w(0,1,0,0)\nw(-3,2,0,0)\nr(0,1,0,1)\n"),
            r#"0:txn(_,[["w",0,1],["w",-3,2]]) 0:txn(_,[["r",0,null]])=[["r",0,1]]"#
        );
    }

    #[test]
    fn takes_sessions_mixed_and_in_any_order() {
        assert_eq!(
            printed("w(0,1,7,3)\nw(0,2,2,9)\nw(1,3,7,3)\nw(1,4,7,1)"),
            r#"2:txn(_,[["w",0,2]])? 7:txn(_,[["w",0,1],["w",1,3]])? 2:ok 7:ok 7:txn(_,[["w",1,4]])"#
        );
    }

    #[test]
    fn tells_transactions_of_one_number_in_two_sessions_apart() {
        assert_eq!(
            printed("w(0,1,0,0)\nw(0,2,1,0)"),
            r#"0:txn(_,[["w",0,1]])? 1:txn(_,[["w",0,2]])? 0:ok 1:ok"#
        );
    }

    #[test]
    fn adds_to_an_earlier_transaction() {
        assert_eq!(
            printed("w(0,1,0,0)\nw(0,2,0,1)\nw(1,3,0,0)"),
            r#"0:txn(_,[["w",0,1],["w",1,3]]) 0:txn(_,[["w",0,2]])"#
        );
    }

    #[test]
    fn takes_a_zero_that_nobody_wrote_for_the_initial_value() {
        let nobody = r#"0:txn(_,[["r",0,null],["w",1,0]])"#;
        assert_eq!(printed("r(0,0,0,0)\nw(1,0,0,0)"), nobody);
        let somebody = r#"0:txn(_,[["r",0,null],["w",0,0]])=[["r",0,0],["w",0,0]]"#;
        assert_eq!(printed("r(0,0,0,0)\nw(0,0,0,0)"), somebody);
    }

    #[test]
    fn fails_what_was_aborted() {
        assert_eq!(
            printed("w(0,1,0,-1)\nw(0,2,0,0)\nw(1,3,0,-1)"),
            r#"0:txn(_,[["w",0,1],["w",1,3]]):fail 0:txn(_,[["w",0,2]])"#
        );
    }

    #[test]
    fn says_where_a_line_is_wrong() {
        for (line, expected) in [
            ("R(0,1,0,0)", "line 2, column 1: expected r or w"),
            ("w 0,1,0,0)", "line 2, column 2: expected \"(\""),
            ("w(a,1,0,0)", "line 2, column 3: expected a key, a number"),
            ("w(0 1,0,0)", "line 2, column 4: expected \",\""),
            ("w(0,18446744073709551616,0,0)", "line 2, column 5: a value does not fit 64 bits"),
            ("w(0,1;0,0)", "line 2, column 6: expected \",\""),
            ("w(0,1,-1,0)", "line 2, column 7: expected a session, a number from 0"),
            ("w(0,1,0)", "line 2, column 8: expected \",\""),
            ("w(0,1,0,-2)", "line 2, column 9: expected a transaction, a number from 0"),
            ("w(0,1,0,0", "line 2, column 10: expected \")\""),
            ("w(0,1,0,0)w", "line 2, column 11: expected the end of the line"),
        ] {
            assert_eq!(problem(&format!("w(0,1,0,0)\n{line}\n")), expected, "{line}");
        }
        assert_eq!(problem("\n"), "line 1: empty: no transaction");
    }

    #[test]
    fn fits_what_begins_like_it() {
        for text in ["w(0,1,0,0)", "\nr(0,1,0,0)"] {
            assert!(fits(text.as_bytes()), "{text}");
        }
        for text in ["", "w 0 1", "r", "=====\nr(0", "(r(0,0,0,0)"] {
            assert!(!fits(text.as_bytes()), "{text}");
        }
    }
}
