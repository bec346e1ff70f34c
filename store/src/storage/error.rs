//! What can go wrong with a data directory.

use std::io;

/// Why the log cannot be opened, appended to or synced.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// For the operator: the disk does not do what it is asked. Nothing of the log is lost by it.
    #[error("cannot {action}: {source}")]
    Disk {
        /// What was tried, on which file.
        action: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// For the operator: this directory is not one that this node may use, as it is. Nothing in it
    /// has been changed.
    #[error("{file}: {problem}")]
    Directory {
        /// The file that shows it.
        file: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// For the operator: a part of a table is not what was written. A restart of the node finds out what is lost by
    /// it, and gets that from the others.
    #[error("{file}: corrupt at offset {offset}; restart the node, so that it catches up from the others")]
    Corrupt {
        /// The table.
        file: String,
        /// Where the part begins.
        offset: u64,
    },
    /// For the caller: this record was not appended and has left no trace; later ones may be.
    #[error("record not appended: {0}")]
    NotAppended(String),
    /// For the operator: nobody knows any more what of the log is durable. The node must stop; a
    /// restart finds out by replay.
    #[error("the log cannot go on, restart the node: {0}")]
    Poisoned(String),
}

impl Error {
    /// Wraps what the operating system said when `action` was tried.
    pub fn disk(action: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let action = action.into();
        move |source| Error::Disk { action, source }
    }

    /// A directory that this node may not use, shown by `file`.
    pub fn directory(file: impl Into<String>, problem: impl Into<String>) -> Error {
        Error::Directory { file: file.into(), problem: problem.into() }
    }
}
