//! What the command line names as input: a run's folder, or a history in any format.

use std::path::{Path, PathBuf};

use perjury::folder::{self, Folder};
use perjury_histories::{History, open_as};

use super::exit::unusable;
use perjury_histories::format::Format;

/// Where a history stands.
pub enum Source {
    /// In the folder of a run, beside its report.
    Run(Box<Folder>),
    /// By itself.
    File(PathBuf),
}

/// Tells what the path names. The folder of a run is one with a report in it; the report itself will do.
///
/// # Errors
/// Name the file: a report that cannot be read.
pub fn find(path: &Path) -> anyhow::Result<Source> {
    let is_run =
        path.join(folder::REPORT).exists() || path.file_name().is_some_and(|name| name == folder::REPORT);
    Ok(if is_run { Source::Run(Box::new(run(path)?)) } else { Source::File(path.to_owned()) })
}

/// The folder of a run, which the command line names by itself or by the report in it.
pub fn run(path: &Path) -> anyhow::Result<Folder> {
    let parent = path.parent().filter(|_| path.file_name().is_some_and(|name| name == folder::REPORT));
    Folder::open(parent.unwrap_or(path)).or_else(|error| unusable(format!("{error:#}")))
}

/// What is said of a history whose keys stood inside of its values.
pub const SPLIT_BY_KEY: &str = "inside of the values, which are [key, value] pairs: split by key";

impl Source {
    /// The history, and the name of its format: the one given, or the one that its content fits.
    ///
    /// # Errors
    /// Name the file, and the line and column where there is one.
    pub fn read(&self, format: Option<&'static Format>) -> anyhow::Result<(History, &'static str)> {
        let path = match self {
            Source::Run(folder) => &folder.path.join(folder::HISTORY),
            Source::File(path) => path,
        };
        let (history, format) = open_as(path, format).or_else(|error| unusable(error.to_string()))?;
        Ok((history, format.name))
    }

    /// The same as it is judged: keys of Jepsen's independent tests that stand inside of values are keys, and it
    /// says whether there were any. (As it stands in the file it is only converted.)
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn read_by_key(
        &self,
        format: Option<&'static Format>,
    ) -> anyhow::Result<(History, &'static str, bool)> {
        let (mut history, format) = self.read(format)?;
        let is_split = history.split_by_key();
        Ok((history, format, is_split))
    }
}
