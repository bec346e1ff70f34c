//! `perjury convert`: a history in another format.

mod losses;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use perjury_histories::History;
use perjury_histories::format::{self, Format, WriteTo};

use super::exit::{self, Exit, unusable};
use super::{catalog, input};

/// Writes a history in another format, so that other tools can read it.
///
/// The output is read back and compared: what it could not carry over is said on standard error. A file
/// appears whole or not at all, and never replaces another one without --force.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Convert {
    /// A history, or the folder of a run; - is standard input
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Where to write it; - is standard output
    #[arg(value_name = "OUTPUT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    /// The format of the input: perjury list formats [default: told by its content]
    #[arg(
        long,
        value_name = "NAME",
        hide_possible_values = true,
        value_parser = catalog::parser(catalog::formats())
    )]
    from: Option<String>,
    /// The format of the output [default: jepsen-edn for an OUTPUT that ends in .edn; jsonl for .jsonl, .ndjson,
    /// no ending and standard output]
    #[arg(long, value_name = "NAME", value_parser = catalog::parser(catalog::written_formats()))]
    to: Option<String>,
    /// Replaces OUTPUT if it exists
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury convert history.jsonl history.edn      for Knossos and Elle
  cargo perjury convert jepsen.log | less              any format as JSON Lines
  cargo perjury convert runs/…/4711 --to jepsen-edn    the history of a run
  zcat h.edn.gz | cargo perjury convert - h.jsonl      standard input

What a format says that JSON cannot is simplified when it is read: keywords and symbols become
strings, sets arrays, keys of maps strings.";

impl Convert {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let to = self.to()?;
        let Some(write) = to.write else { return exit::usage(format!("{} cannot be written", to.name)) };
        let output = Some(self.output.as_path()).filter(|output| *output != Path::new("-"));
        let output = output.map(replaceable).transpose()?;
        let output = output.as_deref();
        if let Some(output) = output.filter(|output| output.exists() && !self.force) {
            return exists(output);
        }
        let from = self.from.as_deref().and_then(format::named);
        let (history, from) = input::find(&self.input)?.read(from)?;
        let losses = match output {
            Some(output) => self.write_file(&history, output, to, write)?,
            None => write_standard(&history, to, write)?,
        };
        for loss in &losses {
            exit::say(&format!("not carried over from {from} to {}: {loss}\n", to.name));
        }
        Ok(Exit::Valid)
    }

    /// The format that is named, else the one that the output's name tells.
    fn to(&self) -> anyhow::Result<&'static Format> {
        if let Some(named) = self.to.as_deref().and_then(format::named) {
            return Ok(named);
        }
        match self.output.extension().and_then(|ending| ending.to_str()) {
            Some("edn") => Ok(&format::jepsen_edn::FORMAT),
            Some("jsonl" | "ndjson") => Ok(&format::jsonl::FORMAT),
            None if self.output.extension().is_none() => Ok(&format::jsonl::FORMAT),
            _ => {
                let names: Vec<&str> = catalog::written_formats().iter().map(|format| format.name).collect();
                exit::usage(format!(
                    "{}: its ending names no format that can be written; add --to {}",
                    self.output.display(),
                    names.join(" or --to ")
                ))
            }
        }
    }

    /// Writes a draft beside the output, reads it back, and renames it: nobody sees half a history.
    fn write_file(
        &self,
        history: &History,
        output: &Path,
        to: &'static Format,
        write: WriteTo,
    ) -> anyhow::Result<Vec<String>> {
        let place = || format!("cannot write {}", output.display());
        let draft = match draft(output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return unusable(format!("{}: there is no such folder to write into", output.display()));
            }
            draft => draft.with_context(place)?,
        };
        fill(history, draft.as_file(), write).with_context(place)?;
        let copy = perjury_histories::open(draft.path(), Some(to));
        let losses = losses::between(history, &copy.with_context(unreadable)?);
        let kept = if self.force { draft.persist(output) } else { draft.persist_noclobber(output) };
        match kept.map_err(|error| error.error) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => exists(output),
            kept => kept.map(|_| losses).with_context(place),
        }
    }
}

/// The file to write, behind symbolic links. What is no file, such as a folder or a pipe, is never replaced.
fn replaceable(output: &Path) -> anyhow::Result<PathBuf> {
    let output = output.canonicalize().unwrap_or_else(|_| output.to_owned());
    match output.metadata() {
        Ok(data) if data.is_dir() => unusable(format!("{} is a folder: name a file in it", output.display())),
        Ok(data) if !data.is_file() => {
            unusable(format!("{} is no regular file: write to - and redirect the output", output.display()))
        }
        _ => Ok(output),
    }
}

fn exists<T>(output: &Path) -> anyhow::Result<T> {
    unusable(format!("{} exists already: --force replaces it", output.display()))
}

fn unreadable() -> &'static str {
    "what was written cannot be read back, and is not kept; this is a fault of the program's own"
}

/// A new file beside the output, gone when it is dropped unless it was renamed.
fn draft(output: &Path) -> io::Result<tempfile::NamedTempFile> {
    let parent = output.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".draft-");
    // The output is for whom any new file would be; temporary ones are private unless told otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(parent)
}

fn fill(history: &History, file: &File, write: WriteTo) -> io::Result<()> {
    let mut output = BufWriter::new(file);
    write(history, &mut output)?;
    output.flush()?;
    file.sync_all()
}

/// Writes to standard output, as it is: a history may hold what a terminal would take for colours.
fn write_standard(history: &History, to: &Format, write: WriteTo) -> anyhow::Result<Vec<String>> {
    let mut bytes = Vec::new();
    write(history, &mut bytes)?;
    let format::Read::File(read) = to.read else { return exit::usage(format!("{} is a folder", to.name)) };
    let losses = losses::between(history, &read(&mut bytes.as_slice()).with_context(unreadable)?);
    let mut output = io::stdout().lock();
    match output.write_all(&bytes).and_then(|()| output.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(losses),
        result => Ok(result.map(|()| losses)?),
    }
}
