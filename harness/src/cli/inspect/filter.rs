//! Which events of a history to show.

use std::collections::BTreeSet;

use clap::Args;
use perjury_histories::{EventRef, History, Process};

use crate::cli::parse;

/// Notes of which there are too many to be read among operations.
const QUIET: &[&str] = &["acknowledge", "dump", "placement"];

/// At most this many names are suggested.
const THERE_MAX: usize = 12;

/// Only events that pass every filter given are shown.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Filters")]
pub struct Filter {
    /// Only these keys, with commas between them
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    key: Vec<String>,
    /// Only these processes; nemesis is one of them
    #[arg(long, value_name = "PROCESSES", value_delimiter = ',', value_parser = parse::trimmed)]
    process: Vec<String>,
    /// Only these sessions: a client keeps its session when its process number changes
    #[arg(long, value_name = "SESSIONS", value_delimiter = ',')]
    session: Vec<u64>,
    /// Only these functions: read, write, partition, acknowledge, …
    #[arg(long, value_name = "FUNCTIONS", value_delimiter = ',', value_parser = parse::trimmed)]
    function: Vec<String>,
    /// Only events from this simulated time on: 12.5s
    #[arg(long, value_name = "TIME", value_parser = parse::moment_ns)]
    from: Option<u64>,
    /// Only events up to this simulated time
    #[arg(long, value_name = "TIME", value_parser = parse::moment_ns)]
    to: Option<u64>,
    /// Only the neighbours of the event with this index
    #[arg(long, value_name = "INDEX")]
    pub around: Option<u64>,
    /// How many neighbours on each side of --around
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    context: usize,
}

/// What a filter let through.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Positions of events, in order.
    pub positions: Vec<usize>,
    /// How many notes were left out because nobody asked for them.
    pub quiet: usize,
}

impl Filter {
    /// The same, or, when nothing was chosen, the neighbours of this event.
    pub fn or_around(&self, index: Option<u64>) -> Filter {
        let chose_nothing = self.key.is_empty()
            && self.process.is_empty()
            && self.session.is_empty()
            && self.function.is_empty()
            && self.from.is_none()
            && self.to.is_none();
        let around = self.around.or(index.filter(|_| chose_nothing));
        Filter { around, ..self.clone() }
    }

    /// The events that pass. Neighbours are counted among those that pass the other filters.
    pub fn positions(&self, history: &History) -> Found {
        let mut found = Found { positions: Vec::new(), quiet: 0 };
        for (position, event) in history.events().enumerate() {
            let is_it = self.around == Some(event.index);
            if !is_it && !self.passes(event) {
                continue;
            }
            if !is_it && self.function.is_empty() && is_quiet(event) {
                found.quiet += 1;
            } else {
                found.positions.push(position);
            }
        }
        if let Some(index) = self.around {
            let center = found.positions.partition_point(|&position| history.at(position).index < index);
            let end = center.saturating_add(self.context).saturating_add(1).min(found.positions.len());
            found.positions.truncate(end);
            found.positions.drain(..center.saturating_sub(self.context));
            found.quiet = 0;
        }
        found
    }

    /// Why nothing passes: the names that this history does not have, and those that it has.
    pub fn why_nothing(&self, history: &History) -> Option<String> {
        let keys = history.events().filter_map(|event| event.key).map(ToString::to_string);
        let processes = history.events().map(|event| event.process.to_string());
        let functions = history.events().map(|event| event.function.to_owned());
        let sessions = history.events().filter_map(|event| event.session).map(|session| session.to_string());
        let wanted_sessions: Vec<String> = self.session.iter().map(u64::to_string).collect();
        let why = [
            absent("key", &self.key, keys.collect()),
            absent("process", &self.process, processes.collect()),
            absent("function", &self.function, functions.collect()),
            absent("session", &wanted_sessions, sessions.collect()),
        ];
        let why: Vec<String> = why.into_iter().flatten().collect();
        match why.as_slice() {
            [] if *self == Filter::default()
                || self.around.is_some_and(|index| !Filter::has(history, index)) =>
            {
                None
            }
            [] => Some("no event passes all of the filters".to_owned()),
            why => Some(why.join("; ")),
        }
    }

    /// Whether an event has this index.
    pub fn has(history: &History, index: u64) -> bool {
        history.events().any(|event| event.index == index)
    }

    /// The indices that there are: `: they go from 0 to 7`.
    pub fn indices(history: &History) -> String {
        let ends = history.events().next().zip(history.events().last());
        ends.map_or(String::new(), |(first, last)| {
            format!(": they go from {} to {}", first.index, last.index)
        })
    }

