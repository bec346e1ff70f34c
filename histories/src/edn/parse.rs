//! From text to values.

use std::borrow::Cow;

use super::{Cursor, Edn, Problem, number, text};
use crate::exact::shown;

/// What is wrong where JSON was written.
const LONE_COLON: &str =
    "a colon without a name: EDN puts none between a key and its value, and none before a space";

/// The value of this text, which must hold exactly one, apart from comments and discarded values.
pub fn parse(text: &str) -> Result<Edn<'_>, Problem> {
    let mut cursor = Cursor::new(text, true);
    let value = cursor.value()?;
    cursor.skip(0)?;
    match cursor.rest() {
        "" => Ok(value),
        _ => Err(Problem::new(cursor.offset(), "a second value")),
    }
}

impl<'a> Cursor<'a> {
    /// The next value, with so many levels around it.
    pub(super) fn form(&mut self, depth: usize) -> Result<Edn<'a>, Problem> {
        self.skip(depth)?;
        let start = self.offset();
        let Some(byte) = self.peek() else {
            return Err(Problem::cut(start, "the text ends where a value should be"));
        };
        match byte {
            b':' => self.keyword(),
            b'0'..=b'9' => self.number(),
            b'+' | b'-' if self.peek_after(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            b'"' => {
                self.advance(1);
                text::string(self).map(Edn::Text)
            }
            b'[' => self.items("vector", b']', 1, depth).map(Edn::Vector),
            b'{' => self.map(depth),
            b'(' => self.items("list", b')', 1, depth).map(Edn::List),
            b'#' => self.dispatch(depth),
            b'\\' => {
                self.advance(1);
                text::character(self).map(Edn::Character)
            }
            b')' | b']' | b'}' => {
                Err(Problem::new(start, format!("a {} that closes nothing", char::from(byte))))
            }
            _ => self.symbol(),
        }
    }

