//! Which sets a history has, and of each the copies that are read.

use std::collections::BTreeMap;

use perjury_histories::{Fate, History, Key, Operation, Value};

use super::array;
use super::elements::Elements;
use super::view::{Read, View};
use crate::checker::Undecided;

/// One set: its elements, and the reads of each copy of it.
pub(super) struct Copies<'a> {
    pub elements: Elements<'a>,
    pub views: Vec<View<'a>>,
}

impl<'a> Copies<'a> {
    /// All sets of this history that are read; each begins with these elements.
    pub fn of(history: &'a History, initial: &'a [Value]) -> Result<Vec<Copies<'a>>, Undecided> {
        let (adds, reads) = split(history)?;
        if adds.is_empty() {
            return Err("nothing was added".to_owned());
        }
        let mut reads_of: BTreeMap<Option<&Key>, Vec<Operation<'a>>> = BTreeMap::new();
        reads.into_iter().for_each(|read| reads_of.entry(read.key()).or_default().push(read));
        let mut adds_of: BTreeMap<Option<&Key>, Vec<Operation<'a>>> = BTreeMap::new();
        adds.iter().filter(|add| add.key().is_some()).for_each(|add| {
            adds_of.entry(add.key()).or_default().push(*add);
        });
        // A read without a key is of everything.
        adds_of.insert(None, adds);
        // Where no read of a key returned an array, the key names one element, and no set.
        let is_set = |key: Option<&Key>, reads: &[Operation<'_>]| {
            key.is_none() || reads.iter().any(|read| read.result().is_some_and(Value::is_array))
        };
        let mut all = Vec::new();
        for (key, reads) in reads_of.into_iter().filter(|(key, reads)| is_set(*key, reads)) {
            let views = views(&reads)?;
            if let Some(adds) = adds_of.remove(&key) {
                all.push(Copies { elements: Elements::of(initial, adds), views });
            }
        }
        if all.is_empty() {
            return Err("no read of the set is ok".to_owned());
        }
        Ok(all)
    }
}

/// All adds, and all ok reads.
fn split(history: &History) -> Result<(Vec<Operation<'_>>, Vec<Operation<'_>>), Undecided> {
    let (mut adds, mut reads) = (Vec::new(), Vec::new());
    for operation in history.operations() {
        match operation.function() {
            "add" | "write-set" => adds.push(operation),
            "read" | "read-set-all" if operation.fate() == Fate::Ok => reads.push(operation),
            "read" | "read-set-all" => {}
            _ if operation.fate() == Fate::Fail => {}
            other => {
                let event = operation.index();
                return Err(format!("event {event}: {other} is no operation on a set that only grows"));
            }
        }
    }
    Ok((adds, reads))
}

/// The copies that these reads are of.
fn views<'a>(reads: &[Operation<'a>]) -> Result<Vec<View<'a>>, Undecided> {
    let mut views: BTreeMap<Option<&'a str>, Vec<Read<'a>>> = BTreeMap::new();
    for &operation in reads {
        let result = operation.result().unwrap_or(&Value::Null);
        let not_set = || {
            let event = operation.index();
            format!("event {event}: the read of a set must return an array, or one for each node")
        };
        if let Value::Object(nodes) = result {
            // A node of which anything else is said was not reached: its copy was not read.
            let reached = nodes.iter().filter_map(|(node, copy)| Some((node, copy.as_array()?)));
            for (node, elements) in reached {
                views.entry(Some(node)).or_default().push(Read { operation, elements });
            }
        } else {
            let elements = array(result).ok_or_else(not_set)?;
            views.entry(None).or_default().push(Read { operation, elements });
        }
    }
    Ok(views.into_iter().map(|(node, reads)| View::of(node, reads)).collect())
}
