//! Histories of one register, as problems: valid by construction, every operation takes effect at one moment.

use perjury_checkers::linearizable::problem::NEVER;
use perjury_checkers::linearizable::{Op, Problem};
use perjury_checkers::model::Call;
use perjury_histories::Value;
use rustc_hash::FxHashMap;
use serde_json::json;

/// SplitMix64: enough to scatter, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn is_one_of(&mut self, per_thousand: u64) -> bool {
        self.below(1000) < per_thousand
    }
}

/// What is simulated.
#[derive(Clone, Copy)]
pub struct Settings {
    pub operations: u32,
    pub processes: u64,
    /// Values are below this; 0 is null, the initial value.
    pub values: u64,
    /// How many of a thousand operations have an unknown outcome.
    pub info: u64,
    /// Whether writes of unknown outcome have values of their own, and nothing else has an unknown outcome.
    pub has_own_values: bool,
    /// How likely a process that is idle begins, per thousand chances.
    pub zeal: u64,
    /// How many of a thousand histories have a read of another value, which may be wrong.
    pub wrong: u64,
}

/// What an operation asks of the register. A read has what it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Deed {
    Read(u64),
    Write(u64),
    Delete,
    Cas(u64, u64),
}

#[derive(Clone, Copy)]
struct Operation {
    deed: Deed,
    invoked: u32,
    returned: u32,
    has_failed: bool,
}

enum Client {
    Idle,
    Invoked(usize),
    Done(usize),
}

/// A history.
pub struct Generated {
    operations: Vec<Operation>,
    /// By call: the deed, whether its outcome is known, argument and result.
    calls: Vec<(Deed, Value, Option<Value>)>,
    numbers: Vec<u32>,
}

/// A history of these settings.
pub fn history(settings: &Settings, random: &mut Random) -> Generated {
    let mut world = World {
        settings,
        random,
        position: 0,
        state: 0,
        fresh: settings.values,
        operations: Vec::new(),
        adrift: Vec::new(),
    };
    let mut clients: Vec<Client> = (0..settings.processes).map(|_| Client::Idle).collect();
    let mut is_over = false;
    while !is_over {
        let place = world.random.below(settings.processes) as usize;
        clients[place] = world.step(std::mem::replace(&mut clients[place], Client::Idle));
        let is_full = world.operations.len() as u32 == settings.operations;
        is_over = is_full && clients.iter().all(|client| matches!(client, Client::Idle));
    }
    if world.random.is_one_of(settings.wrong) {
        world.spoil();
    }
    Generated::of(world.operations)
}

struct World<'s> {
    settings: &'s Settings,
    random: &'s mut Random,
    position: u32,
    state: u64,
    fresh: u64,
    operations: Vec<Operation>,
    /// Of unknown outcome, and may yet take effect.
    adrift: Vec<usize>,
}

