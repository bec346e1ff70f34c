//! For tests: every small history, to compare a checker with its definition.

use perjury_histories::{Event, History, Kind, Process, Value};

/// Everything of an operation but its place in time.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub function: &'static str,
    pub argument: Value,
    pub result: Value,
    pub kind: Kind,
    pub is_final: bool,
}

impl Shape {
    /// An operation with this argument, and as its result that argument again.
    pub fn of(function: &'static str, argument: impl Into<Value>, kind: Kind) -> Shape {
        let argument = argument.into();
        Shape { function, result: argument.clone(), argument, kind, is_final: false }
    }

    /// An ok operation without an argument, and with this result.
    pub fn giving(function: &'static str, result: impl Into<Value>) -> Shape {
        let result = result.into();
        Shape { function, argument: Value::Null, result, kind: Kind::Ok, is_final: false }
    }
}

/// Visits every history of so many operations of these shapes, each by a process of its own: every choice of
/// shapes, and every way in which their beginnings and ends interleave.
pub(crate) fn every_history(shapes: &[Shape], operations: usize, mut visit: impl FnMut(&History)) {
    let all = interleavings(operations);
    let mut choice = vec![0; operations];
    loop {
        let chosen: Vec<&Shape> = choice.iter().map(|&number: &usize| &shapes[number]).collect();
        all.iter().for_each(|moments| visit(&history_of(&chosen, moments)));
        // The next choice, counting up.
        let Some(place) = choice.iter().rposition(|number| number + 1 < shapes.len()) else { return };
        choice[place] += 1;
        choice[place + 1..].fill(0);
    }
}

/// A history of these operations. `moments` names them, each twice: where it begins, and where it ends.
fn history_of(shapes: &[&Shape], moments: &[usize]) -> History {
    let mut is_begun = vec![false; shapes.len()];
    let events = (0..).zip(moments).map(|(index, &place)| {
        let shape = shapes[place];
        let is_begin = !std::mem::replace(&mut is_begun[place], true);
        let kind = if is_begin { Kind::Invoke } else { shape.kind };
        let mut event = Event::new(index, Process::Client(place as u64), kind, shape.function);
        let value = if kind == Kind::Ok { &shape.result } else { &shape.argument };
        (event.value, event.is_final) = (value.clone(), shape.is_final);
        event
    });
    History::new(events.collect::<Vec<Event>>()).expect("well formed")
}

/// Every way in which the beginnings and ends of so many operations interleave; they begin in the order of
/// their names.
fn interleavings(operations: usize) -> Vec<Vec<usize>> {
    let mut unfinished = vec![(0, Vec::new(), Vec::new())];
    let mut all = Vec::new();
    while let Some((begun, open, so_far)) = unfinished.pop() {
        if begun == operations && open.is_empty() {
            all.push(so_far);
            continue;
        }
        if begun < operations {
            unfinished.push((begun + 1, [&open[..], &[begun]].concat(), [&so_far[..], &[begun]].concat()));
        }
        for &place in &open {
            let rest = open.iter().copied().filter(|other| *other != place).collect();
            unfinished.push((begun, rest, [&so_far[..], &[place]].concat()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use perjury_histories::notation;

    #[test]
    fn visits_every_history_once() {
        let shapes = [Shape::of("add", 1, Kind::Ok), Shape::giving("read", 1)];
        let mut texts = BTreeSet::new();
        let mut visited = 0;
        every_history(&shapes, 2, |history| {
            texts.insert(notation::print(history));
            visited += 1;
        });
        // Four choices of shapes; the second begins after the first ended, or ends before it, or after it.
        assert_eq!((visited, texts.len()), (12, 12));
        assert!(texts.contains("0:add(_,1)? 1:read()? 0:ok 1:ok=1"), "{texts:?}");
    }
}
