//! What the formats of transaction histories share: sessions of transactions, and nothing of time.
//!
//! Such a file says which session ran which transactions in which order, and what each read and wrote;
//! it does not say when. As a history, the first transactions of all sessions run at the same time,
//! then the second ones, and so on:
//!
//! ```text
//! session 0   ├─ first ─┤             ├─ second ─┤
//! session 1    ├─ first ─┤             ├─ second ─┤   ├─ third ─┤
//! ```
//!
//! Only the order within a session means anything: the rounds are a convention, that of the corpus.

use serde_json::Value;

use crate::{Event, History, Kind, Process};

/// The transactions of one client, in the order in which it ran them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Session {
    /// The number of its process; each session has its own.
    pub(super) process: u64,
    pub(super) transactions: Vec<Transaction>,
}

/// A transaction and how it ended.
#[derive(Debug, PartialEq)]
pub(super) struct Transaction {
    pub(super) kind: Kind,
    pub(super) steps: Vec<Step>,
}

/// A micro-operation of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) is_write: bool,
    pub(super) key: Value,
    /// What was written or read; null where a read found the initial value.
    pub(super) value: Value,
}

/// The history of these sessions, in rounds.
pub(super) fn history(sessions: &[Session]) -> History {
    let mut history = History::default();
    let mut index = 0;
    let mut push = |process: u64, kind: Kind, value: Value| {
        let event = Event { value, ..Event::new(index, Process::Client(process), kind, "txn") };
        history.push(event).expect("each session completes a transaction before it begins the next");
        index += 1;
    };
    let mut running: Vec<&Session> = sessions.iter().collect();
    for round in 0.. {
        running.retain(|session| round < session.transactions.len());
        if running.is_empty() {
            break;
        }
        for session in &running {
            push(session.process, Kind::Invoke, session.transactions[round].asked());
        }
        for session in &running {
            let transaction = &session.transactions[round];
            push(session.process, transaction.kind, transaction.told());
        }
    }
    history
}

impl Transaction {
    /// Its steps as it was invoked: what its reads will find is not known.
    fn asked(&self) -> Value {
        self.steps
            .iter()
            .map(|step| step.with(if step.is_write { &step.value } else { &Value::Null }))
            .collect()
    }

    /// Its steps as they ended.
    fn told(&self) -> Value {
        self.steps.iter().map(|step| step.with(&step.value)).collect()
    }
}

impl Step {
    fn with(&self, value: &Value) -> Value {
        let function = if self.is_write { "w" } else { "r" };
        Value::Array(vec![Value::from(function), self.key.clone(), value.clone()])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notation::print;

    fn transaction(kind: Kind, steps: &[(bool, Value)]) -> Transaction {
        let step = |(is_write, value): &(bool, Value)| Step {
            is_write: *is_write,
            key: json!("x"),
            value: value.clone(),
        };
        Transaction { kind, steps: steps.iter().map(step).collect() }
    }

    #[test]
    fn runs_the_sessions_in_rounds() {
        let write = |value| transaction(Kind::Ok, &[(true, json!(value))]);
        let sessions = [
            Session { process: 4, transactions: vec![write(1), write(2)] },
            Session { process: 7, transactions: vec![] },
            Session { process: 2, transactions: vec![write(3)] },
        ];
        assert_eq!(
            print(&history(&sessions)),
            r#"4:txn(_,[["w","x",1]])? 2:txn(_,[["w","x",3]])? 4:ok 2:ok 4:txn(_,[["w","x",2]])"#
        );
    }

    #[test]
    fn asks_for_reads_and_tells_what_they_found() {
        let steps = [(false, json!(1)), (true, json!(2)), (false, Value::Null)];
        for (kind, ending) in [(Kind::Ok, ""), (Kind::Fail, ":fail"), (Kind::Info, ":info")] {
            let sessions = [Session { process: 0, transactions: vec![transaction(kind, &steps)] }];
            let (asked, told) = (
                r#"[["r","x",null],["w","x",2],["r","x",null]]"#,
                r#"[["r","x",1],["w","x",2],["r","x",null]]"#,
            );
            assert_eq!(print(&history(&sessions)), format!("0:txn(_,{asked}){ending}={told}"));
        }
    }

    #[test]
    fn makes_an_empty_history_of_nothing() {
        assert_eq!(history(&[]), History::default());
    }
}