    fn passes(&self, event: EventRef<'_>) -> bool {
        fn any<T: PartialEq>(wanted: &[T], is: Option<&T>) -> bool {
            wanted.is_empty() || is.is_some_and(|is| wanted.contains(is))
        }
        let key = event.key.map(ToString::to_string);
        let time = event.time.unwrap_or(0);
        any(&self.key, key.as_ref())
            && any(&self.process, Some(&event.process.to_string()))
            && any(&self.session, event.session.as_ref())
            && any(&self.function, Some(&event.function.to_owned()))
            && self.from.is_none_or(|from| event.time.is_some() && time >= from)
            && self.to.is_none_or(|to| event.time.is_some() && time <= to)
    }
}

/// Says that there is none of those wanted, if so, and what there is.
fn absent(noun: &str, wanted: &[String], there: BTreeSet<String>) -> Option<String> {
    if wanted.is_empty() || wanted.iter().any(|name| there.contains(name)) {
        return None;
    }
    let none = format!("no event has {noun} {}", wanted.join(" or "));
    let some: Vec<&str> = there.iter().take(THERE_MAX).map(String::as_str).collect();
    let more = if there.len() > some.len() { ", …" } else { "" };
    Some(match some.as_slice() {
        [] => format!("{none}: none of this history has a {noun}"),
        some => format!("{none}, but there is {}{more}", some.join(", ")),
    })
}

fn is_quiet(event: EventRef<'_>) -> bool {
    event.process == Process::Nemesis && QUIET.contains(&event.function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;

    fn history() -> History {
        let text = "0s9:write(x,1) 1:read(y)=1 nemesis:acknowledge(x)/n1@3 nemesis:healed() 0s9:read(x)=1";
        let mut events = notation::parse(text).expect("a history").to_events();
        events.iter_mut().for_each(|event| event.time = Some(event.index * 1_000_000_000));
        History::new(events).expect("a history")
    }

    fn positions(filter: Filter) -> Vec<usize> {
        filter.positions(&history()).positions
    }

    #[test]
    fn shows_everything_but_quiet_notes() {
        let found = Filter::default().positions(&history());
        assert_eq!(found, Found { positions: vec![0, 1, 2, 3, 5, 6, 7], quiet: 1 });
    }

    #[test]
    fn passes_what_passes_every_filter() {
        let strings = |text: &str| vec![text.to_owned()];
        assert_eq!(positions(Filter { key: strings("x"), ..Filter::default() }), [0, 1, 6, 7]);
        assert_eq!(positions(Filter { process: strings("nemesis"), ..Filter::default() }), [5]);
        assert_eq!(positions(Filter { session: vec![9], ..Filter::default() }), [0, 1, 6, 7]);
        assert_eq!(positions(Filter { function: strings("acknowledge"), ..Filter::default() }), [4]);
        let second = 1_000_000_000;
        let window =
            Filter { from: Some(second), to: Some(6 * second), key: strings("x"), ..Filter::default() };
        assert_eq!(positions(window), [1, 6]);
    }

    #[test]
    fn shows_the_neighbours_of_one_event() {
        let around = |index, context| positions(Filter { around: Some(index), context, ..Filter::default() });
        assert_eq!(around(3, 1), [2, 3, 5]);
        assert_eq!(around(4, 1), [3, 4, 5], "the event itself, even a quiet one");
        assert_eq!(around(0, 0), [0]);
        assert_eq!(around(99, 2), [6, 7]);
    }

    #[test]
    fn says_why_nothing_passes() {
        let why = |filter: Filter| filter.why_nothing(&history());
        let strings = |text: &str| vec![text.to_owned()];
        assert_eq!(
            why(Filter { key: strings("z"), process: strings("7"), ..Filter::default() }).as_deref(),
            Some("no event has key z, but there is x, y; no event has process 7, but there is 0, 1, nemesis")
        );
        assert_eq!(
            why(Filter { key: strings("y"), session: vec![9], ..Filter::default() }).as_deref(),
            Some("no event passes all of the filters")
        );
        let keyless = notation::parse("0:read(_)=1").expect("a history");
        assert_eq!(
            Filter { key: strings("x"), ..Filter::default() }.why_nothing(&keyless).as_deref(),
            Some("no event has key x: none of this history has a key")
        );
        assert_eq!(why(Filter { around: Some(99), context: 0, ..Filter::default() }), None, "said already");
        assert_eq!(why(Filter::default()), None);
    }

    #[test]
    fn goes_to_the_evidence_unless_told_where_to_look() {
        assert_eq!(Filter::default().or_around(Some(3)).around, Some(3));
        assert_eq!(Filter { to: Some(1), ..Filter::default() }.or_around(Some(3)).around, None);
        assert_eq!(Filter { around: Some(1), ..Filter::default() }.or_around(Some(3)).around, Some(1));
    }
}
