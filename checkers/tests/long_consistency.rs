//! Long histories that are consistent by construction, and no more than that: of a store with one log that each
//! client reads as far as it likes (sequential), and of replicas that exchange writes in causal order, and apply
//! them as they come (causal memory) or by the last writer (causal convergence).
//!
//! With `--release -- --ignored --nocapture` the measured ones are a million operations long, and say what they
//! took.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use perjury_checkers::{Context, Verdict, named};
use perjury_histories::{Event, History, Key, Kind, Process, Version};
use serde_json::json;

/// SplitMix64: enough to scatter, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

const CLIENTS: u64 = 20;
const KEYS: u64 = 100;

/// What is simulated: each write has a number from 1, which is its value.
trait Store {
    fn write(&mut self, client: u64, key: u64, number: u64, random: &mut Random);
    /// The number of the write that is read, and of which version it is.
    fn read(&mut self, client: u64, key: u64, random: &mut Random) -> (u64, Option<u64>);
    /// The version of the last write.
    fn version(&self, _key: u64) -> Option<u64> {
        None
    }
}

/// One log of writes per key, in one order over all; each client has seen a beginning of it.
#[derive(Default)]
struct Log {
    length: u64,
    writes: BTreeMap<u64, Vec<(u64, u64)>>,
    seen: BTreeMap<u64, u64>,
}

impl Store for Log {
    fn write(&mut self, client: u64, key: u64, number: u64, _random: &mut Random) {
        self.length += 1;
        self.writes.entry(key).or_default().push((self.length, number));
        self.seen.insert(client, self.length);
    }

    fn read(&mut self, client: u64, key: u64, random: &mut Random) -> (u64, Option<u64>) {
        let seen = self.seen.entry(client).or_default();
        *seen += random.below(self.length - *seen + 1);
        let writes = self.writes.entry(key).or_default();
        let count = writes.partition_point(|(place, _)| place <= seen);
        match count.checked_sub(1) {
            Some(last) => (writes[last].1, Some(count as u64)),
            None => (0, None),
        }
    }

    fn version(&self, key: u64) -> Option<u64> {
        self.writes.get(&key).map(|writes| writes.len() as u64)
    }
}

/// A write on its way: from whom, what its author had applied of each replica, and its place for the last writer.
#[derive(Clone)]
struct Message {
    key: u64,
    number: u64,
    depends: [u64; REPLICAS],
    stamp: (u64, usize),
}

const REPLICAS: usize = 5;

/// A value, and the write that it is of.
type Held = (u64, (u64, usize));

/// Replicas that apply each other's writes in causal order; clients stay with theirs.
#[derive(Default)]
struct Replicas {
    is_convergent: bool,
    applied: [[u64; REPLICAS]; REPLICAS],
    clocks: [u64; REPLICAS],
    on_the_way: [[VecDeque<Message>; REPLICAS]; REPLICAS],
    registers: [BTreeMap<u64, Held>; REPLICAS],
}

impl Replicas {
    fn apply(&mut self, at: usize, from: usize, message: &Message) {
        self.applied[at][from] += 1;
        self.clocks[at] = self.clocks[at].max(message.stamp.0);
        let register = self.registers[at].entry(message.key).or_default();
        if !self.is_convergent || message.stamp > register.1 {
            *register = (message.number, message.stamp);
        }
    }

    fn deliver(&mut self, at: usize, from: usize) {
        let applied = self.applied[at];
        let is_ready = |message: &mut Message| (0..REPLICAS).all(|it| message.depends[it] <= applied[it]);
        if let Some(message) = self.on_the_way[from][at].pop_front_if(is_ready) {
            self.apply(at, from, &message);
        }
    }
}

impl Store for Replicas {
    fn write(&mut self, client: u64, key: u64, number: u64, random: &mut Random) {
        let at = client as usize % REPLICAS;
        let depends = self.applied[at];
        let message = Message { key, number, depends, stamp: (self.clocks[at] + 1, at) };
        self.apply(at, at, &message);
        (0..REPLICAS)
            .filter(|to| *to != at)
            .for_each(|to| self.on_the_way[at][to].push_back(message.clone()));
        for _ in 0..3 * REPLICAS {
            self.deliver(random.below(REPLICAS as u64) as usize, random.below(REPLICAS as u64) as usize);
        }
    }

    fn read(&mut self, client: u64, key: u64, _random: &mut Random) -> (u64, Option<u64>) {
        (self.registers[client as usize % REPLICAS].get(&key).map_or(0, |register| register.0), None)
    }
}

