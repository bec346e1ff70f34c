//! A history event by event, with one lane a client: an open operation is a line in its lane.
//!
//! ```text
//!   index       time  0 1 2
//!       0    0.105 s  ┌ │      client 0 (process 0)  write x = 1
//!       1    0.110 s  │ └      client 1 (process 1)  read x = null, nothing
//!       2    0.115 s  │   ▼    partition halves starts: n1 n2 | n3 n4 n5
//!       3    0.120 s  └        client 0 (process 0)  write: ok (n2)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{EventRef, History, Kind, Process};

use super::evidence;
use super::words::{self, Versions};

/// More lanes than this are not drawn; their events still are.
const LANES_MAX: usize = 24;
/// Values are cut to this many characters.
const VALUE_CHARS_MAX: usize = 40;

/// Draws the events at these positions, which are in order. Operations that are open in between are
/// drawn as lines, whether or not their own events are among them.
pub fn draw(history: &History, shown: &[usize]) -> String {
    let lanes = Lanes::new(history, shown);
    let mut text = lanes.header();
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mut calls: BTreeMap<Process, EventRef<'_>> = BTreeMap::new();
    let mut shown = shown.iter().peekable();
    for (position, event) in history.events().enumerate() {
        let Some(&&next) = shown.peek() else { break };
        let is_shown = next == position;
        if is_shown {
            shown.next();
            text.push_str(&lanes.line(event, calls.get(&event.process).copied(), &open));
        }
        if let Some(lane) = lanes.of(event) {
            if event.kind == Kind::Invoke {
                open.insert(lane)
            } else {
                open.remove(&lane)
            };
        }
        match event.kind {
            Kind::Invoke => calls.insert(event.process, event),
            _ => calls.remove(&event.process),
        };
    }
    text
}

/// Who has which lane.
struct Lanes {
    by_client: BTreeMap<u64, usize>,
    width: usize,
}

impl Lanes {
    fn new(history: &History, shown: &[usize]) -> Lanes {
        let clients: BTreeSet<u64> =
            shown.iter().filter_map(|&position| client(history.at(position))).collect();
        let by_client: BTreeMap<u64, usize> =
            clients.iter().take(LANES_MAX).enumerate().map(|(lane, &client)| (client, lane)).collect();
        let width = by_client.keys().map(|client| client.to_string().len()).max().unwrap_or(1);
        Lanes { by_client, width }
    }

    fn of(&self, event: EventRef<'_>) -> Option<usize> {
        self.by_client.get(&client(event)?).copied()
    }

    fn header(&self) -> String {
        let names: Vec<String> =
            self.by_client.keys().map(|client| format!("{client:<w$}", w = self.width)).collect();
        format!("{:>7}  {:>11}  {}", "index", "time", names.join(" ")).trim_end().to_owned() + "\n"
    }

    fn line(&self, event: EventRef<'_>, call: Option<EventRef<'_>>, open: &BTreeSet<usize>) -> String {
        let own = self.of(event);
        let mark = match event.kind {
            Kind::Invoke => '┌',
            Kind::Ok => '└',
            Kind::Fail => '╳',
            Kind::Info => '?',
        };
        let cell = |lane: usize| match () {
            () if own == Some(lane) => mark,
            () if open.contains(&lane) => '│',
            () => ' ',
        };
        let cells: Vec<String> =
            (0..self.by_client.len()).map(|lane| format!("{:<w$}", cell(lane), w = self.width)).collect();
        let time = event.time.map(words::seconds).unwrap_or_default();
        let what = what(event, call);
        format!("{:>7}  {time:>11}  {}  {what}", event.index, cells.join(" ")).trim_end().to_owned() + "\n"
    }
}

/// The session behind an event, else its process.
fn client(event: EventRef<'_>) -> Option<u64> {
    match event.process {
        Process::Client(process) => Some(event.session.unwrap_or(process)),
        Process::Nemesis | Process::Unknown => None,
    }
}

fn what(event: EventRef<'_>, call: Option<EventRef<'_>>) -> String {
    let versions = Versions::default();
    if event.process == Process::Nemesis {
        let node = event.node.as_ref().map(|node| format!("{node} ")).unwrap_or_default();
        return format!("▶ {node}{}", evidence::note(event, None, &versions));
    }
    let who = match (event.session, event.process) {
        (Some(session), Process::Client(process)) if session != process => {
            format!("client {session} (process {process})")
        }
        _ => evidence::client(event),
    };
    let is_final = if event.is_final { " (final)" } else { "" };
    let words = match event.kind {
        Kind::Invoke => words::call(event.function, event.key, event.value, VALUE_CHARS_MAX),
        _ => {
            let key = event.key.or(call.and_then(|call| call.key));
            let key = key.map(|key| format!(" {key}")).unwrap_or_default();
            let ending = words::ending(event, call.map(|call| call.value), &versions, VALUE_CHARS_MAX);
            format!("{}{key}{ending}", event.function)
        }
    };
    format!("{who}  {words}{is_final}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;

    fn history() -> History {
        notation::parse(
            r#"0s1:write(x,1)? 1s2:read(x)? nemesis:partition(_,{"fault":"halves","state":"start","nodes":["n1"],"detail":"n1 | n2"})
               1:ok=null 0:info 2s1:read!(x)/n2=1@3"#,
        )
        .expect("a history")
    }

    #[test]
    fn draws_open_operations_as_lines() {
        let history = history();
        let all: Vec<usize> = (0..history.events().len()).collect();
        assert_eq!(
            draw(&history, &all),
            "  index         time  1 2
      0               ┌    client 1 (process 0)  write x = 1
      1               │ ┌  client 2 (process 1)  read x
      2               │ │  ▶ partition halves starts: n1 | n2
      3               │ └  client 2 (process 1)  read x = null, nothing
      4               ?    client 1 (process 0)  write x: unknown
      5               ┌    client 1 (process 2)  read x (final)
      6               └    client 1 (process 2)  read x = 1 (3, n2) (final)
"
        );
    }

    #[test]
    fn knows_what_was_open_before_the_window() {
        assert_eq!(
            draw(&history(), &[3]),
            "  index         time  2
      3               └  client 2 (process 1)  read x = null, nothing
"
        );
    }
}
