//! Which reads at the end must show everything.

use perjury_histories::{EventRef, Fate, Operation};

/// Whether it is final, ok, and of the whole store. One that was asked of a node, or that a node answered, shows what
/// that node holds, and this may be old.
pub(crate) fn is_of_store(read: &Operation<'_>) -> bool {
    let names_node = |event: EventRef<'_>| event.node.is_some();
    let is_of_node = names_node(read.invocation()) || read.completion().is_some_and(names_node);
    read.is_final() && read.fate() == Fate::Ok && !is_of_node
}
