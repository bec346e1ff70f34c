//! What judging may cost.

use clap::Args;
use perjury::duration;
use perjury_checkers::Limits;

use crate::cli::parse;

/// Whoever reaches a limit says so, and what was not decided by then is unknown.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Real time for each file, reading included: 60s, 500ms, 2m [default: none]
    #[arg(long, value_name = "TIME", value_parser = duration::parse_ms)]
    time_limit: Option<u64>,
    /// Main memory of the process: 4GiB, 500MB. It is looked at every 10 ms, so it may be exceeded a little
    /// [default: none]
    #[arg(long, value_name = "SIZE", value_parser = parse::size_bytes)]
    memory_limit: Option<u64>,
    /// Configurations that a search may visit for each object: the limit whose verdict does not depend on the
    /// machine [default: enough for a million operations; none when time or memory is limited]
    #[arg(long, value_name = "COUNT")]
    work_limit: Option<u64>,
}

/// Limits that somebody has to watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched {
    /// Real time for a file.
    pub time_ns: Option<u64>,
    /// Main memory of the process.
    pub memory_bytes: Option<u64>,
}

impl LimitOptions {
    /// The limits that a search counts itself.
    pub fn configurations_max(&self) -> u64 {
        let is_watched = self.time_limit.is_some() || self.memory_limit.is_some();
        let default = if is_watched { u64::MAX } else { Limits::default().configurations_max };
        self.work_limit.unwrap_or(default)
    }

    /// The limits that somebody has to watch.
    pub fn watched(&self) -> Watched {
        Watched { time_ns: self.time_limit.map(|ms| ms * 1_000_000), memory_bytes: self.memory_limit }
    }
}
