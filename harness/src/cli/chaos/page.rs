//! The page of a chaos sweep, as files and on standard output.

use std::path::Path;

use anyhow::Context as _;
use perjury::chaos::{Header, Totals, junit};
use perjury::render::chaos::{self, Occasion};
use perjury::whole;
use serde_json::json;

use crate::cli::exit::{self, Exit};

/// What was swept, what it found, and what else there is to say.
pub struct Page {
    pub header: Header,
    pub totals: Totals,
    pub occasion: Occasion,
}

impl Page {
    /// Writes `summary.md`, `summary.json` and `junit.xml` into `out`.
    pub fn write(&self, out: &Path, fails_on_unknown: bool) -> anyhow::Result<()> {
        write(&out.join("summary.md"), &self.markdown())?;
        write(&out.join("summary.json"), &self.json(out)?)?;
        write(&out.join("junit.xml"), &junit::junit(&self.totals, &self.occasion.missing, fails_on_unknown)?)
    }

    /// Prints it.
    pub fn print(&self, out: &Path, as_json: bool) -> anyhow::Result<()> {
        exit::print(&if as_json { self.json(out)? } else { self.markdown() })
    }

    fn markdown(&self) -> String {
        chaos::markdown(&self.header, &self.totals, &self.occasion)
    }

    fn json(&self, out: &Path) -> anyhow::Result<String> {
        let json = json!({
            "verdict": self.occasion.verdict(&self.totals),
            "runs": self.totals.runs(),
            "folder": out.to_string_lossy(),
            "spent_ns": self.occasion.spent_ns,
            "interrupted": self.occasion.interrupted,
            "missing_shards": self.occasion.missing,
            "sweep": self.header,
            "totals": self.totals,
        });
        Ok(serde_json::to_string(&json)? + "\n")
    }

    /// How the process ends. Our own failures come after a broken promise: that is what chaos is for.
    pub fn exit(&self, fails_on_unknown: bool) -> Exit {
        match self.occasion.verdict(&self.totals) {
            "invalid" => Exit::Invalid,
            _ if !self.totals.errors.is_empty() => Exit::Failure,
            "valid" if fails_on_unknown && !self.totals.unknown.is_empty() => Exit::Unknown,
            verdict => Exit::of(verdict),
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    whole::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
