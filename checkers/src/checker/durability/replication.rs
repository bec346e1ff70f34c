//! Whether enough home replicas had acknowledged a write before it was answered with ok.
//!
//! ```text
//! nemesis        acknowledge x by n1
//! process 0  ├───────── write 1 to x ─────────┤ ok          under-replicated, if two must
//! ```

use std::collections::BTreeMap;

use perjury_histories::{Key, Version};
use rustc_hash::FxHashMap;

use crate::access::{Access, Accesses};
use crate::checker::Context;
use crate::findings::Findings;
use crate::notes::{self, Note, Placement, Stage, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// Judges every ok write that names its key and version. Answers what is to be said when none is at fault:
/// unknown, if acknowledgements are owed but none was ever noted, for such a store is not thereby at fault.
pub(super) fn judge(
    accesses: &Accesses<'_>,
    notes: &[Note<'_>],
    context: &Context,
    findings: &mut Findings,
) -> Verdict {
    let Some(min) = context.acknowledgements_min else {
        return Verdict::Valid(None);
    };
    if !notes.iter().any(|note| matches!(note.what, What::Acknowledge { .. })) {
        return Verdict::Unknown("no acknowledgement of a replica was noted".to_owned());
    }
    let placement = notes::placement(notes, Stage::Replayed);
    let mut notes = notes.iter().peekable();
    let mut acknowledged = Acknowledged::default();
    for (returned_at, write, key, version) in writes(accesses) {
        while let Some(note) = notes.next_if(|note| note.position < returned_at) {
            acknowledged.take(note);
        }
        let nodes = acknowledged.by(key, version, placement);
        if nodes.len() < min {
            findings.push(anomaly(write, &nodes, min));
        }
    }
    Verdict::Valid(None)
}

type Write<'s, 'a> = (usize, &'s Access<'a>, &'a Key, &'a Version);

/// The ok writes with a key and a version, in the order in which they returned.
fn writes<'s, 'a>(accesses: &'s Accesses<'a>) -> Vec<Write<'s, 'a>> {
    let writes = accesses.iter().filter(|access| access.is_write());
    let writes = writes.filter_map(|write| {
        Some((write.operation.returned_at()?, write, write.key?, write.operation.version()?))
    });
    let mut writes: Vec<Write<'s, 'a>> = writes.collect();
    writes.sort_by_key(|(returned_at, ..)| *returned_at);
    writes
}

/// The highest version that each node acknowledged of each key, so far.
#[derive(Default)]
struct Acknowledged<'a>(FxHashMap<&'a Key, BTreeMap<&'a str, &'a Version>>);

impl<'a> Acknowledged<'a> {
    fn take(&mut self, note: &Note<'a>) {
        if let What::Acknowledge { node, key, version } = note.what {
            let highest = self.0.entry(key).or_default().entry(node).or_insert(version);
            *highest = version.max(*highest);
        }
    }

    /// The home replicas that acknowledged this version or a higher one.
    fn by(&self, key: &Key, version: &Version, placement: Option<&Placement>) -> Vec<&'a str> {
        let homes = placement.and_then(|placement| placement.get(key));
        let is_home = |node: &str| homes.is_none_or(|homes| homes.contains(node));
        let nodes = self.0.get(key).into_iter().flatten();
        let nodes = nodes.filter(|(node, highest)| is_home(node) && version <= **highest);
        nodes.map(|(node, _)| *node).collect()
    }
}

fn anomaly(write: &Access<'_>, nodes: &[&str], min: usize) -> Anomaly {
    let by = match nodes {
        [] => "no home replica".to_owned(),
        nodes => format!("only {}", nodes.join(" and ")),
    };
    let deed = words::deed(write.operation);
    let explanation = format!("{deed}, but by then {by} had acknowledged it; {min} must");
    Anomaly::new(AnomalyKind::UnderReplicated, write.key, [write.index()], explanation)
}
