//! What can go wrong when a history is read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a history could not be read.
#[derive(Debug, Error)]
pub enum Error {
    /// The medium failed; whoever runs the program can help.
    #[error("line {line}: {source}")]
    Unreadable {
        /// The line that was being read, from 1.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no history; whoever wrote it can help.
    #[error("line {line}{}: {problem}", column_text(*column))]
    Input {
        /// The line that is wrong, from 1.
        line: u64,
        /// Where in that line, where it can be told, from 1; a wrong value is noticed at its end.
        column: Option<usize>,
        /// What is wrong there.
        problem: String,
    },
    /// The bytes of a binary format are no history; whoever wrote them can help.
    #[error("byte {offset}: {problem}")]
    Bytes {
        /// The first byte that is wrong or missing, from 0.
        offset: u64,
        /// What is wrong there.
        problem: String,
    },
    /// The file or folder cannot be opened; whoever runs the program can help.
    #[error("cannot be opened: {0}")]
    Unopened(io::Error),
    /// The file or folder is not in the format asked for, or in none that is known; whoever runs the program
    /// can name another.
    #[error("{0}")]
    Format(String),
    /// Any of these, in this file.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
}

impl Error {
    /// The same, in this file.
    pub fn in_file(self, path: impl Into<PathBuf>) -> Error {
        Error::File { path: path.into(), source: Box::new(self) }
    }

    /// The line that the error is about, from 1; where it is about one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Error::Unreadable { line, .. } | Error::Input { line, .. } => Some(*line),
            Error::File { source, .. } => source.line(),
            Error::Bytes { .. } | Error::Unopened(_) | Error::Format(_) => None,
        }
    }
}

fn column_text(column: Option<usize>) -> String {
    column.map(|column| format!(", column {column}")).unwrap_or_default()
}
