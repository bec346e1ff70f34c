//! Bad input: an error that names the line and what is wrong there, and never a panic.

use std::io::{self, BufReader, Read};

use perjury_histories::format::{jepsen_edn, jsonl};
use perjury_histories::{Error, Event, EventRef};
use proptest::collection::vec;
use proptest::prelude::*;

const HEADER: &str = "{\"format\":\"perjury-history\",\"schema\":1}\n";

/// A small file: a header and three events.
const SMALL: &str = concat!(
    "{\"format\":\"perjury-history\",\"schema\":1}\n",
    "{\"index\":0,\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":[\"é\",1.5],\"key\":\"x\"}\n",
    "{\"index\":1,\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":{\"é\":[]},\"version\":[1,2]}\n",
    "{\"index\":2,\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"healed\",\"value\":null,\"time\":17}\n",
);

fn events(bytes: &[u8]) -> Result<Vec<Event>, Error> {
    jsonl::read(bytes).map(|history| history.events().map(EventRef::to_event).collect())
}

fn problem(text: &str) -> String {
    jsonl::read(text.as_bytes()).unwrap_err().to_string()
}

/// The problem of an event, on its own line after a header, that has these fields too.
fn problem_of_event(fields: &str) -> String {
    problem(&format!("{HEADER}{{\"type\":\"ok\",\"f\":\"read\",{fields}}}\n"))
}

#[test]
fn names_the_field_that_is_wrong() {
    let process = "expected a number from 0, \"nemesis\" or null";
    let key = "expected a string or a signed 64-bit integer";
    for (fields, column, expected) in [
        (r#""process":-1"#, 36, format!("`process`: invalid type: integer `-1`, {process}")),
        (r#""process":"Nemesis""#, 43, format!("`process`: invalid value: string \"Nemesis\", {process}")),
        (r#""process":1.5"#, 37, format!("`process`: invalid type: floating point `1.5`, {process}")),
        (r#""index":"1""#, 35, "`index`: invalid type: string \"1\", expected a number from 0".to_owned()),
        (r#""index":-1"#, 34, "`index`: invalid value: integer `-1`, expected a number from 0".to_owned()),
        (
            r#""time":-2"#,
            33,
            "`time`: invalid value: integer `-2`, expected nanoseconds from 0, or -1 for none".to_owned(),
        ),
        (r#""key":[1]"#, 31, format!("`key`: invalid type: list, {key}")),
        (r#""key":1.5"#, 33, format!("`key`: invalid type: floating point `1.5`, {key}")),
        (
            r#""key":9223372036854775808"#,
            49,
            format!("`key`: invalid value: integer `9223372036854775808`, {key}"),
        ),
        (r#""final":1"#, 33, "`final`: invalid type: integer `1`, expected a boolean".to_owned()),
        (
            r#""version":[1,"2"]"#,
            40,
            "`version`: invalid type: string \"2\", expected an integer of 64 bits".to_owned(),
        ),
        (r#""type":"ok""#, 30, "`type` stands there twice".to_owned()),
    ] {
        assert_eq!(problem_of_event(fields), format!("line 2, column {column}: {expected}"));
    }
}

#[test]
fn names_what_is_missing() {
    assert_eq!(problem(r#"{"f":"read"}"#), "line 1: `type` is missing: expected invoke, ok, fail or info");
    assert_eq!(
        problem(r#"{"type":"ok"}"#),
        "line 1: `f` is missing: expected the name of a function, or null"
    );
    assert_eq!(
        problem(&format!("{SMALL}{HEADER}")),
        "line 5: `type` is missing: expected invoke, ok, fail or info"
    );
    let unknown =
        "line 1, column 11: `type`: unknown word `go`, expected one of `invoke`, `ok`, `fail`, `info`";
    assert_eq!(problem(r#"{"type":"go"}"#), unknown.replace("11", "12"));
}

#[test]
fn keeps_the_digits_of_integers_beyond_64_bits() {
    let line = r#"{"type":"ok","f":"read","value":[1,1234567890123456789012],"error":-9223372036854775809}"#;
    let event = events(line.as_bytes()).unwrap().remove(0);
    assert_eq!(event.value, serde_json::json!([1, {"##": "1234567890123456789012N"}]));
    assert_eq!(event.error, Some(serde_json::json!({"##": "-9223372036854775809N"})));
    let edn = "{:type :ok, :f :read, :value [1 1234567890123456789012], :error -9223372036854775809}";
    let same = jepsen_edn::read(&mut edn.as_bytes()).unwrap().events().next().unwrap().to_event();
    assert_eq!(event, same, "as EDN has it");
    let key = problem_of_event(r#""key":1234567890123456789012"#);
    assert!(key.contains("expected a string or a signed 64-bit integer"), "{key}");
    assert_eq!(problem_of_event(r#""value":1e999"#), "line 2, column 37: `value`: number out of range");
}

#[test]
fn says_little_of_what_is_long_or_unprintable() {
    let long = format!("\u{1b}[31m{}", "go".repeat(100_000));
    for text in [
        format!("{{\"type\":{}}}", serde_json::json!(long)),
        format!("{{:type :{long}}}"),
        format!("{{:type :ok :value 1{long}}}"),
        format!("{{:type :ok :value \u{1}{long}}}"),
        format!("{{:type :ok :value #1{long} 1}}"),
    ] {
        let problems = [problem(&text), jepsen_edn::read(&mut text.as_bytes()).unwrap_err().to_string()];
        for problem in problems {
            assert!(problem.len() < 400 && !problem.contains('\u{1b}'), "{}", problem.escape_debug());
        }
    }
}

#[test]
fn refuses_headers_it_cannot_read() {
    for (header, expected) in [
        (
            r#"{"format":"perjury-history","schema":2}"#,
            "line 1: a history of schema 2, but this version reads schema 1",
        ),
        (
            r#"{"format":"perjury-history","schema":"1"}"#,
            "line 1: a history of schema \"1\", but this version reads schema 1",
        ),
        (
            r#"{"format":"perjury-history"}"#,
            "line 1: the header names no schema; this version reads schema 1",
        ),
        (
            r#"{"format":"tap","schema":1}"#,
            "line 1: the header says format \"tap\", but this reads \"perjury-history\"",
        ),
        (r#"{"schema":1}"#, "line 1: `type` is missing: expected invoke, ok, fail or info"),
    ] {
        assert_eq!(problem(header), expected);
    }
    assert_eq!(events(br#"{"format":"x","type":"ok","f":"read"}"#).unwrap().len(), 1);
}

#[test]
fn refuses_what_is_no_object() {
    for text in ["[0,0,\"ok\",\"read\"]", "17", "perjury", "\u{feff}{}"] {
        assert_eq!(problem(text), "line 1, column 1: expected an event, a JSON object");
    }
    assert_eq!(problem("{} {}"), "line 1, column 4: expected nothing more here");
    assert_eq!(problem("{'f':1}"), "line 1, column 2: expected the name of a field in double quotes");
}

#[test]
fn says_that_an_event_stands_on_one_line() {
    let problem = problem("{\n \"type\": \"ok\"\n}\n");
    assert_eq!(problem, "line 1, column 1: the text ends inside an object; an event must stand on one line");
}

#[test]
fn refuses_an_empty_text() {
    for text in ["", "\n", " \n\n"] {
        assert!(problem(text).ends_with("empty: neither a header nor an event"), "{text:?}");
    }
    assert_eq!(jsonl::read(&b""[..]).unwrap_err().line(), Some(1));
}

#[test]
fn refuses_bytes_that_are_not_utf8() {
    let error = jsonl::read(&b"{\"type\":\"ok\",\"f\":\"\xff\"}\n"[..]).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 19: not UTF-8");
}

#[test]
fn refuses_deep_nesting_and_keeps_the_deepest_it_accepts() {
    let nested = |depth: usize| format!("\"value\":{}{}", "[".repeat(depth), "]".repeat(depth));
    let line = format!("{{\"type\":\"ok\",\"f\":\"read\",{}}}", nested(127));
    let history = jsonl::read(line.as_bytes()).unwrap();
    let mut written = Vec::new();
    jsonl::write(&history, &mut written).unwrap();
    assert_eq!(jsonl::read(written.as_slice()).unwrap(), history);
    for depth in [128, 1_000_000] {
        let expected = "line 2, column 160: `value`: nested more than 127 levels deep";
        assert_eq!(problem_of_event(&nested(depth)), expected);
    }
    let ignored = nested(1_000_000).replace("value", "other");
    let line = format!("{{\"type\":\"ok\",\"f\":\"read\",{ignored}}}");
    assert_eq!(events(line.as_bytes()).unwrap().len(), 1);
}

#[test]
fn refuses_a_line_without_end() {
    let endless = HEADER.as_bytes().chain(io::repeat(b'a'));
    let error = jsonl::read(BufReader::new(endless)).unwrap_err();
    assert_eq!(error.to_string(), "line 2: the line is longer than 67108864 bytes");
}

#[test]
fn says_that_the_medium_failed() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let error = jsonl::read(BufReader::new(SMALL.as_bytes().chain(Broken))).unwrap_err();
    assert!(matches!(error, Error::Unreadable { line: 5, .. }));
    assert_eq!(error.to_string(), "line 5: the disk is on fire");
    let cut = format!("{SMALL}{{\"type\":");
    let error = jsonl::read(BufReader::new(cut.as_bytes().chain(Broken))).unwrap_err();
    assert_eq!(error.to_string(), "line 5: the disk is on fire");
}

#[test]
fn names_the_line_of_what_is_not_well_formed() {
    let once = "{\"process\":1,\"type\":\"invoke\",\"f\":\"read\"}\n";
    assert_eq!(
        problem(&format!("{HEADER}\n{once}\n{once}")),
        "line 5: event 1: process 1 invokes read while its read of event 0 is still open"
    );
}

/// Far more lines than one block has, so that many blocks are read at once.
#[test]
fn names_the_first_error_of_a_long_text() {
    let line = "{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"x\"}\n";
    let busy = "{\"process\":1,\"type\":\"invoke\",\"f\":\"read\"}\n";
    let long = line.repeat(40_000);
    let text = format!("{HEADER}{long}\n{busy}{long}{busy}{long}17\n");
    assert_eq!(
        problem(&text),
        "line 80004: event 80001: process 1 invokes read while its read of event 40000 is still open"
    );
    let text = format!("{HEADER}{long}{long}17\n{busy}{busy}{long}");
    assert_eq!(problem(&text), "line 80002, column 1: expected an event, a JSON object");
    let text = text.replace("17\n", "\r\n").replace(&busy.repeat(2), busy);
    assert_eq!(events(text.as_bytes()).unwrap().len(), 120_001);
}

#[test]
fn finds_every_cut() {
    let whole = events(SMALL.as_bytes()).unwrap();
    for cut in 0..SMALL.len() {
        let bytes = &SMALL.as_bytes()[..cut];
        let lines_before = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let tail = &bytes[bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)..];
        let is_whole = tail.is_empty() || SMALL.as_bytes()[cut] == b'\n';
        match events(bytes) {
            Ok(events) => {
                assert!(is_whole && cut > 0, "cut at {cut} went unnoticed");
                let lines = lines_before + usize::from(!tail.is_empty());
                assert_eq!(events, whole[..lines - 1], "cut at {cut}");
            }
            Err(error) => {
                assert!(!is_whole || cut == 0, "cut at {cut}: {error}");
                assert_eq!(error.line(), Some(lines_before as u64 + 1), "cut at {cut}");
                let expected = if cut == 0 { "empty" } else { "ends in the middle of this line" };
                assert!(error.to_string().contains(expected), "cut at {cut}: {error}");
            }
        }
    }
}

fn damaging_bytes() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), prop::sample::select(b"\"{}[]\n9-".to_vec())]
}

/// Reads it all; whatever is wrong has a line of the text.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    if let Err(error) = jsonl::read(bytes) {
        prop_assert!(error.line().is_some_and(|line| (1..=lines).contains(&line)), "{}", error);
        prop_assert!(error.to_string().starts_with("line "), "{}", error);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn survives_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        survives(&bytes)?;
    }

    #[test]
    fn survives_any_json_like_text(text in r#"([\[\]{}:,"\\ \n0-9e.-]|"type"|"ok"|"f"|null|true){0,40}"#) {
        survives(text.as_bytes())?;
    }

    #[test]
    fn survives_a_damaged_file(
        damage in vec((0..SMALL.len(), damaging_bytes(), 0..3_u8), 1..5)
    ) {
        let mut bytes = SMALL.as_bytes().to_vec();
        for (place, byte, way) in damage {
            let place = place.min(bytes.len() - 1);
            match way {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        survives(&bytes)?;
    }
}
