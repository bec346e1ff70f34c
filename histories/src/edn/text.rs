//! Strings and characters.

use std::borrow::Cow;

use super::{Cursor, Problem};
use crate::exact::shown;

/// The string whose opening quote was just passed over.
pub(super) fn string<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, Problem> {
    let opening = cursor.offset() - 1;
    let mut whole: Option<String> = None;
    loop {
        let rest = cursor.rest();
        let Some(length) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return Err(Problem::cut(opening, "the text ends, but this string is not closed"));
        };
        let piece = &rest[..length];
        cursor.advance(length + 1);
        if rest.as_bytes()[length] == b'"' {
            return Ok(match whole {
                None => Cow::Borrowed(piece),
                Some(whole) => Cow::Owned(whole + piece),
            });
        }
        let whole = whole.get_or_insert_default();
        whole.push_str(piece);
        whole.push(escaped(cursor)?);
    }
}

/// The character of the escape whose backslash was just passed over.
fn escaped(cursor: &mut Cursor<'_>) -> Result<char, Problem> {
    let start = cursor.offset() - 1;
    let Some(char) = cursor.rest().chars().next() else {
        return Err(Problem::cut(start, "the text ends in the middle of an escape"));
    };
    let plain = match char {
        't' => '\t',
        'r' => '\r',
        'n' => '\n',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\\' | '"' => char,
        'u' => {
            cursor.advance(1);
            return unicode(cursor, start);
        }
        '0'..='7' => return octal(cursor, start),
        _ => return Err(Problem::new(start, format!("\\{char} is no escape"))),
    };
    cursor.advance(1);
    Ok(plain)
}

/// The character of `\u`, with both halves of a surrogate pair.
fn unicode(cursor: &mut Cursor<'_>, start: usize) -> Result<char, Problem> {
    let first = hexadecimal(cursor, start)?;
    if let Some(char) = char::from_u32(first) {
        return Ok(char);
    }
    let lone = || Problem::new(start, format!("\\u{first:04X} is half of a surrogate pair"));
    match (cursor.peek(), cursor.peek_after(1)) {
        (None, _) | (Some(b'\\'), None) => Err(Problem { is_cut: true, ..lone() }),
        (Some(b'\\'), Some(b'u')) => {
            cursor.advance(2);
            let second = hexadecimal(cursor, start)?;
            char::decode_utf16([first as u16, second as u16]).next().and_then(Result::ok).ok_or_else(lone)
        }
        _ => Err(lone()),
    }
}

/// Four hexadecimal digits.
fn hexadecimal(cursor: &mut Cursor<'_>, start: usize) -> Result<u32, Problem> {
    let digits = cursor.rest().bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
    let wrong = "\\u needs four hexadecimal digits";
    if digits == cursor.rest().len() && digits < 4 {
        return Err(Problem::cut(start, wrong));
    }
    let number = u32::from_str_radix(&cursor.rest()[..digits], 16).ok().filter(|_| digits == 4);
    cursor.advance(digits);
    number.ok_or_else(|| Problem::new(start, wrong))
}

/// Up to three octal digits, at most 377.
fn octal(cursor: &mut Cursor<'_>, start: usize) -> Result<char, Problem> {
    let digits = cursor.rest().bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let number = u8::from_str_radix(&cursor.rest()[..digits], 8);
    cursor.advance(digits);
    number.map(char::from).map_err(|_| Problem::new(start, "an octal escape above 377"))
}

/// The character whose backslash was just passed over.
pub(super) fn character(cursor: &mut Cursor<'_>) -> Result<char, Problem> {
    let start = cursor.offset() - 1;
    let Some(first) = cursor.rest().chars().next() else {
        return Err(Problem::cut(start, "the text ends in the middle of a character"));
    };
    let name = cursor.rest();
    cursor.advance(first.len_utf8());
    let others = cursor.token()?;
    if others.is_empty() {
        return Ok(first);
    }
    let name = &name[..first.len_utf8() + others.len()];
    named(name).ok_or_else(|| Problem::new(start, format!("\\{} is no character", shown(name))))
}

/// The character of this name of several letters.
fn named(name: &str) -> Option<char> {
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name {
        "newline" => Some('\n'),
        "return" => Some('\r'),
        "space" => Some(' '),
        "tab" => Some('\t'),
        "backspace" => Some('\u{8}'),
        "formfeed" => Some('\u{c}'),
        _ => match name.split_at_checked(1)? {
            ("u", digits) if digits.len() == 4 && is_digits(digits) => {
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }
            ("o", digits) if is_digits(digits) => u8::from_str_radix(digits, 8).ok().map(char::from),
            _ => None,
        },
    }
}