/// A history of so many operations on this store, half of them reads; 1 % of the writes go unacknowledged.
fn run(store: &mut dyn Store, operations: u64, seed: u64) -> Vec<Event> {
    let mut random = Random(seed);
    let mut events: Vec<Event> = Vec::new();
    let mut push = |event: Event| {
        let index = events.len() as u64;
        events.push(Event { index, time: Some(index * 1_000), ..event });
    };
    let mut processes: Vec<u64> = (0..CLIENTS).collect();
    for number in 1..=operations {
        let (client, key) = (random.below(CLIENTS), random.below(KEYS));
        let function = if random.below(2) == 0 { "write" } else { "read" };
        let process = &mut processes[client as usize];
        let mut event = Event::new(0, Process::Client(*process), Kind::Invoke, function);
        (event.session, event.key) = (Some(client), Some(Key::Number(key as i64)));
        if function == "write" {
            event.value = json!(number);
            push(event.clone());
            store.write(client, key, number, &mut random);
            event.kind = if random.below(100) == 0 { Kind::Info } else { Kind::Ok };
            event.version = store.version(key).map(|version| Version(vec![version as i64]));
            if event.kind == Kind::Info {
                (event.version, *process) = (None, *process + CLIENTS);
            }
        } else {
            push(event.clone());
            let (number, version) = store.read(client, key, &mut random);
            event.kind = Kind::Ok;
            event.value = if number == 0 { json!(null) } else { json!(number) };
            event.version = version.map(|version| Version(vec![version as i64]));
        }
        push(event);
    }
    events
}

fn check(checker: &str, events: &[Event]) -> Verdict {
    let history = History::new(events.iter().cloned()).expect("well formed");
    #[allow(clippy::disallowed_methods, reason = "printed for a reader; nothing depends on it")]
    let begin = Instant::now();
    let verdict = named(checker).expect("a checker").check(&history, &Context::default());
    println!("{checker}: {} operations, {:?}", history.operations().len(), begin.elapsed());
    verdict
}

/// A read near the end returns what its client had read of that key first, and something else in between.
fn spoil(mut events: Vec<Event>) -> Vec<Event> {
    let is_read =
        |event: &Event| event.kind == Kind::Ok && event.function == "read" && !event.value.is_null();
    let first_alike = |last: &Event| {
        let is_alike = |event: &&Event| (event.session, &event.key) == (last.session, &last.key);
        events.iter().filter(|event| is_read(event)).find(is_alike).cloned()
    };
    let changed = (0..events.len()).rev().filter(|&place| is_read(&events[place])).find_map(|place| {
        first_alike(&events[place])
            .filter(|first| first.value != events[place].value)
            .map(|first| (place, first))
    });
    let (place, first) = changed.expect("a read to spoil");
    (events[place].value, events[place].version) = (first.value, first.version);
    events
}

fn accepts(checkers: &[&str], events: &[Event]) {
    for checker in checkers {
        let verdict = check(checker, events);
        assert!(verdict.is_valid(), "{checker}: {verdict:?}");
    }
}

fn rejects(checkers: &[&str], events: &[Event]) {
    for checker in checkers {
        let verdict = check(checker, events);
        let [anomaly, ..] = verdict.anomalies() else { panic!("{checker}: {verdict:?}") };
        assert!(anomaly.operations.len() <= 60, "{checker}: {anomaly:?}");
    }
}

const ALL_CAUSAL: &[&str] = &["causal", "causal-memory", "causal-convergence"];

fn one_log(operations: u64) {
    let events = run(&mut Log::default(), operations, 1);
    accepts(&["sequential"], &events);
    accepts(ALL_CAUSAL, &events);
    rejects(&["staleness"], &events);
    let spoilt = spoil(events);
    rejects(&["sequential"], &spoilt);
    rejects(ALL_CAUSAL, &spoilt);
}

fn replicas(operations: u64) {
    let events = run(&mut Replicas::default(), operations, 2);
    accepts(&["causal", "causal-memory"], &events);
    rejects(&["causal-convergence"], &events);
    let spoilt = spoil(events);
    rejects(ALL_CAUSAL, &spoilt);
}

fn convergent_replicas(operations: u64) {
    let events = run(&mut Replicas { is_convergent: true, ..Replicas::default() }, operations, 3);
    accepts(&["causal", "causal-convergence"], &events);
    let spoilt = spoil(events);
    rejects(ALL_CAUSAL, &spoilt);
}

#[test]
fn accepts_one_log_read_at_leisure() {
    one_log(20_000);
}

#[test]
fn accepts_replicas_in_causal_order() {
    replicas(20_000);
}

#[test]
fn accepts_replicas_of_the_last_writer() {
    convergent_replicas(20_000);
}

#[test]
#[ignore = "a measurement"]
fn takes_a_million_operations() {
    one_log(1_000_000);
    replicas(100_000);
    convergent_replicas(1_000_000);
}
