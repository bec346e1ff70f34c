//! What several commands are given alike.

use std::path::Path;

use super::exit::unusable;

/// Simulations at a time: as many as were asked for, else one a core.
pub fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// The text of a profile.
pub fn profile(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    text.or_else(|error| unusable(format!("cannot read the profile {}: {error}", path.display())))
}
