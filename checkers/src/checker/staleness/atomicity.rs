//! The least k for which a register is k-atomic: some order keeps real time and lets every read return one of
//! the last k writes (Aiyer, Alvisi, Bazzi 2005). Exact up to 2, above that bounds.
//!
//! ```text
//! from below   a read that is certainly v versions behind needs v + 1; if not 2-atomic, 3
//! from above   what one particular order needs: by first ends, or by begins, whichever needs less
//! ```

use crate::checker::staleness::behind::Behind;
use crate::checker::staleness::delta::Zones;
use crate::checker::staleness::register::{Cluster, Register};
use crate::checker::staleness::two_atomicity::{self, Item};

/// Bounds on the least k, and why it is more than 2 where that does not follow from one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub min: u64,
    pub max: u64,
    /// Clusters that are not 2-atomic.
    pub core: Vec<usize>,
}

/// The bounds of this register.
pub(super) fn bounds(register: &Register<'_>, zones: &Zones, behind: &[Behind]) -> Bounds {
    if zones.conflict(0).is_none() {
        return Bounds { min: 1, max: 1, core: Vec::new() };
    }
    let versions = behind.iter().map(|one| one.versions).max().unwrap_or(0);
    let clusters = &register.clusters;
    let mut bounds = Bounds { min: (1 + versions).max(2), max: upper(clusters).max(2), core: Vec::new() };
    if bounds.min == 2 && bounds.max > 2 {
        let items: Vec<Item> = clusters.iter().map(item).collect();
        match two_atomicity::verify(&items) {
            Ok(()) => bounds.max = 2,
            Err(shown) => {
                bounds.min = 3;
                bounds.core = two_atomicity::minimize(&items, shown);
            }
        }
    }
    bounds
}

/// For tests: whether this register is 2-atomic, by the algorithm alone.
#[cfg(test)]
pub(super) fn is_two_atomic(register: &Register<'_>) -> bool {
    two_atomicity::verify(&register.clusters.iter().map(item).collect::<Vec<_>>()).is_ok()
}

fn item(cluster: &Cluster<'_>) -> Item {
    let Cluster { begin, first_end, last_read_begin, .. } = *cluster;
    Item { begin, first_end, last_read_begin }
}

/// What the better of two orders needs, both of which keep real time.
fn upper(clusters: &[Cluster<'_>]) -> u64 {
    let mut by_end: Vec<usize> = (0..clusters.len()).collect();
    by_end.sort_by_key(|&cluster| (clusters[cluster].first_end, clusters[cluster].begin));
    let mut by_begin: Vec<usize> = (0..clusters.len()).collect();
    by_begin.sort_by_key(|&cluster| clusters[cluster].begin);
    needs(clusters, &by_end, &by_end).min(needs(clusters, &by_end, &by_begin))
}

/// The k that this order needs.
fn needs(clusters: &[Cluster<'_>], by_end: &[usize], order: &[usize]) -> u64 {
    let mut places = vec![0_usize; clusters.len()];
    order.iter().enumerate().for_each(|(place, &cluster)| places[cluster] = place);
    // Of the first clusters by end: the last place in the order.
    let mut last = 0;
    let last_of: Vec<usize> = by_end
        .iter()
        .map(|&cluster| {
            last = last.max(places[cluster]);
            last
        })
        .collect();
    let needs = clusters.iter().enumerate().map(|(number, cluster)| {
        let there = by_end.partition_point(|&other| clusters[other].first_end < cluster.last_read_begin);
        let last = there.checked_sub(1).map_or(0, |there| last_of[there]);
        (last + 1).saturating_sub(places[number])
    });
    needs.max().unwrap_or(1).max(1) as u64
}
