//! Each invariant gets pairs of stories, one accepted and one rejected, a single detail apart.

mod applied_index;
mod completeness;
mod current_term;
mod elections;
mod machines;
mod matching;
mod terms;

use std::collections::BTreeSet;

use super::{Broken, Invariants};
use crate::protocol::NodeId;
use crate::raft::fact::Fact;
use crate::raft::log::{Index, Position, Term};

const N1: NodeId = 0;
const N2: NodeId = 1;
const N3: NodeId = 2;

/// What nodes tell, in order.
type Story = Vec<(NodeId, Fact)>;

fn at(term: Term, index: Index) -> Position {
    Position { term, index }
}

fn started(term: Term, snapshot: Position, log: &[(Position, u64)]) -> Fact {
    Fact::Started { term, damaged: false, snapshot, log: log.to_vec() }
}

fn leads(term: Term) -> Fact {
    Fact::Leader { term }
}

/// An entry whose payload is that of its position.
fn appended(term: Term, index: Index) -> Fact {
    Fact::Appended { at: at(term, index), digest: digest(term, index) }
}

fn digest(term: Term, index: Index) -> u64 {
    term * 1_000 + index
}

fn committed(index: Index) -> Fact {
    Fact::Committed { index }
}

fn applied(term: Term, index: Index) -> Fact {
    Fact::Applied { at: at(term, index), digest: digest(term, index), outcome: 7 }
}

fn installed(term: Term, index: Index, keeps_tail: bool) -> Fact {
    Fact::Installed { at: at(term, index), keeps_tail }
}

/// Everything that a story breaks, where copies are synchronous or not.
fn all_broken(checks_completeness: bool, story: &[(NodeId, Fact)]) -> Vec<Broken> {
    let mut invariants = Invariants::new(checks_completeness);
    story.iter().flat_map(|(node, fact)| invariants.hear(*node, fact)).collect()
}

fn accepts(story: &[(NodeId, Fact)]) {
    assert_eq!(all_broken(true, story), vec![]);
}

/// The first thing that a story breaks. It breaks this, and nothing else.
fn rejects(invariant: &str, story: &[(NodeId, Fact)]) -> String {
    let broken = all_broken(true, story);
    let names: BTreeSet<&str> = broken.iter().map(|broken| broken.invariant).collect();
    assert_eq!(names, BTreeSet::from([invariant]), "{broken:?}");
    broken[0].what.clone()
}

/// `n1` leads term 1, and has committed and applied so many entries.
fn first_leader(entries: Index) -> Story {
    let mut story = vec![(N1, Fact::Term(1)), (N1, leads(1))];
    story.extend((1..=entries).map(|index| (N1, appended(1, index))));
    story.push((N1, committed(entries)));
    story.extend((1..=entries).map(|index| (N1, applied(1, index))));
    story
}

#[test]
fn counts_how_often_it_looked() {
    let mut invariants = Invariants::new(true);
    for (node, fact) in first_leader(3) {
        invariants.hear(node, &fact);
    }
    let counts: Vec<(&str, u64)> = invariants.counts().into_iter().collect();
    let expected = [
        ("leader-completeness", 2),
        ("log-matching", 3),
        ("monotonic-applied-index", 3),
        ("monotonic-term", 2),
        ("one-leader-per-term", 1),
        ("state-machine-safety", 3),
    ];
    assert_eq!(counts, expected);
}
