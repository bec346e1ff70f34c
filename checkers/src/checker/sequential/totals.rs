//! What lists and counters must hold at each version: all changes up to it, and none after it.
//!
//! ```text
//! version    3           5           7
//!            append 1    append 2    append 3 (unknown)     read at 5: [1, 2]    read at 7: [1, 2, 3]
//!            add 1       add 10      add 100 (unknown)      read at 5: 11        read at 7: 111
//! ```
//!
//! An element of a list whose append is of unknown outcome may stand anywhere behind those of lower versions, as often as
//! it was appended. By how much a counter differs from the sum of its ok adds may change from read to read, each time by
//! the sum of some adds of unknown outcome that no earlier change needed (`shares`). So it comes out where the changes
//! of unknown outcome took effect that anybody saw, and they have their place in the order of all operations
//! (`versions`): after what their sessions had done before.

use std::collections::BTreeMap;

use perjury_histories::{Fate, Value, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use super::shares::{Shares, share};
use crate::access::{Access, Accesses, Act, Position};
use crate::model::list_append::elements;
use crate::numbers::integer;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// Where among the changes of a key one took effect: at a version, before the change that has it (below 0) or after it.
pub(super) type Place<'a> = (&'a Version, i64);

/// The places of changes of unknown outcome, by index.
pub(super) type Places<'a> = FxHashMap<u64, Place<'a>>;

/// What the changes of all lists and counters make.
pub(super) struct Totals<'a> {
    /// Reads that are wrong.
    pub wrong: Vec<Anomaly>,
    /// Changes of unknown outcome that took effect, if nothing is wrong: they explain all reads.
    pub places: Places<'a>,
    /// Whether no other changes of unknown outcome explain all reads, and not at other places.
    pub is_only: bool,
}

/// A list or counter: its changes, and what was read of it.
#[derive(Default)]
struct Object<'s, 'a> {
    /// Ok changes with their versions, in order.
    changes: Vec<Change<'s, 'a>>,
    unknown: Vec<&'s Access<'a>>,
    /// Ok reads with their versions, in order; none: before every change.
    reads: Vec<Read<'s, 'a>>,
}

type Change<'s, 'a> = (&'a Version, &'s Access<'a>);
type Read<'s, 'a> = (Option<&'a Version>, &'s Access<'a>);

/// Judges all of them; none if something is neither, or has no place, or if it takes too much work.
pub(super) fn judge<'a>(accesses: &Accesses<'a>, initial: &Value) -> Option<Totals<'a>> {
    let mut totals = Totals { wrong: Vec::new(), places: Places::default(), is_only: true };
    for object in objects(accesses)?.values() {
        let is = |function: &str| object.all().all(|change| change.operation.function() == function);
        match () {
            () if is("append") => object.judge_list(initial, &mut totals)?,
            () if is("add") => object.judge_counter(initial, &mut totals)?,
            () => return None,
        }
    }
    if !totals.wrong.is_empty() {
        (totals.places, totals.is_only) = (Places::default(), true);
    }
    Some(totals)
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
    fn steps(&self) -> impl Iterator<Item = (Read<'s, 'a>, &[Change<'s, 'a>])> {
        let mut done = 0;
        self.reads.iter().map(move |&(version, read)| {
            let due = self.changes.partition_point(|(change, _)| Some(*change) <= version);
            ((version, read), &self.changes[std::mem::replace(&mut done, due)..due])
        })
    }

    fn judge_list(&self, initial: &Value, totals: &mut Totals<'a>) -> Option<()> {
        let mut growth = Growth::of(self);
        let (mut held, mut last) = (elements(initial)?, None::<Read<'s, 'a>>);
        for ((version, read), appended) in self.steps() {
            let seen = elements(read.observed()?)?;
            let shown = last.map(|(_, read)| read);
            let is_shown_version = last.is_some_and(|(shown, _)| shown == version);
            let fault = match seen.strip_prefix(held) {
                None => Some(shown),
                Some([_, ..]) if is_shown_version => Some(shown),
                Some(fresh) => growth.grow(fresh, appended, version),
            };
            if let Some(other) = fault {
                totals.wrong.push(anomaly(read, other));
                // Whatever follows from this is no news.
                return Some(());
            }
            (held, last) = (seen, Some((version, read)));
        }
        totals.places.extend(growth.places);
        totals.is_only &= growth.is_only;
        Some(())
    }

    fn judge_counter(&self, initial: &Value, totals: &mut Totals<'a>) -> Option<()> {
        let unknown = self.unknown.iter().map(|add| amount(add)).collect::<Option<Vec<i128>>>()?;
        let (mut sum, mut beyond, mut last) = (number(initial)?, 0, None::<Read<'s, 'a>>);
        let mut needs: Vec<Need<'s, 'a>> = Vec::new();
        for ((version, read), added) in self.steps() {
            sum += added.iter().map(|(_, add)| amount(add)).sum::<Option<i128>>()?;
            let before = std::mem::replace(&mut beyond, number(read.observed()?)? - sum);
            if beyond != before {
                if let Some((_, shown)) = last.filter(|(shown, _)| *shown == version) {
                    totals.wrong.push(anomaly(read, Some(shown)));
                    return Some(());
                }
                needs.push(Need { version: version?, read, sum, beyond, amount: beyond - before });
            }
            last = Some((version, read));
        }
        let amounts: Vec<i128> = needs.iter().map(|need| need.amount).collect();
        match share(&unknown, &amounts)? {
            Err(place) => totals.wrong.push(out_of_place(&needs[place], &needs[..place], &unknown)),
            Ok(Shares { parts, is_only }) => {
                for (need, part) in needs.iter().zip(&parts) {
                    let adds =
                        (1..).zip(part).map(|(rank, &add)| (self.unknown[add].index(), (need.version, rank)));
                    totals.places.extend(adds);
                }
                totals.is_only &= is_only;
            }
        }
        Some(())
    }
}

