//! The quick way through a line that is written as most are: known fields, plain strings, integers.
//!
//! It reads what it knows and gives up on everything else, right or wrong: [`line`](super::line) then reads
//! the line again with `serde_json`, by the full rules, and says what is wrong. So this can only be too
//! timid, which costs time; what it accepts must mean the same there, which the tests compare. It is four
//! times as fast, because it builds no value that an earlier line of its block had already.

use rustc_hash::FxHashMap;

use crate::columns::{Columns, Extra, Row};
use crate::format::fields::Field;
use crate::{Kind, Process, Version, exact};

/// Scans the lines of one block.
#[derive(Default)]
pub(super) struct Scanner<'b> {
    /// The numbers of values by their text, as far as they are neither integers nor null.
    texts: FxHashMap<&'b str, u32>,
}

/// The fields of a line.
#[derive(Default)]
struct Fields {
    seen: u32,
    kind: Option<Kind>,
    process: Option<Process>,
    function: Option<u32>,
    value: Option<u32>,
    key: Option<u32>,
    index: Option<u64>,
    time: Option<u64>,
    extra: Extra,
}

impl<'b> Scanner<'b> {
    /// The row of this line and the index that it names; none if it is out of the ordinary.
    pub fn scan(&mut self, text: &'b str, columns: &mut Columns) -> Option<(Row, Option<u64>)> {
        let mut cursor = Cursor { text, at: 0 };
        let mut fields = Fields::default();
        cursor.take(b'{')?;
        loop {
            let name = cursor.string()?;
            cursor.take(b':')?;
            self.field(name, &mut cursor, &mut fields, columns)?;
            match cursor.next()? {
                b',' => {}
                b'}' if cursor.is_at_end() => break,
                _ => return None,
            }
        }
        let value = fields.value.unwrap_or_else(|| columns.null());
        let process = fields.process.unwrap_or(Process::Unknown);
        let row = Row::new(fields.kind?, process, fields.function?, value).at(fields.time).on(fields.key);
        Some((columns.with_extra(row, fields.extra), fields.index))
    }

    /// Reads the value of this field.
    fn field(
        &mut self,
        name: &str,
        cursor: &mut Cursor<'b>,
        fields: &mut Fields,
        columns: &mut Columns,
    ) -> Option<()> {
        let field = Field::named(name)?;
        let bit = 1 << field as u32;
        if fields.seen & bit != 0 {
            return None;
        }
        fields.seen |= bit;
        if !matches!(field, Field::Value | Field::Error) && cursor.null() {
            // The type of an event may be missing no more than its function.
            return (!matches!(field, Field::Type | Field::F)).then_some(());
        }
        match field {
            Field::Process => fields.process = Some(cursor.process()?),
            Field::Type => fields.kind = Some(kind(cursor.string()?)?),
            Field::F => fields.function = Some(columns.function(cursor.string()?)),
            Field::Value => fields.value = Some(self.value(cursor, columns)?),
            Field::Key if cursor.peek()? == b'"' => fields.key = Some(columns.key_name(cursor.string()?)),
            Field::Key => fields.key = Some(columns.key_number(cursor.integer()?)),
            Field::Index => fields.index = Some(u64::try_from(cursor.integer()?).ok()?),
            Field::Time => match cursor.integer()? {
                -1 => {}
                time => fields.time = Some(u64::try_from(time).ok()?),
            },
            Field::Node => fields.extra.node = Some(columns.node(cursor.string()?)),
            Field::Session => fields.extra.session = Some(u64::try_from(cursor.integer()?).ok()?),
            Field::Version => fields.extra.version = Some(cursor.version()?),
            Field::Final => fields.extra.is_final = cursor.boolean()?,
            Field::Error => fields.extra.error = self.error(cursor, columns)?,
        }
        Some(())
    }

