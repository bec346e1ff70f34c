//! Keys that hold counters: there an `add` adds, and does not write.
//!
//! ```text
//! add 1 under x: ok    add 2 under x: ok    read x = 3      a counter: nobody wrote 3
//! add 31 under e31: ok                      read e31 = 31   an element under a key of its own: a register
//! ```

use perjury_histories::{Fate, History, KeyId, Operation};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::checker::Undecided;
use crate::numbers::integer;

/// What happened to one key.
#[derive(Default)]
struct Key<'a> {
    /// Integers that may have been added.
    added: Vec<i128>,
    /// Ok reads that returned an integer.
    reads: Vec<Operation<'a>>,
    /// Whether anything else was done to it than to add integers, and to read.
    is_other: bool,
}

/// Errs where a key certainly holds no register but may hold a counter: several integers were added to it, or one
/// was read of it that nobody added, and nothing else was ever done to it.
pub(crate) fn refuse(history: &History) -> Result<(), Undecided> {
    let first = counted(history).into_iter().map(|(_, read)| read).min_by_key(|read| read.index());
    first.map_or(Ok(()), |read| {
        let key = read.key().map(ToString::to_string).unwrap_or_default();
        Err(format!(
            "event {}: a number is read of key {key}, to which numbers are added: that is a counter, and no register",
            read.index()
        ))
    })
}

/// The keys that hold counters.
pub(crate) fn counters(history: &History) -> FxHashSet<KeyId> {
    counted(history).into_iter().map(|(key, _)| key).collect()
}

/// The same, each with the first read that shows it.
fn counted(history: &History) -> Vec<(KeyId, Operation<'_>)> {
    if !history.operations().any(|operation| operation.function() == "add") {
        return Vec::new();
    }
    let mut keys: FxHashMap<KeyId, Key<'_>> = FxHashMap::default();
    for operation in history.operations().filter(|operation| operation.fate() != Fate::Fail) {
        let Some(id) = operation.key_id() else { continue };
        let key = keys.entry(id).or_default();
        match (operation.function(), integer(operation.argument()), operation.result().and_then(integer)) {
            ("add", Some(amount), _) => key.added.push(amount),
            ("read", _, Some(_)) => key.reads.push(operation),
            ("read", ..) => {}
            _ => key.is_other = true,
        }
    }
    keys.into_iter().filter_map(|(id, key)| Some((id, key.counted()?))).collect()
}

impl<'a> Key<'a> {
    /// The first read that shows a counter.
    fn counted(&self) -> Option<Operation<'a>> {
        if self.is_other || self.added.is_empty() {
            return None;
        }
        let is_sum = |read: &&Operation<'_>| {
            self.added.len() > 1
                || !read.result().and_then(integer).is_some_and(|value| self.added.contains(&value))
        };
        self.reads.iter().find(is_sum).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    #[test]
    fn tells_a_counter_from_an_element_under_a_key() {
        let refused = |text| refuse(&history(text)).err();
        for text in ["0:add(x,1) 0:add(x,2) 0:read(x)=3", "0:add(x,1):info 0:read(x)=0"] {
            assert!(
                refused(text).is_some_and(|why| why.contains("key x") && why.contains("counter")),
                "{text}"
            );
        }
        for text in [
            "0:add(e31,31) 0:add(e32,32) 0:read(e31)=31",
            "0:add(s,1) 0:add(s,2) 0:read(s)=[1,2]",
            "0:add(x,1) 0:write(x,2) 0:read(x)=3",
            "0:add(x,a) 0:add(x,b) 0:read(x)=1",
            "0:add(_,1) 0:add(_,2) 0:read()=3",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
        let both = "0:add(y,1) 0:add(x,1) 1:read(x)=2 1:read(y)=2";
        assert!(refused(both).is_some_and(|why| why.starts_with("event 4")));
    }
}
