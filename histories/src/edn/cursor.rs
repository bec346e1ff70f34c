//! A place in a text: white space, comments and tokens.

use super::{Edn, Problem};

/// A place in a text.
///
/// The text may be the beginning of a longer one: a token that touches its end may then go on, and
/// whatever is missing is a problem that more text could mend.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    is_whole: bool,
}

impl<'a> Cursor<'a> {
    /// At the start of this text, which is whole or goes on.
    pub(crate) fn new(text: &'a str, is_whole: bool) -> Cursor<'a> {
        Cursor { text, at: 0, is_whole }
    }

    /// The offset of this place.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The byte here, unless the text ends.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.peek_after(0)
    }

    /// The byte so many bytes from here.
    pub(crate) fn peek_after(&self, count: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + count).copied()
    }

    /// The text from here on.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Goes on by so many bytes, which must be whole characters.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Passes over white space, commas, comments and discarded values.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), Problem> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b',' | b'\t' | b'\r' | 0x0b | 0x0c) => self.at += 1,
                Some(b';') => self.skip_comment()?,
                Some(b'#') if self.peek_after(1) == Some(b'_') => {
                    let start = self.at;
                    self.at += 2;
                    self.nested(start, depth, Cursor::form).map(drop)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Problem> {
        match self.rest().find('\n') {
            Some(length) => self.at += length + 1,
            None if self.is_whole => self.at = self.text.len(),
            None => return Err(Problem::cut(self.at, "a comment without an end")),
        }
        Ok(())
    }

    /// The token that begins here, and goes on to what ends any token.
    pub(crate) fn token(&mut self) -> Result<&'a str, Problem> {
        let rest = self.rest();
        let length = rest.bytes().position(ends_token).unwrap_or(rest.len());
        if length == rest.len() && !self.is_whole {
            return Err(Problem::cut(self.at, "the text ends in the middle of a word"));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// Reads what lies one level deeper, after an opening at `start`.
    pub(super) fn nested<T>(
        &mut self,
        start: usize,
        depth: usize,
        read: impl FnOnce(&mut Cursor<'a>, usize) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if depth >= super::DEPTH_MAX {
            return Err(Problem::new(start, format!("nested more than {} levels deep", super::DEPTH_MAX)));
        }
        read(self, depth + 1)
    }

    /// The next value, if one begins before the text ends.
    pub(crate) fn value(&mut self) -> Result<Edn<'a>, Problem> {
        self.form(0)
    }
}

fn ends_token(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\n' | b',' | b'\t' | b'\r' | 0x0b | 0x0c | b'"' | b';' | b'\\' | b'('
            ..=b')' | b'[' | b']' | b'{' | b'}'
    )
}
