//! Text of short lines, read one at a time and taken apart from left to right.

use std::io::{BufRead, Read};

use serde_json::Value;

use crate::Error;

/// The longest line that is read, its end included: more than five numbers of 64 bits need.
const LINE_BYTES_MAX: usize = 4096;

/// The lines of a text that are not blank.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of this text.
    pub(super) fn new(input: R) -> Lines<R> {
        Lines { input, buffer: Vec::new(), number: 0 }
    }

    /// The next line, unless the text is at its end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Error> {
        loop {
            self.buffer.clear();
            let line = self.number + 1;
            let length = (&mut self.input)
                .take(LINE_BYTES_MAX as u64 + 1)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|source| Error::Unreadable { line, source })?;
            if length == 0 {
                return Ok(None);
            }
            self.number = line;
            if length > LINE_BYTES_MAX {
                let problem = format!("the line is longer than {LINE_BYTES_MAX} bytes");
                return Err(Error::Input { line, column: None, problem });
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let text = self.buffer.trim_ascii_end();
        let at = text.len() - text.trim_ascii_start().len();
        Ok(Some(Line { number: self.number, text, at }))
    }
}

/// What is left of a line; blanks around it are cut off.
pub(super) struct Line<'a> {
    number: u64,
    text: &'a [u8],
    at: usize,
}

impl<'a> Line<'a> {
    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    /// Passes over this text, which must come next.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), Error> {
        if !self.take(text) {
            return Err(self.wrong(format!("expected {text:?}")));
        }
        Ok(())
    }

    /// Passes over this text, if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text.as_bytes());
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    /// Passes over blanks, of which there must be one.
    pub(super) fn blanks(&mut self) -> Result<(), Error> {
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if blanks == 0 {
            return Err(self.wrong("expected a blank".to_owned()));
        }
        self.at += blanks;
        Ok(())
    }

    /// The number that comes next, which stands for this.
    pub(super) fn number(&mut self, what: &str) -> Result<Number, Error> {
        let is_negative = self.rest().first() == Some(&b'-');
        let (length, magnitude) = digits(&self.rest()[usize::from(is_negative)..]);
        if length == 0 {
            return Err(self.wrong(format!("expected {what}, a number")));
        }
        let number = magnitude.and_then(|magnitude| Number::new(is_negative, magnitude));
        let number = number.ok_or_else(|| self.wrong(format!("{what} does not fit 64 bits")))?;
        self.at += length + usize::from(is_negative);
        Ok(number)
    }

    /// The number from 0 that comes next, which stands for this.
    pub(super) fn natural(&mut self, what: &str) -> Result<u64, Error> {
        let (length, number) = digits(self.rest());
        if length == 0 {
            return Err(self.wrong(format!("expected {what}, a number from 0")));
        }
        let number = number.ok_or_else(|| self.wrong(format!("{what} does not fit 64 bits")))?;
        self.at += length;
        Ok(number)
    }

    /// Whether a micro-operation is a write, by the letter that comes next.
    pub(super) fn is_write(&mut self) -> Result<bool, Error> {
        let is_write = self.take("w");
        match is_write || self.take("r") {
            true => Ok(is_write),
            false => Err(self.wrong("expected r or w".to_owned())),
        }
    }

    /// Makes sure that nothing is left.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.rest().is_empty() {
            true => Ok(()),
            false => Err(self.wrong("expected the end of the line".to_owned())),
        }
    }

    /// What is wrong with what comes next.
    pub(super) fn wrong(&self, problem: String) -> Error {
        Error::Input { line: self.number, column: Some(self.at + 1), problem }
    }
}

/// How many digits this begins with, and their number if it fits 64 bits.
fn digits(text: &[u8]) -> (usize, Option<u64>) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..length]
        .iter()
        .try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    (length, number)
}

/// An integer of 64 bits, with or without a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Number {
    /// From 0.
    Natural(u64),
    /// Below 0.
    Negative(i64),
}