    /// Values up to this closing, after an opening of so many bytes.
    fn items(
        &mut self,
        what: &str,
        closing: u8,
        opening: usize,
        depth: usize,
    ) -> Result<Vec<Edn<'a>>, Problem> {
        let start = self.offset();
        self.advance(opening);
        self.nested(start, depth, |cursor, depth| {
            let mut items = Vec::new();
            while !cursor.closes(what, closing, start, depth)? {
                items.push(cursor.form(depth)?);
            }
            Ok(items)
        })
    }

    /// Whether a collection, which began at `start`, ends here; if so, passes over its end.
    pub(crate) fn closes(
        &mut self,
        what: &str,
        closing: u8,
        start: usize,
        depth: usize,
    ) -> Result<bool, Problem> {
        self.skip(depth)?;
        match self.peek() {
            None => Err(Problem::cut(start, format!("the text ends, but this {what} is not closed"))),
            Some(byte) if byte == closing => {
                self.advance(1);
                Ok(true)
            }
            Some(byte @ (b')' | b']' | b'}')) => {
                let (byte, closing) = (char::from(byte), char::from(closing));
                Err(Problem::new(self.offset(), format!("{byte} closes a {what}, which needs {closing}")))
            }
            Some(_) => Ok(false),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Edn<'a>, Problem> {
        let start = self.offset();
        self.advance(1);
        self.nested(start, depth, |cursor, depth| {
            let mut entries = Vec::new();
            while !cursor.closes("map", b'}', start, depth)? {
                let key = cursor.form(depth)?;
                cursor.expect_value_of_key(depth)?;
                entries.push((key, cursor.form(depth)?));
            }
            Ok(Edn::Map(entries))
        })
    }

    /// Goes to the value that belongs to the key just read.
    pub(crate) fn expect_value_of_key(&mut self, depth: usize) -> Result<(), Problem> {
        self.skip(depth)?;
        match self.peek() {
            Some(b'}') => Err(Problem::new(self.offset(), "the last key of this map has no value")),
            _ => Ok(()),
        }
    }

    /// What `#` begins: a set, a float that is no number, a tagged value.
    fn dispatch(&mut self, depth: usize) -> Result<Edn<'a>, Problem> {
        let start = self.offset();
        match self.peek_after(1) {
            None => Err(Problem::cut(start, "the text ends after #")),
            Some(b'{') => self.items("set", b'}', 2, depth).map(Edn::Set),
            Some(b'#') => match self.token()? {
                "##Inf" => Ok(Edn::Float(f64::INFINITY)),
                "##-Inf" => Ok(Edn::Float(f64::NEG_INFINITY)),
                "##NaN" => Ok(Edn::Float(f64::NAN)),
                token => {
                    let problem = format!("{} is none of ##Inf, ##-Inf and ##NaN", shown(token));
                    Err(Problem::new(start, problem))
                }
            },
            Some(_) => {
                let tag = self.tag()?;
                let value = self.nested(start, depth, Cursor::form)?;
                Ok(Edn::Tagged(Cow::Borrowed(tag), Box::new(value)))
            }
        }
    }

    /// The tag that begins here, without its `#`.
    pub(crate) fn tag(&mut self) -> Result<&'a str, Problem> {
        let start = self.offset();
        self.advance(1);
        let tag = self.token()?;
        match is_tag(tag) {
            true => Ok(tag),
            false => {
                Err(Problem::new(start, format!("#{} is no tag, which begins with a letter", shown(tag))))
            }
        }
    }

    fn keyword(&mut self) -> Result<Edn<'a>, Problem> {
        let start = self.offset();
        let token = self.token()?;
        match token.strip_prefix(':').filter(|name| is_keyword(name)) {
            Some(name) => Ok(Edn::Keyword(Cow::Borrowed(name))),
            None if token == ":" => Err(Problem::new(start, LONE_COLON)),
            None => {
                let problem =
                    format!("{} is no keyword: expected a colon and a name, such as :read", shown(token));
                Err(Problem::new(start, problem))
            }
        }
    }

    fn number(&mut self) -> Result<Edn<'a>, Problem> {
        let start = self.offset();
        let token = self.token()?;
        number::parse(token).map_err(|problem| Problem::new(start, problem))
    }

    fn symbol(&mut self) -> Result<Edn<'a>, Problem> {
        let start = self.offset();
        match self.token()? {
            "nil" => Ok(Edn::Nil),
            "true" => Ok(Edn::Bool(true)),
            "false" => Ok(Edn::Bool(false)),
            name if is_symbol(name) => Ok(Edn::Symbol(Cow::Borrowed(name))),
            token => {
                let problem = format!("{} is no value: a text stands in double quotes", shown(token));
                Err(Problem::new(start, problem))
            }
        }
    }
}

/// Whether this may follow `#`: `inst`, `jepsen.history.Op`, and `:name.space` of a map's keys.
pub(super) fn is_tag(tag: &str) -> bool {
    let name = tag.strip_prefix(':').unwrap_or(tag);
    name.starts_with(|first: char| first.is_alphabetic()) && is_name(name)
}

/// Whether this may follow the colon of a keyword.
pub(super) fn is_keyword(name: &str) -> bool {
    !name.starts_with(':') && is_name(name)
}

fn is_symbol(name: &str) -> bool {
    let is_number =
        |name: &str| name.trim_start_matches(['+', '-']).starts_with(|first: char| first.is_ascii_digit());
    !name.starts_with([':', '#', '\'']) && !is_number(name) && is_name(name)
}

/// Whether these are characters of names, with a slash only alone or between two others.
fn is_name(name: &str) -> bool {
    let is_in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b".*+!-_?$%&=<>/:#'|".contains(&byte);
    let is_split = name == "/" || !name.starts_with('/') && !name.ends_with('/');
    !name.is_empty() && is_split && name.bytes().all(is_in_name)
}

#[cfg(test)]
mod tests;
