//! Jepsen's `history.txt`: process, type, function, value and perhaps an error, with tabs between them.
//!
//! ```text
//! 0⇥:invoke⇥:txn⇥[[:r 8 nil]]
//! :nemesis⇥:info⇥:start⇥:all
//! 0⇥:info⇥:txn⇥[[:r 8 nil]]⇥:connection-error
//! ```
//!
//! An error may go on over lines of its own: those after a line with an error in which no column is a type.

use std::io::BufRead;

use super::columns::{event, first_line};
use super::gather::gather;
use super::window::Piece;
use super::{Format, Read};
use crate::edn::Problem;
use crate::{Error, History, Value};

/// Lines with tabs, for people.
pub const FORMAT: Format = Format {
    name: "jepsen-history-txt",
    about: "Jepsen's history.txt: process, type, function and value, with tabs between them",
    fits: |head| super::text(head).is_some_and(fits),
    read: Read::File(|input| read(input)),
    write: None,
};

fn fits(text: &str) -> bool {
    text.lines().find(|line| !line.trim_ascii().is_empty()).is_some_and(|line| {
        let mut columns = line.split('\t');
        let process = columns.next().unwrap_or_default();
        let is_process = process.starts_with(':') || process.parse::<u64>().is_ok() || process == "nil";
        is_process && columns.next().is_some_and(is_type) && columns.next().is_some()
    })
}

fn is_type(column: &str) -> bool {
    matches!(column, ":invoke" | ":ok" | ":fail" | ":info")
}

/// Reads a whole history; events are named by their positions.
pub fn read(input: &mut dyn BufRead) -> Result<History, Error> {
    gather(input, &mut |text, is_whole, events| {
        let (line, mut length) = first_line(text, is_whole)?;
        if line.is_empty() {
            return Ok(if text.is_empty() { Piece::End } else { Piece::Nothing(length) });
        }
        let mut event = event(line, events)?;
        if let Some(Value::String(error)) = &mut event.error {
            length += continue_error(error, &text[length..], is_whole)?;
        }
        Ok(Piece::Event(0, length, Box::new(event)))
    })
}

/// Adds the lines with which an error goes on, and says how long they are.
fn continue_error(error: &mut String, text: &str, is_whole: bool) -> Result<usize, Problem> {
    let mut at = 0;
    while at < text.len() || !is_whole {
        let (line, length) = first_line(&text[at..], is_whole)?;
        if line.split('\t').any(is_type) {
            break;
        }
        error.push('\n');
        error.push_str(line);
        at += length;
    }
    error.truncate(error.trim_ascii_end().len());
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<Option<Value>> {
        let history = read(&mut text.as_bytes()).unwrap();
        history.events().map(|event| event.error.cloned()).collect()
    }

    #[test]
    fn reads_errors_of_several_lines() {
        let text = concat!(
            "0\t:invoke\t:read\tnil\n",
            ":nemesis\t:info\t:kill\tnil\tfirst\n\tat second\n\nthird\n\n",
            "0\t:ok\t:read\t1\n"
        );
        assert!(fits(text));
        let error = Some(Value::from("first\n\tat second\n\nthird"));
        assert_eq!(errors(text), [None, error.clone(), None]);
        let (text, _) = text.split_at(text.len() - 14);
        assert_eq!(errors(text), [None, error]);
    }

    #[test]
    fn takes_no_line_with_a_type_for_an_error() {
        let text = "0\t:info\t:read\tnil\terror\nx\t:ok\t:read\t1\n";
        let problem = read(&mut text.as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with("line 2, column 1: `process`: invalid value: string \"x\""), "{problem}");
        let text = "\n0\t:ok\t:read\t1\nmore";
        let problem = read(&mut text.as_bytes()).unwrap_err().to_string();
        assert!(
            problem.starts_with("line 3, column 1: `process`: invalid value: string \"more\""),
            "{problem}"
        );
    }
}
