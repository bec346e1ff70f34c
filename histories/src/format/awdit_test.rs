//! The text of AWDIT's tests: one micro-operation per line, and rules between transactions and sessions.
//!
//! ```text
//! w 0 1          the first session writes 1 to key 0
//! w 1 5          and in the same transaction 5 to key 1
//! -----
//! r 0 1          in its second transaction it reads 1 from key 0
//! =====
//! r 1 5          the second session reads 5 from key 1
//! ```
//!
//! Keys and values are integers of 64 bits. A rule is one `-` or `=` or many. Where nothing stands
//! between two rules there is no transaction, and without a transaction no session. A value that is read
//! but never written is kept as it stands: such a text has no initial values, it writes them.

use std::io::BufRead;

use super::Format;
use super::lines::{Line, Lines};
use super::sessions::{self, Session, Step, Transaction};
use crate::{Error, History, Kind};

/// The text of AWDIT's tests.
pub const FORMAT: Format = Format {
    name: "awdit-test",
    about: "AWDIT's tests: r or w, key, value; ----- ends a transaction, ===== a session",
    fits,
    read: super::Read::File(|input| read(input)),
    write: None,
};

fn fits(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !is_rule(line, b'-') && !is_rule(line, b'='));
    first.is_some_and(
        |line| matches!(line, [b'r' | b'w', b' ' | b'\t', rest @ ..] if begins_with_number(rest)),
    )
}

fn begins_with_number(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.strip_prefix(b"-").unwrap_or(text).first().is_some_and(u8::is_ascii_digit)
}

/// Whether this is such a rule.
fn is_rule(line: &[u8], mark: u8) -> bool {
    line.iter().all(|byte| *byte == mark)
}

/// Reads a whole history.
pub fn read(input: impl BufRead) -> Result<History, Error> {
    let mut lines = Lines::new(input);
    let mut text = Text::default();
    while let Some(line) = lines.next()? {
        match line.rest() {
            rest if is_rule(rest, b'-') => text.end_transaction(),
            rest if is_rule(rest, b'=') => text.end_session(),
            _ => text.steps.push(step(line)?),
        }
    }
    text.end_session();
    if text.sessions.is_empty() {
        return Err(Error::Input { line: 1, column: None, problem: "empty: no transaction".to_owned() });
    }
    Ok(sessions::history(&text.sessions))
}

fn step(mut line: Line<'_>) -> Result<Step, Error> {
    let is_write = line.is_write()?;
    line.blanks()?;
    let key = line.number("a key")?;
    line.blanks()?;
    let value = line.number("a value")?;
    line.end()?;
    Ok(Step { is_write, key: key.into(), value: value.into() })
}

/// What was read of a text.
#[derive(Default)]
struct Text {
    sessions: Vec<Session>,
    /// Of the session that has not ended.
    transactions: Vec<Transaction>,
    /// Of the transaction that has not ended.
    steps: Vec<Step>,
}

impl Text {
    fn end_transaction(&mut self) {
        if !self.steps.is_empty() {
            self.transactions.push(Transaction { kind: Kind::Ok, steps: std::mem::take(&mut self.steps) });
        }
    }

    fn end_session(&mut self) {
        self.end_transaction();
        if !self.transactions.is_empty() {
            let process = self.sessions.len() as u64;
            self.sessions.push(Session { process, transactions: std::mem::take(&mut self.transactions) });
        }
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
    fn divides_by_rules() {
        assert_eq!(
            printed("w 0 1\nw 1 5\n-----\nr 0 1\n=====\nr\t1  5\n"),
            r#"0:txn(_,[["w",0,1],["w",1,5]])? 1:txn(_,[["r",1,null]])? 0:ok 1:ok=[["r",1,5]] 0:txn(_,[["r",0,null]])=[["r",0,1]]"#
        );
    }

    #[test]
    fn keeps_a_zero_that_nobody_wrote() {
        assert_eq!(printed("r 0 0"), r#"0:txn(_,[["r",0,null]])=[["r",0,0]]"#);
    }

    #[test]
    fn passes_over_rules_with_nothing_between() {
        let plain = printed("w 0 -1\n-----\nw 0 2\n=====\nw 0 3");
        assert_eq!(
            plain,
            printed("=\n-\nw 0 -1\n\n---\n-\nw 0 2\n-\n==========\n-----\n=\r\n w 0 3 \n-----\n=")
        );
        assert_eq!(plain, r#"0:txn(_,[["w",0,-1]])? 1:txn(_,[["w",0,3]])? 0:ok 1:ok 0:txn(_,[["w",0,2]])"#);
    }

    #[test]
    fn says_where_a_line_is_wrong() {
        for (line, expected) in [
            ("x 0 1", "line 3, column 1: expected r or w"),
            ("--=--", "line 3, column 1: expected r or w"),
            ("w0 1", "line 3, column 2: expected a blank"),
            ("w x 1", "line 3, column 3: expected a key, a number"),
            (" w 0", "line 3, column 5: expected a blank"),
            ("w 0 y", "line 3, column 5: expected a value, a number"),
            ("w 0 18446744073709551616", "line 3, column 5: a value does not fit 64 bits"),
            ("w 0 1 2", "line 3, column 6: expected the end of the line"),
        ] {
            assert_eq!(problem(&format!("w 0 1\n-----\n{line}\n")), expected, "{line}");
        }
        for text in ["", "\n\n", "-----\n=====\n"] {
            assert_eq!(problem(text), "line 1: empty: no transaction", "{text:?}");
        }
    }

    #[test]
    fn fits_what_begins_like_it() {
        for text in ["w 0 1", "\n=====\n-\n r\t-3 x", "r  5"] {
            assert!(fits(text.as_bytes()), "{text}");
        }
        for text in ["", "\n", "-----", "w(0,1,0,0)", "w", "w ", "r x", "read 1", "-1 2", "w\n0 1"] {
            assert!(!fits(text.as_bytes()), "{text:?}");
        }
    }
}
