//! Keys inside of values: many objects in one history, as Jepsen's `independent` records them.
//!
//! ```text
//! invoke  write  [x 1]            invoke  write  1     of key x
//! ok      write  [x 1]     ──►    ok      write  1     of key x
//! invoke  read   [x nil]          invoke  read   null  of key x
//! ok      read   [x 1]            ok      read   1     of key x
//! ```
//!
//! Jepsen's tuples are printed as vectors of two, so only all values together can tell. They hold keys where that
//! is certain:
//!
//! - no operation names its key otherwise;
//! - the value of every invocation, and of every completion that is ok, is an array of a key (a string or an
//!   integer) and one thing more, and both of an operation have the same key;
//! - any other completion has such a value too, or none that is an array: clients put there what went wrong;
//! - some function is only ever invoked with `[key, null]`: it asks; or a cas has `[key, [old, new]]`, or an
//!   answer is `[key, [element, true]]`. Without such a sign pairs may as well be what is written, and a register
//!   or a set may hold them.
//!
//! The steps of a transaction are arrays, and so never taken for keys. Whoever has a history without such keys
//! pays for its first operation only.

use rustc_hash::FxHashMap;

use super::History;
use crate::columns::Columns;
use crate::event::{Kind, Process};
use crate::intern::Interner;
use crate::operation::Operation;
use crate::values::FunctionId;
use serde_json::Value;

impl History {
    /// Moves the keys of Jepsen's independent tuples, `[key, value]`, from the values of the operations into their
    /// keys, if that is certainly what these values are; says whether it did. Events keep their places and indices.
    ///
    /// It is certain where no operation has a key yet, each has such a value with one key at its invocation and at
    /// its completion, and one thing shows that these are keys: some function is only ever invoked with
    /// `[key, null]`, a cas has `[key, [old, new]]`, an answer is `[key, [element, true or false]]`.
    ///
    /// ```
    /// use perjury_histories::notation::{parse, print};
    ///
    /// let mut history = parse(r#"0:write(_,["x",1]) 1:read(_,["x",null])=["x",1]"#)?;
    /// assert!(history.split_by_key());
    /// assert_eq!(print(&history), "0:write(x,1) 1:read(x)=1");
    ///
    /// let mut history = parse("0:write(_,[3,1]) 1:read()=[3,1]")?;
    /// assert!(!history.split_by_key());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split_by_key(&mut self) -> bool {
        let is_split = self.has_keys_in_values();
        if is_split {
            self.take_keys();
        }
        is_split
    }

    fn has_keys_in_values(&self) -> bool {
        let mut asks: FxHashMap<FunctionId, bool> = FxHashMap::default();
        let mut is_shown = false;
        for operation in self.operations() {
            let Some(is_question) = is_question(operation) else { return false };
            *asks.entry(operation.function_id()).or_insert(true) &= is_question;
            is_shown |= shows_key(operation);
        }
        is_shown || asks.values().any(|asks| *asks)
    }

    fn take_keys(&mut self) {
        let mut values = Moved::of(&mut self.columns);
        for position in 0..self.columns.rows.len() {
            let mut row = self.columns.rows[position];
            let halves = match row.process() {
                Process::Nemesis => None,
                _ => values.halves(&mut self.columns, row.value),
            };
            if let Some((key, value)) = halves {
                row = row.on(Some(key));
                row.value = value;
            } else {
                row.value = values.whole(&mut self.columns.values, row.value);
            }
            self.columns.rows[position] = row;
        }
        self.columns.renumber_errors(|all, number| values.whole(all, number));
        // Also of those whose value was no pair.
        for span in &self.spans {
            if let Some(completion) = span.completion() {
                let key = self.columns.rows[span.invocation()].key();
                self.columns.rows[completion] = self.columns.rows[completion].on(key);
            }
        }
    }
}

