//! A history that no search decides soon.

use serde_json::{Value, json};

use crate::check::event;

const PROCESSES: usize = 60;
const VALUES: u64 = 40;
const ROUNDS: usize = 20;

/// A register under sixty processes that all work at the same time, round after round; three in ten of their
/// operations have an unknown outcome. It is valid by construction.
pub fn register() -> String {
    let mut dice = Dice(1);
    let mut processes: Vec<u64> = (0..PROCESSES as u64).collect();
    let mut state = 0;
    let mut text = event(0, "invoke", "write", &json!(0)) + &event(0, "ok", "write", &json!(0));
    for _ in 0..ROUNDS {
        let calls: Vec<(&str, Value)> = (0..PROCESSES).map(|_| call(&mut dice)).collect();
        for (process, (function, argument)) in processes.iter().zip(&calls) {
            text.push_str(&event(*process, "invoke", function, argument));
        }
        let mut endings = vec![("info", Value::Null); PROCESSES];
        for place in dice.shuffled() {
            let is_lost = dice.below(10) < 3;
            if is_lost && dice.below(2) == 0 {
                continue;
            }
            let ending = happen(&calls[place], &mut state);
            if !is_lost {
                endings[place] = ending;
            }
        }
        for place in dice.shuffled() {
            let (kind, result) = &endings[place];
            text.push_str(&event(processes[place], kind, calls[place].0, result));
            if *kind == "info" {
                processes[place] += PROCESSES as u64;
            }
        }
    }
    text
}

fn call(dice: &mut Dice) -> (&'static str, Value) {
    match dice.below(3) {
        0 => ("read", Value::Null),
        1 => ("write", json!(dice.below(VALUES))),
        _ => ("cas", json!([dice.below(VALUES), dice.below(VALUES)])),
    }
}

fn happen((function, argument): &(&'static str, Value), state: &mut u64) -> (&'static str, Value) {
    match *function {
        "read" => return ("ok", json!(*state)),
        "write" => *state = argument.as_u64().expect("a number"),
        _ if argument[0] != *state => return ("fail", argument.clone()),
        _ => *state = argument[1].as_u64().expect("a number"),
    }
    ("ok", argument.clone())
}

/// The same numbers every time (a linear congruential generator, after Knuth).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn shuffled(&mut self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..PROCESSES).collect();
        for place in (1..places.len()).rev() {
            places.swap(place, self.below(place as u64 + 1) as usize);
        }
        places
    }
}
