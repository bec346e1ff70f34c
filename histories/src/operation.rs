//! An operation: what was asked for, and what became of it.
//!
//! ```text
//! position   0        1        2        3
//! 0:write    invoke ───────────────── ok       invoked_at 0, returned_at 3
//! 1:write             invoke ─ info            invoked_at 1, never returned: it may still happen
//! ```

use std::fmt;

use serde_json::Value;

use crate::columns::Row;
use crate::event::{Key, Kind, Process, Version};
use crate::history::{History, Span};
use crate::values::{FunctionId, KeyId, ValueId};
use crate::view::EventRef;

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happened, between its invocation and its completion.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// It may have happened at any time after its invocation, or never.
    Unknown,
}

/// An invocation with its completion, if it has one.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    history: &'a History,
    span: Span,
}

impl<'a> Operation<'a> {
    /// The operation of this history with these events.
    pub(crate) fn new(history: &'a History, span: Span) -> Operation<'a> {
        Operation { history, span }
    }

    /// The event that asked for it (for a lone completion, that completion).
    pub fn invocation(&self) -> EventRef<'a> {
        self.history.at(self.span.invocation())
    }

    /// Whether it is a lone completion: no event invoked it.
    pub fn is_lone(&self) -> bool {
        self.returned_at() == Some(self.invoked_at())
    }

    /// The index of that event, which names the operation.
    #[inline]
    pub fn index(&self) -> u64 {
        self.history.index(self.span.invocation())
    }

    /// The event that ended it, if any.
    pub fn completion(&self) -> Option<EventRef<'a>> {
        self.span.completion().map(|position| self.history.at(position))
    }

    /// What became of it.
    #[inline]
    pub fn fate(&self) -> Fate {
        match self.ending().map(Row::kind) {
            Some(Kind::Ok) => Fate::Ok,
            Some(Kind::Fail) => Fate::Fail,
            _ => Fate::Unknown,
        }
    }

    /// What was asked for.
    #[inline]
    pub fn function(&self) -> &'a str {
        self.history.columns().functions.get(self.beginning().function())
    }

    /// The number of the function: equal ones have equal ids within a history.
    #[inline]
    pub fn function_id(&self) -> FunctionId {
        FunctionId(self.beginning().function())
    }

    /// The object it acts on.
    #[inline]
    pub fn key(&self) -> Option<&'a Key> {
        self.beginning().key().map(|key| self.history.columns().keys.get(key))
    }

    /// The number of the key: equal ones have equal ids within a history.
    #[inline]
    pub fn key_id(&self) -> Option<KeyId> {
        self.beginning().key().map(KeyId)
    }

    /// The value of the invocation.
    #[inline]
    pub fn argument(&self) -> &'a Value {
        self.history.columns().values.get(self.beginning().value)
    }

    /// The number of the argument among the [values](History::values).
    #[inline]
    pub fn argument_id(&self) -> ValueId {
        ValueId(self.beginning().value)
    }

    /// The value of the completion, when it is ok.
    #[inline]
    pub fn result(&self) -> Option<&'a Value> {
        self.result_id().map(|ValueId(value)| self.history.columns().values.get(value))
    }

    /// The number of the result among the [values](History::values), when it is ok.
    #[inline]
    pub fn result_id(&self) -> Option<ValueId> {
        self.ok().map(|row| ValueId(row.value))
    }

    /// The version of the completion, when it is ok.
    pub fn version(&self) -> Option<&'a Version> {
        self.history.columns().version(self.ok()?)
    }

    /// Who did it.
    #[inline]
    pub fn process(&self) -> Process {
        self.beginning().process()
    }

    /// The client behind it: its session, else its process number.
    #[inline]
    pub fn session(&self) -> Option<u64> {
        match (self.history.columns().session(self.beginning()), self.process()) {
            (Some(session), _) => Some(session),
            (None, Process::Client(process)) => Some(process),
            (None, _) => None,
        }
    }

    /// Its place in the real-time order: the position of its invocation in the history.
    #[inline]
    pub fn invoked_at(&self) -> usize {
        self.span.invocation()
    }

    /// Its place in the real-time order: the position of its completion when its outcome is known;
    /// an operation of unknown fate never returns.
    #[inline]
    pub fn returned_at(&self) -> Option<usize> {
        self.span.completion().filter(|_| self.fate() != Fate::Unknown)
    }

    /// Whether it belongs to the final reads.
    pub fn is_final(&self) -> bool {
        self.history.columns().is_final(self.beginning())
    }

    #[inline]
    fn beginning(&self) -> &'a Row {
        &self.history.columns().rows[self.span.invocation()]
    }

    #[inline]
    fn ending(&self) -> Option<&'a Row> {
        self.span.completion().map(|position| &self.history.columns().rows[position])
    }

    /// Its completion, when it is ok.
    #[inline]
    fn ok(&self) -> Option<&'a Row> {
        self.ending().filter(|row| row.kind() == Kind::Ok)
    }
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut events = f.debug_struct("Operation");
        events.field("invocation", &self.invocation()).field("completion", &self.completion()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notation::parse;

    /// Asks the only operation of a history.
    fn only<T>(text: &str, ask: impl Fn(Operation) -> T) -> T {
        let history = parse(text).unwrap();
        let operations: Vec<_> = history.operations().collect();
        assert_eq!(operations.len(), 1, "{text}");
        ask(operations[0])
    }

    #[test]
    fn is_of_unknown_fate_until_ok_or_fail() {
        let fate = |text| only(text, |operation| operation.fate());
        assert_eq!(fate("0:write(x,1)"), Fate::Ok);
        assert_eq!(fate("0:write(x,1):fail"), Fate::Fail);
        assert_eq!(fate("0:write(x,1):info"), Fate::Unknown);
        assert_eq!(fate("0:write(x,1)?"), Fate::Unknown);
    }

    #[test]
    fn never_returns_with_an_unknown_fate() {
        let places = |text| only(text, |operation| (operation.invoked_at(), operation.returned_at()));
        assert_eq!(places("nemesis:healed() 0:write(x,1)"), (1, Some(2)));
        assert_eq!(places("nemesis:healed() 0:write(x,1):fail"), (1, Some(2)));
        assert_eq!(places("nemesis:healed() 0:write(x,1):info"), (1, None));
        assert_eq!(places("0:write(x,1)?"), (0, None));
    }

    #[test]
    fn has_a_result_and_a_version_only_when_ok() {
        let ending =
            |text| only(text, |operation| (operation.result().cloned(), operation.version().cloned()));
        assert_eq!(ending("0:read(x)=1@3"), (Some(json!(1)), Some(Version(vec![3]))));
        assert_eq!(ending("0:read(x):fail=1@3"), (None, None));
        assert_eq!(ending("0:read(x):info=1@3"), (None, None));
        assert_eq!(ending("0:read(x)?"), (None, None));
    }

    #[test]
    fn says_what_was_asked_for() {
        only("7:cas(x,[1,2])=5", |operation| {
            assert_eq!(operation.function(), "cas");
            assert_eq!(operation.key(), Some(&"x".into()));
            assert_eq!(operation.argument(), &json!([1, 2]));
            assert_eq!(operation.process(), Process::Client(7));
            assert!(!operation.is_final());
        });
        assert!(only("0:read!(x)=1", |operation| operation.is_final()));
    }

    #[test]
    fn belongs_to_its_session_else_to_its_process() {
        let session = |text| only(text, |operation| operation.session());
        assert_eq!(session("3s7:read(x)"), Some(7));
        assert_eq!(session("3:read(x)"), Some(3));
        assert_eq!(session("?:read(x)"), None);
    }
}
