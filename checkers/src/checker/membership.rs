//! Membership: nodes that gossip find out who is dead, and take nobody for it who is not.
//!
//! ```text
//! nemesis   kill n3 ├──────────────────────────────────────┤ started again
//! n1        n3 is up     n3 is suspect (n1)   n3 is down (n1, n2)     n3 is up, generation 5
//! n2        n3 is up                          n3 is down (n1, n2)     n3 is up, generation 5
//! ```
//!
//! Each node tells what it takes every member for, and when that changes; a start begins with what it says of itself.
//! Of a detector of failures Chandra and Toueg ("Unreliable failure detectors for reliable distributed systems", 1996)
//! ask for completeness, that the dead are suspected in the end, and for accuracy, that the living are not. Whoever is
//! cut off cannot know, so both are asked for only while nothing is wrong but that nodes are dead (`kill`,
//! `power-loss`), and only after the time that was declared ([`Context::detection_ns_max`]); without that, not at all.
//!
//! Always:
//!
//! - *too-few-accusers*: who is down is missed by two other nodes, or by the other one of two;
//! - *generation-regression*: a start raises the generation of a node, and nobody goes back to an earlier one;
//! - *stale-heartbeat*: of what was heard of a member only something newer makes it better, and nothing is older.
//!
//! Once nothing else has been wrong for the time declared, whoever runs
//!
//! - *undetected-failure*: takes the dead for down, where enough are left to miss them;
//! - *false-suspicion*: takes those that run for up;
//! - *divergent-views*: knows the generation under which they run.

use std::collections::BTreeSet;

use perjury_histories::History;

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::notes;
use crate::verdict::Verdict;

mod detection;
mod safety;

use detection::Detection;
use safety::Safety;

/// See the [module](self).
pub struct Membership;

impl Checker for Membership {
    fn name(&self) -> &'static str {
        "membership"
    }

    fn about(&self) -> &'static str {
        "Who is dead is soon down for all, on the word of two; nobody else is; no stale word of anybody counts."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history, context))
    }
}

/// Where there are as many, so many nodes must miss one before it is down.
const ACCUSERS_MIN: usize = 2;

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let nodes = nodes(history)?;
    if nodes.is_empty() {
        return Ok(Verdict::Unknown("no node told what it takes the others for".to_owned()));
    }
    let accusers_min = ACCUSERS_MIN.min(nodes.len() - 1);
    let mut safety = Safety::new(accusers_min);
    let mut detection = context.detection_ns_max.map(|limit| Detection::new(limit, accusers_min));
    let mut findings = Findings::default();
    for note in history.notes() {
        if let Some(detection) = &mut detection {
            findings.extend(detection.hear(note)?);
        }
        if note.function == "view" {
            let (by, view) = notes::view(note)?;
            findings.extend(safety.hear(by, view, note));
        }
    }
    if let (Some(detection), Some(end)) = (&mut detection, history.events().next_back()) {
        findings.extend(detection.pass(end)?);
    }
    Ok(findings.or_valid())
}

/// All nodes that told something.
fn nodes(history: &History) -> Result<BTreeSet<&str>, Undecided> {
    let views = history.notes().filter(|note| note.function == "view");
    views.map(|note| notes::view(note).map(|(by, _)| by)).collect()
}

#[cfg(test)]
mod tests;