    /// The number of a value.
    fn value(&mut self, cursor: &mut Cursor<'b>, columns: &mut Columns) -> Option<u32> {
        if let Some(number) = cursor.integer() {
            return Some(columns.integer(number));
        }
        if cursor.null() {
            return Some(columns.null());
        }
        let text = cursor.value()?;
        if let Some(&known) = self.texts.get(text) {
            return Some(known);
        }
        let number = columns.value(exact::parse(text).ok()?);
        self.texts.insert(text, number);
        Some(number)
    }

    /// The same for an error: null is as good as none.
    fn error(&mut self, cursor: &mut Cursor<'b>, columns: &mut Columns) -> Option<Option<u32>> {
        if cursor.null() { Some(None) } else { self.value(cursor, columns).map(Some) }
    }
}

fn kind(name: &str) -> Option<Kind> {
    match name {
        "invoke" => Some(Kind::Invoke),
        "ok" => Some(Kind::Ok),
        "fail" => Some(Kind::Fail),
        "info" => Some(Kind::Info),
        _ => None,
    }
}

/// A place in a line. What does not succeed leaves it anywhere, unless it says otherwise.
struct Cursor<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Cursor<'b> {
    /// The next byte that is no space, which stays.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\r' => self.at += 1,
                &byte => return Some(byte),
            }
        }
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Steps over this word if it is next, else stays.
    fn word(&mut self, word: &str) -> bool {
        let is_next = self.peek().is_some() && self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn null(&mut self) -> bool {
        self.word("null")
    }

    fn boolean(&mut self) -> Option<bool> {
        if self.word("true") { Some(true) } else { self.word("false").then_some(false) }
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'b str> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' | ..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// An integer of at most 18 digits, else it stays where it is.
    fn integer(&mut self) -> Option<i64> {
        self.peek()?;
        let bytes = self.text.as_bytes().get(self.at..)?;
        let is_negative = bytes[0] == b'-';
        let sign = usize::from(is_negative);
        let (mut number, mut at) = (0_i64, sign);
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            if at - sign == 18 {
                return None;
            }
            number = 10 * number + i64::from(digit - b'0');
            at += 1;
        }
        let digits = &bytes[sign..at];
        let is_canonical = match digits {
            [] => false,
            [b'0'] => !is_negative,
            [first, ..] => *first != b'0',
        };
        if !is_canonical || matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += at;
        Some(if is_negative { -number } else { number })
    }

    fn process(&mut self) -> Option<Process> {
        if self.peek()? == b'"' {
            return (self.string()? == "nemesis").then_some(Process::Nemesis);
        }
        u64::try_from(self.integer()?).ok().map(Process::Client)
    }

    fn version(&mut self) -> Option<Version> {
        let mut numbers = Vec::new();
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Version(numbers));
        }
        loop {
            numbers.push(self.integer()?);
            match self.next()? {
                b',' => {}
                b']' => return Some(Version(numbers)),
                _ => return None,
            }
        }
    }

    /// The text of any value, if it is one: its end is where its brackets close, or its word or number ends.
    fn value(&mut self) -> Option<&'b str> {
        let (mut depth, mut at) = (0_usize, self.at);
        let start = at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at)? {
                b'[' | b'{' => depth += 1,
                b']' | b'}' | b',' if depth == 0 => break,
                b']' | b'}' => depth -= 1,
                b'"' => at = end_of_string(bytes, at)?,
                _ => {}
            }
            at += 1;
        }
        self.at = at;
        Some(self.text.get(start..at)?.trim_ascii_end())
    }
}

