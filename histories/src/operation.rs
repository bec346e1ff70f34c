//! An operation: what was asked for, and what became of it.
//!
//! ```text
//! position   0        1        2        3
//! 0:write    invoke ───────────────── ok       invoked_at 0, returned_at 3
//! 1:write             invoke ─ info            invoked_at 1, never returned: it may still happen
//! ```

use serde_json::Value;

use crate::event::{Event, Key, Kind, Process, Version};
use crate::history::{History, Span};

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
#[derive(Clone, Copy, Debug)]
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
    pub fn invocation(&self) -> &'a Event {
        &self.history.events()[self.span.invocation]
    }

    /// The event that ended it, if any.
    pub fn completion(&self) -> Option<&'a Event> {
        self.span.completion.map(|position| &self.history.events()[position])
    }

    /// What became of it.
    pub fn fate(&self) -> Fate {
        match self.completion().map(|event| event.kind) {
            Some(Kind::Ok) => Fate::Ok,
            Some(Kind::Fail) => Fate::Fail,
            _ => Fate::Unknown,
        }
    }

    /// What was asked for.
    pub fn function(&self) -> &'a str {
        &self.invocation().function
    }

    /// The object it acts on.
    pub fn key(&self) -> Option<&'a Key> {
        self.invocation().key.as_ref()
    }

    /// The value of the invocation.
    pub fn argument(&self) -> &'a Value {
        &self.invocation().value
    }

    /// The value of the completion, when it is ok.
    pub fn result(&self) -> Option<&'a Value> {
        self.completion().filter(|event| event.kind == Kind::Ok).map(|event| &event.value)
    }

    /// The version of the completion, when it is ok.
    pub fn version(&self) -> Option<&'a Version> {
        self.completion().filter(|event| event.kind == Kind::Ok)?.version.as_ref()
    }

    /// Who did it.
    pub fn process(&self) -> Process {
        self.invocation().process
    }

    /// The client behind it: its session, else its process number.
    pub fn session(&self) -> Option<u64> {
        match (self.invocation().session, self.invocation().process) {
            (Some(session), _) => Some(session),
            (None, Process::Client(process)) => Some(process),
            (None, _) => None,
        }
    }

    /// Its place in the real-time order: the position of its invocation in the history.
    pub fn invoked_at(&self) -> usize {
        self.span.invocation
    }

    /// Its place in the real-time order: the position of its completion when its outcome is known;
    /// an operation of unknown fate never returns.
    pub fn returned_at(&self) -> Option<usize> {
        self.span.completion.filter(|_| self.fate() != Fate::Unknown)
    }

    /// Whether it belongs to the final reads.
    pub fn is_final(&self) -> bool {
        self.invocation().is_final
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
