//! An event of a history, seen where it stands.

use serde_json::Value;

use crate::event::{Event, Key, Kind, Process, Version};

/// An event of a [`History`](crate::History): the fields of [`Event`], borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventRef<'a> {
    /// See [`Event::index`].
    pub index: u64,
    /// See [`Event::time`].
    pub time: Option<u64>,
    /// See [`Event::process`].
    pub process: Process,
    /// See [`Event::kind`].
    pub kind: Kind,
    /// See [`Event::function`].
    pub function: &'a str,
    /// See [`Event::value`].
    pub value: &'a Value,
    /// See [`Event::key`].
    pub key: Option<&'a Key>,
    /// See [`Event::node`].
    pub node: Option<&'a str>,
    /// See [`Event::error`].
    pub error: Option<&'a Value>,
    /// See [`Event::is_final`].
    pub is_final: bool,
    /// See [`Event::session`].
    pub session: Option<u64>,
    /// See [`Event::version`].
    pub version: Option<&'a Version>,
}

impl EventRef<'_> {
    /// The event on its own.
    pub fn to_event(self) -> Event {
        Event {
            index: self.index,
            time: self.time,
            process: self.process,
            kind: self.kind,
            function: self.function.to_owned(),
            value: self.value.clone(),
            key: self.key.cloned(),
            node: self.node.map(str::to_owned),
            error: self.error.cloned(),
            is_final: self.is_final,
            session: self.session,
            version: self.version.cloned(),
        }
    }
}

impl<'a> From<&'a Event> for EventRef<'a> {
    fn from(event: &'a Event) -> EventRef<'a> {
        EventRef {
            index: event.index,
            time: event.time,
            process: event.process,
            kind: event.kind,
            function: &event.function,
            value: &event.value,
            key: event.key.as_ref(),
            node: event.node.as_deref(),
            error: event.error.as_ref(),
            is_final: event.is_final,
            session: event.session,
            version: event.version.as_ref(),
        }
    }
}
