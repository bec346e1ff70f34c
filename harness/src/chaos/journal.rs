//! What a shard has done so far, in a file that survives a kill at any moment.
//!
//! ```text
//! shard-0-of-4.jsonl   {"schema":1,"shard":{…},"first":4711,"profile":"…",…}     what is swept
//!                      {"seed":4711,"verdict":"valid",…}                         a line a run, once it is over
//!                      {"seed":4715,"verd                                        killed here: this one is run again
//! ```
//!
//! A line is written at once and synced. A last line without its end was being written when the process died: it is
//! cut off. Anything else that is wrong is an error with its line, and nothing is changed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::shard::Shard;
use crate::report::Program;

/// Version of the shape of a journal.
pub const SCHEMA: u32 = 1;
/// More parts than any cluster has.
pub const SHARDS_MAX: u64 = 1 << 20;
/// What to do where something else wrote into a journal.
const DAMAGED: &str =
    "no run of a chaos sweep; without that line the sweep can go on, and its seed is run again";
/// How the names of journals begin.
const PREFIX: &str = "shard-";

/// What is swept: the first line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the shape of this file.
    pub schema: u32,
    /// The program: another one may run another way.
    pub program: Program,
    /// Which part of the sweep this is.
    pub shard: Shard,
    /// The first seed of the whole sweep.
    pub first: u64,
    /// The one after its last; none: no end.
    pub end: Option<u64>,
    /// The text of the profile.
    pub profile: String,
    /// What the command line fixed, by dimension.
    pub fixed: Vec<(String, String)>,
    /// One run in so many is run twice and compared; 0: none.
    pub compares_one_in: u64,
}

impl Header {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{PREFIX}{}-of-{}.jsonl", self.shard.index, self.shard.count)
    }

    /// How many seeds the shard has; none: without end.
    pub fn seeds(&self) -> Option<u64> {
        let all = self.end?.saturating_sub(self.first);
        Some(all.saturating_sub(self.shard.index).div_ceil(self.shard.count))
    }

    /// What differs from `other`, in a word, if both cannot belong to one sweep.
    pub fn differs_from(&self, other: &Header) -> Option<&'static str> {
        let differ = [
            ("another version", self.schema != other.schema),
            ("another program", self.program != other.program),
            ("another number of shards", self.shard.count != other.shard.count),
            ("other seeds", (self.first, self.end) != (other.first, other.end)),
            ("another profile", self.profile != other.profile),
            ("other scenario options", self.fixed != other.fixed),
            ("another --self-check-every", self.compares_one_in != other.compares_one_in),
        ];
        differ.into_iter().find(|(_, differs)| *differs).map(|(name, _)| name)
    }
}

/// An open journal: locked, so that no other process writes it.
pub struct Journal {
    file: File,
    path: PathBuf,
    /// A line may have been cut short: nothing may follow it.
    is_spoiled: bool,
}

impl Journal {
    /// Opens the journal of this header in `folder`, or begins it. What it holds already goes to `each`, in order.
    ///
    /// # Errors
    /// When the file is another sweep's, or damaged (with its line), or another process writes it. Then nothing was
    /// changed.
    pub fn open(folder: &Path, header: &Header, each: &mut dyn FnMut(Entry)) -> anyhow::Result<Journal> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join(header.file_name());
        let cannot = || format!("cannot open {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(cannot)?;
        // A folder that knows no locks, as some that machines share, is taken as it is.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("{} is being written: wait until that sweep ends, or take another folder", path.display());
        }
        let whole = match read(&path, each)? {
            Some((found, whole)) => {
                if let Some(what) = header.differs_from(&found) {
                    bail!(
                        "{} is of a sweep with {what}: give the command that began it, or take another --out",
                        path.display()
                    );
                }
                whole
            }
            None => 0,
        };
        // A line that was cut short is run again.
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).with_context(cannot)?;
        let mut journal = Journal { file, path, is_spoiled: false };
        if whole == 0 {
            journal.write(header)?;
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .with_context(|| format!("cannot sync {}", folder.display()))?;
        }
        Ok(journal)
    }

    /// Adds a run.
    pub fn add(&mut self, entry: &Entry) -> anyhow::Result<()> {
        self.write(entry)
    }

    fn write(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(line)? + "\n";
        ensure!(!self.is_spoiled, "cannot write {}, as before", self.path.display());
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        self.is_spoiled = written.is_err();
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Reads a journal: its header, and how many bytes of it are whole lines. None, where not even the header is whole.
///
/// # Errors
/// With file and line, where a whole line is no line of a journal.
pub fn read(path: &Path, each: &mut dyn FnMut(Entry)) -> anyhow::Result<Option<(Header, u64)>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let (mut header, mut whole, mut text) = (None, 0, Vec::new());
    for line in 1_u64.. {
        if !read_line(&mut reader, &mut text, path)? {
            break;
        }
        let place = || format!("{}, line {line}", path.display());
        if header.is_none() {
            header = Some(parse_header(&text).with_context(place)?);
        } else {
            let run = serde_json::from_slice(&text).context(DAMAGED).with_context(place)?;
            each(run);
        }
        whole += text.len() as u64;
    }
    Ok(header.map(|header| (header, whole)))
}

/// The header of a journal; none, where not even that is whole.
pub fn read_header(path: &Path) -> anyhow::Result<Option<Header>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut text = Vec::new();
    if !read_line(&mut BufReader::new(file), &mut text, path)? {
        return Ok(None);
    }
    parse_header(&text).with_context(|| format!("{}, line 1", path.display())).map(Some)
}

/// Reads the next line; false, where none is whole.
fn read_line(reader: &mut BufReader<File>, text: &mut Vec<u8>, path: &Path) -> anyhow::Result<bool> {
    text.clear();
    reader.read_until(b'\n', text).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.last() == Some(&b'\n'))
}

fn parse_header(text: &[u8]) -> anyhow::Result<Header> {
    let found: Header = serde_json::from_slice(text).context("no journal of a chaos run")?;
    ensure!(found.schema == SCHEMA, "schema {}, and this version reads {SCHEMA}", found.schema);
    let Shard { index, count } = found.shard;
    ensure!(index < count && count <= SHARDS_MAX, "shard {index}/{count}: take 0/1 to 0/{SHARDS_MAX}");
    ensure!(found.end.is_none_or(|end| found.first < end), "its seeds end before they begin");
    Ok(found)
}

/// The journals of a folder, by name.
pub fn journals(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for file in fs::read_dir(folder).with_context(cannot)? {
        let path = file.with_context(cannot)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(PREFIX) && name.ends_with(".jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
#[path = "journal/tests.rs"]
pub(crate) mod tests;
