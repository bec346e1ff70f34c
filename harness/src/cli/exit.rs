//! How the process ends, and how it speaks.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything promised was kept.
    Valid,
    /// Something promised was broken.
    Invalid,
    /// It could not be decided.
    Unknown,
    /// The command line asks for something that cannot be.
    Usage,
    /// Somebody stopped it before it was done.
    Interrupted,
    /// We failed.
    Failure,
}

impl Exit {
    /// The code of a verdict.
    pub fn of(verdict: &str) -> Exit {
        match verdict {
            "valid" => Exit::Valid,
            "invalid" => Exit::Invalid,
            _ => Exit::Unknown,
        }
    }

    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Valid => 0,
            Exit::Invalid => 1,
            Exit::Unknown => 2,
            Exit::Interrupted => 130,
            Exit::Usage => 254,
            Exit::Failure => 255,
        }
    }

    /// The worst of several: our own failure, then invalid, unknown, valid.
    pub fn worst(self, other: Exit) -> Exit {
        let rank = |exit| match exit {
            Exit::Valid => 0,
            Exit::Unknown => 1,
            Exit::Invalid => 2,
            Exit::Interrupted => 3,
            Exit::Usage => 4,
            Exit::Failure => 5,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        exit.code().into()
    }
}

/// An error of whoever gave the command: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Fails with a [`Usage`] error.
pub fn usage<T>(problem: impl Into<String>) -> anyhow::Result<T> {
    Err(Usage(problem.into()).into())
}

/// A file that whoever gave the command names, and that cannot be used: where it is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Input(pub String);

/// Fails with an [`Input`] error.
pub fn unusable<T>(problem: impl Into<String>) -> anyhow::Result<T> {
    Err(Input(problem.into()).into())
}

/// Says what went wrong, and tells whose fault it is.
pub fn explain(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        return Exit::Valid;
    }
    say(&format!("error: {error:#}\n"));
    if error.is::<Input>() {
        // More about the command line would not help.
        return Exit::Usage;
    }
    if error.is::<Usage>() {
        say("\nFor more information, try '--help'.\n");
        return Exit::Usage;
    }
    Exit::Failure
}

/// Whoever read our output has seen enough: `perjury inspect … | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes to standard output: colours only where they show. A reader that has gone away ends the output,
/// and nothing else: the verdict stays.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut output = anstream::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes to standard error: for what is about the program, not of its result.
pub fn say(text: &str) {
    // Where not even this can be written there is nobody to tell.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_the_code_of_the_verdict() {
        let codes: Vec<u8> = ["valid", "invalid", "unknown"].map(|verdict| Exit::of(verdict).code()).into();
        assert_eq!(codes, [0, 1, 2]);
        assert_eq!([Exit::Interrupted, Exit::Usage, Exit::Failure].map(Exit::code), [130, 254, 255]);
    }

    #[test]
    fn tells_whose_fault_an_error_is() {
        assert_eq!(explain(&usage::<()>("no").expect_err("an error")), Exit::Usage);
        assert_eq!(explain(&unusable::<()>("no").expect_err("an error")), Exit::Usage);
        assert_eq!(explain(&anyhow::anyhow!("disk")), Exit::Failure);
        assert_eq!(explain(&io::Error::from(io::ErrorKind::BrokenPipe).into()), Exit::Valid);
    }

    #[test]
    fn takes_the_worst_of_several() {
        assert_eq!(Exit::Unknown.worst(Exit::Valid), Exit::Unknown);
        assert_eq!(Exit::Unknown.worst(Exit::Invalid), Exit::Invalid);
        assert_eq!(Exit::Failure.worst(Exit::Invalid), Exit::Failure);
    }
}
