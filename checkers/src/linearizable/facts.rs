//! What the search wants to know of each call, asked of the model once.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use super::problem::Problem;
use super::pruning::Prunings;
use super::states::States;
use crate::model::Model;

/// Facts about the calls of a problem.
pub(super) struct Facts {
    /// By call.
    pub calls: Vec<Fact>,
    /// The call of each class of operations of unknown outcome: the same call, the same class.
    pub classes: Vec<u32>,
    /// How many groups there are.
    pub groups: usize,
}

/// What is known of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    /// It never changes the state.
    pub is_pure: bool,
    /// It is always possible, and always leaves the same state behind.
    pub is_overwrite: bool,
    /// Calls of one number have the same effect, whatever state they meet.
    pub effect: u32,
    /// Calls of one group differ in their results at most.
    pub group: u32,
    /// The class, of a call without a result.
    pub class: Option<u32>,
}

impl Facts {
    /// The facts about these calls. A pruning that is switched off hears of nothing that it could use.
    pub fn of<M: Model>(
        model: &M,
        problem: &Problem<'_>,
        states: &mut States<'_, M>,
        prunings: &Prunings,
    ) -> Facts {
        let mut facts = Facts { calls: Vec::new(), classes: Vec::new(), groups: 0 };
        let mut left_behind: FxHashMap<u32, u32> = FxHashMap::default();
        let mut groups: FxHashMap<(&str, &Value, bool), u32> = FxHashMap::default();
        for (number, call) in (0..).zip(&problem.calls) {
            let is_overwrite = model.is_overwrite(call);
            let after = match is_overwrite {
                true => {
                    let steps = states.next(0, number);
                    states.step(steps, 0)
                }
                false => None,
            };
            let effect = after.map_or(number, |after| *left_behind.entry(after).or_insert(number));
            let fresh = groups.len() as u32;
            let group = *groups.entry((call.function, call.argument, is_overwrite)).or_insert(fresh);
            let is_pure = model.is_pure(call);
            let has_class = call.result.is_none() && !is_pure;
            let class = has_class.then(|| {
                facts.classes.push(number);
                facts.classes.len() as u32 - 1
            });
            facts.calls.push(Fact {
                is_pure: is_pure && prunings.pure,
                is_overwrite: is_overwrite && prunings.optional,
                effect,
                group,
                class,
            });
        }
        facts.groups = groups.len();
        facts
    }
}
