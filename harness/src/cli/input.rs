//! What the command line names as input: a run's folder, or a history in any format.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use perjury::folder::{self, Folder};
use perjury::run;
use perjury::scenario::ScenarioFile;
use perjury_histories::format::{self, Format};
use perjury_histories::{History, open_as, read_as};

use super::exit::unusable;
use super::{catalog, options};

/// What the command line calls standard input.
pub const STANDARD: &str = "-";

/// In which format to read what the command line names.
#[derive(Args)]
pub struct FormatOption {
    /// The format of what is read: perjury list formats [default: told by its content]
    #[arg(
        long,
        value_name = "NAME",
        hide_possible_values = true,
        value_parser = catalog::parser(catalog::formats())
    )]
    format: Option<String>,
}

impl FormatOption {
    /// The format that is named, if one is.
    pub fn chosen(&self) -> Option<&'static Format> {
        self.format.as_deref().and_then(format::named)
    }
}

/// Where a history stands.
pub enum Source {
    /// In the folder of a run, beside its report.
    Run(Box<Folder>),
    /// By itself.
    File(PathBuf),
    /// On standard input, in a format of files.
    Standard,
}

/// Tells what the path names. The folder of a run is one with a report in it; the report itself will do.
///
/// # Errors
/// Name the file: a report that cannot be read.
pub fn find(path: &Path) -> anyhow::Result<Source> {
    if path == Path::new(STANDARD) {
        return Ok(Source::Standard);
    }
    let is_run =
        path.join(folder::REPORT).exists() || path.file_name().is_some_and(|name| name == folder::REPORT);
    Ok(if is_run { Source::Run(Box::new(run(path)?)) } else { Source::File(path.to_owned()) })
}

/// The folder of a run, which the command line names by itself or by the report in it.
pub fn run(path: &Path) -> anyhow::Result<Folder> {
    let parent = path.parent().filter(|_| path.file_name().is_some_and(|name| name == folder::REPORT));
    Folder::open(parent.unwrap_or(path)).or_else(|error| unusable(format!("{error:#}")))
}

/// A scenario with its seed, from a file.
///
/// # Errors
/// Name the file, with line and column, or what cannot be run about the scenario.
pub fn scenario(path: &Path) -> anyhow::Result<ScenarioFile> {
    let file = ScenarioFile::read(path).or_else(|error| unusable(format!("{error:#}")))?;
    let system = options::system(&file.scenario.store)?;
    match run::problem(system, &file.scenario) {
        Some(problem) => unusable(format!("{}: {problem}", path.display())),
        None => Ok(file),
    }
}

/// What is said of a history whose keys stood inside of its values.
pub const SPLIT_BY_KEY: &str = "inside of the values, which are [key, value] pairs: split by key";

impl Source {
    /// The history, and the name of its format: the one given, or the one that its content fits.
    ///
    /// # Errors
    /// Name the file, and the line and column where there is one.
    pub fn read(&self, format: Option<&'static Format>) -> anyhow::Result<(History, &'static str)> {
        let read = match self {
            Source::Run(folder) => open_as(&folder.path.join(folder::HISTORY), format),
            Source::File(path) => open_as(path, format),
            Source::Standard => {
                read_as(io::stdin().lock(), format).map_err(|error| error.in_file("standard input"))
            }
        };
        let (history, format) = read.or_else(|error| unusable(error.to_string()))?;
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
