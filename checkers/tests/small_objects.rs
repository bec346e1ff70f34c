//! Thousands of small histories that are valid by construction, as somebody else's system might record them, and no
//! checker may call one invalid; and each spoilt in one detail, which must be found.
//!
//! ```text
//! enqueue 1 ├──── info            takes effect at any time after its invocation, or never
//! dequeue   ├──                   ...so does what never ends
//! enqueue 2 ├──┤ fail             never; and its value may say what went wrong
//! nemesis   start, stop           in between
//! ```
//!
//! There are no versions and no sessions. A process may go on after `info`, or retire.

mod objects;

use std::collections::BTreeMap;

use objects::{Bank, Counter, Ids, Object, Queue, Random, Set};
use perjury_checkers::{AnomalyKind, Context, Verdict, named};
use perjury_histories::{Event, History, Kind, Process, Value, notation};
use serde_json::json;

/// How many histories of each kind.
const SEEDS: u64 = 1_500;

/// Registers by key, with `[key, value]` for every value, as Jepsen's independent tests have them; some writes
/// write again what was written before.
struct Registers {
    held: BTreeMap<String, Value>,
    values: u64,
}

impl Registers {
    fn new(values: u64) -> Registers {
        Registers { held: BTreeMap::new(), values }
    }
}

impl Object for Registers {
    fn next(&mut self, number: u64, random: &mut Random) -> (&'static str, Value) {
        let key = ["x", "y"][random.below(2) as usize];
        let value = number % self.values + 1;
        match random.below(5) {
            0 | 1 => ("write", json!([key, value])),
            2 => ("cas", json!([key, [random.below(self.values) + 1, value]])),
            _ => ("read", json!([key, null])),
        }
    }

    fn effect(&mut self, function: &str, argument: &Value) -> Value {
        let (key, value) = (argument[0].as_str().unwrap_or("x").to_owned(), &argument[1]);
        let held = self.held.entry(key.clone()).or_default();
        match function {
            "read" => return json!([key, held]),
            "cas" if value[0] != *held => return json!(false),
            "cas" => *held = value[1].clone(),
            _ => *held = value.clone(),
        }
        argument.clone()
    }

    fn last(&self) -> &'static str {
        "read"
    }
}

/// Writes of single keys and reads of all, for long fork.
struct Fork(Vec<Value>);

impl Object for Fork {
    fn next(&mut self, number: u64, _: &mut Random) -> (&'static str, Value) {
        match number % 3 {
            0 => ("write", json!([["w", number / 3, 1]])),
            _ => (
                "read",
                self.0.clone().into_iter().enumerate().map(|(key, _)| json!(["r", key, null])).collect(),
            ),
        }
    }

    fn effect(&mut self, function: &str, argument: &Value) -> Value {
        if function == "write" {
            let key = argument[0][1].as_u64().unwrap_or(0) as usize;
            self.0[key] = json!(1);
            return argument.clone();
        }
        self.0.iter().enumerate().map(|(key, value)| json!(["r", key, value])).collect()
    }

    fn last(&self) -> &'static str {
        "read"
    }
}

/// A history of so many operations by a few clients.
fn run(object: &mut dyn Object, operations: u64, random: &mut Random) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut push = |event: &Event, kind: Kind, value: Value| {
        events.push(Event { index: events.len() as u64, kind, value, ..event.clone() });
    };
    // Of each client, what it has asked for, and what it will be answered.
    let mut open: Vec<Option<(Event, Option<Value>)>> = vec![None; 3];
    let mut processes: Vec<u64> = vec![0, 1, 2];
    // What may still take effect.
    let mut floating: Vec<Event> = Vec::new();
    let mut number = 0;
    while number < operations || open.iter().any(Option::is_some) {
        let client = random.below(3) as usize;
        if !floating.is_empty() && random.below(6) == 0 {
            let late = floating.swap_remove(random.below(floating.len() as u64) as usize);
            object.effect(&late.function, &late.value);
        }
        if random.below(20) == 0 {
            let note = Event::new(0, Process::Nemesis, Kind::Info, "start");
            push(&note, Kind::Info, json!(["isolated", {"n1": ["n2"]}]));
        }
        open[client] = match (open[client].take(), random.below(24)) {
            (None, _) if number == operations => None,
            (None, _) => {
                number += 1;
                let (function, argument) = object.next(number, random);
                let process = Process::Client(processes[client]);
                let event = Event { value: argument, ..Event::new(0, process, Kind::Invoke, function) };
                push(&event, Kind::Invoke, event.value.clone());
                Some((event, None))
            }
            (Some((event, None)), chance @ 0..=4) => {
                match chance {
                    0 => push(&event, Kind::Fail, event.value.clone()),
                    1 => push(&event, Kind::Fail, json!("refused")),
                    2 => push(&event, Kind::Info, event.value.clone()),
                    3 => push(&event, Kind::Info, json!("timeout")),
                    _ => {}
                }
                // A process that never ends cannot go on; one of unknown outcome may.
                if chance == 4 || (chance > 1 && random.below(2) == 0) {
                    processes[client] += 3;
                }
                floating.extend((chance > 1).then_some(event));
                None
            }
            (Some((event, None)), _) => match object.effect(&event.function, &event.value) {
                Value::Bool(false) => {
                    push(&event, Kind::Fail, event.value.clone());
                    None
                }
                result => Some((event, Some(result))),
            },
            (Some((event, Some(_))), 0) => {
                push(&event, Kind::Info, event.value.clone());
                None
            }
            (Some((event, Some(result))), _) => {
                push(&event, Kind::Ok, result);
                None
            }
        };
    }
    let last = Event { is_final: true, ..Event::new(0, Process::Client(99), Kind::Invoke, object.last()) };
    let asked = object.last();
    let argument = if asked == "read" { question(object, random) } else { Value::Null };
    push(&last, Kind::Invoke, argument.clone());
    let result = object.effect(asked, &argument);
    push(&last, Kind::Ok, result);
    events
}

