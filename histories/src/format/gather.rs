//! From events as they stand in a file to a history.

use std::io::BufRead;

use super::window::{Take, Window};
use crate::{Error, History};

/// The history of a text, event by event.
///
/// Indices that do not increase cannot name events; every event is then named by its position instead.
pub(super) fn gather(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<History, Error> {
    let mut window = Window::new(input);
    let mut history = History::default();
    let (mut count, mut is_increasing) = (0, true);
    while let Some(event) = window.next(count, take)? {
        is_increasing &= history.last_index().is_none_or(|last| last < event.index);
        count += 1;
        history.pair(event).map_err(|malformed| window.error_of_event(malformed.to_string()))?;
    }
    if !is_increasing {
        history.renumber();
    }
    Ok(history)
}