/// Of an operation whose values hold its key, whether it asks, with nothing beside the key; none for any other.
fn is_question(operation: Operation<'_>) -> Option<bool> {
    let (key, argument) = pair(operation.argument()).filter(|_| operation.key().is_none())?;
    let is_same = operation.completion().is_none_or(|event| match pair(event.value) {
        Some((other, _)) => other == key,
        None => event.kind != Kind::Ok && !event.value.is_array(),
    });
    is_same.then_some(argument.is_null())
}

/// Whether what is beside the key is a whole argument of a cas, or a whole answer about an element.
fn shows_key(operation: Operation<'_>) -> bool {
    let beside = |value| pair(value).and_then(|(_, beside)| beside.as_array());
    let is_cas = || beside(operation.argument()).is_some_and(|change| change.len() == 2);
    let is_answer = |answer: &Vec<Value>| answer.len() == 2 && answer[1].is_boolean();
    match operation.function() {
        "cas" => is_cas(),
        _ => operation.result().and_then(beside).is_some_and(is_answer),
    }
}

/// A key and what is beside it.
fn pair(value: &Value) -> Option<(&Value, &Value)> {
    match value.as_array().map(Vec::as_slice) {
        Some([key, value]) if key.is_string() || key.is_i64() => Some((key, value)),
        _ => None,
    }
}

/// Values by their old numbers, and their new ones so far.
struct Moved {
    old: Interner<Value>,
    halves: Vec<Option<(u32, u32)>>,
    whole: Vec<Option<u32>>,
}

impl Moved {
    /// Takes all values out of these columns.
    fn of(columns: &mut Columns) -> Moved {
        let old = std::mem::take(&mut columns.values);
        let count = old.items().len();
        Moved { old, halves: vec![None; count], whole: vec![None; count] }
    }

    /// The new number of a value that stays as it is.
    fn whole(&mut self, all: &mut Interner<Value>, number: u32) -> u32 {
        let value = || all.intern(self.old.get(number).clone());
        *self.whole[number as usize].get_or_insert_with(value)
    }

