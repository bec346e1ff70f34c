//! What was and what was not decided, where a limit was met.

use perjury_histories::{History, Key};

use super::Piece;
use crate::checker::Context;
use crate::linearizable::GaveUp;
use crate::linearizable::search::{OPEN_MAX, Why};
use crate::words;

/// How many objects are named.
const NAMED_MAX: usize = 8;

/// Says of each object how far it was decided and what stopped it, and how many were decided wholly.
pub(super) fn reason<'p, 'a: 'p>(
    history: &History,
    undecided: &[(Option<&Key>, &Piece<'a>, GaveUp)],
    all: impl Iterator<Item = &'p Piece<'a>>,
    context: &Context,
) -> String {
    let named = undecided.iter().take(NAMED_MAX).map(|(key, piece, gave_up)| {
        let why = match gave_up.why {
            Why::WorkLimit => format!("the limit of {} configurations", context.limits.configurations_max),
            Why::Stopped(reason) => reason.to_string(),
            Why::TooManyOpen => format!("more than {OPEN_MAX} operations open at the same time"),
        };
        let (count, on_key) = (piece.len(), words::of_key("on", *key));
        let until = history.at(gave_up.position as usize).index;
        format!("{count} operations{on_key} are decided until event {until} only: {why}")
    });
    let mut parts: Vec<String> = named.collect();
    let beyond = undecided.len().saturating_sub(NAMED_MAX);
    if beyond > 0 {
        parts.push(format!("{beyond} more objects are not decided"));
    }
    let decided = all.filter(|piece| piece.gave_up().is_none()).count();
    if decided > 0 {
        parts.push(format!("{decided} other objects have an order"));
    }
    parts.join("; ")
}
