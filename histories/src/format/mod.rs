//! Text in and out: one file per format, each with its entry in [`ALL`].

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::{Error, History};

pub mod awdit_test;
mod bytes;
pub mod cobra_log_dir;
pub mod dbcop_bincode;
pub mod dbcop_json;
pub mod jsonl;
mod lines;
pub mod plume_text;
mod sessions;

/// A way to write a history down.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether a file that begins with these bytes (its first [`HEAD_BYTES`], or all of it) is in this
    /// format. Formats are asked in the order of [`ALL`].
    pub fits: fn(&[u8]) -> bool,
    /// Reads a whole history.
    pub read: Read,
    /// Writes a whole history, where that is possible.
    pub write: Option<fn(&History, &mut dyn Write) -> io::Result<()>>,
}

/// From what a format is read.
pub enum Read {
    /// One file, from its beginning to its end.
    File(fn(&mut dyn BufRead) -> Result<History, Error>),
    /// A folder with several files.
    Folder(fn(&Path) -> Result<History, Error>),
}

/// How much of a file is looked at to tell its format.
pub const HEAD_BYTES: usize = 64 * 1024;

/// All formats.
pub const ALL: &[&Format] = &[
    &plume_text::FORMAT,
    &awdit_test::FORMAT,
    &dbcop_json::FORMAT,
    &dbcop_bincode::FORMAT,
    &cobra_log_dir::FORMAT,
    &jsonl::FORMAT,
];
