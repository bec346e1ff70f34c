//! How events are stored: one row of 32 bytes each, with what repeats itself stored once.
//!
//! ```text
//! {"process":3,"type":"ok","f":"read","value":5,"key":"x"}
//!
//! row        time  process 3  kind ok  function 0  value 2  key 0  no extra
//! functions  0: read   1: write          values  0: null  1: 1  2: 5          keys  0: x
//! ```
//!
//! What few events have (node, error, session, version, finality) stands apart, in an `Extra`.

use serde_json::Value;

use crate::event::{Event, Key, Kind, Process, Version};
use crate::intern::{Interner, of_integer, of_text};
use crate::view::EventRef;

/// Where there is nothing.
const NONE: u32 = u32::MAX;

/// Functions are numbered below this: the rest of the word holds what kind of event it is.
const FUNCTIONS_MAX: u32 = 1 << 24;

/// How many events one history may hold: their positions are 32-bit numbers.
pub(crate) const EVENTS_MAX: usize = u32::MAX as usize - 1;

/// One event, without its index.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    time: u64,
    process: u64,
    pub(crate) value: u32,
    key: u32,
    extra: u32,
    /// From below: 24 bits of function, 2 of kind, 2 of who the process is, 1 for a known time.
    head: u32,
}

const HAS_TIME: u32 = 1 << 28;
const CLIENT: u32 = 0;
const NEMESIS: u32 = 1;
const UNKNOWN: u32 = 2;

impl Row {
    /// An event of this sort; everything else is still absent.
    pub fn new(kind: Kind, process: Process, function: u32, value: u32) -> Row {
        let (who, process) = match process {
            Process::Client(process) => (CLIENT, process),
            Process::Nemesis => (NEMESIS, 0),
            Process::Unknown => (UNKNOWN, 0),
        };
        let head = function | (kind as u32) << 24 | who << 26;
        Row { time: 0, process, value, key: NONE, extra: NONE, head }
    }

    /// With this time.
    pub fn at(mut self, time: Option<u64>) -> Row {
        if let Some(time) = time {
            self.time = time;
            self.head |= HAS_TIME;
        }
        self
    }

    /// With this key.
    pub fn on(mut self, key: Option<u32>) -> Row {
        self.key = key.unwrap_or(NONE);
        self
    }

    /// The number of its function.
    pub fn function(&self) -> u32 {
        self.head & (FUNCTIONS_MAX - 1)
    }

    /// The number of its key.
    pub fn key(&self) -> Option<u32> {
        Some(self.key).filter(|&key| key != NONE)
    }

    /// Invocation, or how it ended.
    pub fn kind(&self) -> Kind {
        match self.head >> 24 & 3 {
            0 => Kind::Invoke,
            1 => Kind::Ok,
            2 => Kind::Fail,
            _ => Kind::Info,
        }
    }

    /// Who did it.
    pub fn process(&self) -> Process {
        match self.head >> 26 & 3 {
            CLIENT => Process::Client(self.process),
            NEMESIS => Process::Nemesis,
            _ => Process::Unknown,
        }
    }

    fn time(&self) -> Option<u64> {
        (self.head & HAS_TIME != 0).then_some(self.time)
    }
}

/// What few events have.
#[derive(Clone, Default)]
pub(crate) struct Extra {
    pub node: Option<u32>,
    pub error: Option<u32>,
    pub is_final: bool,
    pub session: Option<u64>,
    pub version: Option<Version>,
}

/// Events without their indices.
#[derive(Clone, Default)]
pub(crate) struct Columns {
    pub rows: Vec<Row>,
    extras: Vec<Extra>,
    pub values: Interner<Value>,
    pub functions: Interner<String>,
    pub keys: Interner<Key>,
    nodes: Interner<String>,
}

impl Columns {
    /// Takes over all parts of an event but its index, and gives back its row, which is not added yet.
    pub fn row(&mut self, event: Event) -> Row {
        let function = self.functions.intern(event.function);
        let value = self.values.intern(event.value);
        let key = event.key.map(|key| self.keys.intern(key));
        let row = Row::new(event.kind, event.process, function, value).at(event.time).on(key);
        let extra = Extra {
            node: event.node.map(|node| self.nodes.intern(node)),
            error: event.error.map(|error| self.values.intern(error)),
            is_final: event.is_final,
            session: event.session,
            version: event.version,
        };
        self.with_extra(row, extra)
    }