/// How a list grows from read to read.
struct Growth<'s, 'a> {
    /// Appends of unknown outcome that no read has shown so far, by element, the first ones last.
    unshown: FxHashMap<&'a Value, Vec<&'s Access<'a>>>,
    /// Elements of which nobody can tell who appended them.
    ambiguous: FxHashSet<&'a Value>,
    places: Places<'a>,
    is_only: bool,
}

impl<'s, 'a> Growth<'s, 'a> {
    fn of(list: &Object<'s, 'a>) -> Growth<'s, 'a> {
        let mut unshown: FxHashMap<&Value, Vec<&Access<'_>>> = FxHashMap::default();
        for append in list.unknown.iter().rev() {
            unshown.entry(append.operation.argument()).or_default().push(append);
        }
        let ok = list.changes.iter().map(|(_, append)| append.operation.argument());
        let mut ambiguous: FxHashSet<&Value> = ok.filter(|element| unshown.contains_key(element)).collect();
        ambiguous
            .extend(unshown.iter().filter(|(_, appends)| appends.len() > 1).map(|(element, _)| *element));
        Growth { unshown, ambiguous, places: Places::default(), is_only: true }
    }

    /// Why a list cannot have grown by these elements up to this version: an append that must be among them, or nobody.
    /// None: it can.
    fn grow(
        &mut self,
        fresh: &[Value],
        appended: &[Change<'s, 'a>],
        version: Option<&'a Version>,
    ) -> Option<Option<&'s Access<'a>>> {
        let mut due = appended.iter().peekable();
        let mut unknown: Vec<u64> = Vec::new();
        for element in fresh {
            if let Some((version, _)) = due.next_if(|(_, append)| append.operation.argument() == element) {
                let before = (-(unknown.len() as i64)..).zip(unknown.drain(..));
                self.places.extend(before.map(|(rank, append)| (append, (*version, rank))));
            } else if let Some(append) = self.unshown.get_mut(element).and_then(Vec::pop) {
                self.is_only &= !self.ambiguous.contains(element);
                unknown.push(append.index());
            } else {
                return Some(due.next().map(|(_, append)| *append));
            }
        }
        self.places.extend((1..).zip(unknown).filter_map(|(rank, append)| Some((append, (version?, rank)))));
        due.next().map(|(_, append)| Some(*append))
    }
}

/// A read of a counter that needs adds of unknown outcome which those before it did not need.
struct Need<'s, 'a> {
    version: &'a Version,
    read: &'s Access<'a>,
    /// What the ok adds up to its version make.
    sum: i128,
    /// What is beyond that, and how much more than at the read before.
    beyond: i128,
    amount: i128,
}

fn number(value: &Value) -> Option<i128> {
    if value.is_null() { Some(0) } else { integer(value) }
}

