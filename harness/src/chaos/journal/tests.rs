use super::*;
use crate::folder::tests::report;
use crate::sweep::Case;

pub(crate) fn header() -> Header {
    Header {
        schema: SCHEMA,
        program: crate::trial::program(),
        shard: Shard::ONLY,
        first: 0,
        end: None,
        profile: String::new(),
        fixed: Vec::new(),
        compares_one_in: 100,
    }
}

pub(crate) fn entry(seed: u64) -> Entry {
    let report = report(seed);
    Entry::new(&report, Case::new(&report))
}

fn seeds_of(folder: &Path) -> (Journal, Vec<u64>) {
    let mut seeds = Vec::new();
    let journal = Journal::open(folder, &header(), &mut |entry| seeds.push(entry.case.seed)).expect("opened");
    (journal, seeds)
}

#[test]
fn goes_on_where_it_was_killed_at_any_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, seeds) = seeds_of(folder.path());
    assert!(seeds.is_empty());
    (0..2).for_each(|seed| journal.add(&entry(seed)).expect("written"));
    drop(journal);
    let path = folder.path().join(header().file_name());
    let bytes = fs::read(&path).expect("bytes");
    let ends: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    for len in 0..=bytes.len() {
        fs::write(&path, &bytes[..len]).expect("cut");
        let (mut journal, seeds) = seeds_of(folder.path());
        let whole = ends[1..].iter().filter(|end| **end <= len).count() as u64;
        assert_eq!(seeds, (0..whole).collect::<Vec<_>>(), "cut at {len}");
        // Whatever was cut off, what comes next is read back.
        journal.add(&entry(7)).expect("written");
        drop(journal);
        assert_eq!(seeds_of(folder.path()).1.last(), Some(&7), "cut at {len}");
    }
}

#[test]
fn refuses_what_is_damaged_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = seeds_of(folder.path());
    (0..2).for_each(|seed| journal.add(&entry(seed)).expect("written"));
    drop(journal);
    let path = folder.path().join(header().file_name());
    let text = fs::read_to_string(&path).expect("text").replace("\"seed\":0", "\"seed\":x");
    fs::write(&path, &text).expect("written");
    let error = Journal::open(folder.path(), &header(), &mut |_| ()).err().expect("damaged");
    assert!(format!("{error:#}").contains("shard-0-of-1.jsonl, line 2"), "{error:#}");
    assert_eq!(fs::read_to_string(&path).expect("text"), text);
}

#[test]
fn refuses_to_go_on_with_another_sweep() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(seeds_of(folder.path()));
    for (what, other) in [
        ("another profile", Header { profile: "nodes = 3".to_owned(), ..header() }),
        ("other seeds", Header { first: 1, ..header() }),
        (
            "another program",
            Header {
                program: crate::report::Program { version: "0".to_owned(), ..crate::trial::program() },
                ..header()
            },
        ),
    ] {
        let error = Journal::open(folder.path(), &other, &mut |_| ()).err().expect("another sweep");
        assert!(
            error.to_string().contains(&format!("with {what}: give the command that began it")),
            "{error}"
        );
    }
}

#[test]
fn is_written_by_one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, _) = seeds_of(folder.path());
    let error = Journal::open(folder.path(), &header(), &mut |_| ()).err().expect("locked");
    assert!(error.to_string().contains("shard-0-of-1.jsonl is being written: wait"), "{error}");
    drop(journal);
    seeds_of(folder.path());
}

#[test]
fn refuses_headers_that_no_sweep_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(header().file_name());
    let shard = |index, count| Header { shard: Shard { index, count }, ..header() };
    for (header, words) in [
        (shard(3, 3), "line 1: shard 3/3: take 0/1"),
        (shard(0, u64::MAX), "take 0/1 to"),
        (Header { first: 7, end: Some(7), ..header() }, "its seeds end before they begin"),
        (Header { schema: 9, ..header() }, "schema 9, and this version reads 1"),
    ] {
        let line = serde_json::to_string(&header).expect("plain data") + "\n";
        fs::write(&path, line).expect("written");
        for error in [read(&path, &mut |_| ()).map(drop), read_header(&path).map(drop)] {
            let error = format!("{:#}", error.expect_err(words));
            assert!(error.contains(words), "{error}");
        }
    }
}

#[test]
fn nothing_follows_a_line_that_may_be_cut_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = seeds_of(folder.path());
    journal.add(&entry(0)).expect("written");
    let path = folder.path().join(header().file_name());
    // As on a full disk: the file cannot be written any more, and later it can.
    let writable = std::mem::replace(&mut journal.file, File::open(&path).expect("to be read"));
    journal.add(&entry(1)).expect_err("it cannot be written");
    journal.file = writable;
    let error = journal.add(&entry(2)).expect_err("a line may be cut short");
    assert!(error.to_string().ends_with("as before"), "{error}");
    drop(journal);
    assert_eq!(seeds_of(folder.path()).1, [0]);
}

#[test]
fn finds_the_journals_of_all_shards() {
    let folder = tempfile::tempdir().expect("a folder");
    for index in [2, 0, 1] {
        let shard = Shard { index, count: 3 };
        drop(Journal::open(folder.path(), &Header { shard, ..header() }, &mut |_| ()).expect("opened"));
    }
    fs::write(folder.path().join("summary.md"), "").expect("written");
    let names: Vec<_> = journals(folder.path())
        .expect("a folder")
        .into_iter()
        .map(|path| path.file_name().map(ToOwned::to_owned))
        .collect();
    assert_eq!(names.len(), 3);
    assert!(names.is_sorted());
    assert!(journals(&folder.path().join("none")).is_err());
}