    /// This row with what few have, which is kept if it is anything.
    pub fn with_extra(&mut self, mut row: Row, extra: Extra) -> Row {
        let is_empty =
            matches!(extra, Extra { node: None, error: None, is_final: false, session: None, version: None });
        if !is_empty {
            row.extra = self.extras.len() as u32;
            self.extras.push(extra);
        }
        row
    }

    /// Whether there is room for one event more.
    pub fn has_room(&self) -> bool {
        self.rows.len() < EVENTS_MAX && (self.functions.items().len() as u32) < FUNCTIONS_MAX
    }

    /// The number of this function.
    pub fn function(&mut self, name: &str) -> u32 {
        self.functions.find_or(of_text(name), |known| known == name, || name.to_owned())
    }

    /// The number of this value.
    pub fn value(&mut self, value: Value) -> u32 {
        self.values.intern(value)
    }

    /// The number of null as a value.
    pub fn null(&mut self) -> u32 {
        self.values.intern(Value::Null)
    }

    /// The number of this node.
    pub fn node(&mut self, name: &str) -> u32 {
        self.nodes.find_or(of_text(name), |known| known == name, || name.to_owned())
    }

    /// The number of this integer as a value.
    pub fn integer(&mut self, number: i64) -> u32 {
        let is_it = |value: &Value| matches!(value, Value::Number(known) if known.as_i64() == Some(number));
        self.values.find_or(of_integer(number), is_it, || Value::from(number))
    }

    /// The number of this name as a key.
    pub fn key_name(&mut self, name: &str) -> u32 {
        let is_it = |key: &Key| matches!(key, Key::Name(known) if known == name);
        self.keys.find_or(of_text(name), is_it, || Key::from(name))
    }

    /// The number of this integer as a key.
    pub fn key_number(&mut self, number: i64) -> u32 {
        self.keys.find_or(of_integer(number), |key| *key == Key::Number(number), || Key::Number(number))
    }

    /// Takes over what the other holds beside its rows; those are given back as rows of this one, in
    /// their order.
    pub fn absorb(&mut self, other: Columns) -> impl Iterator<Item = Row> + use<> {
        let values = self.values.absorb(other.values);
        let functions = self.functions.absorb(other.functions);
        let keys = self.keys.absorb(other.keys);
        let nodes = self.nodes.absorb(other.nodes);
        let beyond = self.extras.len() as u32;
        self.extras.extend(other.extras.into_iter().map(|extra| Extra {
            node: extra.node.map(|node| nodes[node as usize]),
            error: extra.error.map(|error| values[error as usize]),
            ..extra
        }));
        other.rows.into_iter().map(move |row| Row {
            value: values[row.value as usize],
            key: row.key().map_or(NONE, |key| keys[key as usize]),
            extra: if row.extra == NONE { NONE } else { row.extra + beyond },
            head: row.head & !(FUNCTIONS_MAX - 1) | functions[row.function() as usize],
            ..row
        })
    }

    /// Gives every error the number that this says of its old one.
    pub fn renumber_errors(&mut self, mut number: impl FnMut(&mut Interner<Value>, u32) -> u32) {
        for error in self.extras.iter_mut().filter_map(|extra| extra.error.as_mut()) {
            *error = number(&mut self.values, *error);
        }
    }

    /// The event at this position, under this index.
    pub fn event(&self, position: usize, index: u64) -> EventRef<'_> {
        let row = &self.rows[position];
        let mut event = EventRef {
            index,
            time: row.time(),
            process: row.process(),
            kind: row.kind(),
            function: self.functions.get(row.function()),
            value: self.values.get(row.value),
            key: row.key().map(|key| self.keys.get(key)),
            node: None,
            error: None,
            is_final: false,
            session: None,
            version: None,
        };
        if let Some(extra) = self.extra(row) {
            event.node = extra.node.map(|node| self.nodes.get(node).as_str());
            event.error = extra.error.map(|error| self.values.get(error));
            event.is_final = extra.is_final;
            event.session = extra.session;
            event.version = extra.version.as_ref();
        }
        event
    }

    /// The session of this row.
    pub fn session(&self, row: &Row) -> Option<u64> {
        self.extra(row)?.session
    }

    /// The version of this row.
    pub fn version(&self, row: &Row) -> Option<&Version> {
        self.extra(row)?.version.as_ref()
    }

    /// Whether this row belongs to the final reads.
    pub fn is_final(&self, row: &Row) -> bool {
        self.extra(row).is_some_and(|extra| extra.is_final)
    }

    fn extra(&self, row: &Row) -> Option<&Extra> {
        (row.extra != NONE).then(|| &self.extras[row.extra as usize])
    }
}
