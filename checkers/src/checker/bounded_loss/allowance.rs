//! How many acknowledged elements may be lost, and when: for each fail-over, or as caches said.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::notes::{Note, What};

/// When acknowledged elements may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Chances {
    /// Another node led than in the term before, so often; as many as the bound says each time.
    FailOvers(u64),
    /// Caches that write behind started, so often; as many as each said.
    Starts(u64),
}

impl fmt::Display for Chances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, what) = match self {
            Chances::FailOvers(count) => (count, "fail-over"),
            Chances::Starts(count) => (count, "start"),
        };
        write!(f, "{count} {what}{}", if *count == 1 { "" } else { "s" })
    }
}

/// How many acknowledged elements may be lost.
pub(super) struct Allowance<'a> {
    /// Of those that this node acknowledged; none: of all.
    pub node: Option<&'a str>,
    /// So many.
    pub most: u64,
    /// When.
    pub chances: Chances,
}

impl<'a> Allowance<'a> {
    /// What each node that has a cache may lose, as it said when it started.
    pub(super) fn of_nodes(notes: &[Note<'a>], loss_max: u64) -> Vec<Allowance<'a>> {
        let mut said: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (node, most) in said_by(notes) {
            let (total, starts) = said.entry(node).or_default();
            (*total, *starts) = (*total + most.min(loss_max), *starts + 1);
        }
        let of_node =
            |(node, (most, starts))| Allowance { node: Some(node), most, chances: Chances::Starts(starts) };
        said.into_iter().map(of_node).collect()
    }

    /// What may be lost in all, where `loss_max` may be at once.
    pub(super) fn of_all(notes: &[Note<'a>], loss_max: u64) -> Allowance<'a> {
        let of_nodes = Allowance::of_nodes(notes, loss_max);
        if of_nodes.is_empty() {
            let fail_overs = fail_overs(notes);
            let most = loss_max.saturating_mul(fail_overs);
            return Allowance { node: None, most, chances: Chances::FailOvers(fail_overs) };
        }
        let most = of_nodes.iter().map(|allowance| allowance.most).sum();
        Allowance { node: None, most, chances: Chances::Starts(said_by(notes).count() as u64) }
    }
}

/// How many writes may be lost, as each node that has a cache said when it started.
fn said_by<'a, 'n>(notes: &'n [Note<'a>]) -> impl Iterator<Item = (&'a str, u64)> + use<'a, 'n> {
    notes.iter().filter_map(|note| match note.what {
        What::Lost { node, writes_max } => Some((node, writes_max)),
        _ => None,
    })
}

/// How many terms have another leader than the one before.
fn fail_overs(notes: &[Note<'_>]) -> u64 {
    let leaders = notes.iter().filter_map(|note| match note.what {
        What::Leader { node, term } => Some((term, node)),
        _ => None,
    });
    let mut leaders: Vec<(u64, &str)> = leaders.collect();
    if leaders.is_empty() {
        return 1;
    }
    leaders.sort_by_key(|(term, _)| *term);
    leaders.windows(2).filter(|pair| pair[0].1 != pair[1].1).count() as u64
}
