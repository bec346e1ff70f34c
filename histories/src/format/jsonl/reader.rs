//! Line by line, from bytes to events.

use std::io::{BufRead, Read};
use std::str;

use super::{header, line};
use crate::{Error, Event};

/// The longest line that is read, its end included: far above the final read of a large set, far below
/// what a file that is no history could make us hold.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// The events of a text, one at a time, as they stand there: nothing is paired, indices may repeat.
///
/// After an error there is nothing more.
pub struct Reader<R> {
    input: R,
    buffer: Vec<u8>,
    line: u64,
    events: u64,
    state: State,
}

/// How far a reader has come.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Fresh,
    Begun,
    Done,
}

impl<R: BufRead> Reader<R> {
    /// A reader at the start of its text.
    pub fn new(input: R) -> Reader<R> {
        Reader { input, buffer: Vec::new(), line: 0, events: 0, state: State::Fresh }
    }

    /// The number of the line that was read last, from 1; 0 before the first.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong with the line that was read last.
    pub(super) fn error(&self, column: Option<usize>, problem: String) -> Error {
        Error::Input { line: self.line, column, problem }
    }

    fn event(&mut self) -> Result<Option<Event>, Error> {
        while self.fill()? {
            let text = self.text()?;
            if text.is_empty() {
                continue;
            }
            if self.state == State::Fresh
                && header::is_header(text).map_err(|problem| self.error(None, problem))?
            {
                self.state = State::Begun;
                continue;
            }
            let event = line::parse(text, self.events).map_err(|wrong| self.wrong(wrong))?;
            self.state = State::Begun;
            self.events += 1;
            return Ok(Some(event));
        }
        match self.state {
            State::Fresh => {
                self.line = self.line.max(1);
                Err(self.error(None, "empty: neither a header nor an event".to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// Reads the next line into the buffer, unless the text is at its end.
    fn fill(&mut self) -> Result<bool, Error> {
        self.buffer.clear();
        self.line += 1;
        let length = (&mut self.input)
            .take(LINE_BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| Error::Unreadable { line: self.line, source })?;
        if length > LINE_BYTES_MAX {
            return Err(self.error(None, format!("the line is longer than {LINE_BYTES_MAX} bytes")));
        }
        if length == 0 {
            self.line -= 1;
        }
        Ok(length > 0)
    }

    /// The line in the buffer, without its end.
    fn text(&self) -> Result<&str, Error> {
        match str::from_utf8(&self.buffer) {
            Ok(text) => Ok(text.trim_ascii_end()),
            Err(error) => Err(self.wrong(line::Wrong {
                column: Some(error.valid_up_to() + 1),
                problem: "not UTF-8".to_owned(),
                is_eof: error.error_len().is_none(),
            })),
        }
    }

    fn wrong(&self, wrong: line::Wrong) -> Error {
        let is_cut = wrong.is_eof && !self.buffer.ends_with(b"\n");
        let hint = if is_cut { "; the text ends in the middle of this line" } else { "" };
        self.error(wrong.column, format!("{}{hint}", wrong.problem))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Result<Event, Error>> {
        if self.state == State::Done {
            return None;
        }
        let event = self.event().transpose();
        if !matches!(event, Some(Ok(_))) {
            self.state = State::Done;
        }
        event
    }
}
