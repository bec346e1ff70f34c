//! For tests: the definition of linearizability, tried out on small histories.

pub(super) mod general;
pub(super) mod histories;

use std::fmt::Debug;
use std::hash::Hash;

use rustc_hash::FxHashSet;

use super::{Answer, NEVER, Operation};

/// An object with its solver.
pub(super) trait Subject {
    /// What is asked and answered.
    type Call: Copy + Debug;
    /// What the object holds.
    type State: Clone + Eq + Hash;

    /// What it holds at first.
    fn initial(&self) -> Self::State;

    /// Makes the call, and says whether its answer is right.
    fn step(&self, state: &mut Self::State, call: Self::Call) -> bool;

    /// What the solver says.
    fn solve(&self, operations: &[Operation<Self::Call>]) -> Answer;
}

/// The definition: some order of everything that returned and some of what did not suits time and object.
pub(super) fn is_linearizable<S: Subject>(subject: &S, operations: &[Operation<S::Call>]) -> bool {
    let mut definition = Definition { subject, operations, dead_ends: FxHashSet::default() };
    definition.extends(0, &subject.initial())
}

struct Definition<'a, S: Subject> {
    subject: &'a S,
    operations: &'a [Operation<S::Call>],
    /// What is done (one bit for each operation) and the state then, where nothing goes on to the end.
    dead_ends: FxHashSet<(u32, S::State)>,
}

impl<S: Subject> Definition<'_, S> {
    /// Whether an order of the operations that are not yet done takes the object on from this state.
    fn extends(&mut self, done: u32, state: &S::State) -> bool {
        let is_left = |place: &usize| done & 1 << place == 0;
        let rest: Vec<usize> = (0..self.operations.len()).filter(is_left).collect();
        let deadline = rest.iter().map(|place| self.operations[*place].returned).min().unwrap_or(NEVER);
        if deadline == NEVER {
            return true;
        }
        if self.dead_ends.contains(&(done, state.clone())) {
            return false;
        }
        for place in rest.into_iter().filter(|place| self.operations[*place].invoked <= deadline) {
            let mut next = state.clone();
            if self.subject.step(&mut next, self.operations[place].call)
                && self.extends(done | 1 << place, &next)
            {
                return true;
            }
        }
        self.dead_ends.insert((done, state.clone()));
        false
    }
}

/// Why this order is no proof that the operations are linearizable.
pub(super) fn fault<S: Subject>(
    subject: &S,
    operations: &[Operation<S::Call>],
    order: &[u32],
) -> Option<String> {
    let mut is_done = vec![false; operations.len()];
    let (mut state, mut latest) = (subject.initial(), 0);
    for &place in order {
        let operation = &operations[place as usize];
        if std::mem::replace(&mut is_done[place as usize], true) {
            return Some(format!("{place} stands twice"));
        }
        latest = operation.invoked.max(latest);
        if operation.returned < latest {
            return Some(format!("{place} stands behind what was invoked later"));
        }
        if !subject.step(&mut state, operation.call) {
            return Some(format!("{place} is wrong where it stands"));
        }
    }
    let missing = (0..operations.len()).find(|place| !is_done[*place] && !operations[*place].is_unknown());
    missing.map(|place| format!("{place} is missing"))
}

/// Asserts that solver and definition agree, and that the solver's evidence is good.
pub(super) fn agree<S: Subject>(subject: &S, operations: &[Operation<S::Call>]) -> Result<Answer, String> {
    let answer = subject.solve(operations);
    let complaint = match &answer {
        Answer::NotApplicable(_) => None,
        Answer::Order(order) => fault(subject, operations, order),
        Answer::Impossible(_) if is_linearizable(subject, operations) => Some("linearizable".to_owned()),
        Answer::Impossible(core) => {
            let core: Vec<_> = core.iter().map(|place| operations[*place as usize]).collect();
            is_linearizable(subject, &core).then(|| "linearizable core".to_owned())
        }
    };
    complaint
        .map_or(Ok(answer.clone()), |complaint| Err(format!("{complaint}: {answer:?} of {operations:?}")))
}

/// Every way in which the spans of so many operations interleave, those that are invoked earlier first.
fn interleavings(count: usize) -> Vec<Vec<(u32, u32)>> {
    fn extend(spans: &[(u32, u32)], at: u32, count: usize, all: &mut Vec<Vec<(u32, u32)>>) {
        if at as usize == 2 * count {
            all.push(spans.to_vec());
            return;
        }
        if spans.len() < count {
            extend(&[spans, &[(at, NEVER)]].concat(), at + 1, count, all);
        }
        for open in (0..spans.len()).filter(|open| spans[*open].1 == NEVER) {
            let mut spans = spans.to_vec();
            spans[open].1 = at;
            extend(&spans, at + 1, count, all);
        }
    }
    let mut all = Vec::new();
    extend(&[], 0, count, &mut all);
    all
}

/// Asserts that solver and definition agree on every history of so many of these calls, each of which returns
/// or (true) never does. Returns how many histories were decided.
#[track_caller]
pub(super) fn agree_on_all<S: Subject>(subject: &S, calls: &[(S::Call, bool)], count: usize) -> usize {
    let all = interleavings(count);
    let mut choice = vec![0; count];
    let mut decided = 0;
    loop {
        for spans in &all {
            let operation = |(&(invoked, returned), &number): (&(u32, u32), &usize)| {
                let (call, is_unknown) = calls[number];
                Operation { invoked, returned: if is_unknown { NEVER } else { returned }, call }
            };
            let operations: Vec<_> = spans.iter().zip(&choice).map(operation).collect();
            match agree(subject, &operations) {
                Ok(answer) => decided += usize::from(!matches!(answer, Answer::NotApplicable(_))),
                Err(error) => panic!("{error}"),
            }
        }
        // The next choice, counting up.
        let Some(place) = choice.iter().rposition(|number| number + 1 < calls.len()) else { return decided };
        choice[place] += 1;
        choice[place + 1..].fill(0);
    }
}
