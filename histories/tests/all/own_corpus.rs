//! The histories of our own making in `corpus/<model>/{good,bad}`: this is their table of contents.
//!
//! A bad history is named after its anomaly, a good one after what makes it look suspicious.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use perjury_histories::format::jsonl;
use perjury_histories::notation;

const CONTENTS: &[(&str, &str)] = &[
    ("cas_register/bad/failed_cas_read", "0:write(x,1) 1:cas(x,[1,2]):fail 0:read(x)=2"),
    ("cas_register/bad/lost_update", "0:write(x,0) 1:cas(x,[0,1]) 2:cas(x,[0,2])"),
    ("cas_register/bad/stale_read", "0:write(x,1) 1:cas(x,[1,2]) 0:read(x)=1"),
    ("cas_register/good/concurrent_cas", "0:write(x,1) 1:cas(x,[1,2])? 0:read(x)=1 1:ok"),
    ("cas_register/good/failed_cas", "0:write(x,1) 1:cas(x,[5,2]):fail 0:read(x)=1"),
    ("cas_register/good/unknown_cas_read", "0:write(x,1) 1:cas(x,[1,2]):info 0:read(x)=2"),
    ("register/bad/failed_write_read", "0:write(x,1)@1 1:write(x,2):fail 0:read(x)=2@2"),
    ("register/bad/garbage_read", "0:write(x,1)@1 1:read(x)=7@1"),
    ("register/bad/monotonic_reads", "0:write(x,1)@1 1:read(x)=1@1 1:read(x)=null"),
    ("register/bad/monotonic_writes", "0:write(x,1)@2 0:write(x,2)@1 1:read(x)=1@2"),
    ("register/bad/read_your_writes", "0:write(x,1)@1 1:write(x,2)@2 1:read(x)=1@1"),
    ("register/bad/stale_read", "0:write(x,1)@1 0:write(x,2)@2 1:read(x)=1@1"),
    ("register/bad/writes_follow_reads", "0:write(x,1)@2 1:read(x)=1@2 1:write(x,2)@1"),
    ("register/good/concurrent_read", "0:write(x,1)@1 0:write(x,2)? 1:read(x)=1@1 0:ok@2"),
    ("register/good/failed_write_unread", "0:write(x,1)@1 1:write(x,2):fail 0:read(x)=1@1"),
    ("register/good/other_key_read", "0:write(x,1)@1 0:write(y,2)@1 1:read(x)=1@1"),
    ("register/good/session_with_two_processes", "0s7:write(x,1):info 1s7:read(x)=1@1 1s7:write(x,2)@2"),
    ("register/good/unknown_write_read", "0:write(x,1)@1 1:write(x,2):info 0:read(x)=2@2"),
    ("register/good/unknown_write_unread", "0:write(x,1)@1 1:write(x,2)? 0:read(x)=1@1"),
    ("set/bad/failed_add_read", "0:add(a,1) 1:add(b,2):fail 0:read!()=[1,2]"),
    ("set/bad/lost_element", "0:add(a,1) 1:add(b,2) 0:read!()=[2]"),
    ("set/bad/unexpected_element", "0:add(a,1) 0:read!()=[1,2]"),
    ("set/good/concurrent_adds", "0:add(a,1)? 1:add(b,2)? 0:ok 1:ok 0:read!()=[2,1]"),
    ("set/good/failed_add_unread", "0:add(a,1) 1:add(b,2):fail 0:read!()=[1]"),
    ("set/good/unknown_add_read", "0:add(a,1) 1:add(b,2):info 0:read!()=[1,2]"),
    ("set/good/unknown_add_unread", "0:add(a,1) 1:add(b,2)? 0:read!()=[1]"),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All files, without their extension, and their bytes.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
            continue;
        }
        let name = path.strip_prefix(corpus()).unwrap().with_extension("");
        assert_eq!(path.extension().unwrap(), "jsonl", "{}", path.display());
        found.insert(name.to_str().unwrap().replace('\\', "/"), fs::read(path).unwrap());
    }
}

#[test]
fn holds_what_the_table_of_contents_says() {
    let mut found = BTreeMap::new();
    files(&corpus(), &mut found);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let expected: Vec<&str> = CONTENTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    for (name, text) in CONTENTS {
        let history = jsonl::read(found[*name].as_slice()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(notation::print(&history), *text, "{name}");
        assert!((3..=7).contains(&history.events().len()), "{name}");
    }
}

#[test]
fn is_written_as_we_write_today() {
    let mut found = BTreeMap::new();
    files(&corpus(), &mut found);
    for (name, bytes) in found {
        let mut again = Vec::new();
        jsonl::write(&jsonl::read(bytes.as_slice()).unwrap(), &mut again).unwrap();
        assert!(again == bytes, "{name}");
    }
}
