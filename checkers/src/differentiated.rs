//! Differentiated histories: each value is written to a key at most once, and so every read names its writer.
//!
//! ```text
//! 0: write x = 1          2: read x = 1     reads from 0
//! 1: write x = 2, info    3: read x = 3     reads from nobody
//!                                           1 was never seen: nothing shows that it happened, it is left out
//! ```
//!
//! An operation here is anything that reads some keys and writes some: a read, a write, a delete, a
//! compare-and-set, or a transaction (`txn`) of the micro-operations `["r", key, value]`,
//! `["w", key, value]`, `["readAll", null, {key: value, …}]` and `["writeSome", null, {key: value, …}]`.
//! Only what leaves a transaction counts: its last write of each key, and the reads that come before its own
//! writes of their key.

use std::fmt;

use perjury_histories::{Fate, History, Key, Operation, Value};

use crate::checker::Undecided;
use crate::relation::Edge;
use crate::threads::Threads;

mod sketch;
mod transaction;

use sketch::{Mention, Sketch};

/// The operations that took effect, with their sessions and sources.
pub(crate) struct Differentiated<'a> {
    /// The operations, in the order of their invocations.
    pub operations: Vec<Operation<'a>>,
    /// The reads of operation i are `reads[begins[i]..begins[i + 1]]`.
    begins: Vec<u32>,
    reads: Vec<Read<'a>>,
    /// Session order: each node is in one chain.
    pub chains: Vec<Vec<u32>>,
    /// Session order between chains, and from each write to its reads.
    pub edges: Vec<Edge>,
    /// The keys.
    pub keys: Vec<Object<'a>>,
    /// The writers of each key.
    pub writers: Vec<Vec<u32>>,
}

/// What an operation read of a key, and where that came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Read<'a> {
    pub key: u32,
    pub value: &'a Value,
    pub source: Source,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was there before the first operation.
    Initial,
    /// This operation wrote it.
    Node(u32),
    /// Nobody wrote it.
    Nobody,
}

/// A key as operations name it, or as micro-operations do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Object<'a> {
    Only,
    Key(&'a Key),
    Value(&'a Value),
    Text(&'a str),
}

impl Object<'_> {
    /// The key, as anomalies have it.
    pub fn key(&self) -> Option<Key> {
        match self {
            Object::Only => None,
            Object::Key(key) => Some((*key).clone()),
            Object::Text(text) => Some(Key::from(*text)),
            Object::Value(value) => value.as_i64().map(Key::from).or_else(|| value.as_str().map(Key::from)),
        }
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::Only => f.write_str("the register"),
            Object::Key(key) => write!(f, "key {key}"),
            Object::Text(text) => write!(f, "key {text}"),
            Object::Value(Value::String(text)) => write!(f, "key {text}"),
            Object::Value(value) => write!(f, "key {value}"),
        }
    }
}

/// No operation, no key.
const NONE: u32 = u32::MAX;

impl<'a> Differentiated<'a> {
    /// The history as a differentiated one. Errs where a value is written to a key twice, or where the
    /// initial value is written, and on what is no operation on registers.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Differentiated<'a>, Undecided> {
        let sketch = Sketch::of(history, initial)?;
        let writers = writers(&sketch, initial)?;
        let numbers = numbers(&happened(&sketch, &writers));
        let mut builder = Builder::of(&sketch);
        for place in (0..sketch.operations.len()).filter(|&place| numbers[place] != NONE) {
            builder.push(place, |mention| match writers[mention.cell as usize] {
                _ if mention.value == initial => Source::Initial,
                NONE => Source::Nobody,
                writer => match numbers[writer as usize] {
                    NONE => Source::Nobody,
                    number => Source::Node(number),
                },
            });
        }
        Ok(builder.finish())
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// What this operation read.
    pub fn reads(&self, node: u32) -> &[Read<'a>] {
        &self.reads[self.begins[node as usize] as usize..self.begins[node as usize + 1] as usize]
    }
}

struct Builder<'s, 'a> {
    sketch: &'s Sketch<'a>,
    /// Of each object of the sketch, its number among the keys.
    keys: Vec<u32>,
    result: Differentiated<'a>,
}

impl<'s, 'a> Builder<'s, 'a> {
    fn of(sketch: &'s Sketch<'a>) -> Builder<'s, 'a> {
        let result = Differentiated {
            operations: Vec::with_capacity(sketch.operations.len()),
            begins: vec![0],
            reads: Vec::with_capacity(sketch.reads.len()),
            chains: Vec::new(),
            edges: Vec::with_capacity(sketch.reads.len()),
            keys: Vec::new(),
            writers: Vec::new(),
        };
        Builder { sketch, keys: vec![NONE; sketch.objects.len()], result }
    }

    fn key(&mut self, object: u32) -> u32 {
        let key = &mut self.keys[object as usize];
        if *key == NONE {
            *key = self.result.keys.len() as u32;
            self.result.keys.push(self.sketch.objects[object as usize]);
            self.result.writers.push(Vec::new());
        }
        *key
    }

    fn push(&mut self, place: usize, source: impl Fn(&Mention<'a>) -> Source) {
        let number = self.result.operations.len() as u32;
        for mention in self.sketch.reads(place) {
            let read = Read { key: self.key(mention.object), value: mention.value, source: source(mention) };
            if let Source::Node(from) = read.source {
                self.result.edges.push(Edge { from, to: number, rank: 0 });
            }
            self.result.reads.push(read);
        }
        for mention in self.sketch.writes(place) {
            let key = self.key(mention.object);
            self.result.writers[key as usize].push(number);
        }
        self.result.operations.push(self.sketch.operations[place]);
        self.result.begins.push(self.result.reads.len() as u32);
    }

    fn finish(mut self) -> Differentiated<'a> {
        let threads = Threads::of(&self.result.operations);
        self.result.chains = threads.chains;
        self.result.edges.extend(threads.edges);
        self.result
    }
}

