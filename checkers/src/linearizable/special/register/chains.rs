//! Chains: clusters joined by compare-and-set, and the order in which they can stand.

use super::clusters::{Clusters, NONE};
use crate::linearizable::special::Answer;

/// Clusters that stand directly one after the other.
struct Chain {
    /// The first of them.
    head: u32,
    /// The cluster with the first return, and that return.
    first_return: (u32, u32),
    /// The cluster with the last invocation, and that invocation.
    last_invocation: (u32, u32),
}

impl Chain {
    /// Where it stands among the others, if it can.
    fn key(&self) -> u32 {
        self.first_return.1.min(self.last_invocation.1)
    }
}

/// An order of the clusters that suits real time, or why there is none.
pub(super) fn order(clusters: &Clusters<'_>) -> Result<Vec<u32>, Answer> {
    let mut chains = Vec::new();
    for head in (0..clusters.writers.len() as u32).filter(|head| !clusters.has_previous[*head as usize]) {
        chains.push(follow(clusters, head)?);
    }
    chains.sort_by_key(Chain::key);
    let mut latest: Option<&Chain> = None;
    for chain in &chains {
        if let Some(earlier) = latest
            && chain.first_return.1 < earlier.last_invocation.1
        {
            let corners =
                [chain.first_return, chain.last_invocation, earlier.first_return, earlier.last_invocation];
            return Err(contradiction(clusters, &corners));
        }
        if latest.is_none_or(|latest| latest.last_invocation.1 < chain.last_invocation.1) {
            latest = Some(chain);
        }
    }
    let order: Vec<u32> = chains.iter().flat_map(|chain| members(clusters, chain.head)).collect();
    if order.len() < clusters.writers.len() {
        return Err(circle(clusters, &order));
    }
    Ok(order)
}

/// The clusters from this one on.
fn members<'a>(clusters: &'a Clusters<'_>, head: u32) -> impl Iterator<Item = u32> + 'a {
    std::iter::successors(Some(head), |cluster| {
        Some(clusters.next[*cluster as usize]).filter(|next| *next != NONE)
    })
}

/// The chain that begins with this cluster, unless real time forbids its order inside.
fn follow(clusters: &Clusters<'_>, head: u32) -> Result<Chain, Answer> {
    let first_return = |cluster: u32| (cluster, clusters.first_returns[cluster as usize]);
    let last_invocation = |cluster: u32| (cluster, clusters.last_invocations[cluster as usize]);
    let mut chain = Chain { head, first_return: first_return(head), last_invocation: last_invocation(head) };
    for cluster in members(clusters, head).skip(1) {
        let (returned, invoked) = (first_return(cluster), last_invocation(cluster));
        if returned.1 < chain.last_invocation.1 {
            return Err(contradiction(clusters, &[returned, chain.last_invocation]));
        }
        if returned.1 < chain.first_return.1 {
            chain.first_return = returned;
        }
        if invoked.1 > chain.last_invocation.1 {
            chain.last_invocation = invoked;
        }
    }
    Ok(chain)
}

/// The operations that give these clusters their moments, and all that they depend on.
fn contradiction(clusters: &Clusters<'_>, corners: &[(u32, u32)]) -> Answer {
    let mut corners: Vec<u32> = corners.iter().map(|corner| corner.0).collect();
    corners.sort_unstable();
    corners.dedup();
    let places = corners.into_iter().flat_map(|cluster| clusters.extremes(cluster)).collect();
    Answer::Impossible(clusters.with_sources(places))
}

/// A circle of compare-and-sets, among the clusters that are in no chain.
fn circle(clusters: &Clusters<'_>, chained: &[u32]) -> Answer {
    let mut is_chained = vec![false; clusters.writers.len()];
    chained.iter().for_each(|cluster| is_chained[*cluster as usize] = true);
    let member = (0..clusters.writers.len()).find(|cluster| !is_chained[*cluster]);
    let places = member.map(|cluster| clusters.writers[cluster]).into_iter().collect();
    Answer::Impossible(clusters.with_sources(places))
}
