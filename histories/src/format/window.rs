//! A text that is read piece by piece, and what a place in it is called.

use std::io::{self, BufRead};
use std::str;

use crate::edn::Problem;
use crate::{Error, Event};

/// The longest piece that is read: far above the final read of a large set, far below what a file that is no
/// history could make us hold.
const PIECE_BYTES_MAX: usize = 64 << 20;

/// What stands at the beginning of a text.
pub(super) enum Piece {
    /// So many bytes, without an event.
    Nothing(usize),
    /// An event that begins and ends after so many bytes.
    Event(usize, usize, Box<Event>),
    /// Nothing more.
    End,
}

/// What a format says of the beginning of a text, which may be whole or go on, given how many events came
/// before: the first piece, or what is wrong.
pub(super) type Take<'a> = dyn FnMut(&str, bool, u64) -> Result<Piece, Problem> + 'a;

/// A part of a text, moving to its end.
pub(super) struct Window<'a> {
    input: &'a mut dyn BufRead,
    /// What was read last and is no whole character yet, or no character at all.
    tail: Vec<u8>,
    text: String,
    /// Where in `text` the next piece begins.
    at: usize,
    /// Where the last event began.
    event_at: usize,
    /// The line and the column of the start of `text`, from 0.
    place: (u64, usize),
    is_whole: bool,
}

impl<'a> Window<'a> {
    /// The beginning of this text.
    pub(super) fn new(input: &'a mut dyn BufRead) -> Window<'a> {
        Window {
            input,
            tail: Vec::new(),
            text: String::new(),
            at: 0,
            event_at: 0,
            place: (0, 0),
            is_whole: false,
        }
    }

    /// The next event, given how many came before.
    pub(super) fn next(&mut self, events: u64, take: &mut Take<'_>) -> Result<Option<Event>, Error> {
        loop {
            match take(&self.text[self.at..], self.is_whole, events) {
                Ok(Piece::End) => return Ok(None),
                Ok(Piece::Nothing(length)) => self.at += length,
                Ok(Piece::Event(start, end, event)) => {
                    self.event_at = self.at + start;
                    self.at += end;
                    return Ok(Some(*event));
                }
                Err(problem) if problem.is_cut && !self.is_whole => self.fill()?,
                Err(Problem { offset, problem, .. }) => return Err(self.error(self.at + offset, problem)),
            }
        }
    }

    /// What is wrong with the last event as a whole.
    pub(super) fn error_of_event(&self, problem: String) -> Error {
        let (line, _) = self.line_and_column(self.event_at);
        Error::Input { line, column: None, problem }
    }

    fn error(&self, offset: usize, problem: String) -> Error {
        let (line, column) = self.line_and_column(offset);
        Error::Input { line, column: Some(column), problem }
    }

    /// Both from 1, the column in bytes.
    fn line_and_column(&self, offset: usize) -> (u64, usize) {
        // A place that a library names may be inside a character.
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        let (line, column) = advance(self.place, before);
        (line + 1, column + 1)
    }

    /// Drops what was read and reads more.
    fn fill(&mut self) -> Result<(), Error> {
        let rest = self.text.len() - self.at;
        if rest > PIECE_BYTES_MAX {
            return Err(self.error(self.at, format!("longer than {PIECE_BYTES_MAX} bytes")));
        }
        self.place = advance(self.place, &self.text.as_bytes()[..self.at]);
        self.text.drain(..self.at);
        (self.at, self.event_at) = (0, 0);
        // As much again as there is: a long piece is looked at a few times only.
        let is_end = self.read(rest.max(1)).map_err(|source| {
            let (line, _) = self.line_and_column(self.text.len());
            Error::Unreadable { line, source }
        })?;
        self.take_characters(is_end)
    }

    /// Reads at least so many bytes, in the portions that the input has ready; whether it ended.
    fn read(&mut self, wanted: usize) -> io::Result<bool> {
        let mut missing = wanted;
        loop {
            let portion = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                portion => portion?,
            };
            let length = portion.len();
            self.tail.extend_from_slice(portion);
            self.input.consume(length);
            missing = missing.saturating_sub(length);
            if length == 0 || missing == 0 {
                return Ok(length == 0);
            }
        }
    }

    /// Moves the whole characters of the tail to the text. What is none is an error once all before it is
    /// read.
    fn take_characters(&mut self, is_end: bool) -> Result<(), Error> {
        let (length, is_cut) = match str::from_utf8(&self.tail) {
            Ok(text) => (text.len(), true),
            Err(error) => (error.valid_up_to(), error.error_len().is_none()),
        };
        self.text.push_str(str::from_utf8(&self.tail[..length]).unwrap_or_default());
        self.tail.drain(..length);
        self.is_whole = is_end && self.tail.is_empty();
        match length == 0 && !self.tail.is_empty() && (is_end || !is_cut) {
            true => Err(self.error(self.text.len(), "not UTF-8".to_owned())),
            false => Ok(()),
        }
    }
}

/// The place after this text, given the place of its start; lines and columns from 0.
fn advance((line, column): (u64, usize), text: &[u8]) -> (u64, usize) {
    match text.iter().rposition(|&byte| byte == b'\n') {
        None => (line, column + text.len()),
        Some(last) => {
            let lines = text[..=last].iter().filter(|&&byte| byte == b'\n').count();
            (line + lines as u64, text.len() - last - 1)
        }
    }
}
