//! Elements that are known, and gone: each once, by the first read that lacks it.
//!
//! ```text
//! version    3            5             5                         6
//!            append 1     append 2      read [1, 2]: all known    read [1]: lacks 2
//! ```

use perjury_histories::{Fate, Operation, Version};

use super::explain;
use super::list::{Element, List};
use crate::final_reads::is_of_store;
use crate::findings::Findings;

/// Judges final reads by what was known before they began, and reads with versions by what is known at these.
pub(super) fn judge(list: &List<'_>, findings: &mut Findings) {
    let is_lost = vec![false; list.elements.len()];
    let mut missing = Missing { list, is_lost, marks: Marks(vec![0; list.elements.len()]), findings };
    judge_final_reads(list, &mut missing);
    judge_versions(list, &mut missing);
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

/// Finds what reads lack.
struct Missing<'l, 'a> {
    list: &'l List<'a>,
    is_lost: Vec<bool>,
    marks: Marks,
    findings: &'l mut Findings,
}

impl<'a> Missing<'_, 'a> {
    /// Reports those known elements that this read lacks, unless that was done before, and keeps the others. What is
    /// missing is not looked for again: so all reads together take no longer than what they hold.
    fn drop_from(&mut self, known: &mut Vec<(usize, Knower<'a>)>, read: usize) {
        self.marks.set(self.list, read);
        known.retain(|&(element, knower)| {
            let is_there = self.marks.is_in(read, element);
            if !is_there && !std::mem::replace(&mut self.is_lost[element], true) {
                self.findings.push(explain::lost(self.list, element, knower, read));
            }
            is_there
        });
    }
}

fn judge_final_reads<'a>(list: &List<'a>, missing: &mut Missing<'_, 'a>) {
    let finals: Vec<usize> =
        (0..list.reads.len()).filter(|&read| is_of_store(&list.reads[read].operation)).collect();
    if finals.is_empty() {
        return;
    }
    let mut to_come = known_by_time(list).into_iter().peekable();
    let mut known: Vec<(usize, Knower<'a>)> = Vec::new();
    for read in finals {
        let began = list.reads[read].operation.invoked_at();
        while let Some(next) = to_come.next_if(|next| next.since < Some(began)) {
            known.push((next.element, next.knower));
        }
        missing.drop_from(&mut known, read);
    }
}

/// From when on an element is known, and by whose end.
struct Known<'a> {
    element: usize,
    /// The position of that end; none, which is before all others: from the beginning.
    since: Option<usize>,
    knower: Knower<'a>,
}

/// When each element that is ever known is first known, in the order of these times.
fn known_by_time<'a>(list: &List<'a>) -> Vec<Known<'a>> {
    let mut first: Vec<Knower<'a>> = list.elements.iter().map(first_ok).collect();
    for read in &list.reads {
        for &element in &read.elements {
            let knower = &mut first[element as usize];
            if knower.is_none_or(|knower| knower.returned_at() > Some(read.ended())) {
                *knower = Some(read.operation);
            }
        }
    }
    let known = list.elements.iter().zip(first).enumerate().filter_map(|(element, (of, first))| {
        let knower = first.filter(|_| of.initial == 0);
        let is_known = of.initial > 0 || knower.is_some();
        is_known.then(|| Known { element, since: knower.and_then(|knower| knower.returned_at()), knower })
    });
    let mut known: Vec<Known<'a>> = known.collect();
    known.sort_by_key(|known| known.since);
    known
}

/// The append of this element that was the first to be ok.
fn first_ok<'a>(element: &Element<'a>) -> Option<Operation<'a>> {
    let ok = element.appends.iter().copied().filter(|append| append.fate() == Fate::Ok);
    ok.min_by_key(|append| append.returned_at())
}

/// What happens at a version: appends first, then reads, of which those that hold more say what the others lack.
#[derive(Clone, Copy)]
enum Act {
    Append(usize),
    Read(usize),
}

fn judge_versions<'a>(list: &List<'a>, missing: &mut Missing<'_, 'a>) {
    let mut is_known = vec![false; list.elements.len()];
    let mut known: Vec<(usize, Knower<'a>)> = Vec::new();
    for (_, act, operation) in acts(list) {
        let mut make_known = |element: usize, known: &mut Vec<(usize, Knower<'a>)>| {
            if !std::mem::replace(&mut is_known[element], true) {
                known.push((element, Some(operation)));
            }
        };
        match act {
            Act::Append(element) => make_known(element, &mut known),
            Act::Read(read) => {
                missing.drop_from(&mut known, read);
                for &element in &list.reads[read].elements {
                    make_known(element as usize, &mut known);
                }
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
