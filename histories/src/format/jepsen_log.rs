//! Jepsen's log: the lines in which `jepsen.util` tells of operations.
//!
//! ```text
//! INFO  jepsen.util - 3⇥:invoke⇥:cas⇥[1 2]
//! INFO  jepsen.util - 3⇥:info⇥:cas⇥:timed-out
//! ```
//!
//! Spaces may stand for the tabs. Lines of others than `jepsen.util` are passed over. `:timed-out` in the
//! place of a value is an error.

use std::io::BufRead;

use super::columns::{event, first_line};
use super::gather::gather;
use super::window::Piece;
use super::{Format, Read};
use crate::edn::Problem;
use crate::{Error, History};

/// What stands before an operation.
const BEFORE: &str = "jepsen.util - ";

/// A log with operations in it.
pub const FORMAT: Format = Format {
    name: "jepsen-log",
    about: "Jepsen's log: the lines of jepsen.util, such as INFO  jepsen.util - 3 :ok :read 1",
    fits: |head| super::text(head).is_some_and(fits),
    read: Read::File(|input| read(input)),
    write: None,
};

fn fits(text: &str) -> bool {
    text.lines().filter_map(operation).any(|(_, columns)| event(columns, 0).is_ok())
}

/// Where in this line an operation stands.
fn operation(line: &str) -> Option<(usize, &str)> {
    let start = line.find(BEFORE)? + BEFORE.len();
    Some((start, &line[start..]))
}

/// Reads a whole history; events are named by their positions. A text without any operation is no such log.
pub fn read(input: &mut dyn BufRead) -> Result<History, Error> {
    let history = gather(input, &mut |text, is_whole, events| {
        let (line, length) = first_line(text, is_whole)?;
        let Some((start, columns)) = operation(line) else {
            return Ok(if text.is_empty() { Piece::End } else { Piece::Nothing(length) });
        };
        let event = event(columns, events)
            .map_err(|problem| Problem { offset: start + problem.offset, ..problem })?;
        Ok(Piece::Event(0, length, Box::new(event)))
    })?;
    if history.events().len() == 0 {
        let problem =
            format!("here and below is no line of Jepsen's log such as INFO  {BEFORE}3 :ok :read 1");
        return Err(Error::Input { line: 1, column: None, problem });
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::print;

    #[test]
    fn reads_the_lines_of_operations() {
        let text = concat!(
            "INFO  jepsen.core - up\n",
            "INFO  jepsen.util - 0\t:invoke\t:write\t1\r\n\n",
            "INFO  jepsen.util - 0   :ok     :write  1",
        );
        assert!(fits(text));
        assert_eq!(print(&read(&mut text.as_bytes()).unwrap()), "0:write(_,1)");
    }

    #[test]
    fn refuses_a_text_without_operations() {
        for text in ["", "To be, or not to be\n", "INFO  jepsen.core - up\n"] {
            let problem = read(&mut text.as_bytes()).unwrap_err().to_string();
            assert!(problem.starts_with("line 1: here and below is no line of Jepsen's log"), "{problem}");
        }
    }

    #[test]
    fn places_what_is_wrong() {
        let text = "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:okay\t:write\t1\n";
        let problem = read(&mut text.as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with("line 2, column 23: `type`: unknown word `okay`"), "{problem}");
    }
}
