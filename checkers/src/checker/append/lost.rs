//! Elements that are known, and gone: each once, by the first read that lacks it.
//!
//! ```text
//! version    3            5             5                         6
//!            append 1     append 2      read [1, 2]: all known    read [1]: lacks 2
//! ```

use perjury_histories::{Fate, Operation, Version};

use super::explain;
use super::list::List;
use crate::final_reads::is_of_store;
use crate::findings::Findings;

/// Judges final reads by what was known before they began, and reads with versions by what is known at these.
pub(super) fn judge(list: &List<'_>, findings: &mut Findings) {
    let mut is_lost = vec![false; list.elements.len()];
    let mut marks = Marks(vec![0; list.elements.len()]);
    judge_final_reads(list, &mut is_lost, &mut marks, findings);
    judge_versions(list, &mut is_lost, &mut marks, findings);
}

/// Who made an element known: none for one that was there from the beginning.
type Knower<'a> = Option<Operation<'a>>;

/// Marks the elements of one read at a time: with the place of that read, and one.
struct Marks(Vec<usize>);

impl Marks {
    fn set(&mut self, list: &List<'_>, read: usize) {
        for &element in &list.reads[read].elements {
            self.0[element as usize] = read + 1;
        }
    }

    fn is_in(&self, read: usize, element: usize) -> bool {
        self.0[element] == read + 1
    }
}

fn judge_final_reads(list: &List<'_>, is_lost: &mut [bool], marks: &mut Marks, findings: &mut Findings) {
    let finals: Vec<usize> =
        (0..list.reads.len()).filter(|&read| is_of_store(&list.reads[read].operation)).collect();
    if finals.is_empty() {
        return;
    }
    let known = known_by_time(list);
    for read in finals {
        marks.set(list, read);
        let began = list.reads[read].operation.invoked_at();
        for (element, known) in known.iter().enumerate() {
            let Some((since, knower)) = *known else { continue };
            // What was there from the beginning is known before the first event.
            if (since < began || knower.is_none()) && !marks.is_in(read, element) && !is_lost[element] {
                is_lost[element] = true;
                findings.push(explain::lost(list, element, knower, read));
            }
        }
    }
}

/// From which position on each element is known, and by whose end.
fn known_by_time<'a>(list: &List<'a>) -> Vec<Option<(usize, Knower<'a>)>> {
    let mut known: Vec<Option<(usize, Knower<'a>)>> = Vec::with_capacity(list.elements.len());
    for element in &list.elements {
        let ok = element.appends.iter().filter(|append| append.fate() == Fate::Ok);
        let first = ok.min_by_key(|append| append.returned_at());
        let first = first.and_then(|append| Some((append.returned_at()?, Some(*append))));
        known.push(if element.initial > 0 { Some((0, None)) } else { first });
    }
    for read in &list.reads {
        for &element in &read.elements {
            let known = &mut known[element as usize];
            if known.is_none_or(|(since, _)| since > read.ended()) {
                *known = Some((read.ended(), Some(read.operation)));
            }
        }
    }
    known
}

/// What happens at a version: appends first, then reads, of which those that hold more say what the others lack.
#[derive(Clone, Copy)]
enum Act {
    Append(usize),
    Read(usize),
}

fn judge_versions(list: &List<'_>, is_lost: &mut [bool], marks: &mut Marks, findings: &mut Findings) {
    let acts = acts(list);
    let mut is_known = vec![false; list.elements.len()];
    let mut known: Vec<(usize, Operation<'_>)> = Vec::new();
    for (_, act, operation) in acts {
        let read = match act {
            Act::Append(element) => {
                if !std::mem::replace(&mut is_known[element], true) {
                    known.push((element, operation));
                }
                continue;
            }
            Act::Read(read) => read,
        };
        marks.set(list, read);
        // What is missing is not looked for again: so this takes no longer than what the reads hold.
        known.retain(|&(element, knower)| {
            let is_there = marks.is_in(read, element);
            if !is_there && !std::mem::replace(&mut is_lost[element], true) {
                findings.push(explain::lost(list, element, Some(knower), read));
            }
            is_there
        });
        for &element in &list.reads[read].elements {
            if !std::mem::replace(&mut is_known[element as usize], true) {
                known.push((element as usize, operation));
            }
        }
    }
}

/// All ok operations with a version, in its order.
fn acts<'a>(list: &List<'a>) -> Vec<(&'a Version, Act, Operation<'a>)> {
    let appends = list.elements.iter().enumerate().flat_map(|(element, appended)| {
        appended.appends.iter().map(move |append| (append.version(), Act::Append(element), *append))
    });
    let reads = list.reads.iter().enumerate();
    let reads = reads.map(|(place, read)| (read.operation.version(), Act::Read(place), read.operation));
    let acts = appends.chain(reads).filter_map(|(version, act, operation)| Some((version?, act, operation)));
    let mut acts: Vec<_> = acts.collect();
    acts.sort_by_key(|&(version, act, operation)| {
        let fewest = match act {
            Act::Append(_) => 0,
            Act::Read(read) => usize::MAX - list.reads[read].elements.len(),
        };
        (version, fewest, operation.invoked_at())
    });
    acts
}
