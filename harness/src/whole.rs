//! Files that others read while they are written: whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in the place of one that was there; whoever reads the older one goes on reading it.
///
/// # Errors
/// When it cannot be written; then the older one stays.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".draft-");
    // Such files are for sharing; temporary ones are private unless told otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut draft = builder.tempfile_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.persist(path).map(drop).map_err(|error| error.error)
}
