//! Clusters: what wrote a value, and all that observed it.

use super::Call;
use crate::linearizable::special::ids::Slots;
use crate::linearizable::special::{Answer, Operation};

/// No operation, no cluster.
pub(super) const NONE: u32 = u32::MAX;
/// The value was there at first.
const INITIAL: u32 = u32::MAX - 1;
/// The value was written more than once.
const SEVERAL: u32 = u32::MAX - 2;

/// The clusters of a history. Number 0 is that of the initial value, which nobody wrote.
pub(super) struct Clusters<'a> {
    operations: &'a [Operation<Call>],
    slots: Slots,
    /// For each slot of a value, who wrote it.
    writer_of: Vec<u32>,
    /// For each operation its cluster, or none if it had no effect.
    cluster_of: Vec<u32>,
    /// For each operation of unknown outcome that took effect, something that observed its value and took
    /// effect, too.
    observer_of: Vec<u32>,
    /// For each cluster, who wrote it.
    pub(super) writers: Vec<u32>,
    /// For each cluster the first return in it, plus one: 0 is before the history.
    pub(super) first_returns: Vec<u32>,
    /// For each cluster the last invocation in it, plus one.
    pub(super) last_invocations: Vec<u32>,
    /// For each cluster the one that a cas puts directly after it.
    pub(super) next: Vec<u32>,
    /// Whether a cas puts the cluster directly after another.
    pub(super) has_previous: Vec<bool>,
}

