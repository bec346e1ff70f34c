//! The parts of a term: names, keys, values, versions.

use std::str::FromStr;

use serde_json::Value;
use serde_json::value::RawValue;

use super::is_in_word;
use crate::exact;
use crate::{Error, Key, Version};

/// A place in the text.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// What is wrong, and at which byte; without one, with the whole term.
pub(super) struct Wrong {
    at: Option<usize>,
    problem: String,
}

impl Wrong {
    pub(super) fn term(problem: String) -> Wrong {
        Wrong { at: None, problem }
    }

    pub(super) fn at_place(self, text: &str, term: usize) -> Error {
        let before = &text[..self.at.unwrap_or(term)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Error::Input {
            line: before.matches('\n').count() as u64 + 1,
            column: Some(before[line_start..].chars().count() + 1),
            problem: self.problem,
        }
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn version(&mut self) -> Result<Option<Version>, Wrong> {
        if !self.take("@") {
            return Ok(None);
        }
        let mut numbers = vec![self.number("a version")?];
        while self.take(".") {
            numbers.push(self.number("the next number of a version")?);
        }
        Ok(Some(Version(numbers)))
    }

    pub(super) fn key(&mut self) -> Result<Option<Key>, Wrong> {
        if self.take("_") {
            return Ok(None);
        }
        if self.rest().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return self.number("a key").map(|number| Some(Key::Number(number)));
        }
        self.name("a key, or _").map(|name| Some(Key::Name(name)))
    }

    /// A word, or a quoted string.
    pub(super) fn name(&mut self, what: &str) -> Result<String, Wrong> {
        if self.rest().starts_with('"') {
            return match self.json()? {
                Value::String(name) => Ok(name),
                _ => Err(self.wrong(format!("expected {what}"))),
            };
        }
        let word = self.span(is_in_word);
        if !word.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(self.wrong(format!("expected {what}")));
        }
        self.at += word.len();
        Ok(word.to_owned())
    }

    pub(super) fn value(&mut self) -> Result<Value, Wrong> {
        if self.rest().starts_with(['"', '[', '{']) {
            return self.json();
        }
        let scalar = self.span(|next| is_in_word(next) || matches!(next, '.' | '+'));
        match exact::parse(scalar) {
            Ok(value) => {
                self.at += scalar.len();
                Ok(value)
            }
            Err(_) if scalar.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                self.name("a value").map(Value::String)
            }
            Err(_) if scalar.is_empty() => Err(self.wrong("expected a value".to_owned())),
            Err(exact::Problem { problem, .. }) => Err(self.wrong(format!("{scalar}: {problem}"))),
        }
    }

    /// A string, an array or an object: they know their own end.
    pub(super) fn json(&mut self) -> Result<Value, Wrong> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(raw)) => {
                let value = exact::parse(raw.get()).map_err(|exact::Problem { offset, problem }| Wrong {
                    at: Some(self.at + floor_char_boundary(rest, offset)),
                    problem,
                })?;
                self.at += raw.get().len();
                Ok(value)
            }
            Some(Err(error)) => Err(self.wrong(format!("not JSON: {}", exact::words(&error)))),
            None => Err(self.wrong("expected a value".to_owned())),
        }
    }

    pub(super) fn number<T: FromStr>(&mut self, what: &str) -> Result<T, Wrong> {
        let sign = usize::from(self.rest().starts_with('-'));
        let digits = self.rest()[sign..].bytes().take_while(u8::is_ascii_digit).count();
        let text = &self.rest()[..sign + digits];
        let number = text.parse().map_err(|_| match text {
            "" => self.wrong(format!("expected {what}")),
            _ => self.wrong(format!("expected {what}, not {text}")),
        })?;
        self.at += text.len();
        Ok(number)
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn span(&self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(|next| !is_part(next)).unwrap_or(rest.len())]
    }

    pub(super) fn skip_space(&mut self) {
        self.at += self.span(char::is_whitespace).len();
    }

    pub(super) fn take(&mut self, prefix: &str) -> bool {
        let is_there = self.rest().starts_with(prefix);
        if is_there {
            self.at += prefix.len();
        }
        is_there
    }

    pub(super) fn expect(&mut self, prefix: &str, what: &str) -> Result<(), Wrong> {
        if self.take(prefix) { Ok(()) } else { Err(self.wrong(format!("expected {what}"))) }
    }

    pub(super) fn wrong(&self, problem: String) -> Wrong {
        Wrong { at: Some(self.at), problem }
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
