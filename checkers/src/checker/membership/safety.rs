//! What holds at all times, whatever is wrong.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::EventRef;

use crate::notes::{State, View};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// What nodes have told so far.
pub(super) struct Safety<'a> {
    accusers_min: usize,
    /// By who takes and who is taken: what its process told last, with the index of the note.
    views: BTreeMap<(&'a str, &'a str), (View<'a>, u64)>,
    /// By node: the generation of its last start, with the index of the note.
    generations: BTreeMap<&'a str, (u64, u64)>,
}

impl<'a> Safety<'a> {
    /// Nothing was told yet. So many must miss a node that is down.
    pub fn new(accusers_min: usize) -> Safety<'a> {
        Safety { accusers_min, views: BTreeMap::new(), generations: BTreeMap::new() }
    }

    /// A node takes another one, or itself, for this; what is wrong with that.
    pub fn hear(&mut self, by: &'a str, view: View<'a>, note: EventRef<'a>) -> Vec<Anomaly> {
        if by == view.of && view.state == State::Up {
            return self.start(by, view.generation, note).into_iter().collect();
        }
        let alone = self.too_few(by, &view, note);
        let stale = self.views.get(&(by, view.of)).and_then(|earlier| goes_back(by, earlier, &view, note));
        self.views.insert((by, view.of), (view, note.index));
        alone.into_iter().chain(stale).collect()
    }

    /// A node was started: what its last process knew is forgotten.
    fn start(&mut self, node: &'a str, generation: u64, note: EventRef<'a>) -> Option<Anomaly> {
        self.views.retain(|(by, _), _| *by != node);
        let (earlier, before) = self.generations.insert(node, (generation, note.index))?;
        (generation <= earlier).then(|| {
            let explanation = format!(
                "{node} was started under generation {generation} at {}, and under generation {earlier} before",
                words::moment(note)
            );
            Anomaly::new(AnomalyKind::GenerationRegression, None, [before, note.index], explanation)
        })
    }

    fn too_few(&self, by: &str, view: &View<'_>, note: EventRef<'_>) -> Option<Anomaly> {
        let accusers: BTreeSet<&str> =
            view.accusers.iter().copied().filter(|&node| node != view.of).collect();
        (view.state == State::Down && accusers.len() < self.accusers_min).then(|| {
            let missed_by = accusers.into_iter().collect::<Vec<_>>().join(", ");
            let missed_by = if missed_by.is_empty() { "nobody" } else { &missed_by };
            let explanation = format!(
                "{by} took {} for down at {}, missed by {missed_by}: it takes {}",
                view.of,
                words::moment(note),
                self.accusers_min
            );
            Anomaly::new(AnomalyKind::TooFewAccusers, None, [note.index], explanation)
        })
    }
}

/// Whether a process knows less of a member than it did, or takes it for better on no newer word.
fn goes_back(
    by: &str,
    (earlier, before): &(View<'_>, u64),
    view: &View<'_>,
    note: EventRef<'_>,
) -> Option<Anomaly> {
    let beat = |view: &View<'_>| (view.generation, view.heartbeat);
    let is_older = beat(view) < beat(earlier);
    let is_better = beat(view) == beat(earlier) && view.state < earlier.state;
    let kind = match view.generation < earlier.generation {
        true => AnomalyKind::GenerationRegression,
        false if is_older || is_better => AnomalyKind::StaleHeartbeat,
        false => return None,
    };
    let words = |view: &View<'_>| {
        format!("{} (generation {}, heartbeat {})", words::state(view.state), view.generation, view.heartbeat)
    };
    let explanation = format!(
        "{by} took {} for {}, and at {} for {}, on no newer sign of life",
        view.of,
        words(earlier),
        words::moment(note),
        words(view)
    );
    Some(Anomaly::new(kind, None, [*before, note.index], explanation))
}
