//! Long histories that are valid by construction: every operation takes effect at one moment, in one place.
//!
//! A wrong pruning can pass every small history; these are long enough to meet the rare case. Each is also
//! spoilt in one detail, to see that length does not hide it.

use std::collections::BTreeMap;

use perjury_checkers::fit::fits;
use perjury_checkers::{AnomalyKind, Context, Verdict, named};
use perjury_histories::{Event, History, Key, Kind, Process, Value, Version};
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

/// What is simulated.
struct Settings {
    seed: u64,
    keys: u64,
    operations: u64,
    clients: u64,
    has_cas: bool,
}

/// A client, and what it is doing.
struct Client {
    process: u64,
    /// The invocation that is open; and its completion, once it has taken effect.
    open: Option<(Event, Option<Event>)>,
}

/// A store with one copy of everything, its clients, and what they noted.
struct World {
    settings: Settings,
    random: Random,
    events: Vec<Event>,
    registers: Vec<(Value, Option<i64>)>,
    /// Writes whose clients gave up, and that may yet take effect.
    adrift: Vec<Event>,
    written: i64,
}

impl World {
    fn push(&mut self, event: Event) {
        let index = self.events.len() as u64;
        self.events.push(Event { index, time: Some(index * 100_000), ..event });
    }

    fn note(&mut self, function: &str, node: Option<&str>, value: Value) {
        let mut note = Event::new(0, Process::Nemesis, Kind::Info, function);
        (note.node, note.value) = (node.map(str::to_owned), value);
        self.push(note);
    }

    /// The next invocation of this client.
    fn invocation(&mut self, process: u64, session: u64) -> Event {
        let key = self.random.below(self.settings.keys);
        let function = match self.random.below(if self.settings.has_cas { 4 } else { 3 }) {
            0 | 1 => "read",
            2 => "write",
            _ => "cas",
        };
        let mut event = Event::new(0, Process::Client(process), Kind::Invoke, function);
        (event.key, event.session) = (Some(Key::Number(key as i64)), Some(session));
        if function != "read" {
            self.written += 1;
            event.value = json!(self.written);
        }
        if function == "cas" {
            event.value = json!([self.registers[key as usize].0, self.written]);
        }
        event
    }

    /// The operation takes effect now; its completion.
    fn effect(&mut self, invocation: &Event) -> Event {
        let Some(Key::Number(key)) = invocation.key else { panic!("keys are numbers") };
        let mut completion = Event { kind: Kind::Ok, ..invocation.clone() };
        let (value, version) = &mut self.registers[key as usize];
        let written = match invocation.function.as_str() {
            "read" => {
                completion.value = value.clone();
                completion.version = version.map(|version| Version(vec![version]));
                return completion;
            }
            "cas" if invocation.value[0] != *value => {
                completion.kind = Kind::Fail;
                return completion;
            }
            "cas" => invocation.value[1].clone(),
            _ => invocation.value.clone(),
        };
        let next = version.unwrap_or(0) + 1;
        (*value, *version) = (written, Some(next));
        completion.version = Some(Version(vec![next]));
        for node in ["n1", "n2"] {
            let mut note = Event::new(0, Process::Nemesis, Kind::Info, "acknowledge");
            (note.node, note.key) = (Some(node.to_owned()), invocation.key.clone());
            note.version = completion.version.clone();
            self.push(note);
        }
        completion
    }

    /// One client takes one step.
    fn step(&mut self, client: &mut Client, session: u64) {
        client.open = match client.open.take() {
            None => {
                let invocation = self.invocation(client.process, session);
                self.push(invocation.clone());
                Some((invocation, None))
            }
            Some((invocation, None)) => match self.random.below(100) {
                0..5 if invocation.function != "read" => {
                    self.push(Event { kind: Kind::Info, ..invocation.clone() });
                    self.adrift.push(invocation);
                    client.process += self.settings.clients;
                    None
                }
                5..8 => {
                    self.push(Event { kind: Kind::Fail, ..invocation });
                    None
                }
                _ => {
                    let completion = self.effect(&invocation);
                    Some((invocation, Some(completion)))
                }
            },
            Some((_, Some(completion))) => {
                self.push(completion);
                None
            }
        };
        if !self.adrift.is_empty() && self.random.below(40) == 0 {
            let lost = self.random.below(self.adrift.len() as u64) as usize;
            let invocation = self.adrift.swap_remove(lost);
            if self.random.below(2) == 0 {
                self.effect(&invocation);
            }
        }
    }

    /// Dumps of every replica, and a final read of each key.
    fn finish(&mut self) {
        let keys = 0..self.settings.keys;
        let homes: Vec<Value> = keys.clone().map(|key| json!([key, ["n1", "n2"]])).collect();
        self.note("placement", None, json!(homes));
        let entries = keys
            .clone()
            .zip(&self.registers)
            .filter_map(|(key, (value, version))| version.map(|version| json!([key, [version], value])));
        let entries: Vec<Value> = entries.collect();
        for stage in ["converged", "replayed"] {
            for node in ["n1", "n2"] {
                self.note("dump", Some(node), json!({"stage": stage, "entries": entries}));
            }
        }
        for key in keys {
            let mut read = Event::new(0, Process::Client(1 << 32), Kind::Invoke, "read");
            (read.key, read.is_final) = (Some(Key::Number(key as i64)), true);
            self.push(read.clone());
            let completion = self.effect(&read);
            self.push(completion);
        }
    }
}