impl<'a> Clusters<'a> {
    /// The clusters of these operations, unless they already settle the question.
    pub(super) fn of(operations: &'a [Operation<Call>], initial: u32) -> Result<Clusters<'a>, Answer> {
        let values = operations.iter().flat_map(|operation| {
            operation.call.written().into_iter().chain(operation.call.observed()).chain([initial])
        });
        let slots = Slots::of(values.chain([initial]));
        let mut clusters = Clusters {
            operations,
            writer_of: vec![NONE; slots.len()],
            slots,
            cluster_of: vec![NONE; operations.len()],
            observer_of: vec![NONE; operations.len()],
            writers: vec![NONE],
            first_returns: vec![0],
            last_invocations: vec![0],
            next: Vec::new(),
            has_previous: Vec::new(),
        };
        clusters.find_writers(initial);
        clusters.find_effects()?;
        clusters.gather()?;
        clusters.join()?;
        Ok(clusters)
    }

    fn find_writers(&mut self, initial: u32) {
        let initial = self.slots.of_value(initial);
        self.writer_of[initial] = INITIAL;
        for (place, operation) in (0..).zip(self.operations) {
            if let Some(value) = operation.call.written() {
                let writer = &mut self.writer_of[self.slots.of_value(value)];
                *writer = if *writer == NONE { place } else { SEVERAL };
            }
        }
    }

    /// Who wrote what this operation observed.
    fn source(&self, place: u32) -> Option<u32> {
        let value = self.operations[place as usize].call.observed()?;
        Some(self.writer_of[self.slots.of_value(value)])
    }

    /// Finds what took effect; these operations get cluster 0 for now.
    fn find_effects(&mut self) -> Result<(), Answer> {
        for start in 0..self.operations.len() as u32 {
            if self.operations[start as usize].is_unknown() {
                continue;
            }
            self.cluster_of[start as usize] = 0;
            let mut place = start;
            // What it observed took effect, and so did what that observed.
            while let Some(source) = self.source(place) {
                match source {
                    NONE => return Err(Answer::Impossible(self.with_sources(vec![place]))),
                    SEVERAL => {
                        return Err(Answer::NotApplicable("a value that is observed was written twice"));
                    }
                    INITIAL => break,
                    writer if !self.operations[writer as usize].is_unknown() => break,
                    writer if self.cluster_of[writer as usize] == 0 => break,
                    writer => {
                        self.cluster_of[writer as usize] = 0;
                        self.observer_of[writer as usize] = place;
                        place = writer;
                    }
                }
            }
        }
        Ok(())
    }

    /// Numbers the clusters, and finds their two moments.
    fn gather(&mut self) -> Result<(), Answer> {
        for (place, operation) in (0..).zip(self.operations) {
            let cluster = &mut self.cluster_of[place as usize];
            if *cluster != NONE && operation.call.written().is_some() {
                *cluster = self.writers.len() as u32;
                self.writers.push(place);
                self.first_returns.push(operation.returned.saturating_add(1));
                self.last_invocations.push(operation.invoked + 1);
            }
        }
        for (place, operation) in (0..).zip(self.operations) {
            if self.cluster_of[place as usize] == NONE || operation.call.written().is_some() {
                continue;
            }
            let writer = self.source(place).filter(|writer| *writer != INITIAL);
            let cluster = writer.map_or(0, |writer| self.cluster_of[writer as usize]);
            self.cluster_of[place as usize] = cluster;
            if let Some(writer) = writer
                && operation.returned < self.operations[writer as usize].invoked
            {
                return Err(Answer::Impossible(self.with_sources(vec![place])));
            }
            let first_return = &mut self.first_returns[cluster as usize];
            *first_return = (*first_return).min(operation.returned + 1);
            let last_invocation = &mut self.last_invocations[cluster as usize];
            *last_invocation = (*last_invocation).max(operation.invoked + 1);
        }
        Ok(())
    }

    /// Finds which clusters stand directly after which.
    fn join(&mut self) -> Result<(), Answer> {
        self.next = vec![NONE; self.writers.len()];
        self.has_previous = vec![false; self.writers.len()];
        for cluster in 1..self.writers.len() {
            let Some(source) = self.source(self.writers[cluster]) else { continue };
            let previous = if source == INITIAL { 0 } else { self.cluster_of[source as usize] };
            let next = &mut self.next[previous as usize];
            if *next != NONE {
                let both = vec![self.writers[*next as usize], self.writers[cluster]];
                return Err(Answer::Impossible(self.with_sources(both)));
            }
            *next = cluster as u32;
            self.has_previous[cluster] = true;
        }
        Ok(())
    }

    /// These operations, and all that they depend on: what wrote the values that they observed, and what shows
    /// that those of unknown outcome took effect, and so on.
    pub(super) fn with_sources(&self, mut places: Vec<u32>) -> Vec<u32> {
        let mut is_in = vec![false; self.operations.len()];
        let mut looked_at = 0;
        while let Some(&place) = places.get(looked_at) {
            looked_at += 1;
            if !std::mem::replace(&mut is_in[place as usize], true) {
                let observer = Some(self.observer_of[place as usize]);
                places
                    .extend(self.source(place).into_iter().chain(observer).filter(|place| *place < SEVERAL));
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The operations that give this cluster its two moments.
    pub(super) fn extremes(&self, cluster: u32) -> Vec<u32> {
        let (first, last) = (self.first_returns[cluster as usize], self.last_invocations[cluster as usize]);
        let is_extreme = |place: &u32| {
            let operation = &self.operations[*place as usize];
            self.cluster_of[*place as usize] == cluster
                && (operation.returned.saturating_add(1) == first || operation.invoked + 1 == last)
        };
        (0..self.operations.len() as u32).filter(is_extreme).collect()
    }

    /// The operations with effect, by this order of their clusters; in each the write goes first, and what
    /// observed it follows by invocation.
    pub(super) fn operations_by(&self, order: &[u32]) -> Vec<u32> {
        let mut counts = vec![0_u32; order.len()];
        for &cluster in self.cluster_of.iter().filter(|cluster| **cluster != NONE) {
            counts[cluster as usize] += 1;
        }
        let mut places = vec![0_u32; order.len()];
        let mut count = 0;
        for &cluster in order {
            places[cluster as usize] = count;
            count += counts[cluster as usize];
        }
        let mut sequence = vec![NONE; count as usize];
        let mut put = |place: u32| {
            let next = &mut places[self.cluster_of[place as usize] as usize];
            sequence[*next as usize] = place;
            *next += 1;
        };
        self.writers.iter().skip(1).copied().for_each(&mut put);
        let is_observer = |place: &u32| {
            let call = self.operations[*place as usize].call;
            self.cluster_of[*place as usize] != NONE && call.written().is_none()
        };
        let mut observers: Vec<u32> = (0..self.operations.len() as u32).filter(is_observer).collect();
        observers.sort_by_key(|place| self.operations[*place as usize].invoked);
        observers.into_iter().for_each(put);
        sequence
    }
}
