//! Planted bugs: one safeguard of the reference store switched off each.

use perjury_store::Safeguards;

/// A safeguard switched off, and what it takes to see that.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its number in the project's list of planted bugs.
    pub number: u32,
    /// What goes wrong, in one sentence.
    pub about: &'static str,
    /// Switches the safeguard off.
    pub plant: fn(&mut Safeguards),
    /// The checkers expected to see it: any of them.
    pub shows: &'static [&'static str],
    /// The workload under which it shows.
    pub workload: &'static str,
    /// The level at which it shows.
    pub level: &'static str,
    /// The kinds of fault under which it shows.
    pub nemesis: &'static [&'static str],
    /// The marker that tells that its code path was reached.
    pub marker: &'static str,
    /// Within how many seeds it must be found.
    pub seeds: u64,
}

/// All planted bugs, by number.
pub const ALL: &[Bug] = &[];