/// The history of a run with these settings.
fn run(settings: Settings) -> History {
    let mut clients: Vec<Client> =
        (0..settings.clients).map(|process| Client { process, open: None }).collect();
    let mut world = World {
        random: Random(settings.seed),
        events: Vec::new(),
        registers: vec![(Value::Null, None); settings.keys as usize],
        adrift: Vec::new(),
        written: 0,
        settings,
    };
    let steps = 3 * world.settings.operations;
    for step in 0..steps {
        if step == steps / 2 {
            world.note("healed", None, Value::Null);
        }
        let session = world.random.below(clients.len() as u64);
        world.step(&mut clients[session as usize], session);
    }
    world.finish();
    History::new(world.events).expect("well formed")
}

fn check(checker: &str, history: &History) -> Verdict {
    let context = Context { acknowledgements_min: Some(2), ..Context::default() };
    named(checker).expect("a checker").check(history, &context)
}

/// Spoils one read in the middle: it returns what another read of its key by the same session had returned
/// long before.
fn with_stale_read(history: &History) -> History {
    let mut events = history.to_events();
    let mut first_reads: BTreeMap<_, Event> = BTreeMap::new();
    let middle = events.len() / 2;
    for event in &mut events {
        if event.function != "read" || event.kind != Kind::Ok || event.version.is_none() {
            continue;
        }
        let place = (event.session, event.key.clone());
        let first = first_reads.entry(place).or_insert_with(|| event.clone());
        if event.index as usize > middle && first.version < event.version {
            (event.value, event.version) = (first.value.clone(), first.version.clone());
            return History::new(events).expect("well formed");
        }
    }
    panic!("no read to spoil");
}

#[test]
fn all_checkers_accept_fifty_thousand_operations() {
    let history = run(Settings { seed: 1, keys: 50, operations: 50_000, clients: 20, has_cas: false });
    let fitting: Vec<&str> = fits(&history).iter().map(|fit| fit.checker.name()).collect();
    assert!(fitting.len() > 10, "{fitting:?}");
    for name in fitting.into_iter().chain(["sequential", "causal", "causal-convergence", "staleness"]) {
        let verdict = check(name, &history);
        assert!(verdict.is_valid(), "{name}: {verdict:?}");
    }
}

#[test]
fn linearizability_accepts_busy_registers() {
    for seed in 2..12 {
        let history = run(Settings { seed, keys: 1, operations: 3_000, clients: 30, has_cas: seed % 2 == 0 });
        let verdict = check("linearizability", &history);
        assert!(verdict.is_valid(), "seed {seed}: {verdict:?}");
    }
}

#[test]
fn linearizability_finds_the_core_of_a_long_history() {
    for seed in 12..16 {
        let history = run(Settings { seed, keys: 5, operations: 10_000, clients: 20, has_cas: false });
        let verdict = check("linearizability", &with_stale_read(&history));
        let [anomaly] = verdict.anomalies() else { panic!("seed {seed}: {verdict:?}") };
        assert_eq!(anomaly.kind, AnomalyKind::NotLinearizable);
        assert!(anomaly.operations.len() <= 4, "seed {seed}: {anomaly:?}");
    }
}

#[test]
fn monotonic_reads_finds_one_stale_read_in_a_long_history() {
    let history = run(Settings { seed: 20, keys: 50, operations: 50_000, clients: 20, has_cas: false });
    assert!(check("monotonic-reads", &history).is_valid());
    let verdict = check("monotonic-reads", &with_stale_read(&history));
    assert_eq!(verdict.anomalies().len(), 1, "{verdict:?}");
}

#[test]
fn set_accepts_fifty_thousand_elements_and_misses_one() {
    let mut events = Vec::new();
    for element in 0..50_000_u64 {
        let mut event = Event::new(2 * element, Process::Client(element % 20), Kind::Invoke, "add");
        event.value = json!(element);
        events.push(event.clone());
        events.push(Event { index: 2 * element + 1, kind: Kind::Ok, ..event });
    }
    let read = |elements: Vec<u64>| {
        let mut read = Event::new(100_000, Process::Client(0), Kind::Ok, "read");
        (read.value, read.is_final) = (json!(elements), true);
        History::new([&events[..], &[read]].concat()).expect("well formed")
    };
    assert!(check("set", &read((0..50_000).rev().collect())).is_valid());
    let verdict = check("set", &read((0..50_000).filter(|element| *element != 31_415).collect()));
    assert_eq!(verdict.anomalies()[0].operations, [62_830, 100_000]);
}
