//! What is worth knowing of a run, but is neither a promise kept nor one broken.

use std::collections::BTreeMap;

use perjury_histories::{Fate, History, Key, Kind, Process, Version};

/// Facts about a history, in words.
pub fn facts(history: &History) -> Vec<String> {
    let shadowed = shadowed_writes(history);
    if shadowed == 0 {
        return Vec::new();
    }
    let (writes, were) = if shadowed == 1 { ("write", "was") } else { ("writes", "were") };
    vec![format!(
        "{shadowed} acknowledged {writes} {were} below one that had been acknowledged before {} began: a skewed \
         clock decided (last write wins)",
        if shadowed == 1 { "it" } else { "they" }
    )]
}

/// Acknowledged writes whose version is below that of a write of the same key that had returned
/// before they were invoked: nobody will ever read them, although they came later.
fn shadowed_writes(history: &History) -> usize {
    let mut highest: BTreeMap<&Key, &Version> = BTreeMap::new();
    let mut highest_at_invocation: BTreeMap<u64, Option<&Version>> = BTreeMap::new();
    let writes = |function: &str| matches!(function, "write" | "add" | "cas" | "delete");
    let open: BTreeMap<u64, u64> = history
        .operations()
        .filter(|operation| writes(operation.function()) && operation.fate() == Fate::Ok)
        .filter_map(|operation| Some((operation.completion()?.index, operation.index())))
        .collect();
    let mut shadowed = 0;
    for event in history.events() {
        let (Process::Client(_), Some(key)) = (event.process, event.key) else { continue };
        if !writes(event.function) {
            continue;
        }
        match (event.kind, event.version) {
            (Kind::Invoke, _) => {
                highest_at_invocation.insert(event.index, highest.get(key).copied());
            }
            (Kind::Ok, Some(version)) => {
                let before =
                    open.get(&event.index).and_then(|invocation| highest_at_invocation.get(invocation));
                shadowed += usize::from(before.copied().flatten().is_some_and(|before| version < before));
                let highest = highest.entry(key).or_insert(version);
                *highest = version.max(*highest);
            }
            _ => {}
        }
    }
    shadowed
}
