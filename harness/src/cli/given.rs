//! What several commands are given alike.

use std::path::Path;

use super::exit::unusable;

/// Simulations at a time: as many as were asked for, else one a core.
pub fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// Makes the folder that something will be kept in, and tries it: better now than after hours of runs.
pub fn folder(out: &Path) -> anyhow::Result<()> {
    let tried = std::fs::create_dir_all(out).and_then(|()| tempfile::tempfile_in(out));
    tried.map(drop).or_else(|error| {
        unusable(format!("cannot keep anything in {}: {error}; name another folder", out.display()))
    })
}

/// Makes the folder of a file that will be written, and tries it.
pub fn folder_of(file: &Path) -> anyhow::Result<()> {
    let parent = file.parent().filter(|parent| *parent != Path::new(""));
    folder(parent.unwrap_or(Path::new(".")))
}

/// The text of a profile.
pub fn profile(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    text.or_else(|error| unusable(format!("cannot read the profile {}: {error}", path.display())))
}
