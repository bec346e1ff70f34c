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
//! | `index` | [`Event::index`](crate::Event::index) | its position among the events, from 0 |
//! | `process` | a number, or `"nemesis"` | [`Process::Unknown`](crate::Process::Unknown) |
//! | `type` | `invoke`, `ok`, `fail`, `info` | an error |
//! | `f` | [`Event::function`](crate::Event::function) | null: no name, the empty string here; absent: an error |
//! | `value` | any JSON | null |
//! | `key` | a string, or an integer | the store has one object only |
//! | `time` | nanoseconds; Jepsen's -1 is none | not known |
//! | `node`, `error`, `session`, `version` | as in [`Event`](crate::Event) | none |
//! | `final`, `final?` | true for final reads | false |
//!
//! Other fields, and empty lines, are passed over. The header may be missing; one of another schema is
//! an error. What is written is the same bytes every time: fields in the order above, absent ones left
//! out (`value` never is), no spaces, the keys of an object in their sorted order.
//!
//! Integers in values keep all their digits: one beyond 64 bits is read as EDN's are, as
//! `{"##":"1234567890123456789012N"}`, because as floats two of them could become equal. A line may hold
//! [`LINE_BYTES_MAX`] bytes, a value 127 levels.

use std::io::{self, Write};

use super::Format;
use crate::{EventRef, History};

mod block;
mod blocks;
mod header;
mod line;
mod read;
mod scan;

pub use blocks::LINE_BYTES_MAX;
pub use read::read;

/// JSON Lines.
pub const FORMAT: Format = Format {
    name: "jsonl",
    about: "JSON Lines: a header, then one event per line",
    fits,
    read: super::Read::File(|input| read(input)),
    write: Some(|history, output| write(history, output)),
};

/// Whether it begins like an object that is not empty.
fn fits(head: &[u8]) -> bool {
    let fields = head.trim_ascii_start().strip_prefix(b"{");
    fields.is_some_and(|fields| fields.trim_ascii_start().starts_with(b"\""))
}

/// Writes a whole history, and flushes.
pub fn write(history: &History, output: impl Write) -> io::Result<()> {
    let mut writer = Writer::new(output)?;
    for event in history.events() {
        writer.write(event)?;
    }
    writer.finish().map(drop)
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
    pub fn write<'a>(&mut self, event: impl Into<EventRef<'a>>) -> io::Result<()> {
        self.line.clear();
        line::print(event.into(), &mut self.line)?;
        self.output.write_all(&self.line)
    }

    /// Flushes, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