/// Who wrote each cell.
fn writers(sketch: &Sketch<'_>, initial: &Value) -> Result<Vec<u32>, Undecided> {
    let mut writers = vec![NONE; sketch.cells];
    for place in 0..sketch.operations.len() {
        for &Mention { object, cell, value } in sketch.writes(place) {
            let problem = |what: &str| {
                let (index, object) = (sketch.operations[place].index(), sketch.objects[object as usize]);
                format!("event {index}: writes {value}{what} to {object}")
            };
            if value == initial {
                return Err(problem(", the initial value,"));
            }
            if std::mem::replace(&mut writers[cell as usize], place as u32) != NONE {
                return Err(format!("{} a second time", problem("")));
            }
        }
    }
    Ok(writers)
}

/// Which operations took effect: those that are ok, and whatever one that took effect has read from.
fn happened(sketch: &Sketch<'_>, writers: &[u32]) -> Vec<bool> {
    let is_ok = |operation: &Operation<'_>| operation.fate() == Fate::Ok;
    let mut happened: Vec<bool> = sketch.operations.iter().map(is_ok).collect();
    let mut open: Vec<u32> = Vec::new();
    let mut look = |place: usize, open: &mut Vec<u32>| {
        for read in sketch.reads(place) {
            let writer = writers[read.cell as usize];
            if writer != NONE && !std::mem::replace(&mut happened[writer as usize], true) {
                open.push(writer);
            }
        }
    };
    (0..sketch.operations.len())
        .filter(|&at| is_ok(&sketch.operations[at]))
        .for_each(|at| look(at, &mut open));
    while let Some(place) = open.pop() {
        look(place as usize, &mut open);
    }
    happened
}

/// Numbers for those that took effect.
fn numbers(happened: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let number = |&happened: &bool| match happened {
        true => {
            next += 1;
            next - 1
        }
        false => NONE,
    };
    happened.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    /// Of a node: its reads, as key and source; and how many keys it writes.
    type Found = (Vec<(String, Source)>, usize);

    fn nodes(text: &str) -> Result<Vec<Found>, Undecided> {
        let history = history(text);
        let found = Differentiated::of(&history, &Value::Null)?;
        let reads = |node: u32| {
            let reads = found.reads(node).iter();
            reads.map(|read| (found.keys[read.key as usize].to_string(), read.source)).collect()
        };
        let writes = |node: u32| found.writers.iter().filter(|writers| writers.contains(&node)).count();
        Ok((0..found.len() as u32).map(|node| (reads(node), writes(node))).collect())
    }

    fn read(key: &str, source: Source) -> Found {
        (vec![(key.to_owned(), source)], 0)
    }

    #[test]
    fn names_the_writer_of_each_read() {
        let text = "0:write(x,1) 1:read(x)=1 1:read(x)=2 1:read(y)=null 0:write(x,3):fail 1:read(x)=3";
        let expected = [
            (vec![], 1),
            read("key x", Source::Node(0)),
            read("key x", Source::Nobody),
            read("key y", Source::Initial),
            read("key x", Source::Nobody),
        ];
        assert_eq!(nodes(text).unwrap(), expected);
    }

    #[test]
    fn leaves_out_what_nobody_saw() {
        let cas = |last| format!("0:cas(x,[null,1]):info 1:cas(x,[1,2]):info 2:read(x)={last}");
        assert_eq!(nodes(&cas("null")).unwrap(), [read("key x", Source::Initial)]);
        let seen = nodes(&cas("2")).unwrap();
        assert_eq!(seen[1], (vec![("key x".to_owned(), Source::Node(0))], 1));
        assert_eq!(seen[2], read("key x", Source::Node(1)));
    }

    #[test]
    fn refuses_a_value_written_twice() {
        let reason = |text| nodes(text).unwrap_err();
        assert_eq!(reason("0:write(x,1) 0:write(x,1)"), "event 2: writes 1 to key x a second time");
        assert_eq!(reason("0:write(_,null)"), "event 0: writes null, the initial value, to the register");
        assert!(nodes("0:write(x,1) 0:write(y,1) 0:write(x,1):fail").is_ok());
    }

    #[test]
    fn sees_only_what_leaves_a_transaction() {
        let text = r#"0:txn(_,[["r","x",null],["w","x",2],["r","x",2],["w","x",3]]) 1:txn(_,[["r","x",2]])
                      2:txn(_,[["readAll",null,{"x":3,"y":null}],["writeSome",null,{"y":1,"z":1}]])"#;
        let found = nodes(text).unwrap();
        assert_eq!(found[0], (vec![("key x".to_owned(), Source::Initial)], 1));
        assert_eq!(found[1], read("key x", Source::Nobody));
        assert_eq!(found[2].1, 2);
    }

    #[test]
    fn refuses_transactions_that_it_cannot_follow() {
        let reason = |text| nodes(text).unwrap_err();
        assert!(reason(r#"0:txn(_,[["w","x",1],["r","x",2]])"#).starts_with("event 0: reads 2 of key x"));
        assert!(reason(r#"0:txn(_,[["append","x",1]])"#).starts_with("event 0: "));
        assert!(reason("0:txn(_,7)").starts_with("event 0: "));
        assert!(reason("0:txn(_,[]) 0:read(x)").starts_with("event 2: read among transactions"));
    }
}
