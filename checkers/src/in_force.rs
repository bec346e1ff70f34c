//! Which faults are in force, note after note of the nemesis.

use perjury_histories::{EventRef, Value};

/// A fault, and on which nodes.
pub(crate) struct Fault<'a> {
    pub name: &'a str,
    pub nodes: Vec<&'a str>,
    /// The index of the note with which it began.
    pub note: u64,
}

/// The faults in force.
#[derive(Default)]
pub(crate) struct InForce<'a>(Vec<Fault<'a>>);

impl<'a> InForce<'a> {
    /// Takes in what a note says; returns whether it says anything of faults. An end closes the first fault of the same
    /// name and nodes; `healed` closes all.
    pub fn hear(&mut self, note: EventRef<'a>) -> bool {
        match (note.function, note.value.get("state").and_then(Value::as_str)) {
            ("healed", _) => self.0.clear(),
            (_, Some("start")) => self.0.push(fault(note)),
            (_, Some("end")) => {
                let ended = fault(note);
                let is_it = |fault: &Fault<'_>| fault.name == ended.name && fault.nodes == ended.nodes;
                let place = self.0.iter().position(is_it);
                place.map(|place| self.0.swap_remove(place));
            }
            _ => return false,
        }
        true
    }

    /// These, in no order.
    pub fn faults(&self) -> &[Fault<'a>] {
        &self.0
    }
}

fn fault(note: EventRef<'_>) -> Fault<'_> {
    let nodes = note.value["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let name = note.value["fault"].as_str().unwrap_or_default();
    Fault { name, nodes: nodes.collect(), note: note.index }
}