/// Where the string that begins here has its closing quote.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::format::jsonl::line;

    /// What the scanner makes of a line: none where it gives up.
    fn scanned(text: &str) -> Option<(crate::Event, Option<u64>)> {
        let mut columns = Columns::default();
        let (row, index) = Scanner::default().scan(text.trim_ascii_end(), &mut columns)?;
        columns.rows.push(row);
        Some((columns.event(0, 0).to_event(), index))
    }

    /// What the full rules make of it: none where it is wrong.
    fn parsed(text: &str) -> Option<(crate::Event, Option<u64>)> {
        let parsed = line::parse(text.trim_ascii_end()).ok()?;
        Some((parsed.event, parsed.index))
    }

    #[test]
    fn is_quick_with_what_is_usual() {
        for text in [
            r#"{"process":3,"type":"invoke","f":"cas","value":[1,2],"time":17}"#,
            r#"{ "index" : 4, "process":"nemesis", "type":"info", "f":"x", "value":{"a":["\"]}"]} , "key":-1 }"#,
            r#"{"type":"ok","f":"read","value":"\u00e9","key":"é","session":7,"version":[1,-2],"node":"n1"}"#,
            r#"{"process":null,"type":"fail","f":"read","final":true,"error":["late",1.5],"time":-1}"#,
            r#"{"type":"ok","f":"read","value":-12345678901234567,"version":[],"error":null,"final":false}"#,
        ] {
            assert!(scanned(text).is_some(), "{text}");
            assert_eq!(scanned(text), parsed(text), "{text}");
        }
    }

    #[test]
    fn leaves_the_unusual_to_the_full_rules() {
        for text in [
            "",
            "{}",
            r#"{"type":"ok"}"#,
            r#"{"type":"ok","f":"read"}}"#,
            r#"{"type":"ok","f":"read"},"#,
            r#"{"type":"ok","f":"read","f":"read"}"#,
            "{\"type\":\"ok\",\"f\":\"re\tad\"}",
            r#"{"type":"ok","f":null}"#,
            r#"{"type":"ok","f":"a\n"}"#,
            r#"{"type":"ok","f":"read","other":1}"#,
            r#"{"type":"ok","f":"read","value":01}"#,
            r#"{"type":"ok","f":"read","value":1.}"#,
            r#"{"type":"ok","f":"read","value":[1,}"#,
            r#"{"type":"ok","f":"read","value":nul}"#,
            r#"{"type":"ok","f":"read","value":1 2}"#,
            r#"{"type":"ok","f":"read","value":}"#,
            r#"{"type":"ok","f":"read","key":1.5}"#,
            r#"{"type":"ok","f":"read","index":-1}"#,
            r#"{"type":"ok","f":"read","version":[1,]}"#,
            r#"{"type":"ok","f":"read","final":true,"final?":true}"#,
        ] {
            assert_eq!(scanned(text), None, "{text}");
        }
        for large in [
            r#"{"type":"ok","f":"read","value":9223372036854775807,"error":-0}"#,
            r#"{"type":"ok","f":"read","value":99999999999999999999}"#,
        ] {
            assert_eq!(scanned(large), parsed(large));
        }
    }

    /// Pieces of lines: fields that are right, and some that are not.
    fn pieces() -> impl Strategy<Value = String> {
        let names = prop::sample::select(Field::names());
        let values = prop_oneof![
            r#"(null|true|false|-?[0-9]{1,3}|-?0|0[0-9]|[0-9]{17,20}|1\.5|1e3|-|\[\]|\{\}|nil)"#,
            r#""(nemesis|ok|info|invoke|read|x|é|\\"|\\u0041|\\|\]|,)?""#,
            r#"\[(1,|"a",|null,| |\[2\],){0,2}(1|"\]"|\{"a":[01]\})?\]"#,
        ];
        prop_oneof![
            8 => (names, values, "[ ]?").prop_map(|(name, value, space)| format!("\"{name}\":{space}{value}")),
            1 => r#"[{}\[\],:" a0]{0,3}"#,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn means_what_the_full_rules_mean(
            pieces in vec(pieces(), 0..4), kind in "(ok|info|fail|invoke)", end in r#"\}|\} |,\}|"#,
        ) {
            let text = format!(r#"{{"type":"{kind}","f":"read",{}{end}"#, pieces.join(","));
            let text = text.replace(",}", "}");
            if let Some(scanned) = scanned(&text) {
                prop_assert_eq!(Some(scanned), parsed(&text), "{}", text);
            }
        }
    }
}
