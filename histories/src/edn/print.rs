//! From values to text.

use std::fmt::{self, Display, Formatter, Write};

use super::Edn;

/// On one line, as Clojure prints it: [`parse`](super::parse()) gives it back.
impl Display for Edn<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Edn::Nil => f.write_str("nil"),
            Edn::Bool(bool) => write!(f, "{bool}"),
            Edn::Integer(number) => write!(f, "{number}"),
            Edn::Big(digits) => write!(f, "{digits}N"),
            Edn::Ratio(ratio) => f.write_str(ratio),
            Edn::Float(number) if number.is_nan() => f.write_str("##NaN"),
            Edn::Float(f64::INFINITY) => f.write_str("##Inf"),
            Edn::Float(f64::NEG_INFINITY) => f.write_str("##-Inf"),
            // The shortest text that reads as the same float, always with a point or an exponent.
            Edn::Float(number) => write!(f, "{number:?}"),
            Edn::Decimal(digits) => write!(f, "{digits}M"),
            Edn::Character(char) => character(*char, f),
            Edn::Text(text) => string(text, f),
            Edn::Symbol(name) => f.write_str(name),
            Edn::Keyword(name) => write!(f, ":{name}"),
            Edn::List(items) => row("(", items, ")", f),
            Edn::Vector(items) => row("[", items, "]", f),
            Edn::Map(entries) => map(entries, f),
            Edn::Set(items) => row("#{", items, "}", f),
            Edn::Tagged(tag, value) => write!(f, "#{tag} {value}"),
        }
    }
}

fn row(opening: &str, items: &[Edn<'_>], closing: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(opening)?;
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_char(' ')?;
        }
        item.fmt(f)?;
    }
    f.write_str(closing)
}

fn map(entries: &[(Edn<'_>, Edn<'_>)], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('{')?;
    for (position, (key, value)) in entries.iter().enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{key} {value}")?;
    }
    f.write_char('}')
}

fn string(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut plain = 0;
    for (offset, byte) in text.bytes().enumerate() {
        if byte >= b' ' && !matches!(byte, b'"' | b'\\' | 0x7f) {
            continue;
        }
        f.write_str(&text[plain..offset])?;
        plain = offset + 1;
        match byte {
            b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            _ => write!(f, "\\u{byte:04X}")?,
        }
    }
    f.write_str(&text[plain..])?;
    f.write_char('"')
}

fn character(char: char, f: &mut Formatter<'_>) -> fmt::Result {
    match char {
        '\n' => f.write_str("\\newline"),
        '\r' => f.write_str("\\return"),
        ' ' => f.write_str("\\space"),
        '\t' => f.write_str("\\tab"),
        '\u{8}' => f.write_str("\\backspace"),
        '\u{c}' => f.write_str("\\formfeed"),
        _ if char.is_ascii_control() => write!(f, "\\u{:04X}", u32::from(char)),
        _ => write!(f, "\\{char}"),
    }
}
