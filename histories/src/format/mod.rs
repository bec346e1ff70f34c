//! Text in and out: one file per format, each with its entry in [`ALL`].

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::{Error, History};

pub mod awdit_test;
pub mod cobra_log_dir;
pub mod dbcop_bincode;
pub mod dbcop_json;
pub mod elle_json;
pub mod jepsen_edn;
pub mod jepsen_edn_vec;
pub mod jepsen_history_txt;
pub mod jepsen_log;
pub mod jsonl;
pub mod plume_text;
pub mod porcupine_kv_edn;

mod bytes;
mod columns;
mod fields;
mod gather;
mod lines;
mod sessions;
mod window;

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
    pub write: Option<WriteTo>,
}

/// Writes a whole history to an output.
pub type WriteTo = fn(&History, &mut dyn Write) -> io::Result<()>;

/// From what a format is read.
pub enum Read {
    /// One file, from its beginning to its end.
    File(fn(&mut dyn BufRead) -> Result<History, Error>),
    /// A folder with several files.
    Folder(fn(&Path) -> Result<History, Error>),
}

/// How much of a file is looked at to tell its format.
pub const HEAD_BYTES: usize = 64 * 1024;

/// All formats, what is told by more before what is told by less.
pub const ALL: &[&Format] = &[
    &dbcop_json::FORMAT,
    &jsonl::FORMAT,
    &porcupine_kv_edn::FORMAT,
    &jepsen_edn::FORMAT,
    &jepsen_edn_vec::FORMAT,
    &elle_json::FORMAT,
    &jepsen_history_txt::FORMAT,
    &jepsen_log::FORMAT,
    &plume_text::FORMAT,
    &awdit_test::FORMAT,
    &dbcop_bincode::FORMAT,
    &cobra_log_dir::FORMAT,
];

/// The format of this name.
pub fn named(name: &str) -> Option<&'static Format> {
    ALL.iter().copied().find(|format| format.name == name)
}

/// The first format that a file with these first bytes fits.
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    ALL.iter().copied().find(|format| (format.fits)(head))
}

/// The text of a file's first bytes, which may end in the middle of a character.
pub(crate) fn text(head: &[u8]) -> Option<&str> {
    match str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => str::from_utf8(&head[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}