fn amount(add: &Access<'_>) -> Option<i128> {
    integer(add.operation.argument())
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

/// Says why the last of these needs cannot be met: by itself, or with one before it, or with all of them.
fn out_of_place(last: &Need<'_, '_>, before: &[Need<'_, '_>], unknown: &[i128]) -> Anomaly {
    const TRIED_MAX: usize = 16;
    let is_never = |sums: &[i128]| matches!(share(unknown, sums), Some(Err(_)));
    let clashes = |other: &&Need<'_, '_>| is_never(&[other.beyond, last.beyond - other.beyond]);
    let others: Vec<&Need<'_, '_>> = match before.iter().rev().take(TRIED_MAX).find(clashes) {
        _ if is_never(&[last.beyond]) => Vec::new(),
        Some(other) => vec![other],
        None => before.iter().collect(),
    };
    let earlier = others.last().map(|other| {
        format!(" when, at an earlier version, {}", words::deed_and_event(other.read.operation))
    });
    let explanation = format!(
        "{}, but the adds up to that version make {}, and none of unknown outcome make the difference{}",
        words::deed_and_event(last.read.operation),
        last.sum,
        earlier.unwrap_or_default()
    );
    let shown = others.iter().map(|other| other.read.index()).chain([last.read.index()]);
    Anomaly::new(AnomalyKind::NotSequential, last.read.key, shown, explanation)
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
        rejects(&Sequential, &text("[1]@3"), NotSequential, &[0, 2, 4, 6]);
        let text = |last| format!("0:append(x,1)@3 1:read(x)=[1]@6 1:read(x)=[1]@{last}");
        accepts(&Sequential, &text(7));
        let why = rejects(&Sequential, &text(5), NotSequential, &[2, 4]);
        assert!(why.contains("which comes before a later version, as process 1 read [1]"), "{why}");
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

    #[test]
    fn rejects_element_of_unknown_outcome_read_twice() {
        let text = |seen| format!("0:append(x,1):info 1:read(x)={seen}");
        accepts(&Sequential, &text("[1]@5"));
        rejects(&Sequential, &text("[1,1]@5"), NotSequential, &[2]);
        let twice = |seen| format!("0:append(x,1):info 2:append(x,1):info 1:read(x)={seen}");
        accepts(&Sequential, &twice("[1,1]@5"));
        rejects(&Sequential, &twice("[1,1,1]@5"), NotSequential, &[4]);
    }

    #[test]
    fn rejects_session_that_reads_what_it_appends_later() {
        accepts(&Sequential, "0:read(x)=null 0:append(x,1):info 1:read(x)=[1]@5");
        accepts(&Sequential, "1:read(x)=[1]@5 0:append(x,1):info");
        rejects(&Sequential, "0:read(x)=[1]@5 0:append(x,1):info", NotSequential, &[0, 2]);
        let text = |seen| format!("0:append(x,2)@7 0:append(x,1):info 1:read(x)={seen}");
        accepts(&Sequential, &text("[2,1]@8"));
        rejects(&Sequential, &text("[1,2]@7"), NotSequential, &[0, 2]);
    }

    /// Which of two equal elements was appended when nobody can tell: then it is searched.
    #[test]
    fn accepts_another_append_of_what_a_session_appends_later() {
        accepts(&Sequential, "0:read(x)=[1]@5 0:append(x,1):info 2:append(x,1):info");
        accepts(&Sequential, "0:read(x)=1@5 0:add(x,1):info 2:add(x,1):info");
        let searched = "0:append(x,1):info 2:append(x,1):info";
        let lone = |last| format!("0:read(x)=[1]@5 {searched} 3:append(x,2)@6 1:read(x)={last}");
        accepts(&Sequential, &lone("[1,2]@6"));
        assert!(Sequential.check(&history(&lone("[2,1]@6")), &Context::default()).is_invalid());
    }

    #[test]
    fn rejects_counter_that_takes_back_an_add_of_unknown_outcome() {
        let text = |last| format!("0:add(x,1):info 2:add(x,10):info 1:read(x)=1@5 1:read(x)={last}");
        accepts(&Sequential, &text("11@7"));
        accepts(&Sequential, &text("1@7"));
        let why = rejects(&Sequential, &text("10@7"), NotSequential, &[4, 6]);
        assert!(why.contains("process 1 read 1 of key x (version 5) (event 4)"), "{why}");
    }

    #[test]
    fn rejects_session_that_counts_what_it_adds_later() {
        let text = |process| format!("0:read(x)=1@5 {process}:add(x,1):info 1:add(x,10)@7 1:read(x)=11@7");
        accepts(&Sequential, &text(2));
        rejects(&Sequential, &text(0), NotSequential, &[0, 2]);
    }

    #[test]
    fn rejects_one_version_that_holds_two_values() {
        let text = |version| {
            format!(
                "0:append(x,1):info 1:read(x)=null 1:read(x)=[1]@{version} 2:append(x,2):info 3:read(x)=[1,2]@5"
            )
        };
        accepts(&Sequential, &text(4));
        rejects(&Sequential, &text(5), NotSequential, &[4, 8]);
        let text = |version| format!("0:add(x,1):info 2:add(x,10):info 1:read(x)=1@{version} 3:read(x)=11@5");
        accepts(&Sequential, &text(4));
        rejects(&Sequential, &text(5), NotSequential, &[4, 6]);
    }

    /// Two hundred, of which half took effect.
    #[test]
    fn decides_many_adds_of_unknown_outcome() {
        let adds: String =
            (0..200).map(|process| format!("{process}:add(x,{}):info ", 100_i64.pow(process % 4))).collect();
        let text = |last: i64| {
            let reads = (1..=25).map(|read| format!("999:read(x)={}@{read} ", read * 1_010_101));
            format!("{adds}{}999:read(x)={last}@26", reads.collect::<String>())
        };
        accepts(&Sequential, &text(25 * 1_010_101 + 25));
        rejects_many(&text(25 * 1_010_101 + 26));
    }

    #[track_caller]
    fn rejects_many(text: &str) {
        let verdict = Sequential.check(&history(text), &Context::default());
        assert_eq!(verdict.anomalies().len(), 1, "{verdict:?}");
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
