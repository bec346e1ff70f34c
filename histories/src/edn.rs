//! EDN, the notation of Clojure's data, in which Jepsen, Knossos and Elle keep histories.
//!
//! ```text
//! {:type :ok, :f :cas, :value [1 2N]}        map, keywords, vector, integers
//! #{"n1" n2 \a}  (1/2 1.5M ##Inf nil true)   set, string, symbol, character; list, ratio, decimal, …
//! #inst "2026-11-20"  #_ ignored  ; comment  tagged value, discarded value; commas are white space
//! ```
//!
//! ```
//! use perjury_histories::edn::{self, Edn};
//!
//! let value = edn::parse("[:append 8 #{2 1}] ; a comment")?;
//! assert_eq!(value.to_string(), "[:append 8 #{2 1}]");
//! assert_eq!(value.into_json()?.to_string(), r#"["append",8,[1,2]]"#);
//!
//! let problem = edn::parse("[1 2/0]").unwrap_err();
//! assert_eq!((problem.offset, problem.problem.as_str()), (3, "2/0 is no number"));
//! # Ok::<(), perjury_histories::edn::Problem>(())
//! ```
//!
//! Read is what <https://github.com/edn-format/edn> describes, and of what Clojure prints beyond it:
//! ratios, `##Inf`, `##-Inf`, `##NaN`, hexadecimal integers (in `#object[…]`), octal escapes, keywords
//! of digits. Values nest [`DEPTH_MAX`] levels deep. Numbers keep every digit.
//!
//! ```text
//! cursor.rs   a place in a text; white space, comments, tokens
//! parse.rs    values: collections, symbols, keywords, tags
//! number.rs   numbers
//! text.rs     strings and characters
//! print.rs    values as text
//! json.rs     EDN as JSON, and JSON as EDN
//! ```

use std::borrow::Cow;

use thiserror::Error;

mod cursor;
mod json;
mod number;
mod parse;
mod print;
mod text;

pub(crate) use cursor::Cursor;
pub(crate) use json::NUMBER;
pub use parse::parse;

/// The levels that a value may have: as many as our JSON.
pub const DEPTH_MAX: usize = 127;

/// A value, borrowed from its text where that is possible.
///
/// - Numbers that are not i64 or f64 are their text, in one form for each value: no plus sign, no suffix.
/// - Maps and sets are in the order of their text; that no key stands there twice is seen to by
///   [`Edn::into_json`].
#[derive(Clone, Debug, PartialEq)]
pub enum Edn<'a> {
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// `-7`, and `7N`, which is the same number.
    Integer(i64),
    /// `12345678901234567890123`: an integer beyond 64 bits with sign.
    Big(Cow<'a, str>),
    /// `1/2`, as written.
    Ratio(Cow<'a, str>),
    /// `0.5`, `1e9`, `##Inf`, `##-Inf`, `##NaN`.
    Float(f64),
    /// `0.5M`: without the M, as written.
    Decimal(Cow<'a, str>),
    /// `\a`, `\newline`, `\u0041`.
    Character(char),
    /// `"text"`.
    Text(Cow<'a, str>),
    /// `x`, `name.space/x`.
    Symbol(Cow<'a, str>),
    /// `:x`, `:name.space/x`: without the first colon.
    Keyword(Cow<'a, str>),
    /// `(1 2)`.
    List(Vec<Edn<'a>>),
    /// `[1 2]`.
    Vector(Vec<Edn<'a>>),
    /// `{:a 1, :b 2}`.
    Map(Vec<(Edn<'a>, Edn<'a>)>),
    /// `#{1 2}`.
    Set(Vec<Edn<'a>>),
    /// `#inst "2026-11-20"`: the tag without `#`, and its value.
    Tagged(Cow<'a, str>, Box<Edn<'a>>),
}

/// What is wrong with a text or a value, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {problem}")]
pub struct Problem {
    /// The offending byte of the text, from 0; 0 where there is no text.
    pub offset: usize,
    /// What is wrong there.
    pub problem: String,
    /// Whether more text could make it right.
    pub(crate) is_cut: bool,
}

impl Problem {
    /// This is wrong here, whatever follows.
    pub(crate) fn new(offset: usize, problem: impl Into<String>) -> Problem {
        Problem { offset, problem: problem.into(), is_cut: false }
    }

    /// This is wrong here because the text ends.
    pub(crate) fn cut(offset: usize, problem: impl Into<String>) -> Problem {
        Problem { offset, problem: problem.into(), is_cut: true }
    }
}