/// What a read of this object asks.
fn question(object: &mut dyn Object, random: &mut Random) -> Value {
    let asked = (1..100).map(|number| object.next(number, random)).find(|(function, _)| *function == "read");
    asked.map_or(Value::Null, |(_, argument)| argument)
}

fn history(events: &[Event]) -> History {
    let mut history = History::new(events.to_vec()).expect("well formed");
    history.split_by_key();
    history
}

fn check(checker: &str, history: &History) -> Verdict {
    named(checker).expect("a checker").check(history, &Context::default())
}

/// No history of such an object is invalid to these checkers; how often each says valid.
fn never_invalid(make: impl Fn() -> Box<dyn Object>, checkers: &[&str]) -> Vec<u64> {
    let mut valid = vec![0; checkers.len()];
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let operations = 2 + random.below(12);
        let history = history(&run(&mut *make(), operations, &mut random));
        for (checker, valid) in checkers.iter().zip(&mut valid) {
            let verdict = check(checker, &history);
            let text = || notation::print(&history);
            assert!(!verdict.is_invalid(), "seed {seed}: {checker}: {}: {verdict:?}", text());
            *valid += u64::from(verdict.is_valid());
        }
    }
    valid
}

/// Every history that `spoil` could spoil is invalid to this checker, by this anomaly; how many there were.
fn always_invalid(
    make: impl Fn() -> Box<dyn Object>,
    checker: &str,
    kind: AnomalyKind,
    spoil: impl Fn(&mut Vec<Event>, &mut Random) -> Option<()>,
) {
    let mut spoilt = 0;
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let operations = 2 + random.below(12);
        let mut events = run(&mut *make(), operations, &mut random);
        if spoil(&mut events, &mut random).is_none() {
            continue;
        }
        spoilt += 1;
        let history = history(&events);
        let verdict = check(checker, &history);
        let is_found = verdict.anomalies().iter().any(|anomaly| anomaly.kind == kind);
        assert!(is_found, "seed {seed}: {checker}: {}: {verdict:?}", notation::print(&history));
    }
    assert!(spoilt > SEEDS / 4, "{checker}: only {spoilt} histories were spoilt");
}

/// One of the ok events of this function.
fn any_ok<'e>(events: &'e mut [Event], function: &str, random: &mut Random) -> Option<&'e mut Event> {
    let is_it = |event: &&mut Event| event.kind == Kind::Ok && event.function == function;
    let mut found: Vec<&mut Event> = events.iter_mut().filter(is_it).collect();
    let place = random.below(found.len().max(1) as u64) as usize;
    (place < found.len()).then(|| found.swap_remove(place))
}

fn counter() -> Box<dyn Object> {
    Box::new(Counter::default())
}

fn queue() -> Box<dyn Object> {
    Box::new(Queue::default())
}

fn set() -> Box<dyn Object> {
    Box::new(Set { elements: Vec::new(), adds_per_read: 3 })
}

fn bank() -> Box<dyn Object> {
    Box::new(Bank(vec![5; 3]))
}

fn ids() -> Box<dyn Object> {
    Box::new(Ids::default())
}

fn fork() -> Box<dyn Object> {
    Box::new(Fork(vec![Value::Null; 60]))
}

