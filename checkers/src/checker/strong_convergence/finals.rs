//! The final reads of a key.

use std::collections::BTreeSet;

use perjury_histories::{Operation, Value};

use super::log::{Accesses, Log, NOTHING, node};

/// What one node finally showed under a key.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub operation: Operation<'a>,
    pub node: &'a str,
    pub value: &'a Value,
}

/// What all nodes finally showed under the key of these accesses, in the order in which it was asked for. An
/// operation that reads all keys shows nothing under those that it did not find.
pub(super) fn shown<'a>(log: &Log<'a>, accesses: &Accesses<'a>) -> Vec<Shown<'a>> {
    let found = accesses.reads.iter().filter(|read| read.operation.is_final());
    let found = found.map(|read| (read.operation, read.value));
    let places: BTreeSet<usize> = found.clone().map(|(operation, _)| operation.invoked_at()).collect();
    let others = log.finals_of_all.iter().filter(|operation| !places.contains(&operation.invoked_at()));
    let all = found.chain(others.map(|operation| (*operation, &NOTHING)));
    let shown = all.filter_map(|(operation, value)| Some(Shown { operation, node: node(operation)?, value }));
    let mut shown: Vec<Shown<'a>> = shown.collect();
    shown.sort_by_key(|shown| shown.operation.invoked_at());
    shown
}
