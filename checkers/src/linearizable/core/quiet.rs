//! Quiet points: where no operation is open, and the object can be in one state only.
//!
//! ```text
//! free   acquire ├─┤   held   release ├─┤   free   acquire ├─┤   held
//!      ●               ●               ●                ●
//! ```
//!
//! Between two quiet points at which it is in the same state, everything can be left out: in any order of the
//! whole it was in that state at both, and so what follows follows without what was between. Behind an
//! operation of unknown outcome there are no more quiet points: it may take effect at any time.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::linearizable::{Op, Problem};
use crate::model::Model;

/// How many operations may overlap, how many states they may lead to, and how many steps may be taken.
const OVERLAPPING_MAX: usize = 10;
const STATES_MAX: usize = 64;
const STEPS_MAX: usize = 100_000;

/// A quiet point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// How many operations came before it.
    pub place: usize,
    /// The number of the state: the same for equal states.
    pub state: u32,
}

/// The quiet points of a problem, from the beginning until it becomes too difficult to tell.
pub(crate) fn points<M: Model>(model: &M, problem: &Problem<'_>, initial: M::State) -> Vec<Quiet> {
    let mut numbers: FxHashMap<M::State, u32> = FxHashMap::default();
    let mut states = FxHashSet::from_iter([initial]);
    let (mut points, mut place, mut steps) = (Vec::new(), 0, 0);
    loop {
        if let [only] = states.iter().collect::<Vec<_>>().as_slice() {
            let next = numbers.len() as u32;
            let state = *numbers.entry((*only).clone()).or_insert(next);
            points.push(Quiet { place, state });
        }
        let Some(block) = block(&problem.ops[place..]) else { return points };
        states = after(model, problem, block, states, &mut steps);
        if states.is_empty() || states.len() > STATES_MAX || steps > STEPS_MAX {
            return points;
        }
        place += block.len();
    }
}

/// The operations until the next moment at which none is open.
fn block(ops: &[Op]) -> Option<&[Op]> {
    let mut end = ops.first()?.returned;
    let mut length = 0;
    while let Some(op) = ops.get(length).filter(|op| op.invoked <= end) {
        end = end.max(op.returned);
        length += 1;
    }
    let block = &ops[..length];
    let is_short = length <= OVERLAPPING_MAX && !block.iter().any(Op::is_indeterminate);
    is_short.then_some(block)
}

/// The states after all operations of a block, in every order that real time allows.
fn after<M: Model>(
    model: &M,
    problem: &Problem<'_>,
    block: &[Op],
    states: FxHashSet<M::State>,
    steps: &mut usize,
) -> FxHashSet<M::State> {
    let all = (1_u32 << block.len()) - 1;
    // A set of operations comes before every larger one that holds it.
    let mut by_taken: Vec<FxHashSet<M::State>> = vec![FxHashSet::default(); all as usize + 1];
    by_taken[0] = states;
    for taken in 0..all {
        for state in std::mem::take(&mut by_taken[taken as usize]) {
            for (place, op) in block.iter().enumerate().filter(|(place, _)| taken & 1 << place == 0) {
                let is_next = block
                    .iter()
                    .enumerate()
                    .all(|(other, before)| taken & 1 << other != 0 || before.returned >= op.invoked);
                if !is_next || *steps > STEPS_MAX {
                    continue;
                }
                *steps += 1;
                let mut next = Vec::new();
                model.step(&state, problem.call(op), &mut next);
                by_taken[(taken | 1 << place) as usize].extend(next);
            }
        }
    }
    by_taken.pop().unwrap_or_default()
}

/// The places that stay when everything between quiet points of the same state is left out.
pub(super) fn without_loops(points: &[Quiet], length: usize) -> Vec<usize> {
    let mut last: FxHashMap<u32, usize> = FxHashMap::default();
    for (number, point) in points.iter().enumerate() {
        last.insert(point.state, number);
    }
    let mut kept = Vec::new();
    let mut number = 0;
    while let Some(point) = points.get(number) {
        let leave = last[&point.state];
        let end = points.get(leave + 1).map_or(length, |next| next.place);
        kept.extend(points[leave].place..end);
        number = leave + 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use perjury_histories::Value;

    use super::*;
    use crate::model::mutex::Mutex;
    use crate::testing::history;

    fn points_of(model: &impl Model, text: &str) -> Vec<(usize, u32)> {
        let history = history(text);
        let initial = model.initial(&Value::Null).expect("a state");
        let points = points(model, &Problem::of(history.operations()), initial);
        points.iter().map(|point| (point.place, point.state)).collect()
    }

    #[test]
    fn finds_where_nothing_is_open_and_the_state_is_certain() {
        assert_eq!(
            points_of(&Mutex, "0:acquire() 0:release() 1:acquire()"),
            [(0, 0), (1, 1), (2, 0), (3, 1)]
        );
        assert_eq!(
            points_of(&Mutex, "0:acquire() 1:acquire()? 0:release()? 0:ok 1:ok"),
            [(0, 0), (1, 1), (3, 1)]
        );
        assert_eq!(points_of(&Mutex, "0:acquire() 1:acquire()"), [(0, 0), (1, 1)]);
        assert_eq!(points_of(&Mutex, "0:acquire() 0:release():info 1:acquire()"), [(0, 0), (1, 1)]);
        let counter = crate::model::kv_append::KvAppend;
        let unsure = r#"0:append(_,"a")? 1:append(_,"b")? 0:ok 1:ok 0:get()="ab""#;
        assert_eq!(points_of(&counter, unsure), [(0, 0), (3, 1)]);
    }

    #[test]
    fn leaves_out_what_leads_back() {
        let point = |place, state| Quiet { place, state };
        assert_eq!(without_loops(&[point(0, 0), point(1, 1), point(2, 0), point(3, 1)], 5), [2, 3, 4]);
        assert_eq!(without_loops(&[point(0, 0), point(2, 1), point(4, 2)], 4), [0, 1, 2, 3]);
    }
}