#[test]
fn accepts_registers_without_versions_or_sessions() {
    let checkers = [
        "integrity",
        "read-your-writes",
        "monotonic-reads",
        "monotonic-writes",
        "writes-follow-reads",
        "monotonic-writes-across-keys",
        "writes-follow-reads-across-keys",
        "linearizability",
        "sequential",
        "causal",
        "causal-memory",
        "causal-convergence",
        "staleness",
        "stats",
    ];
    for values in [3, 1_000] {
        let valid = never_invalid(|| Box::new(Registers::new(values)), &checkers);
        assert!(valid[0] > SEEDS / 2 && valid[7] > SEEDS / 2, "{valid:?}");
        // Values prove nothing of the order of writes.
        assert_eq!(valid[3], 0, "{valid:?}");
    }
}

#[test]
fn accepts_other_objects() {
    for (make, checkers) in [
        (counter as fn() -> Box<dyn Object>, &["counter", "pn-counter", "stats"][..]),
        (queue, &["total-queue", "stats"]),
        (set, &["set", "set-full", "stats"]),
        (bank, &["bank"]),
        (ids, &["unique-ids"]),
        (fork, &["long-fork"]),
    ] {
        let valid = never_invalid(make, checkers);
        assert!(valid[0] > SEEDS / 4, "{checkers:?}: {valid:?}");
    }
}

#[test]
fn rejects_what_nobody_put_in() {
    always_invalid(counter, "counter", AnomalyKind::OutOfRangeRead, |events, random| {
        any_ok(events, "read", random)?.value = json!(1_000);
        Some(())
    });
    always_invalid(counter, "pn-counter", AnomalyKind::OutOfRangeRead, |events, _| {
        events.last_mut()?.value = json!(-1_000);
        Some(())
    });
    always_invalid(set, "set", AnomalyKind::UnexpectedElement, |events, _| {
        events.last_mut()?.value.as_array_mut()?.push(json!(-1));
        Some(())
    });
    always_invalid(set, "set-full", AnomalyKind::UnexpectedElement, |events, random| {
        any_ok(events, "read", random)?.value.as_array_mut()?.push(json!(-1));
        Some(())
    });
    always_invalid(queue, "total-queue", AnomalyKind::UnexpectedElement, |events, random| {
        any_ok(events, "dequeue", random)?.value = json!(-1);
        Some(())
    });
    always_invalid(
        || Box::new(Registers::new(3)),
        "integrity",
        AnomalyKind::GarbageRead,
        |events, random| {
            any_ok(events, "read", random)?.value[1] = json!(1_000);
            Some(())
        },
    );
}

#[test]
fn rejects_what_comes_out_twice() {
    for checker in ["set", "set-full"] {
        always_invalid(set, checker, AnomalyKind::DuplicatedElement, |events, _| {
            let all = events.last_mut()?.value.as_array_mut()?;
            all.push(all.first()?.clone());
            Some(())
        });
    }
    always_invalid(queue, "total-queue", AnomalyKind::DuplicatedElement, |events, random| {
        let taken = any_ok(events, "dequeue", random)?.value.clone();
        let drained = events.last_mut()?.value.as_array_mut()?;
        taken.is_number().then(|| drained.push(taken))
    });
    always_invalid(ids, "unique-ids", AnomalyKind::DuplicateId, |events, random| {
        let last = events.len() - 1;
        let id = any_ok(&mut events[..last], "generate", random)?.value.clone();
        events[last].value = id;
        Some(())
    });
}

#[test]
fn rejects_what_is_gone() {
    let lose = |events: &mut Vec<Event>, function: &str, random: &mut Random| {
        let gone = any_ok(events, function, random)?.value.clone();
        let mut ok = events.iter_mut().filter(|event| event.kind == Kind::Ok);
        // Out of everything that was read or drained, as if it had never been there.
        let mut is_there = false;
        ok.by_ref().filter_map(|event| event.value.as_array_mut()).for_each(|all| {
            is_there |= all.contains(&gone);
            all.retain(|one| *one != gone);
        });
        is_there.then_some(())
    };
    for checker in ["set", "set-full"] {
        always_invalid(set, checker, AnomalyKind::LostElement, |events, random| lose(events, "add", random));
    }
    always_invalid(queue, "total-queue", AnomalyKind::LostElement, |events, random| {
        // Nothing else may have taken it.
        let is_take = |event: &&Event| event.function == "dequeue";
        let ends = events.iter().filter(is_take).fold(0_i64, |open, event| match event.kind {
            Kind::Invoke => open + 1,
            Kind::Ok | Kind::Fail => open - 1,
            Kind::Info => open,
        });
        lose(events, "enqueue", random).filter(|()| ends == 0)
    });
}

#[test]
fn rejects_half_a_transfer() {
    always_invalid(bank, "bank", AnomalyKind::WrongTotal, |events, random| {
        let reads = events.iter().filter(|event| event.kind == Kind::Ok && event.function == "read").count();
        let balance = &mut any_ok(events, "read", random)?.value[0];
        *balance = json!(balance.as_i64()? + 1);
        (reads > 1).then_some(())
    });
}
