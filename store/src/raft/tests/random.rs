//! Random schedules once more, as properties: what fails is cut down by itself.

use proptest::prelude::*;

use super::run::run;
use super::schedule::{Action, Rolls};
use super::settings::{ALL, Setting};
use crate::safeguards::Safeguards;

/// A setting, a seed for what is drawn within the run, and what happens.
fn schedule() -> impl Strategy<Value = (Setting, u64, Vec<Action>)> {
    let numbers = (0..ALL.len(), any::<u64>(), prop::collection::vec(any::<u64>(), 10..80));
    numbers.prop_map(|(setting, seed, gestures)| {
        let weights = ALL[setting].weights(&mut Rolls(seed));
        let actions = gestures.into_iter().flat_map(|roll| weights.gesture(&mut Rolls(roll)));
        (ALL[setting], seed, actions.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn keeps_its_promises_in_any_order_of_messages((setting, seed, actions) in schedule()) {
        prop_assert_eq!(run(&setting, seed, &actions, Safeguards::default(), false).broken, None);
    }
}
