//! What lists and counters must hold at each version: all changes up to it, and none after it.
//!
//! ```text
//! version    3           5           7
//!            append 1    append 2    append 3 (unknown)     read at 5: [1, 2]    read at 7: [1, 2, 3]
//!            add 1       add 10      add 100 (unknown)      read at 5: 11        read at 7: 111
//! ```
//!
//! An element of a list whose append is of unknown outcome may stand anywhere behind those of lower versions. What a
//! counter holds beyond the ok adds must be the sum of some of those of unknown outcome. (That one choice of these
//! suits all reads is not asked for: linearizability of a counter does.)

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{Fate, Value, Version};
use rustc_hash::FxHashSet;

use crate::access::{Access, Accesses, Act, Position};
use crate::numbers::integer;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// Sums of adds of unknown outcome that are kept; of more, only the least and the greatest are looked at.
const SUMS_MAX: usize = 4_096;

/// A list or counter: its changes, and what was read of it.
#[derive(Default)]
struct Object<'s, 'a> {
    /// Ok changes with their versions, in order.
    changes: Vec<(&'a Version, &'s Access<'a>)>,
    unknown: Vec<&'s Access<'a>>,
    /// Ok reads with their versions, in order; none: before every change.
    reads: Vec<(Option<&'a Version>, &'s Access<'a>)>,
}

/// Reads that are wrong; none if something is neither, or has no place.
pub(super) fn wrong(accesses: &Accesses<'_>, initial: &Value) -> Option<Vec<Anomaly>> {
    let mut wrong = Vec::new();
    for object in objects(accesses)?.values() {
        let is = |function: &str| object.all().all(|change| change.operation.function() == function);
        match () {
            () if is("append") => object.judge_list(initial, &mut wrong)?,
            () if is("add") => object.judge_counter(initial, &mut wrong)?,
            () => return None,
        }
    }
    Some(wrong)
}

/// All of them, by register.
fn objects<'s, 'a>(accesses: &'s Accesses<'a>) -> Option<BTreeMap<u32, Object<'s, 'a>>> {
    let changes = || accesses.iter().filter(|access| access.act == Act::Change && access.is_possible());
    let changed: FxHashSet<u32> = changes().map(Access::register).collect();
    let mut objects: BTreeMap<u32, Object<'s, 'a>> = BTreeMap::new();
    for access in accesses.iter().filter(|access| changed.contains(&access.register())) {
        let object = objects.entry(access.register()).or_default();
        match (access.act, access.operation.fate()) {
            (Act::Change, Fate::Ok) => object.changes.push((access.operation.version()?, access)),
            (Act::Change, Fate::Unknown) => object.unknown.push(access),
            (Act::Read(_), Fate::Ok) => match accesses.position(access)? {
                Position::Initial => object.reads.push((None, access)),
                Position::At(version) => object.reads.push((Some(version), access)),
                Position::Somewhere => return None,
            },
            (Act::Change | Act::Read(_), _) => {}
            _ => return None,
        }
    }
    for object in objects.values_mut() {
        object.changes.sort_by_key(|(version, _)| *version);
        object.reads.sort_by_key(|(version, _)| *version);
    }
    Some(objects)
}

impl<'s, 'a> Object<'s, 'a> {
    fn all(&self) -> impl Iterator<Item = &'s Access<'a>> {
        self.changes.iter().map(|(_, change)| *change).chain(self.unknown.iter().copied())
    }

    /// Goes through the reads, each with the ok changes since the one before it.
    fn steps(&self) -> impl Iterator<Item = (&'s Access<'a>, &[(&'a Version, &'s Access<'a>)])> {
        let mut done = 0;
        self.reads.iter().map(move |(version, read)| {
            let due = self.changes.partition_point(|(change, _)| Some(*change) <= *version);
            (*read, &self.changes[std::mem::replace(&mut done, due)..due])
        })
    }

    fn judge_list(&self, initial: &Value, wrong: &mut Vec<Anomaly>) -> Option<()> {
        let unknown: FxHashSet<&Value> =
            self.unknown.iter().map(|append| append.operation.argument()).collect();
        let (mut held, mut shown) = (elements(initial)?, None);
        for (read, appended) in self.steps() {
            let seen = elements(read.observed()?)?;
            let fault = match seen.strip_prefix(held) {
                None => Some(shown),
                Some(fresh) => missing_or_odd(fresh, appended, &unknown),
            };
            if let Some(other) = fault {
                wrong.push(anomaly(read, other));
                // Whatever follows from this is no news.
                return Some(());
            }
            (held, shown) = (seen, Some(read));
        }
        Some(())
    }

    fn judge_counter(&self, initial: &Value, wrong: &mut Vec<Anomaly>) -> Option<()> {
        let number = |value: &Value| if value.is_null() { Some(0) } else { integer(value) };
        let amount = |add: &Access<'_>| integer(add.operation.argument());
        let mut sum = number(initial)?;
        let unknown = self.unknown.iter().map(|add| amount(add)).collect::<Option<Vec<i128>>>()?;
        let beyond = Sums::of(&unknown);
        for (read, added) in self.steps() {
            sum += added.iter().map(|(_, add)| amount(add)).sum::<Option<i128>>()?;
            if !beyond.contains(number(read.observed()?)? - sum) {
                wrong.push(out_of_place(read, sum));
                return Some(());
            }
        }
        Some(())
    }
}

/// The elements of a list; null is the empty one.
fn elements(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        value => value.as_array().map(Vec::as_slice),
    }
}

/// Why a list cannot have grown by these elements: an append that must be among them, or nobody. None: it can.
fn missing_or_odd<'s, 'a>(
    fresh: &[Value],
    appended: &[(&'a Version, &'s Access<'a>)],
    unknown: &FxHashSet<&Value>,
) -> Option<Option<&'s Access<'a>>> {
    let mut due = appended.iter().map(|(_, append)| *append).peekable();
    for element in fresh {
        let is_due = due.next_if(|append| append.operation.argument() == element).is_some();
        if !is_due && !unknown.contains(element) {
            return Some(due.next());
        }
    }
    due.next().map(Some)
}

/// What some of the adds of unknown outcome make together.
struct Sums {
    /// All sums, if there are not too many.
    all: Option<BTreeSet<i128>>,
    least: i128,
    greatest: i128,
}

impl Sums {
    fn of(amounts: &[i128]) -> Sums {
        let mut all = BTreeSet::from([0]);
        for amount in amounts {
            if all.len() > SUMS_MAX {
                break;
            }
            all.extend(all.iter().map(|sum| sum + amount).collect::<Vec<i128>>());
        }
        let all = Some(all).filter(|all| all.len() <= SUMS_MAX);
        let least = amounts.iter().map(|amount| (*amount).min(0)).sum();
        Sums { all, least, greatest: amounts.iter().map(|amount| (*amount).max(0)).sum() }
    }

    fn contains(&self, sum: i128) -> bool {
        let is_between = (self.least..=self.greatest).contains(&sum);
        is_between && self.all.as_ref().is_none_or(|all| all.contains(&sum))
    }
}

fn anomaly(read: &Access<'_>, other: Option<&Access<'_>>) -> Anomaly {
    let why = match other {
        Some(read) if read.is_read() => {
            format!("at an earlier version, or the same, {}", words::deed_and_event(read.operation))
        }
        Some(append) => format!("before that version {}", words::deed_and_event(append.operation)),
        None => "it does not hold what was appended up to that version, and nothing else".to_owned(),
    };
    let explanation = format!("{}, but {why}", words::deed_and_event(read.operation));
    let shown = [read].into_iter().chain(other).map(Access::index);
    Anomaly::new(AnomalyKind::NotSequential, read.key, shown, explanation)
}

fn out_of_place(read: &Access<'_>, sum: i128) -> Anomaly {
    let explanation = format!(
        "{}, but the adds up to that version make {sum}, and none of unknown outcome make the difference",
        words::deed_and_event(read.operation)
    );
    Anomaly::new(AnomalyKind::NotSequential, read.key, [read.index()], explanation)
}

#[cfg(test)]
mod tests {
    use super::AnomalyKind::NotSequential;
    use crate::checker::sequential::Sequential;
    use crate::checker::{Checker, Context};
    use crate::testing::*;

    #[test]
    fn rejects_list_that_lacks_an_element_of_its_version() {
        let text = |seen| format!("0:append(x,1)@3 0:append(x,2)@5 1:read(x)={seen}");
        accepts(&Sequential, &text("[1,2]@5"));
        accepts(&Sequential, &text("[1]@3"));
        let why = rejects(&Sequential, &text("[1]@5"), NotSequential, &[2, 4]);
        assert!(why.ends_with("but before that version process 0 appended 2 to key x (version 5) (event 2)"));
        rejects(&Sequential, &text("[2,1]@5"), NotSequential, &[0, 4]);
        rejects(&Sequential, &text("[1,2]@3"), NotSequential, &[4]);
        rejects(&Sequential, &text("[1,2,2]@5"), NotSequential, &[4]);
    }

    #[test]
    fn knows_elements_of_unknown_outcome_by_their_readers() {
        let text = |seen| format!("0:append(x,1)@3 0:append(x,2):info 1:read(x)=[1,2]@5 1:read(x)={seen}");
        accepts(&Sequential, &text("[1,2]@6"));
        rejects(&Sequential, &text("[1]@6"), NotSequential, &[4, 6]);
        rejects(&Sequential, &text("[1,3]@6"), NotSequential, &[4, 6]);
        rejects(&Sequential, &text("[1,2,3]@6"), NotSequential, &[6]);
    }

    /// Versions that only reads have shown are in order, too.
    #[test]
    fn rejects_session_that_goes_back_to_an_earlier_version() {
        let text = |last| {
            format!(
                "0:append(x,1):info 2:append(x,2):info 1:read(x)=[1,2]@5 1:read(x)={last} 3:read(x)=[1]@3"
            )
        };
        accepts(&Sequential, &text("[1,2]@5"));
        let why = rejects(&Sequential, &text("[1]@3"), NotSequential, &[4, 6]);
        assert!(why.contains("which comes before a later version, as process 1 read [1,2]"), "{why}");
    }

    #[test]
    fn rejects_lists_and_counters_that_see_each_other_in_opposite_orders() {
        let text =
            |last| format!("0:append(x,1)@1 0:read(y)=null 1:add(y,1)@1 1:read(x)={last} 2:read(y)=1@1");
        let two = |last| format!("{} 3:add(y,1)@2 2:read(y)=2@2", text(last));
        accepts(&Sequential, &two("[1]@1"));
        rejects(&Sequential, &two("null"), NotSequential, &[0, 2, 4, 6]);
    }

    #[test]
    fn accepts_stale_reads_of_another_session() {
        accepts(&Sequential, "0:append(x,1)@3 0:append(x,2)@5 1:read(x)=null 1:read(x)=[1]@3");
        accepts(&Sequential, "0:add(x,1)@3 0:add(x,2)@5 1:read(x)=null 1:read(x)=1@3 1:read(x)=3@5");
    }

    #[test]
    fn rejects_counter_that_does_not_hold_the_adds_of_its_version() {
        let text = |seen| format!("0:add(x,1)@3 0:add(x,10)@5 2:add(x,100):info 1:read(x)={seen}");
        for right in ["1@3", "101@4", "11@5", "111@5", "111@7"] {
            accepts(&Sequential, &text(right));
        }
        for wrong in ["11@3", "1@5", "12@5", "211@7"] {
            let why = rejects(&Sequential, &text(wrong), NotSequential, &[6]);
            assert!(why.contains("but the adds up to that version make"), "{why}");
        }
    }

    /// What has no versions is searched.
    #[test]
    fn searches_where_versions_are_missing() {
        let text = |last| format!("0:append(x,1) 0:append(x,2) 1:read(x)=[1] 1:read(x)={last}");
        accepts(&Sequential, &text("[1,2]"));
        assert!(Sequential.check(&history(&text("[2]")), &Context::default()).is_invalid());
        let text = |last| format!("0:add(x,1) 0:add(x,2) 1:read(x)=1 1:read(x)={last}");
        accepts(&Sequential, &text("3"));
        assert!(Sequential.check(&history(&text("2")), &Context::default()).is_invalid());
    }
}
