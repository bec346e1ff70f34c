//! Whether a history shows anything at all: a pass rests on what somebody was told.
//!
//! ```text
//! write 1: ok    enqueue 2: ok    add 3: ok      blind: they succeed whatever the object holds
//! read = 1       dequeue = 2      acquire: ok    telling: there are objects that would have answered otherwise
//! read: fail     cas [1, 2]: fail                nothing: what failed is ignored
//! ```
//!
//! Where nothing telling is ok, every order explains the history, and nothing was put to the test. A system that
//! made a promise has not been seen to keep it: unknown. The history itself has the property that is asked for, if
//! only because nothing contradicts it ([`Context::may_be_unread`](crate::Context::may_be_unread)). One object of
//! many that nobody asked about does not spoil the verdict on the others.

use perjury_histories::{Fate, History, Operation, Value};

/// Functions that succeed whatever the object holds, and return nothing of it.
const BLIND: &[&str] = &[
    "append",
    "decrement",
    "delete",
    "deposit",
    "enqueue",
    "increment",
    "insert",
    "push",
    "put",
    "put-any",
    "transfer",
    "write",
    "write-set",
];

/// Steps of transactions that do the same.
const BLIND_STEPS: &[&str] = &["append", "w", "write", "writeSome"];

/// Whether an operation is ok, and would not have been whatever its object held.
pub(crate) fn is_telling(operation: Operation<'_>) -> bool {
    let Some(result) = operation.result() else { return false };
    match operation.function() {
        // Of a set with answers: whether the element was there.
        "add" | "remove" => match result {
            Value::Bool(_) => true,
            Value::Array(pair) => pair.len() == 2 && pair[1].is_boolean(),
            _ => false,
        },
        "txn" => result.as_array().is_none_or(|steps| steps.iter().any(is_telling_step)),
        function => !BLIND.contains(&function),
    }
}

fn is_telling_step(step: &Value) -> bool {
    step.get(0).and_then(Value::as_str).is_none_or(|name| !BLIND_STEPS.contains(&name))
}

/// Why a history in which nothing was told shows nothing; none for any other.
pub fn why_nothing(history: &History) -> Option<String> {
    if history.operations().any(is_telling) {
        return None;
    }
    let ok = history.operations().filter(|operation| operation.fate() == Fate::Ok).count();
    let why = match ok {
        0 => "no operation is ok".to_owned(),
        1 => "the only operation that is ok is one that nothing could have stopped".to_owned(),
        ok => format!("the {ok} operations that are ok are such as nothing could have stopped"),
    };
    Some(format!("nothing was ever read: {why}"))
}

/// Whether any operation certainly happened. Where none did there is nothing to judge.
pub fn is_anything_ok(history: &History) -> bool {
    history.operations().any(|operation| operation.fate() == Fate::Ok)
}

/// How many objects (keys) there are, and how many of them nobody was told anything of.
pub fn unread(history: &History) -> (usize, usize) {
    // By key, the first place for operations without one.
    let mut is_told: Vec<Option<bool>> = Vec::new();
    for operation in history.operations() {
        let place = operation.key_id().map_or(0, |key| key.0 as usize + 1);
        if is_told.len() <= place {
            is_told.resize(place + 1, None);
        }
        if is_told[place] != Some(true) {
            is_told[place] = Some(is_telling(operation));
        }
    }
    let unread = is_told.iter().filter(|is_told| **is_told == Some(false)).count();
    (is_told.iter().flatten().count(), unread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    #[track_caller]
    fn tells(text: &str, expected: bool) {
        let history = history(text);
        let found: Vec<bool> = history.operations().map(is_telling).collect();
        assert_eq!(found, [expected], "{text}");
    }

    #[test]
    fn is_told_by_answers_that_could_be_wrong() {
        for text in ["0:read(x)=null", "0:dequeue()=null", "0:cas(x,[1,2])", "0:acquire()", "0:fly()"] {
            tells(text, true);
        }
        for text in ["0:add(_,1)=true", "0:remove(_,1)=[1,false]", r#"0:txn(_,[])=[["w",1,1],["r",2,null]]"#]
        {
            tells(text, true);
        }
    }

    #[test]
    fn is_not_told_by_what_always_succeeds_or_did_not() {
        for text in ["0:write(x,1)", "0:enqueue(_,1)", "0:add(_,1)", "0:add(_,[1,2])", "0:transfer(_,{})"] {
            tells(text, false);
        }
        for text in [r#"0:txn(_,[])=[["w",1,1]]"#, "0:read():fail", "0:cas(x,[1,2]):info", "0:dequeue()?"] {
            tells(text, false);
        }
    }

    #[test]
    fn says_why_nothing_was_told() {
        let why = |text| why_nothing(&history(text));
        assert_eq!(why("0:write(x,1) 0:read(x)=1"), None);
        assert_eq!(
            why("0:read(x):fail 0:write(x,1):info").unwrap_or_default(),
            "nothing was ever read: no operation is ok"
        );
        let why = why("0:write(x,1) 0:write(x,2)").unwrap_or_default();
        assert!(why.starts_with("nothing was ever read: the 2 operations"), "{why}");
    }

    #[test]
    fn counts_objects_that_nobody_read() {
        assert_eq!(
            unread(&history("0:write(x,1) 0:write(y,1) 0:read(x)=1 0:read(z)=1 0:write(z,1)")),
            (3, 1)
        );
        assert_eq!(unread(&history("0:write(_,1)")), (1, 1));
        assert_eq!(unread(&history("")), (0, 0));
    }
}
