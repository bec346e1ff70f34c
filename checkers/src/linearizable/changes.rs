//! What the operations of unknown outcome can do to each state.

use std::ops::Range;

use super::facts::Facts;
use super::states::States;
use crate::model::Model;

/// One of this class brings this state about.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub class: u32,
    pub state: u32,
}

/// By state, the changes that are possible in it. One that leaves the state as it is is none, unless it covers
/// open writes.
#[derive(Default)]
pub(super) struct Changes {
    changes: Vec<Change>,
    /// By state, where its changes begin and end; nothing: not asked yet.
    places: Vec<Option<(u32, u32)>>,
}

impl Changes {
    /// The places of the changes of this state.
    pub fn of<M: Model>(&mut self, state: u32, facts: &Facts, states: &mut States<'_, M>) -> Range<usize> {
        let (begin, end) = match self.places.get(state as usize) {
            Some(Some(places)) => *places,
            _ => self.find(state, facts, states),
        };
        begin as usize..end as usize
    }

    pub fn get(&self, place: usize) -> Change {
        self.changes[place]
    }

    #[cold]
    fn find<M: Model>(&mut self, state: u32, facts: &Facts, states: &mut States<'_, M>) -> (u32, u32) {
        let begin = self.changes.len() as u32;
        for (class, &call) in (0..).zip(&facts.classes) {
            let steps = states.next(state, call);
            let next = (0..).map_while(|choice| states.step(steps, choice));
            let is_overwrite = facts.calls[call as usize].is_overwrite;
            let next = next.filter(|next| *next != state || is_overwrite);
            self.changes.extend(next.map(|state| Change { class, state }));
        }
        if self.places.len() <= state as usize {
            self.places.resize(state as usize + 1, None);
        }
        let places = (begin, self.changes.len() as u32);
        self.places[state as usize] = Some(places);
        places
    }
}
