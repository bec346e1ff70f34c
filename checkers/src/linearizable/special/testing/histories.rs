//! For tests: random histories, short ones that shrink and long ones of many processes.

use std::cell::Cell;
use std::ops::RangeInclusive;

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::{Subject, agree};
use crate::linearizable::special::{Answer, Operation};

/// When an operation of a random history is invoked, takes effect and returns.
#[derive(Clone, Copy, Debug)]
pub(in crate::linearizable::special) struct Moments {
    pub(in crate::linearizable::special) invoked: u32,
    pub(in crate::linearizable::special) effect: u32,
    pub(in crate::linearizable::special) returned: u32,
    /// A number for whatever is to be chosen of it.
    pub(in crate::linearizable::special) choice: u32,
}

/// As many operations as that in any interleaving, sorted by invocation. `width` bounds how far an operation
/// reaches, so that long histories are more than one heap.
fn moments(count: RangeInclusive<usize>, width: u32) -> impl Strategy<Value = Vec<Moments>> {
    let one = (0..1_000_u32, 0..width, 0..width, any::<u32>());
    prop::collection::vec(one, count).prop_map(move |drawn| spread(&drawn))
}

/// Operations from (begin, delay to the effect, delay to the return, choice), with positions all different.
fn spread(drawn: &[(u32, u32, u32, u32)]) -> Vec<Moments> {
    let mut marks: Vec<(u32, u32, u32)> = Vec::new();
    for (place, &(begin, first, second, _)) in (0..).zip(drawn) {
        marks.extend([(begin, place, 0), (begin + first, place, 1), (begin + first + second, place, 2)]);
    }
    // Among marks at one time the operations alternate, so that they overlap.
    marks.sort_by_key(|&(time, place, part)| (time, part, place));
    let mut moments: Vec<Moments> =
        drawn.iter().map(|&(.., choice)| Moments { invoked: 0, effect: 0, returned: 0, choice }).collect();
    for (position, (_, place, part)) in (0..).zip(marks) {
        let moments = &mut moments[place as usize];
        *[&mut moments.invoked, &mut moments.effect, &mut moments.returned][part as usize] = position;
    }
    moments.sort_by_key(|moments| moments.invoked);
    moments
}

/// The places of these operations in the order of their effects.
pub(in crate::linearizable::special) fn by_effect(moments: &[Moments]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..moments.len()).collect();
    places.sort_by_key(|place| moments[*place].effect);
    places
}

/// How many random histories a test tries: more in those that are run only when asked for.
pub(in crate::linearizable::special) const FEW: u32 = 2_000;
/// The number that is asked for.
pub(in crate::linearizable::special) const MANY: u32 = 100_000;

/// Asserts that solver and definition agree on so many random histories, made from random moments.
pub(in crate::linearizable::special) fn agree_on_random<S: Subject>(
    subject: &S,
    cases: u32,
    history: impl Fn(&[Moments]) -> Vec<Operation<S::Call>>,
) {
    let strategy = prop_oneof![moments(3..=8, 1_000), moments(4..=8, 300), moments(6..=13, 150)];
    holds_for_random(cases, strategy, |moments| agree(subject, &history(moments)));
}

/// The same, for histories so long that the general search has to be the judge.
pub(in crate::linearizable::special) fn agree_on_longer(
    cases: u32,
    judge: impl Fn(&[Moments]) -> Result<Answer, String>,
) {
    holds_for_random(cases, prop_oneof![moments(10..=16, 150), moments(16..=32, 50)], judge);
}

/// Asserts that the judge is content, and that it saw enough of either answer.
fn holds_for_random(
    cases: u32,
    strategy: impl Strategy<Value = Vec<Moments>>,
    judge: impl Fn(&[Moments]) -> Result<Answer, String>,
) {
    let (orders, impossible) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&strategy, |moments| {
        match judge(&moments).map_err(TestCaseError::fail)? {
            Answer::Order(_) => orders.set(orders.get() + 1),
            Answer::Impossible(_) => impossible.set(impossible.get() + 1),
            Answer::NotApplicable(_) => {}
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let (orders, impossible) = (orders.get(), impossible.get());
    // Far from the rates of every subject, 14 % and more: chance must not fail the build.
    assert!(orders.min(impossible) > cases / 16, "{orders} orders and {impossible} impossible of {cases}");
}

/// A long history of so many processes, each of which does one operation after the other; sorted by
/// invocation.
pub(in crate::linearizable::special) fn long(count: usize, processes: usize, seed: u64) -> Vec<Moments> {
    let mut random = Random(seed);
    let mut free_at = vec![0; processes];
    let mut drawn = Vec::with_capacity(count);
    for _ in 0..count {
        let (process, _) = (0..).zip(&free_at).min_by_key(|(_, time)| **time).expect("a process");
        let (wait, first, second) = (random.below(200), random.below(1_000), random.below(1_000));
        let begin: u32 = free_at[process] + wait;
        free_at[process] = begin + first + second;
        drawn.push((begin, first, second, random.next()));
    }
    spread(&drawn)
}

/// Numbers that look random (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub(in crate::linearizable::special) struct Random(pub(in crate::linearizable::special) u64);

impl Random {
    /// The next number.
    pub(in crate::linearizable::special) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }

    /// A number below this one.
    pub(in crate::linearizable::special) fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }
}
