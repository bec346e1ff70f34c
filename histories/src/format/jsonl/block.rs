//! One block of lines, from bytes to columns.

use std::ops::Range;
use std::str;

use super::scan::Scanner;
use super::{header, line};
use crate::columns::Columns;
use crate::{Error, exact};

/// What a block of lines holds.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    pub columns: Columns,
    /// The indices that its events name, by row.
    pub indices: Vec<Option<u64>>,
    /// How many lines it has.
    pub lines: u64,
    has_header: bool,
    /// What is wrong with the line after its events.
    pub error: Option<Wrong>,
}

/// What is wrong with a line of the block.
pub(super) struct Wrong {
    /// From 1, within the block.
    line: u64,
    column: Option<usize>,
    problem: String,
}

impl Wrong {
    /// The same in a text that has so many lines before the block.
    pub fn after(self, lines: u64) -> Error {
        Error::Input { line: lines + self.line, column: self.column, problem: self.problem }
    }
}

impl Block {
    /// Reads these lines up to the first that is wrong. Only a first block may begin with a header.
    pub fn parse(bytes: Vec<u8>, is_first: bool) -> Block {
        let mut block = Block::default();
        let (valid, mut scanner) = (valid_part(&bytes), Scanner::default());
        for line in lines(&bytes) {
            block.lines += 1;
            let is_fresh = is_first && block.is_blank();
            // What follows the valid part is looked at again, to tell where it goes wrong.
            let text = match line.end <= valid.len() {
                true => Ok(&valid[line.clone()]),
                false => str::from_utf8(&bytes[line.clone()]).map_err(not_utf8),
            };
            let read = text.and_then(|text| block.read_line(text.trim_ascii_end(), is_fresh, &mut scanner));
            if let Err(wrong) = read {
                let hint = match (wrong.is_eof, bytes[line].ends_with(b"\n")) {
                    (true, false) => "; the text ends in the middle of this line",
                    (true, true) if wrong.problem.contains(exact::ENDS) => {
                        "; an event must stand on one line"
                    }
                    _ => "",
                };
                let problem = format!("{}{hint}", wrong.problem);
                block.error = Some(Wrong { line: block.lines, column: wrong.column, problem });
                break;
            }
        }
        drop(scanner);
        Block { bytes, ..block }
    }

    fn read_line<'b>(
        &mut self,
        text: &'b str,
        is_fresh: bool,
        scanner: &mut Scanner<'b>,
    ) -> Result<(), line::Wrong> {
        let wrong = |problem| line::Wrong { column: None, problem, is_eof: false };
        if text.is_empty() {
            return Ok(());
        }
        if is_fresh && header::is_header(text).map_err(wrong)? {
            self.has_header = true;
            return Ok(());
        }
        if !self.columns.has_room() {
            return Err(wrong("more events than a history can hold".to_owned()));
        }
        let (row, index) = match scanner.scan(text, &mut self.columns) {
            Some(scanned) => scanned,
            None => {
                let parsed = line::parse(text)?;
                (self.columns.row(parsed.event), parsed.index)
            }
        };
        self.columns.rows.push(row);
        self.indices.push(index);
        Ok(())
    }

    /// Whether all lines so far were empty.
    pub fn is_blank(&self) -> bool {
        self.indices.is_empty() && !self.has_header && self.error.is_none()
    }

    /// The line of this event, from 1, within the block.
    pub fn line_of(&self, event: usize) -> u64 {
        let is_empty = |line: Range<usize>| self.bytes[line].trim_ascii().is_empty();
        let numbered = (1..).zip(lines(&self.bytes)).filter(|(_, line)| !is_empty(line.clone()));
        let line = numbered.map(|(number, _)| number).nth(event + usize::from(self.has_header));
        line.unwrap_or(self.lines)
    }
}

/// The part of these bytes that is UTF-8.
fn valid_part(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

fn not_utf8(error: str::Utf8Error) -> line::Wrong {
    line::Wrong {
        column: Some(error.valid_up_to() + 1),
        problem: "not UTF-8".to_owned(),
        is_eof: error.error_len().is_none(),
    }
}

/// The places of the lines, with their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        start += length;
        Some(start - length..start)
    })
}
