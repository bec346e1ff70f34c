//! dbcop's histories in JSON: a list of sessions, which are lists of transactions, which hold events.
//!
//! ```text
//! [[{"events": [{"Write": {"variable": "x", "version": 1}}], "committed": true}],
//!  [{"events": [{"Read": {"variable": "x", "version": null}}], "committed": true}]]
//! ```
//!
//! The n-th session is process n, from 0. Variables and versions are strings or integers of 64 bits; a
//! read of null found the initial value. What was not committed failed. An event may also be written
//! shortly, `["w", "x", 1]`, and the list may be the field `data` of an object with other fields, as
//! dbcop's generator writes it. Fields that are not named here are passed over.

use std::io::BufRead;

use super::Format;
use super::sessions::{self, Session};
use crate::{Error, History, exact};

mod written;

use written::{Sessions, Written};

/// dbcop's histories in JSON.
pub const FORMAT: Format = Format {
    name: "dbcop-json",
    about: "dbcop's sessions of transactions, as JSON",
    fits,
    read: super::Read::File(|input| read(input)),
    write: None,
};

/// Whether it begins like one, blanks apart.
fn fits(head: &[u8]) -> bool {
    let dense: Vec<u8> = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if let Some(fields) = dense.strip_prefix(b"{\"") {
        return fields.starts_with(b"params\":{") || fields.starts_with(b"data\":[");
    }
    let mut sessions = dense.strip_prefix(b"[").unwrap_or_default();
    while let Some(rest) = sessions.strip_prefix(b"[],") {
        sessions = rest;
    }
    let beginnings: [&[u8]; 3] = [b"[{\"events\":", b"[{\"committed\":", b"[]]"];
    beginnings.iter().any(|beginning| sessions.starts_with(beginning))
}

