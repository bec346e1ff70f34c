//! The swarm leans towards scenarios that reached what is rarely reached.
//!
//! ```text
//! generation   0 ───────► 1 ───────► 2 ───────► 3     64 seeds each
//!              all drawn  all drawn  knows 0    knows 0 and 1
//! ```
//!
//! A generation knows what those before the last one reached, and no more: so what a seed draws does not depend
//! on which thread is faster, and a sweep that is resumed draws what it would have drawn.

use std::collections::BTreeMap;

use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::swarm::choice::weighted;

/// Seeds of a generation.
pub const GENERATION: u64 = 64;
/// How often a scenario has a parent, where there are some to choose from.
const CHANCE: f64 = 0.3;
/// What fewer than one run in so many reached is rare.
const RARE_ONE_IN: u64 = 20;
/// Scenarios kept of each marker.
const EXAMPLES_MAX: usize = 4;

/// What earlier generations reached.
#[derive(Clone, Debug, Default)]
pub struct Lean {
    runs: u64,
    seen: BTreeMap<String, Seen>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    runs: u64,
    examples: Vec<Scenario>,
}

impl Lean {
    /// Takes in a run: its scenario, and the markers that it reached. The order matters.
    pub fn add<'a>(&mut self, scenario: &Scenario, reached: impl Iterator<Item = &'a String>) {
        self.runs += 1;
        for marker in reached {
            let seen = self.seen.entry(marker.clone()).or_default();
            seen.runs += 1;
            if seen.examples.len() < EXAMPLES_MAX {
                seen.examples.push(scenario.clone());
            }
        }
    }

    /// A scenario to start from, if this seed is to have one: of a rare marker, the rarer the likelier.
    pub fn parent(&self, seed: u64) -> Option<&Scenario> {
        let mut rng = Rng::new(seed).fork("parent");
        let rare: Vec<(&Seen, u64)> = (self.seen.values())
            .filter(|seen| seen.runs * RARE_ONE_IN < self.runs)
            .map(|seen| (seen, self.runs / seen.runs))
            .collect();
        if rare.is_empty() || !rng.chance(CHANCE) {
            return None;
        }
        let seen = weighted(&rare, &mut rng);
        Some(rng.pick(&seen.examples))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(nodes: usize) -> Scenario {
        Scenario { nodes, ..Scenario::default() }
    }

    #[test]
    fn starts_from_what_reached_something_rare_now_and_then() {
        let mut lean = Lean::default();
        let (common, rare) = ("common".to_owned(), "rare".to_owned());
        (0..99).for_each(|_| lean.add(&scenario(3), [&common].into_iter()));
        assert!((0..100).all(|seed| lean.parent(seed).is_none()), "nothing is rare");
        lean.add(&scenario(7), [&common, &rare].into_iter());
        let parents = (0..1_000).filter(|&seed| lean.parent(seed).is_some()).count();
        assert!((200..400).contains(&parents), "{parents}");
        assert!((0..1_000).filter_map(|seed| lean.parent(seed)).all(|parent| parent.nodes == 7));
    }

    #[test]
    fn likes_the_rarer_better() {
        let mut lean = Lean::default();
        let (once, often) = ("once".to_owned(), "often".to_owned());
        (0..989).for_each(|_| lean.add(&scenario(3), [].into_iter()));
        (0..10).for_each(|_| lean.add(&scenario(5), [&often].into_iter()));
        lean.add(&scenario(7), [&once].into_iter());
        let of = |nodes| (0..2_000).filter_map(|seed| lean.parent(seed)).filter(|s| s.nodes == nodes).count();
        assert!(of(7) > 5 * of(5) && of(5) > 0, "{} {}", of(7), of(5));
    }
}