    /// The numbers of the key and of the value that a pair holds.
    fn halves(&mut self, columns: &mut Columns, number: u32) -> Option<(u32, u32)> {
        let halves = &mut self.halves[number as usize];
        if halves.is_none() {
            let (key, value) = pair(self.old.get(number))?;
            let key = match (key.as_str(), key.as_i64()) {
                (Some(name), _) => columns.key_name(name),
                (None, number) => columns.key_number(number?),
            };
            *halves = Some((key, columns.values.intern(value.clone())));
        }
        *halves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Key;
    use crate::notation::{parse, print};

    /// What becomes of this history; none if it stays as it is.
    fn split(text: &str) -> Option<String> {
        let mut history = parse(text).unwrap();
        let before = history.clone();
        let is_split = history.split_by_key();
        assert!(is_split || history == before, "{text}");
        is_split.then(|| print(&history))
    }

    #[test]
    fn moves_keys_out_of_values() {
        let text = r#"0:write(_,["x",1]) 1:read(_,["x",null])=["x",1] 1:cas(_,["x",[1,2]]):fail 0:read(_,[3,null])=[3,null]"#;
        let expected = "0:write(x,1) 1:read(x)=1 1:cas(x,[1,2]):fail 0:read(3)=null";
        assert_eq!(split(text), Some(expected.to_owned()));
        let text = r#"0:add(_,["s",1]) 0:read(_,["s",null])=["s",[1]]"#;
        assert_eq!(split(text), Some("0:add(s,1) 0:read(s)=[1]".to_owned()));
        let text = r#"0:acquire(_,["l",null]) 1:acquire(_,["l",null])?"#;
        assert_eq!(split(text), Some("0:acquire(l)=null 1:acquire(l)?".to_owned()));
    }

    #[test]
    fn knows_keys_beside_a_whole_change_or_answer() {
        let text = r#"0:write(_,["x",1]) 0:cas(_,["x",[1,1]])"#;
        assert_eq!(split(text), Some("0:write(x,1) 0:cas(x,[1,1])".to_owned()));
        assert_eq!(split(r#"0:write(_,["x",1]) 0:cas(_,["x",1])"#), None);
        let text = r#"0:add(_,["s",1]) 0:contains(_,["s",1])=["s",[1,true]]"#;
        assert_eq!(split(text), Some("0:add(s,1) 0:contains(s,1)=[1,true]".to_owned()));
        assert_eq!(split(r#"0:add(_,["s",1]) 0:contains(_,["s",1])=["s",true]"#), None);
    }

    #[test]
    fn leaves_notes_errors_and_indices_alone() {
        let text = r#"#5 nemesis:partition(_,["n1",null]) 0:write(_,["x",1]) #9 1:read(_,["x",null])?"#;
        let expected = r#"#5 nemesis:partition(_,["n1",null]) 0:write(x,1) #9 1:read(x)?"#;
        assert_eq!(split(text), Some(expected.to_owned()));
        let text = r#"1:read(_,["y",null])=["y",null] 0:read(_,["x",null])? 0:info=timeout"#;
        let mut events = parse(text).unwrap().to_events();
        events[3].error = Some(Value::from(vec!["x", "y"]));
        let mut history = History::new(events).unwrap();
        assert!(history.split_by_key());
        let completion = history.event(3).unwrap();
        assert_eq!((completion.value, completion.key), (&Value::from("timeout"), Some(&Key::from("x"))));
        assert_eq!(completion.error, Some(&Value::from(vec!["x", "y"])));
    }

    #[test]
    fn forgets_the_pairs() {
        let mut history = parse(r#"0:write(_,["x",1]) 1:read(_,["x",null])=["x",1]"#).unwrap();
        assert!(history.split_by_key());
        let values: Vec<&Value> = history.values().iter().map(|(_, value)| value).collect();
        assert_eq!(values, [&Value::from(1), &Value::Null]);
    }

    #[test]
    fn forgives_what_clients_say_of_their_failures() {
        let text = |end: &str| format!(r#"0:write(_,["x",1]) 1:read(_,["x",null])? {end}"#);
        let split = |end: &str| split(&text(end));
        for end in ["1:fail=null", "1:info=timeout", r#"1:info=["x",null]"#] {
            assert!(split(end).is_some_and(|text| text.starts_with("0:write(x,1) 1:read(x)")), "{end}");
        }
        for end in [r#"1:fail=["y",null]"#, "1:info=[]", "1:ok=1", "1:ok=null"] {
            assert_eq!(split(end), None, "{end}");
        }
    }

    #[test]
    fn is_content_with_nothing_but_certainty() {
        for text in [
            // A register, a set and a queue of pairs.
            "0:write(_,[1,2]) 1:read()=[1,2]",
            "0:write(_,[1,null]) 0:write(_,[1,2])",
            "0:add(_,[1,2]) 1:read()=[[1,2]]",
            "0:enqueue(_,[1,2]) 1:dequeue()=[1,2]",
            // One of them is not of a key.
            r#"0:read(_,["x",null])=["x",1] 0:write(_,5)"#,
            r#"0:read(_,["x",null])=["x",1] 0:read()=5"#,
            r#"0:read(_,["x",null])=["y",1]"#,
            r#"0:read(_,["x",null])=["x",1,2]"#,
            // They have keys already.
            r#"0:read(k,["x",null])=["x",1]"#,
            // No keys.
            "0:read(_,[null,null])=[null,1]",
            "0:read(_,[1.5,null])=[1.5,1]",
            r#"0:read(_,[["x"],null])=[["x"],1]"#,
            // Transactions, and other values of two parts.
            r#"0:txn(_,[["append",1,2],["r",1,null]])=[["append",1,2],["r",1,[2]]]"#,
            r#"0:write(_,[["w",0,1]]) 1:read(_,[["r",0,null],["r",1,null]])=[["r",0,1],["r",1,null]]"#,
            "0:cas(_,[1,2])",
            r#"0:transfer(_,{"from":1}) 0:read()=[5,5]"#,
            "",
            r#"nemesis:partition(_,["x",null])"#,
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