/// Reads a whole history.
///
/// The text is one value, without borders between which to stream, and shorter in memory than what it
/// says: it is read at once, which takes a third of the time of a `serde_json` stream.
pub fn read(mut input: impl BufRead) -> Result<History, Error> {
    let mut text = Vec::new();
    if let Err(source) = input.read_to_end(&mut text) {
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        return Err(Error::Unreadable { line: lines as u64 + 1, source });
    }
    let Sessions(sessions) = serde_json::from_slice(&text).map_err(|error| Error::Input {
        line: error.line() as u64,
        column: Some(error.column()).filter(|&column| column > 0),
        problem: exact::words(&error),
    })?;
    drop(text);
    let session = |(process, transactions): (u64, Vec<Written>)| Session {
        process,
        transactions: transactions.into_iter().map(Written::transaction).collect(),
    };
    Ok(sessions::history(&(0..).zip(sessions).map(session).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::*;
    use crate::notation::print;
    use crate::testing::Broken;

    fn printed(text: &str) -> String {
        print(&read(text.as_bytes()).unwrap())
    }

    fn problem(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    /// The problem of an event in a history of that event alone, and its column there.
    fn problem_of(event: &str) -> (usize, String) {
        const BEFORE: &str = "[[{\"events\":[";
        match read(format!("{BEFORE}{event}],\"committed\":true}}]]").as_bytes()) {
            Err(Error::Input { line: 1, column: Some(column), problem }) => (column - BEFORE.len(), problem),
            other => panic!("{event}: {other:?}"),
        }
    }

    const WRITE: &str = r#"[{"events": [{"Write": {"variable": "x", "version": 1}}], "committed": true}]"#;
    const READ: &str = r#"[{"committed": true, "events": [["r", -3, null], ["r", 4, "one"]]}]"#;

    #[test]
    fn reads_sessions_of_transactions() {
        assert_eq!(
            printed(&format!(" [{WRITE},\n[], {READ}]\n")),
            r#"0:txn(_,[["w","x",1]])? 2:txn(_,[["r",-3,null],["r",4,null]])? 0:ok 2:ok=[["r",-3,null],["r",4,"one"]]"#
        );
        assert_eq!(printed("[]"), "");
        assert_eq!(printed(r#"[[{"events":[],"committed":true}]]"#), "0:txn(_,[])");
    }

    #[test]
    fn fails_what_was_not_committed() {
        assert_eq!(
            printed(&format!("[{}]", WRITE.replace("true", "false"))),
            r#"0:txn(_,[["w","x",1]]):fail"#
        );
    }

    #[test]
    fn takes_an_event_written_in_either_way() {
        for event in
            [r#"["w","x",1]"#, r#"{"Write":{"version":1,"by":[2],"variable":"x"}}"#, r#"["Write","x",1]"#]
        {
            let text = format!(r#"[[{{"events":[{event}],"committed":true,"at":{{}}}}]]"#);
            assert_eq!(printed(&text), printed(&format!("[{WRITE}]")), "{event}");
        }
    }

    #[test]
    fn finds_the_sessions_in_an_object() {
        let text = format!(r#"{{"params":{{"id":0}},"info":"x","data":[{WRITE}],"end":[1e99]}}"#);
        assert_eq!(printed(&text), printed(&format!("[{WRITE}]")));
        assert_eq!(problem(r#"{"params":1}"#), "line 1, column 12: missing field `data`");
        assert_eq!(problem(r#"{"data":[],"data":[]}"#), "line 1, column 17: duplicate field `data`");
    }

    #[test]
    fn keeps_integers_of_64_bits_and_refuses_others() {
        let numbers = r#"[[{"events":[["w",18446744073709551615,-9223372036854775808]],"committed":true}]]"#;
        assert_eq!(printed(numbers), r#"0:txn(_,[["w",18446744073709551615,-9223372036854775808]])"#);
        let expected = "expected a string, or an integer of 64 bits";
        for (number, float) in [
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("-9223372036854775809", "-9.223372036854776e+18"),
            ("1.5", "1.5"),
        ] {
            let (column, problem) = problem_of(&format!("[\"w\",{number},1]"));
            assert_eq!(
                (column, problem),
                (5 + number.len(), format!("invalid type: floating point `{float}`, {expected}"))
            );
        }
    }

    #[test]
    fn says_where_an_event_is_wrong() {
        let event = "expected an event: {\"Read\" or \"Write\": {…}}, or [\"r\" or \"w\", variable, version]";
        let scalar = "expected a string, or an integer of 64 bits";
        for (text, column, expected) in [
            ("7", 1, format!("invalid type: integer `7`, {event}")),
            ("{}", 2, format!("invalid length 0, {event}")),
            (r#"{"Add":1}"#, 6, "unknown word `Add`, expected one of `Read`, `r`, `Write`, `w`".to_owned()),
            (r#"{"Read":{"variable":1}}"#, 22, "missing field `version`".to_owned()),
            (r#"{"Read":{"version":1}}"#, 21, "missing field `variable`".to_owned()),
            (r#"{"Read":{"version":1,"version":1}}"#, 30, "duplicate field `version`".to_owned()),
            (r#"{"Read":{"version":1,"variable":[]}}"#, 34, format!("invalid type: list, {scalar}")),
            (r#"{"Read":{"version":1,"variable":1},"Write":1}"#, 42, format!("invalid length 2, {event}")),
            (r#"["r"]"#, 5, format!("invalid length 1, {event}")),
            (r#"["r",1]"#, 7, format!("invalid length 2, {event}")),
            (r#"["r",1,1,1]"#, 10, "expected nothing more here".to_owned()),
            (r#"["r",null,1]"#, 12, "the variable is null".to_owned()),
            (r#"["w",1,null]"#, 12, "the version of a write is null".to_owned()),
        ] {
            assert_eq!(problem_of(text), (column, expected), "{text}");
        }
    }

    #[test]
    fn says_where_the_text_is_wrong() {
        for (text, expected) in [
            ("", "line 1: the text ends inside a value"),
            ("[\n[}", "line 2, column 2: expected a JSON value"),
            ("[\n[{\"events\":[]}]]", "line 2, column 14: missing field `committed`"),
            ("[[{\"committed\":true}]]", "line 1, column 20: missing field `events`"),
            (
                "[[{\"committed\":1,\"events\":[]}]]",
                "line 1, column 16: invalid type: integer `1`, expected a boolean",
            ),
            ("[]\n[", "line 2, column 1: expected nothing more here"),
            (
                "7",
                "line 1, column 1: invalid type: integer `7`, expected a list of sessions, or an object with one as `data`",
            ),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
    }

    #[test]
    fn passes_over_fields_of_any_depth() {
        let deep = |inner: &str| format!("{}{}", "[".repeat(1_000_000), inner) + &"]".repeat(1_000_000);
        let text = format!("{{\"info\":{},\"data\":[{WRITE}]}}", deep("1"));
        assert_eq!(printed(&text), printed(&format!("[{WRITE}]")));
        assert_eq!(problem(&deep("")), "line 1, column 6: expected a JSON value");
    }

    #[test]
    fn names_the_line_that_cannot_be_read() {
        let input = BufReader::new((&b"[\n["[..]).chain(Broken));
        assert_eq!(read(input).unwrap_err().to_string(), "line 2: the disk is gone");
    }

    #[test]
    fn fits_what_begins_like_it() {
        for text in [
            "[[]]",
            " [ [ ] ,\n[], [{ \"events\" : [",
            "[[{\"committed\":true,",
            "{\"params\":{\"id\":0",
            "{ \"data\": [",
        ] {
            assert!(fits(text.as_bytes()), "{text}");
        }
        for text in
            ["", "[]", "[{\"events\":", "[[{:events", "[[7", "{\"index\":0", "{\"params\":1", "{", "[[:r 1"]
        {
            assert!(!fits(text.as_bytes()), "{text}");
        }
    }
}
