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
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::access::{Accesses, Act};
use crate::checker::Undecided;
use crate::relation::Edge;
use crate::threads::Threads;

mod transaction;

/// The operations that took effect, with their sessions and sources.
pub(crate) struct Differentiated<'a> {
    /// The operations, in the order of their invocations.
    pub nodes: Vec<Node<'a>>,
    /// Session order: each node is in one chain.
    pub chains: Vec<Vec<u32>>,
    /// Session order between chains, and from each write to its reads.
    pub edges: Vec<Edge>,
    /// The keys.
    pub keys: Vec<Object<'a>>,
    /// The writers of each key.
    pub writers: Vec<Vec<u32>>,
}

/// An operation that took effect.
pub(crate) struct Node<'a> {
    pub operation: Operation<'a>,
    pub reads: SmallVec<[Read<'a>; 1]>,
    pub writes: SmallVec<[u32; 1]>,
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

/// What an operation reads and writes, as it says itself.
struct Effects<'a> {
    operation: Operation<'a>,
    reads: SmallVec<[(Object<'a>, &'a Value); 1]>,
    writes: SmallVec<[(Object<'a>, &'a Value); 1]>,
}

impl<'a> Differentiated<'a> {
    /// The history as a differentiated one. Errs where a value is written to a key twice, or where the
    /// initial value is written, and on what is no operation on registers.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Differentiated<'a>, Undecided> {
        let effects = effects(history, initial)?;
        let writers = writers(&effects, initial)?;
        let mut happened = happened(&effects, &writers);
        let mut number = 0;
        for place in happened.iter_mut().flatten() {
            (*place, number) = (number, number + 1);
        }
        let mut builder = Builder { keys: FxHashMap::default(), result: Differentiated::empty() };
        for effects in effects.iter().zip(&happened).filter_map(|(effects, place)| place.map(|_| effects)) {
            builder.push(effects, |object, value| match writers.get(&(object, value)) {
                _ if value == initial => Source::Initial,
                None => Source::Nobody,
                Some(&writer) => happened[writer].map_or(Source::Nobody, Source::Node),
            });
        }
        Ok(builder.finish())
    }

    fn empty() -> Differentiated<'a> {
        Differentiated {
            nodes: Vec::new(),
            chains: Vec::new(),
            edges: Vec::new(),
            keys: Vec::new(),
            writers: Vec::new(),
        }
    }
}

struct Builder<'a> {
    keys: FxHashMap<Object<'a>, u32>,
    result: Differentiated<'a>,
}

impl<'a> Builder<'a> {
    fn key(&mut self, object: Object<'a>) -> u32 {
        *self.keys.entry(object).or_insert_with(|| {
            self.result.keys.push(object);
            self.result.writers.push(Vec::new());
            self.result.keys.len() as u32 - 1
        })
    }

    fn push(&mut self, effects: &Effects<'a>, source: impl Fn(Object<'a>, &'a Value) -> Source) {
        let number = self.result.nodes.len() as u32;
        let mut node = Node { operation: effects.operation, reads: SmallVec::new(), writes: SmallVec::new() };
        for &(object, value) in &effects.reads {
            let read = Read { key: self.key(object), value, source: source(object, value) };
            if let Source::Node(from) = read.source {
                self.result.edges.push(Edge { from, to: number, rank: 0 });
            }
            node.reads.push(read);
        }
        for &(object, _) in &effects.writes {
            let key = self.key(object);
            self.result.writers[key as usize].push(number);
            node.writes.push(key);
        }
        self.result.nodes.push(node);
    }

    fn finish(mut self) -> Differentiated<'a> {
        let threads = Threads::of(self.result.nodes.iter().map(|node| node.operation));
        self.result.chains = threads.chains;
        self.result.edges.extend(threads.edges);
        self.result
    }
}

/// What the operations read and write that did not fail.
fn effects<'a>(history: &'a History, initial: &'a Value) -> Result<Vec<Effects<'a>>, Undecided> {
    let possible = || history.operations().filter(|operation| operation.fate() != Fate::Fail);
    if possible().any(|operation| operation.function() == "txn") {
        return possible().map(transaction::effects).collect();
    }
    let accesses = Accesses::of(history, initial)?;
    let possible = accesses.iter().filter(|access| access.is_possible());
    let effects = possible.map(|access| {
        let object = access.key.map_or(Object::Only, Object::Key);
        // A compare-and-set that took effect, as somebody may have seen, had found its old value.
        let observed = match access.act {
            Act::Cas(old, _) => Some(old),
            _ => access.observed(),
        };
        let reads = observed.map(|value| (object, value)).into_iter().collect();
        let writes = access.written().map(|value| (object, value)).into_iter().collect();
        Effects { operation: access.operation, reads, writes }
    });
    Ok(effects.collect())
}

/// Who wrote each value.
type Writers<'a> = FxHashMap<(Object<'a>, &'a Value), usize>;

fn writers<'a>(effects: &[Effects<'a>], initial: &Value) -> Result<Writers<'a>, Undecided> {
    let mut writers = Writers::default();
    for (number, effects) in effects.iter().enumerate() {
        for &(object, value) in &effects.writes {
            let index = effects.operation.index();
            if value == initial {
                return Err(format!("event {index}: writes {value}, the initial value, to {object}"));
            }
            if writers.insert((object, value), number).is_some() {
                return Err(format!("event {index}: writes {value} to {object} a second time"));
            }
        }
    }
    Ok(writers)
}

/// Which operations took effect: those that are ok, and whatever one that took effect has read from.
fn happened<'a>(effects: &[Effects<'a>], writers: &Writers<'a>) -> Vec<Option<u32>> {
    let is_ok = |effects: &Effects<'_>| effects.operation.fate() == Fate::Ok;
    let mut happened: Vec<Option<u32>> = effects.iter().map(|effects| is_ok(effects).then_some(0)).collect();
    let mut open: Vec<usize> = (0..effects.len()).filter(|&number| happened[number].is_some()).collect();
    while let Some(number) = open.pop() {
        for read in &effects[number].reads {
            if let Some(&writer) = writers.get(read)
                && happened[writer].is_none()
            {
                happened[writer] = Some(0);
                open.push(writer);
            }
        }
    }
    happened
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
        let reads = |node: &Node<'_>| {
            let reads = node.reads.iter();
            reads.map(|read| (found.keys[read.key as usize].to_string(), read.source)).collect()
        };
        Ok(found.nodes.iter().map(|node| (reads(node), node.writes.len())).collect())
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
