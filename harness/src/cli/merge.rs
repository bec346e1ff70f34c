//! `perjury merge`: the shards of one chaos sweep, put together.

use std::path::PathBuf;

use clap::Args;
use perjury::chaos;
use perjury::render::chaos::Occasion;

use super::chaos::Page;
use super::exit::{Exit, unusable};
use super::given;

/// Puts the shards of a chaos sweep together, and writes the page of all of them.
///
/// Takes the folders of the shards, in any order, also of a sweep that goes on or was killed. Exits as chaos does, and
/// with 2 while shards are missing and nothing was found in the others.
#[derive(Args)]
pub struct Merge {
    /// Folders of shards: what `chaos --out` was given
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where summary.md, summary.json and junit.xml go [default: the first folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs that could not be decided end it with 2
    #[arg(long)]
    fail_on_unknown: bool,
    /// Prints the summary as one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
}

impl Merge {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let merged = chaos::merge(&self.folders).or_else(|error| unusable(format!("{error:#}")))?;
        let occasion =
            Occasion { spent_ns: merged.spent_ns, missing: merged.missing(), ..Occasion::default() };
        let page = Page { header: merged.header, totals: merged.totals, occasion };
        let out = self.out.as_ref().unwrap_or(&self.folders[0]);
        given::folder(out)?;
        page.write(out, self.fail_on_unknown)?;
        page.print(out, self.json)?;
        Ok(page.exit(self.fail_on_unknown))
    }
}
