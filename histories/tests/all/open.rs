//! Files and folders are opened whatever their format; what is wrong names the file.

use std::fs;
use std::path::{Path, PathBuf};

use perjury_histories::{format, notation, open, open_as, read_as};

/// A file of this name and content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// What is wrong with this file, after its name.
fn problem(path: &Path, format: Option<&str>) -> String {
    let format = format.map(|name| format::named(name).expect("a format"));
    let error = open(path, format).map(drop).unwrap_err().to_string();
    let name = format!("{}: ", path.display());
    error.strip_prefix(&name).unwrap_or_else(|| panic!("{error} does not begin with {name}")).to_owned()
}

#[test]
fn opens_a_file_by_its_content() {
    for (name, format, content) in [
        ("a.jsonl", "jsonl", "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n"),
        ("a.edn", "jepsen-edn", "{:process 0, :type :ok, :f :read, :value 1}\n"),
        ("b.edn", "jepsen-edn-vec", "[{:process 0, :type :ok, :f :read, :value 1}]"),
        ("a.json", "elle-json", "[{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}]"),
        ("a.txt", "jepsen-history-txt", "0\t:ok\t:read\t1\n"),
        ("a.log", "jepsen-log", "INFO  jepsen.util - 0\t:ok\t:read\t1\n"),
    ] {
        let history = open(&file(name, content), None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(notation::print(&history), "..0:read(_,1)", "{name}");
        assert_eq!(open_as(&file(name, content), None).expect("the same").1.name, format, "{name}");
    }
}

/// The longest line begins in the part by which the format is told, and ends after it.
#[test]
fn reads_on_after_the_first_bytes() {
    let long = "x".repeat(3 * format::HEAD_BYTES);
    let content = format!("{{:process 0, :type :ok, :f :read, :value \"{long}\"}}");
    let history = open(&file("long.edn", &content), None).unwrap();
    assert_eq!(history.events().next().unwrap().value, &serde_json::json!(long));
}

#[test]
fn obeys_the_format_that_is_named() {
    let path = file("named.edn", "{:process 0, :type :ok, :f :read, :value 1}\n");
    assert!(open(&path, format::named("jepsen-edn-vec")).is_ok());
    assert_eq!(problem(&path, Some("elle-json")), "line 1, column 1: expected an array of operations");
    assert!(format::named("edn").is_none());
}

#[test]
fn says_what_is_wrong_and_where() {
    let path = file("wrong.edn", "{:process 0, :type :ok, :f :read, :value 1}\n{:type :okay}\n");
    let expected =
        "line 2, column 8: `type`: unknown word `okay`, expected one of `invoke`, `ok`, `fail`, `info`";
    assert_eq!(problem(&path, None), expected);
    let error = open(&path, None).unwrap_err();
    assert_eq!(error.line(), Some(2));

    let path = file("missing", "");
    fs::remove_file(&path).unwrap();
    assert!(problem(&path, None).starts_with("cannot be opened: No such file"));
}

#[test]
fn names_the_formats_where_none_fits() {
    let path = file("poem.txt", "To be, or not to be\n");
    let found = problem(&path, None);
    assert!(
        found.starts_with("fits no format; name its format with --format, to see what is wrong: "),
        "{found}"
    );
    for name in ["jsonl", "jepsen-edn", "elle-json", "jepsen-log"] {
        assert!(found.contains(name), "{found}");
    }
}

#[test]
fn takes_an_empty_file_for_an_empty_history() {
    for content in ["", "\n", " \r\n\n"] {
        let history = open(&file("empty", content), None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(history.events().len(), 0, "{content:?}");
    }
}

#[test]
fn tells_files_from_folders() {
    let path = file("folder.edn/x", "").parent().unwrap().to_owned();
    assert_eq!(problem(&path, Some("jepsen-edn")), "jepsen-edn is a format of files: this is a folder");
    assert!(problem(&path, None).starts_with("a folder that fits no format; known formats of folders: "));
}

/// What is wrong with a stream of these bytes.
fn problem_of(bytes: &[u8], format: Option<&str>) -> String {
    let format = format.map(|name| format::named(name).expect("a format"));
    read_as(bytes, format).map(drop).unwrap_err().to_string()
}

#[test]
fn passes_over_a_byte_order_mark() {
    for (format, content) in [
        ("jsonl", "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n"),
        ("jepsen-edn", "{:process 0, :type :ok, :f :read, :value 1}\n"),
        ("jepsen-history-txt", "0\t:ok\t:read\t1\n"),
    ] {
        let content = format!("\u{feff}{content}");
        let (history, told) = read_as(content.as_bytes(), None).unwrap();
        assert_eq!((notation::print(&history).as_str(), told.name), ("..0:read(_,1)", format));
        assert!(read_as(content.as_bytes(), format::named(format)).is_ok(), "{format}");
    }
    let wrong = "\u{feff}{\"type\":\"go\"}";
    assert!(problem_of(wrong.as_bytes(), None).starts_with("line 1, column 12: `type`"), "as editors count");
    assert_eq!(read_as("\u{feff}".as_bytes(), None).unwrap().0.events().len(), 0);
}

#[test]
fn takes_blanks_after_the_brace_for_json_lines() {
    let (_, format) = read_as(&b"{ \"type\": \"ok\", \"f\": \"read\" }\n"[..], None).unwrap();
    assert_eq!(format.name, "jsonl");
}

#[test]
fn says_how_to_unpack_what_is_compressed() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0";
    let expected = "compressed with gzip, which is no history yet: zcat FILE | perjury check -";
    for format in [None, Some("jsonl"), Some("jepsen-log"), Some("dbcop-bincode")] {
        assert_eq!(problem_of(gzip, format), expected, "{format:?}");
    }
    assert_eq!(problem_of(b"\0\0\0\0", None), "binary, and in no binary format that is known");
}

#[test]
fn refuses_a_log_without_operations() {
    let found = problem_of(b"To be, or not to be\n", Some("jepsen-log"));
    assert!(found.starts_with("line 1: here and below is no line of Jepsen's log such as INFO"), "{found}");
}

#[test]
fn reads_no_folder_from_a_stream() {
    let found = problem_of(b"x", Some("cobra-log-dir"));
    assert_eq!(found, "cobra-log-dir is a format of folders: name the folder itself");
}