impl Number {
    fn new(is_negative: bool, magnitude: u64) -> Option<Number> {
        match is_negative && magnitude > 0 {
            false => Some(Number::Natural(magnitude)),
            true => 0_i64.checked_sub_unsigned(magnitude).map(Number::Negative),
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Natural(number) => Value::from(number),
            Number::Negative(number) => Value::from(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader};

    use super::*;
    use crate::testing::Broken;

    /// What `parse` makes of the first line of this text.
    fn first<T>(text: &str, parse: impl FnOnce(&mut Line<'_>) -> Result<T, Error>) -> Result<T, String> {
        let mut lines = Lines::new(text.as_bytes());
        let mut line = lines.next().unwrap().unwrap();
        parse(&mut line).map_err(|error| error.to_string())
    }

    fn number(text: &str) -> Result<Number, String> {
        first(text, |line| line.number("a key"))
    }

    #[test]
    fn counts_lines_and_passes_over_blank_ones() {
        let mut lines = Lines::new(&b"a\n\n \t\r\n\tb \r\nc"[..]);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.rest().to_vec(), line.wrong("?".to_owned()).to_string()));
        }
        let expected =
            [("a", "line 1, column 1: ?"), ("b", "line 4, column 2: ?"), ("c", "line 5, column 1: ?")];
        assert_eq!(found, expected.map(|(text, place)| (text.as_bytes().to_vec(), place.to_owned())));
    }

    #[test]
    fn holds_no_long_line() {
        let mut text = vec![b'a'; LINE_BYTES_MAX - 1];
        text.push(b'\n');
        assert!(Lines::new(text.as_slice()).next().is_ok());
        text.insert(0, b'a');
        let problem = Lines::new(text.as_slice()).next().err().unwrap().to_string();
        assert_eq!(problem, "line 1: the line is longer than 4096 bytes");
        let endless = BufReader::new(io::repeat(b' '));
        assert!(Lines::new(endless).next().is_err());
    }

    #[test]
    fn names_the_line_that_cannot_be_read() {
        let mut lines = Lines::new(BufReader::new((&b"a\n"[..]).chain(Broken)));
        assert!(lines.next().unwrap().is_some());
        assert_eq!(lines.next().err().unwrap().to_string(), "line 2: the disk is gone");
    }

    #[test]
    fn reads_all_integers_of_64_bits() {
        for (text, expected) in [
            ("0", Number::Natural(0)),
            ("-0", Number::Natural(0)),
            ("007", Number::Natural(7)),
            ("18446744073709551615", Number::Natural(u64::MAX)),
            ("-9223372036854775808", Number::Negative(i64::MIN)),
        ] {
            assert_eq!(number(text), Ok(expected), "{text}");
        }
        assert_eq!(Value::from(Number::Natural(u64::MAX)), Value::from(u64::MAX));
        assert_eq!(Value::from(Number::Negative(-7)), Value::from(-7));
    }

    #[test]
    fn refuses_what_is_no_such_integer() {
        for text in ["x", "-", "+1", "--1"] {
            assert_eq!(number(text), Err("line 1, column 1: expected a key, a number".to_owned()), "{text}");
        }
        for text in ["18446744073709551616", "-9223372036854775809", "99999999999999999999999"] {
            assert_eq!(
                number(text),
                Err("line 1, column 1: a key does not fit 64 bits".to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn takes_a_line_apart() {
        let parsed = first("w( \t12)", |line| {
            assert!(!line.take("r"));
            assert!(line.take("w"));
            line.expect("(")?;
            line.blanks()?;
            let number = line.number("a key")?;
            assert!(line.end().is_err());
            line.expect(")")?;
            line.end().map(|()| number)
        });
        assert_eq!(parsed, Ok(Number::Natural(12)));
        for (text, expected) in [
            ("w[", "line 1, column 2: expected \"(\""),
            ("w(1", "line 1, column 3: expected a blank"),
            ("w( 1,", "line 1, column 5: expected the end of the line"),
        ] {
            let parsed = first(text, |line| {
                line.expect("w")?;
                line.expect("(")?;
                line.blanks()?;
                line.number("a key")?;
                line.end()
            });
            assert_eq!(parsed, Err(expected.to_owned()), "{text}");
        }
    }
}
