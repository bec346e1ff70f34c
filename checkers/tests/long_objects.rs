//! Long histories of counters, sets, queues, ids and banks that are valid by construction, as in
//! `long_histories.rs`: every operation takes effect at one moment. Each is also spoilt in one detail, to see that
//! length does not hide it. With `--release -- --ignored --nocapture` they are a million operations long, and say
//! what they took.

mod objects;

use objects::{Bank, Counter, Ids, Object, Queue, Random, Set};
use perjury_checkers::{AnomalyKind, Context, Verdict, named};
use perjury_histories::{Event, History, Kind, Process, Value};
use serde_json::json;

/// A history of so many operations by twenty clients, of which some give up, and some are refused; then one
/// operation more.
fn run(object: &mut dyn Object, operations: u64, seed: u64) -> Vec<Event> {
    const CLIENTS: u64 = 20;
    let mut random = Random(seed);
    let mut events: Vec<Event> = Vec::new();
    let mut push = |event: &Event, kind: Kind, value: Value| {
        let index = events.len() as u64;
        events.push(Event { index, time: Some(index * 1_000), kind, value, ..event.clone() });
    };
    let mut open: Vec<Option<(Event, Option<Value>)>> = vec![None; CLIENTS as usize];
    let mut number = 0;
    while number < operations || open.iter().any(Option::is_some) {
        let client = random.below(CLIENTS) as usize;
        open[client] = match open[client].take() {
            None if number == operations => None,
            None => {
                number += 1;
                let (function, argument) = object.next(number, &mut random);
                let mut event = Event::new(0, Process::Client(client as u64), Kind::Invoke, function);
                event.value = argument.clone();
                push(&event, Kind::Invoke, argument);
                Some((event, None))
            }
            Some((event, None)) => match random.below(100) {
                0 => {
                    push(&event, Kind::Fail, event.value.clone());
                    None
                }
                1 => {
                    push(&event, Kind::Info, event.value.clone());
                    if random.below(2) == 0 {
                        object.effect(&event.function, &event.value);
                    }
                    None
                }
                _ => {
                    let result = object.effect(&event.function, &event.value);
                    Some((event, Some(result)))
                }
            },
            Some((event, Some(result))) => {
                push(&event, Kind::Ok, result);
                None
            }
        };
    }
    let mut event = Event::new(0, Process::Client(CLIENTS), Kind::Invoke, object.last());
    event.is_final = true;
    push(&event, Kind::Invoke, Value::Null);
    let result = object.effect(object.last(), &Value::Null);
    push(&event, Kind::Ok, result);
    events
}

fn check(checker: &str, events: &[Event]) -> Verdict {
    let history = History::new(events.to_vec()).expect("well formed");
    let began = processor_millis();
    let verdict = named(checker).expect("a checker").check(&history, &Context::default());
    let ended = processor_millis();
    if let (Some(began), Some(ended)) = (began, ended) {
        println!("{checker}: {} events in {} ms", events.len(), ended - began);
    }
    verdict
}

/// How long this thread has been computing, where the system says so.
fn processor_millis() -> Option<u64> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(times.split_whitespace().next()?.parse::<u64>().ok()? / 1_000_000)
}

/// The event in the middle of those of this kind and function.
fn middle<'e>(events: &'e mut [Event], function: &str, is_it: impl Fn(&Event) -> bool) -> &'e mut Event {
    let is_it = |event: &Event| event.kind == Kind::Ok && event.function == function && is_it(event);
    let places: Vec<usize> = (0..events.len()).filter(|place| is_it(&events[*place])).collect();
    &mut events[places[places.len() / 2]]
}

/// Checks a run and the same run spoilt, which shows so many anomalies of this kind.
fn judge(checker: &str, mut events: Vec<Event>, kind: AnomalyKind, spoil: impl Fn(&mut Vec<Event>)) {
    let verdict = check(checker, &events);
    assert!(verdict.is_valid(), "{checker}: {verdict:?}");
    spoil(&mut events);
    let verdict = check(checker, &events);
    let [anomaly] = verdict.anomalies() else { panic!("{checker}: {verdict:?}") };
    assert_eq!(anomaly.kind, kind, "{checker}: {anomaly:?}");
}

fn judge_all(operations: u64, set_operations: u64, adds_per_read: u64) {
    let out = AnomalyKind::OutOfRangeRead;
    let spoil_read = |events: &mut Vec<Event>| {
        let read = middle(events, "read", |_| true);
        read.value = json!(read.value.as_i64().expect("a number") + 1_000_000);
    };
    let counter = run(&mut Counter::default(), operations, 1);
    judge("counter", counter.clone(), out, spoil_read);
    judge("pn-counter", counter, out, |events| {
        // Beyond all amounts of the adds of unknown outcome.
        events.last_mut().expect("the final read").value = json!(100_000_000);
    });
    let queue = run(&mut Queue::default(), operations, 2);
    judge("total-queue", queue, AnomalyKind::UnexpectedElement, |events| {
        let taken = middle(events, "dequeue", |event| event.value.is_number());
        taken.value = json!(-1);
    });
    let ids = run(&mut Ids::default(), operations, 3);
    judge("unique-ids", ids, AnomalyKind::DuplicateId, |events| {
        middle(events, "generate", |_| true).value = json!(1);
    });
    let bank = run(&mut Bank(vec![100; 8]), operations, 4);
    judge("bank", bank, AnomalyKind::WrongTotal, |events| {
        let read = middle(events, "read", |_| true);
        read.value[0] = json!(read.value[0].as_i64().expect("a number") + 1);
    });
    let set = run(&mut Set { elements: Vec::new(), adds_per_read }, set_operations, 5);
    judge("set-full", set, AnomalyKind::LostElement, |events| {
        let added = middle(events, "add", |_| true).clone();
        for event in events.iter_mut().filter(|event| event.function == "read") {
            event.value.as_array_mut().into_iter().for_each(|all| all.retain(|one| *one != added.value));
        }
    });
}

#[test]
fn accepts_a_hundred_thousand_operations_and_finds_one_fault() {
    judge_all(100_000, 10_000, 50);
}

#[test]
#[ignore = "a million operations: some ten seconds, and a gigabyte"]
fn accepts_a_million_operations_and_finds_one_fault() {
    judge_all(1_000_000, 10_500, 11);
}

/// Ten thousand elements, and then a thousand reads of all of them.
#[test]
#[ignore = "ten million elements: a gigabyte"]
fn set_full_accepts_a_thousand_reads_of_ten_thousand_elements() {
    let mut events = Vec::new();
    let mut push = |function: &str, value: Value| {
        for (kind, value) in
            [(Kind::Invoke, if function == "read" { Value::Null } else { value.clone() }), (Kind::Ok, value)]
        {
            let event = Event::new(events.len() as u64, Process::Client(0), kind, function);
            events.push(Event { value, ..event });
        }
    };
    (0..10_000).for_each(|element| push("add", json!(element)));
    let all: Value = (0..10_000).collect();
    (0..1_000).for_each(|_| push("read", all.clone()));
    assert!(check("set-full", &events).is_valid());
    events.last_mut().expect("a read").value = (1..10_000).collect();
    assert!(check("set-full", &events).is_invalid());
}