impl World<'_> {
    fn step(&mut self, client: Client) -> Client {
        self.let_one_adrift_happen();
        match client {
            Client::Idle if self.operations.len() as u32 == self.settings.operations => Client::Idle,
            Client::Idle if !self.random.is_one_of(self.settings.zeal) => Client::Idle,
            Client::Idle => {
                let deed = self.deed();
                let invoked = self.tick();
                self.operations.push(Operation { deed, invoked, returned: NEVER, has_failed: false });
                Client::Invoked(self.operations.len() - 1)
            }
            Client::Invoked(op) if self.may_get_lost(op) && self.random.is_one_of(self.settings.info) => {
                if self.settings.has_own_values {
                    self.operations[op].deed = Deed::Write(self.fresh);
                    self.fresh += 1;
                }
                self.adrift.push(op);
                Client::Idle
            }
            Client::Invoked(op) => {
                self.take_effect(op);
                Client::Done(op)
            }
            Client::Done(op) => {
                self.operations[op].returned = self.tick();
                Client::Idle
            }
        }
    }

    fn may_get_lost(&self, op: usize) -> bool {
        !self.settings.has_own_values || matches!(self.operations[op].deed, Deed::Write(_))
    }

    fn tick(&mut self) -> u32 {
        self.position += 1;
        self.position
    }

    fn deed(&mut self) -> Deed {
        let (one, other) = (self.random.below(self.settings.values), self.random.below(self.settings.values));
        match self.random.below(12) {
            0..4 => Deed::Read(0),
            4..7 if one != 0 => Deed::Write(one),
            4..8 => Deed::Delete,
            // Many a cas would fail, and leave nothing of itself.
            8..10 => Deed::Cas(self.state, other),
            _ => Deed::Cas(one, other),
        }
    }

    fn let_one_adrift_happen(&mut self) {
        if self.adrift.is_empty() || self.random.below(4 * self.settings.processes) > 0 {
            return;
        }
        let op = self.random.below(self.adrift.len() as u64) as usize;
        let op = self.adrift.swap_remove(op);
        if self.random.below(2) == 0 {
            let deed = self.operations[op].deed;
            self.take_effect(op);
            self.operations[op] = Operation { deed, has_failed: false, ..self.operations[op] };
        }
    }

    fn take_effect(&mut self, op: usize) {
        let operation = &mut self.operations[op];
        match &mut operation.deed {
            Deed::Read(value) => *value = self.state,
            Deed::Write(value) => self.state = *value,
            Deed::Delete => self.state = 0,
            Deed::Cas(old, new) if *old == self.state => self.state = *new,
            Deed::Cas(..) => operation.has_failed = true,
        }
    }

    /// Lets one read return what may be wrong.
    fn spoil(&mut self) {
        let reads: Vec<usize> = (0..self.operations.len())
            .filter(|op| matches!(self.operations[*op].deed, Deed::Read(_)))
            .collect();
        if !reads.is_empty() {
            let read = reads[self.random.below(reads.len() as u64) as usize];
            let Deed::Read(right) = self.operations[read].deed else { return };
            let other = 1 + self.random.below(self.settings.values - 1);
            self.operations[read].deed = Deed::Read((right + other) % self.settings.values);
        }
    }
}

impl Generated {
    fn of(mut operations: Vec<Operation>) -> Generated {
        operations.retain(|operation| !operation.has_failed);
        let mut generated = Generated { operations, calls: Vec::new(), numbers: Vec::new() };
        let mut numbers: FxHashMap<(Deed, bool), u32> = FxHashMap::default();
        for operation in &generated.operations {
            let is_known = operation.returned != NEVER;
            let calls = &mut generated.calls;
            let number = *numbers.entry((operation.deed, is_known)).or_insert_with(|| {
                let (argument, result) = values(operation.deed);
                calls.push((operation.deed, argument, is_known.then_some(result)));
                calls.len() as u32 - 1
            });
            generated.numbers.push(number);
        }
        generated
    }

    /// The same as a problem.
    pub fn problem(&self) -> Problem<'_> {
        let ops = self.operations.iter().zip(&self.numbers);
        let ops = ops.map(|(operation, number)| Op {
            invoked: operation.invoked,
            returned: operation.returned,
            call: *number,
        });
        let calls = self.calls.iter().map(|(deed, argument, result)| Call {
            function: match deed {
                Deed::Read(_) => "read",
                Deed::Write(_) => "write",
                Deed::Delete => "delete",
                Deed::Cas(..) => "cas",
            },
            argument,
            result: result.as_ref(),
        });
        Problem { ops: ops.collect(), calls: calls.collect() }
    }
}

/// Argument and result of an operation that is ok.
fn values(deed: Deed) -> (Value, Value) {
    let value = |number: u64| if number == 0 { Value::Null } else { json!(number) };
    match deed {
        Deed::Read(read) => (Value::Null, value(read)),
        Deed::Write(written) => (value(written), value(written)),
        Deed::Delete => (Value::Null, Value::Null),
        Deed::Cas(old, new) => (json!([value(old), value(new)]), json!([value(old), value(new)])),
    }
}
