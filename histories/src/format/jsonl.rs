//! JSON Lines: a header, then one event per line, the format of a run's `history.jsonl`.
//!
//! ```text
//! {"format":"perjury-history","schema":1}
//! {"index":0,"process":0,"type":"invoke","f":"write","value":1,"key":"x","session":7}
//! {"index":1,"process":0,"type":"ok","f":"write","value":1,"key":"x","session":7,"version":[1]}
//! {"index":2,"process":"nemesis","type":"info","f":"healed","value":null}
//! ```
//!
//! | field | meaning | when absent or null |
//! |---|---|---|
//! | `index` | [`Event::index`] | its position among the events, from 0 |
//! | `process` | a number, or `"nemesis"` | [`Process::Unknown`](crate::Process::Unknown) |
//! | `type` | `invoke`, `ok`, `fail`, `info` | an error |
//! | `f` | [`Event::function`] | null: no name, the empty string here; absent: an error |
//! | `value` | any JSON | null |
//! | `key` | a string, or an integer | the store has one object only |
//! | `time` | nanoseconds; Jepsen's -1 is none | not known |
//! | `node`, `error`, `session`, `version` | as in [`Event`] | none |
//! | `final` | true for final reads | false |
//!
//! Other fields, and empty lines, are passed over. The header may be missing; one of another schema is
//! an error. What is written is the same bytes every time: fields in the order above, absent ones left
//! out (`value` never is), no spaces, the keys of an object in their sorted order.
//!
//! Integers in values keep all their digits or are refused: those beyond 64 bits are an error, because
//! read as floats two of them could become equal. A line may hold [`LINE_BYTES_MAX`] bytes, a value 127
//! levels.

use std::io::{self, BufRead, Read, Write};
use std::str;

use super::Format;
use crate::{Error, Event, History};

mod header;
mod line;

/// JSON Lines.
pub const FORMAT: Format = Format {
    name: "jsonl",
    about: "JSON Lines: a header, then one event per line",
    read: |input| read(input),
    write: |history, output| write(history, output),
};

/// The longest line that is read, its end included: far above the final read of a large set, far below
/// what a file that is no history could make us hold.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// Reads a whole history.
///
/// Indices that do not increase cannot name events; every event is then named by its position instead.
pub fn read(input: impl BufRead) -> Result<History, Error> {
    let mut reader = Reader::new(input);
    let mut history = History::default();
    let mut is_increasing = true;
    while let Some(event) = reader.next() {
        let event = event?;
        is_increasing &= history.events().last().is_none_or(|last| last.index < event.index);
        history
            .pair(event)
            .map_err(|malformed| reader.error(None, malformed.to_string()))?;
    }
    if !is_increasing {
        history.renumber();
    }
    Ok(history)
}

/// Writes a whole history, and flushes.
pub fn write(history: &History, output: impl Write) -> io::Result<()> {
    let mut writer = Writer::new(output)?;
    for event in history.events() {
        writer.write(event)?;
    }
    writer.finish().map(drop)
}

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

    fn error(&self, column: Option<usize>, problem: String) -> Error {
        Error::Input { line: self.line, column, problem }
    }

    fn event(&mut self) -> Result<Option<Event>, Error> {
        while self.fill()? {
            let text = self.text()?;
            if text.trim_ascii().is_empty() {
                continue;
            }
            if self.state == State::Fresh {
                if header::is_header(text).map_err(|problem| self.error(None, problem))? {
                    self.state = State::Begun;
                    continue;
                }
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
            return Err(self.error(None, format!("longer than {LINE_BYTES_MAX} bytes: no event is")));
        }
        if length == 0 {
            self.line -= 1;
        }
        Ok(length > 0)
    }

    fn text(&self) -> Result<&str, Error> {
        str::from_utf8(&self.buffer)
            .map_err(|error| self.error(Some(error.valid_up_to() + 1), "not UTF-8".to_owned()))
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

/// Writes a history event by event, each a whole line.
///
/// It does not buffer: give it a [`BufWriter`](std::io::BufWriter) for files.
pub struct Writer<W> {
    output: W,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn new(mut output: W) -> io::Result<Writer<W>> {
        output.write_all(header::TEXT.as_bytes())?;
        Ok(Writer { output, line: Vec::new() })
    }

    /// Writes the next event; its line arrives whole or, on an error, not at all as far as we can tell.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        self.line.clear();
        line::print(event, &mut self.line)?;
        self.output.write_all(&self.line)
    }

    /// Flushes, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
