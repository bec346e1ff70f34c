//! Long histories that are valid by construction: each choice of prunings accepts them.
//!
//! What a pruning alone can do depends on how many operations are open: without the others the plain search
//! remembers every subset of them. So alone each meets histories whose processes are idle most of the time;
//! where only one is left out, they are busy.

use perjury_checkers::Limits;
use perjury_checkers::linearizable::Outcome;
use perjury_checkers::linearizable::pruning::Prunings;
use perjury_checkers::linearizable::search::search_with;
use perjury_checkers::model::cas_register::CasRegister;
use perjury_histories::Value;

use super::generator::{Random, Settings, history};
use super::proves;

fn settings(operations: u32, processes: u64) -> Settings {
    Settings { operations, processes, values: 5, info: 0, has_own_values: false, zeal: 1000, wrong: 0 }
}

/// Checks one history with each of these choices, and its orders.
fn accepts(seed: u64, settings: &Settings, choices: impl Iterator<Item = Prunings>) {
    let generated = history(settings, &mut Random(seed));
    let problem = generated.problem();
    let limits = Limits { configurations_max: 1_000_000_000, ..Limits::default() };
    for prunings in choices {
        let begin = std::time::Instant::now();
        let answer = search_with(&CasRegister, &problem, &Value::Null, &limits, &prunings);
        let Outcome::Order(order) = answer.outcome else {
            panic!("seed {seed}, {prunings:?}: {:?}", answer.outcome);
        };
        eprintln!("{} {} {} {:?} {prunings:?} {:?}", settings.processes, settings.zeal, settings.info, begin.elapsed(), answer.configurations);
        assert!(proves(&problem, &order), "seed {seed}, {prunings:?}: the order is no proof");
    }
}

#[test]
#[ignore]
fn try_out() {
    for (processes, zeal, info, own) in [(10, 1000, 0, false), (10, 300, 0, false), (20, 100, 0, false), (20, 50, 0, false), (20,30,0, false), (10,1000,10,true),(20,100,10,true)] {
        let settings = Settings { zeal, info, has_own_values: own, ..settings(20_000, processes) };
        accepts(1, &settings, Prunings::all_but_one());
        accepts(1, &settings, Prunings::each_alone());
    }
}
