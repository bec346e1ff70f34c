//! What a copy of a history lacks.

use perjury_histories::{EventRef, History};

/// Tells whether two events are alike in something.
type IsAlike = fn(&EventRef<'_>, &EventRef<'_>) -> bool;

/// All that an event says.
const FIELDS: &[(&str, IsAlike)] = &[
    ("index", |a, b| a.index == b.index),
    ("time", |a, b| a.time == b.time),
    ("process", |a, b| a.process == b.process),
    ("type", |a, b| a.kind == b.kind),
    ("function", |a, b| a.function == b.function),
    ("value", |a, b| a.value == b.value),
    ("key", |a, b| a.key == b.key),
    ("node", |a, b| a.node == b.node),
    ("error", |a, b| a.error == b.error),
    ("final", |a, b| a.is_final == b.is_final),
    ("session", |a, b| a.session == b.session),
    ("version", |a, b| a.version == b.version),
];

/// What differs, a line for each field of events, with the first event in which it does.
pub fn between(history: &History, copy: &History) -> Vec<String> {
    let (events, copied) = (history.events().len(), copy.events().len());
    let mut losses = Vec::new();
    if events != copied {
        losses.push(format!("{copied} of {events} events are in it"));
    }
    for (name, is_alike) in FIELDS {
        let pairs = history.events().zip(copy.events());
        let mut differ = pairs.filter(|(event, copy)| !is_alike(event, copy)).map(|(event, _)| event.index);
        if let Some(first) = differ.next() {
            let more = differ.count();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            losses.push(format!("the {name} of event {first}{more}"));
        }
    }
    losses
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;

    #[test]
    fn names_each_field_that_differs_and_the_first_event() {
        let history = notation::parse("0:write(x,1)@3 0:read(x)=1@3").expect("a history");
        let mut events = history.to_events();
        assert_eq!(between(&history, &history), Vec::<String>::new());
        events.iter_mut().for_each(|event| event.version = None);
        events[..2].iter_mut().for_each(|event| event.function = "put".to_owned());
        events.pop();
        let copy = History::new(events).expect("a history");
        assert_eq!(
            between(&history, &copy),
            ["3 of 4 events are in it", "the function of event 0 and 1 more", "the version of event 1"]
        );
    }
}
