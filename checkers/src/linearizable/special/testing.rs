//! For tests: the definition of linearizability, tried out on small histories.

pub(super) mod histories;

use std::fmt::Debug;

use super::{Answer, NEVER, Operation};

/// An object with its solver.
pub(super) trait Subject {
    /// What is asked and answered.
    type Call: Copy + Debug;
    /// What the object holds.
    type State: Clone;

    /// What it holds at first.
    fn initial(&self) -> Self::State;

    /// Makes the call, and says whether its answer is right.
    fn step(&self, state: &mut Self::State, call: Self::Call) -> bool;

    /// What the solver says.
    fn solve(&self, operations: &[Operation<Self::Call>]) -> Answer;
}

/// The definition: some order of everything that returned and some of what did not suits time and object.
pub(super) fn is_linearizable<S: Subject>(subject: &S, operations: &[Operation<S::Call>]) -> bool {
    extends(subject, operations, &subject.initial(), &mut vec![false; operations.len()])
}

/// Whether an order of the operations that are not yet done takes the object on from this state.
fn extends<S: Subject>(
    subject: &S,
    operations: &[Operation<S::Call>],
    state: &S::State,
    is_done: &mut [bool],
) -> bool {
    let rest = || operations.iter().zip(&*is_done).filter(|(_, is_done)| !**is_done);
    let Some(deadline) = rest().map(|(operation, _)| operation.returned).min().filter(|end| *end != NEVER)
    else {
        return true;
    };
    (0..operations.len()).any(|place| {
        if is_done[place] || operations[place].invoked > deadline {
            return false;
        }
        let mut next = state.clone();
        if !subject.step(&mut next, operations[place].call) {
            return false;
        }
        is_done[place] = true;
        let is_order = extends(subject, operations, &next, is_done);
        is_done[place] = false;
        is_order
    })
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

/// Asserts that solver and definition agree, and that the solver's evidence is good. Returns whether the
/// solver decided.
pub(super) fn agree<S: Subject>(subject: &S, operations: &[Operation<S::Call>]) -> Result<bool, String> {
    let answer = subject.solve(operations);
    match &answer {
        Answer::NotApplicable(_) => return Ok(false),
        Answer::Order(order) => {
            if let Some(fault) = fault(subject, operations, order) {
                return Err(format!("{fault} in {answer:?} of {operations:?}"));
            }
        }
        Answer::Impossible(_) if is_linearizable(subject, operations) => {
            return Err(format!("{answer:?}, but these are linearizable: {operations:?}"));
        }
        Answer::Impossible(core) => {
            let core: Vec<_> = core.iter().map(|place| operations[*place as usize]).collect();
            if !core.is_empty() && is_linearizable(subject, &core) {
                return Err(format!("no proof: {answer:?} of {operations:?}"));
            }
        }
    }
    Ok(true)
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
                Ok(is_decided) => decided += usize::from(is_decided),
                Err(error) => panic!("{error}"),
            }
        }
        // The next choice, counting up.
        let Some(place) = choice.iter().rposition(|number| number + 1 < calls.len()) else { return decided };
        choice[place] += 1;
        choice[place + 1..].fill(0);
    }
}
