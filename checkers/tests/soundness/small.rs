//! Small histories by the million, each with a read that may be wrong: every set of prunings gives
//! the verdict of the plain search. (That the plain search is right is checked against the definition, beside
//! it.)

use perjury_checkers::Limits;
use perjury_checkers::linearizable::pruning::Prunings;
use perjury_checkers::linearizable::search::search_with;
use perjury_checkers::linearizable::{Outcome, Problem};
use perjury_checkers::model::cas_register::CasRegister;
use perjury_histories::Value;

use super::generator::{Random, Settings, history};
use super::proves;

/// Of 6 to 14 operations, with up to six processes, two or three values and many unknown outcomes.
fn settings(random: &mut Random) -> Settings {
    Settings {
        operations: 6 + random.below(9) as u32,
        processes: 2 + random.below(5),
        values: 2 + random.below(2),
        info: 100 * random.below(4),
        has_own_values: random.below(8) == 0,
        zeal: [1000, 300, 100][random.below(3) as usize],
        wrong: 1000,
    }
}

fn is_found(problem: &Problem<'_>, prunings: &Prunings) -> bool {
    let answer = search_with(&CasRegister, problem, &Value::Null, &Limits::default(), prunings);
    match answer.outcome {
        Outcome::Order(order) => {
            assert!(proves(problem, &order), "{prunings:?}: {order:?} is no proof: {problem:?}");
            true
        }
        Outcome::Impossible(_) => false,
        Outcome::GaveUp(gave_up) => panic!("{gave_up:?}"),
    }
}

/// How many are valid, and how many are not.
fn agree(seed: u64, histories: u32, prunings: &[Prunings]) -> [u32; 2] {
    let mut random = Random(seed);
    let mut counts = [0; 2];
    for _ in 0..histories {
        let settings = settings(&mut random);
        let generated = history(&settings, &mut random);
        let problem = generated.problem();
        let expected = is_found(&problem, &Prunings::NONE);
        for prunings in prunings {
            assert_eq!(is_found(&problem, prunings), expected, "{prunings:?}: {problem:?}");
        }
        counts[usize::from(!expected)] += 1;
    }
    counts
}

fn every_choice() -> Vec<Prunings> {
    [Prunings::ALL].into_iter().chain(Prunings::each_alone()).chain(Prunings::all_but_one()).collect()
}

#[test]
fn every_choice_of_prunings_agrees_on_twenty_thousand() {
    let counts = agree(1, 20_000, &every_choice());
    assert!(counts.iter().all(|count| *count > 4_000), "{counts:?}");
}

#[test]
#[ignore = "takes minutes, and that only in release"]
fn every_choice_of_prunings_agrees_on_a_million() {
    let counts = agree(2, 1_000_000, &every_choice());
    assert!(counts.iter().all(|count| *count > 200_000), "{counts:?}");
}
