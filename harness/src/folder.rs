//! The folder of a run: all that it leaves behind, and all that is needed to judge it again.
//!
//! ```text
//! runs/quorum-register-mixed-crash-0123456789abcdef/4711/
//!   report.json     first line: the command that repeats the run; then verdict, rows, counts, faults
//!   history.jsonl   every operation, fault, dump and acknowledgement
//!   trace.log       the log of the whole simulation, with simulated time stamps
//!   anomaly.txt     only when a promise was broken: the smallest counterexamples, drawn
//! ```
//!
//! A folder appears whole or not at all: it is written beside its place, synced, and then renamed. It is
//! never overwritten: another run of the same seed that left other bytes goes to `4711-2`, and so on.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use perjury_histories::History;
use perjury_histories::format::jsonl;

use crate::report::Report;
use crate::run::Recording;
use crate::trial::SCHEMA;

/// The name of the report in a run's folder.
pub const REPORT: &str = "report.json";
/// The name of the history in a run's folder.
pub const HISTORY: &str = "history.jsonl";
/// The name of the log in a run's folder.
pub const TRACE: &str = "trace.log";
/// The name of the drawing in a run's folder.
pub const ANOMALY: &str = "anomaly.txt";

/// Where a run was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its folder.
    pub path: PathBuf,
    /// Whether that folder was there already, with the same content, byte for byte.
    pub is_repeat: bool,
}

/// Keeps a run below `out`, in the folder of its scenario and seed.
///
/// Errors name the path: a full disk, a folder that cannot be written.
pub fn keep(
    out: &Path,
    recording: &Recording,
    report: &Report,
    anomaly: Option<&str>,
) -> anyhow::Result<Kept> {
    let parent = out.join(report.scenario.slug());
    let place = || format!("cannot keep the run in {}", parent.display());
    fs::create_dir_all(&parent).with_context(place)?;
    let draft = draft(&parent).with_context(place)?;
    write(draft.path(), recording, report, anomaly).with_context(place)?;
    for number in 1.. {
        let name = if number == 1 { report.seed.to_string() } else { format!("{}-{number}", report.seed) };
        let path = parent.join(name);
        if is_same(draft.path(), &path).with_context(place)? {
            return Ok(Kept { path, is_repeat: true });
        }
        if move_in(draft.path(), &path).with_context(place)? {
            sync_directory(&parent).with_context(place)?;
            return Ok(Kept { path, is_repeat: false });
        }
    }
    unreachable!("there is always another number")
}

/// A new folder beside those of the runs, gone when it is dropped unless it was renamed.
fn draft(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".draft-");
    // Run folders are for sharing; temporary ones are private unless told otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(parent)
}

/// Writes and syncs all files of a run.
fn write(folder: &Path, recording: &Recording, report: &Report, anomaly: Option<&str>) -> io::Result<()> {
    write_file(&folder.join(REPORT), |output| output.write_all(to_json(report).as_bytes()))?;
    write_file(&folder.join(HISTORY), |output| jsonl::write(&recording.history, output))?;
    write_file(&folder.join(TRACE), |output| output.write_all(recording.trace.as_bytes()))?;
    if let Some(anomaly) = anomaly {
        write_file(&folder.join(ANOMALY), |output| output.write_all(anomaly.as_bytes()))?;
    }
    sync_directory(folder)
}

fn write_file(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut output = BufWriter::new(File::create_new(path)?);
    fill(&mut output)?;
    output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A report as its file holds it: one field a line, the command on the very first.
pub fn to_json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report).expect("a report is plain data");
    let fields = text.strip_prefix("{\n  ").expect("a report has fields");
    format!("{{ {fields}\n")
}

/// Whether both folders hold the same bytes.
fn is_same(draft: &Path, kept: &Path) -> io::Result<bool> {
    for name in [HISTORY, TRACE, ANOMALY, REPORT] {
        if read_if_there(&draft.join(name))? != read_if_there(&kept.join(name))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Renames `draft` to `path`, unless something is there.
fn move_in(draft: &Path, path: &Path) -> io::Result<bool> {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    match fs::rename(draft, path) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes the names in a directory durable, where the system can.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A run's folder, read back. The history and the log are read when asked for.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Its report.
    pub report: Report,
}

impl Folder {
    /// Opens the folder of a run. Errors name the file, and the line and column that are wrong in it.
    pub fn open(path: &Path) -> anyhow::Result<Folder> {
        let file = path.join(REPORT);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let report: Report = serde_json::from_str(&text)
            .with_context(|| format!("{} is no report, or was cut short", file.display()))?;
        ensure!(
            report.schema == SCHEMA,
            "{} has schema {}, and this version reads {SCHEMA}",
            file.display(),
            report.schema
        );
        Ok(Folder { path: path.to_owned(), report })
    }

    /// Its history.
    pub fn history(&self) -> anyhow::Result<History> {
        read_history(&self.path.join(HISTORY))
    }

    /// The bytes of one of its files.
    pub fn bytes(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.path.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// Reads a history from a file of JSON Lines. Errors name the file and the line.
pub fn read_history(path: &Path) -> anyhow::Result<History> {
    // The error names its own cause, which a chain of causes would repeat.
    perjury_histories::open(path, Some(&jsonl::FORMAT)).map_err(|error| anyhow::anyhow!("{error}"))
}

#[cfg(test)]
#[path = "folder/tests.rs"]
pub(crate) mod tests;
