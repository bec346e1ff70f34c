//! How wide the terminal is.

use perjury::render::WIDTH;

/// Narrower, and tables hold a word a line; wider, and nobody finds the end of a line.
const COLUMNS: std::ops::RangeInclusive<usize> = 60..=180;

/// Columns for what is printed: those of the terminal, within reason; [`WIDTH`] where standard output is none,
/// so that what a pipe gets is always the same.
pub fn width() -> usize {
    columns().map_or(WIDTH, |columns| columns.clamp(*COLUMNS.start(), *COLUMNS.end()))
}

#[cfg(unix)]
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    // A terminal that does not know its size says 0.
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    None
}
