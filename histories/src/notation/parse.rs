//! From text to history.

use serde_json::Value;

use super::cursor::{Cursor, Wrong};
use super::is_in_word;
use crate::{Error, Event, History, Kind, Process, Version};

/// The history that this text denotes (the [module](crate::notation) says how); an error names the
/// column, counted in characters.
pub fn parse(text: &str) -> Result<History, Error> {
    let mut cursor = Cursor { text, at: 0 };
    let mut draft = Draft::default();
    loop {
        cursor.skip_space();
        let start = cursor.at;
        if cursor.rest().is_empty() {
            return Ok(draft.history);
        }
        cursor
            .term(&mut draft)
            .and_then(|()| match cursor.rest().chars().next() {
                Some(char) if !char.is_whitespace() => Err(cursor.wrong(format!("unexpected {char:?}"))),
                _ => Ok(()),
            })
            .map_err(|wrong| wrong.at_place(text, start))?;
    }
}

/// The history so far.
#[derive(Default)]
struct Draft {
    history: History,
    /// The index of the next event.
    index: u64,
}

impl Draft {
    fn push(&mut self, mut event: Event) -> Result<(), Wrong> {
        event.index = self.index;
        self.history.push(event).map_err(|malformed| Wrong::term(malformed.to_string()))?;
        self.index = self.index.saturating_add(1);
        Ok(())
    }
}

/// How an operation ended.
struct Outcome {
    kind: Kind,
    node: Option<String>,
    value: Option<Value>,
    version: Option<Version>,
}

impl Outcome {
    /// What was an invocation, as its completion.
    fn of(self, mut event: Event) -> Event {
        event.kind = self.kind;
        event.node = self.node.or(event.node);
        event.value = self.value.unwrap_or(event.value);
        event.version = self.version;
        event
    }
}

impl Cursor<'_> {
    fn term(&mut self, draft: &mut Draft) -> Result<(), Wrong> {
        if self.take("#") {
            draft.index = self.number("an index")?;
            return Ok(());
        }
        if self.take("nemesis") {
            let mut note = self.call(Process::Nemesis, None)?;
            note.kind = Kind::Info;
            note.version = self.version()?;
            return draft.push(note);
        }
        let is_lone = self.take("..");
        let process = match self.take("?") {
            true => Process::Unknown,
            false => Process::Client(self.number("a process: a number, nemesis or ?")?),
        };
        let session = if self.take("s") { Some(self.number("a session")?) } else { None };
        if !is_lone && let Some(kind) = self.kind() {
            return self.completion(process, session, kind, draft);
        }
        let call = self.call(process, session)?;
        if is_lone || process == Process::Unknown {
            let kind = self.kind().unwrap_or(Kind::Ok);
            return draft.push(self.outcome(kind)?.of(call));
        }
        if self.take("?") {
            return draft.push(call);
        }
        let kind = self.kind().unwrap_or(Kind::Ok);
        let completion = self.outcome(kind)?.of(call.clone());
        draft.push(call)?;
        draft.push(completion)
    }

    /// The end of what this process has open.
    fn completion(
        &mut self,
        process: Process,
        session: Option<u64>,
        kind: Kind,
        draft: &mut Draft,
    ) -> Result<(), Wrong> {
        let node = self.node()?;
        let outcome = Outcome { node, ..self.outcome(kind)? };
        let Some(invocation) = draft.history.open(process) else {
            return Err(Wrong::term(format!("process {process} has nothing open")));
        };
        let mut completion = outcome.of(invocation.to_event());
        completion.session = session.or(completion.session);
        draft.push(completion)
    }

    /// `:ok`, `:fail` or `:info`, where no call follows.
    fn kind(&mut self) -> Option<Kind> {
        for kind in [Kind::Ok, Kind::Fail, Kind::Info] {
            let after = self.rest().strip_prefix(':')?.strip_prefix(&kind.to_string());
            if after.is_some_and(|after| {
                !after.starts_with(|next| is_in_word(next) || next == '(' || next == '!')
            }) {
                self.at += 1 + kind.to_string().len();
                return Some(kind);
            }
        }
        None
    }

    fn call(&mut self, process: Process, session: Option<u64>) -> Result<Event, Wrong> {
        self.expect(":", "':' and a function")?;
        let function = self.name("a function")?;
        let mut call = Event::new(0, process, Kind::Invoke, function);
        call.session = session;
        call.is_final = self.take("!");
        self.expect("(", "'('")?;
        self.skip_space();
        if !self.take(")") {
            call.key = self.key()?;
            self.skip_space();
            if self.take(",") {
                self.skip_space();
                call.value = self.value()?;
                self.skip_space();
            }
            self.expect(")", "')'")?;
        }
        call.node = self.node()?;
        Ok(call)
    }

    fn outcome(&mut self, kind: Kind) -> Result<Outcome, Wrong> {
        let value = if self.take("=") { Some(self.value()?) } else { None };
        let version = self.version()?;
        Ok(Outcome { kind, node: None, value, version })
    }

    fn node(&mut self) -> Result<Option<String>, Wrong> {
        if self.take("/") { self.name("a node").map(Some) } else { Ok(None) }
    }
}
