//! Text in and out: one file per format, each with its entry in [`ALL`].

use std::io::{self, BufRead, Write};

use crate::{Error, History};

pub mod jsonl;

/// A way to write a history down.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Reads a whole history.
    pub read: fn(&mut dyn BufRead) -> Result<History, Error>,
    /// Writes a whole history.
    pub write: fn(&History, &mut dyn Write) -> io::Result<()>,
}

/// All formats.
pub const ALL: &[&Format] = &[&jsonl::FORMAT];
