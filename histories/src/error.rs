//! What can go wrong when a history is read.

use std::io;

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
}

impl Error {
    /// The line that the error is about, from 1; 0 in a binary format, which has none.
    pub fn line(&self) -> u64 {
        match self {
            Error::Unreadable { line, .. } | Error::Input { line, .. } => *line,
            Error::Bytes { .. } => 0,
        }
    }
}

fn column_text(column: Option<usize>) -> String {
    column.map(|column| format!(", column {column}")).unwrap_or_default()
}
