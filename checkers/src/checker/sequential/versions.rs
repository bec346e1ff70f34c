//! Sequential consistency along versions, in linear time: four kinds of "must come before", and no cycle.
//!
//! ```text
//! session order     an operation ──► the next of its session
//! version order     a write      ──► the next write of its key
//! reads-from        a write      ──► a read of its version
//! from-read         a read       ──► the write after the version that it returned
//! ```
//!
//! Any order that keeps to all four explains every read, since nothing else is written between the write that
//! it returned and itself; and every order that does explain them keeps to all four.
//!
//! Lists and counters are changed instead of overwritten, and what they must hold at each version is judged by itself
//! (`totals`), which also tells where those of unknown outcome took effect that some read shows. A version of theirs that
//! no other change has is that of a change nobody can name, but it has its place in the order of versions, too.

use perjury_histories::{Fate, Key, Operation, Value, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use super::totals::{self, Place, Places};
use crate::access::{Access, Accesses, Act, Position};
use crate::findings::Findings;
use crate::relation::{Edge, Relation};
use crate::threads::{self, Threads};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// What is wrong; none where the place of some operation is not known, so that this cannot be the judge.
pub(super) fn judge(accesses: &Accesses<'_>, initial: &Value) -> Option<Findings> {
    let totals = totals::judge(accesses, initial)?;
    let mut order = VersionOrder::of(accesses, initial, &totals.places)?;
    let mut circle = order.circle();
    if circle.is_some() && !totals.is_only {
        // It may be that other changes of unknown outcome took effect. A circle without any is proof all the same.
        order = VersionOrder::of(accesses, initial, &Places::default())?;
        circle = order.circle();
        if circle.is_none() && order.mismatches.is_empty() {
            return None;
        }
    }
    let mut findings = Findings::default();
    findings.extend(totals.wrong);
    for &(read, write) in &order.mismatches {
        findings.push(mismatch(&order.nodes[read as usize], &order.nodes[write as usize]));
    }
    if let Some(circle) = circle {
        findings.push(circle);
        findings.stop();
    }
    Some(findings)
}

/// The operations that took effect, with the order of the writes of each key.
struct VersionOrder<'a> {
    nodes: Vec<Access<'a>>,
    /// How many changes took effect of which only the place is known: their numbers follow those of the nodes.
    unknown: usize,
    /// The writes of each key in the order of their places.
    keys: Vec<Vec<(Place<'a>, u32)>>,
    /// Reads-from and from-read.
    edges: Vec<Edge>,
    /// Reads of another value than was written at their version.
    mismatches: Vec<(u32, u32)>,
}

/// The key of each of `keys`.
type KeyNumbers<'a> = FxHashMap<Option<&'a Key>, usize>;

impl<'a> VersionOrder<'a> {
    fn of(accesses: &Accesses<'a>, initial: &Value, unknown: &Places<'a>) -> Option<VersionOrder<'a>> {
        let changed = accesses.iter().filter(|access| access.act == Act::Change);
        let changed: FxHashSet<u32> = changed.map(Access::register).collect();
        let versions_of_unknown = versions_of_unknown(accesses, &changed)?;
        let (nodes, keys, edges) = (Vec::new(), Vec::new(), Vec::new());
        let mut order = VersionOrder { nodes, unknown: 0, keys, edges, mismatches: Vec::new() };
        let mut numbers = KeyNumbers::default();
        for access in accesses.iter() {
            let place = match (access.operation.fate(), access.act) {
                (Fate::Ok, _) => access.operation.version().map(|version| (version, 0)),
                (_, Act::Change) => unknown.get(&access.index()).copied(),
                _ => versions_of_unknown.get(&access.index()).map(|version| (*version, 0)),
            };
            let happened = access.is_ok() || place.is_some();
            if happened && access.is_write() {
                let next = order.keys.len();
                let number = *numbers.entry(access.key).or_insert(next);
                if number == next {
                    order.keys.push(Vec::new());
                }
                order.keys[number].push((place?, order.nodes.len() as u32));
            }
            if happened {
                order.nodes.push(*access);
            }
        }
        order.place_unknown(&changed, &mut numbers);
        for key in &mut order.keys {
            key.sort_unstable();
            if key.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return None;
            }
        }
        order.place_reads(accesses, &numbers, initial)?;
        Some(order)
    }

    /// Gives every version that was read of a list or counter, and that no change is known to have, to a change without
    /// a name.
    fn place_unknown(&mut self, changed: &FxHashSet<u32>, numbers: &mut KeyNumbers<'a>) {
        let keys = self.keys.iter().enumerate();
        let versions = keys.flat_map(|(key, writes)| writes.iter().map(move |(place, _)| (key, place.0)));
        let mut known: FxHashSet<(usize, &Version)> = versions.collect();
        for read in self.nodes.iter().filter(|node| node.is_read() && changed.contains(&node.register())) {
            let Some(version) = read.operation.version() else { continue };
            let next = self.keys.len();
            let key = *numbers.entry(read.key).or_insert(next);
            if key == next {
                self.keys.push(Vec::new());
            }
            if known.insert((key, version)) {
                self.keys[key].push(((version, 0), (self.nodes.len() + self.unknown) as u32));
                self.unknown += 1;
            }
        }
    }

    /// The write or read of this number; none for a change without a name.
    fn node(&self, number: u32) -> Option<&Access<'a>> {
        self.nodes.get(number as usize)
    }

    /// Puts each read behind its write and before the next one. None: the place of a read is not known, or a
    /// compare-and-set does not follow the write that it observed.
    fn place_reads(
        &mut self,
        accesses: &Accesses<'a>,
        numbers: &KeyNumbers<'a>,
        initial: &Value,
    ) -> Option<()> {
        let none = Vec::new();
        let mut places = vec![0_usize; self.nodes.len() + self.unknown];
        for key in &self.keys {
            key.iter().enumerate().for_each(|(place, (_, write))| places[*write as usize] = place);
        }
        for (node, access) in (0..).zip(&self.nodes) {
            let key = numbers.get(&access.key).map_or(&none, |&number| &self.keys[number]);
            let next = match (access.act, accesses.position(access)) {
                (Act::Write(_) | Act::Change, _) => continue,
                (Act::Cas(old, _), _) => {
                    let before = places[node as usize].checked_sub(1).map(|before| key[before].1);
                    let found = before.map_or(Some(initial), |before| self.written(before));
                    (found == Some(old)).then_some(())?;
                    continue;
                }
                (Act::Read(_), Some(Position::Initial)) => 0,
                (Act::Read(value), Some(Position::At(version))) => {
                    let next = key.partition_point(|((other, _), _)| *other <= version);
                    let &((last, _), write) = key.get(next.checked_sub(1)?)?;
                    (last == version).then_some(())?;
                    self.edges.push(Edge { from: write, to: node, rank: 0 });
                    if self.written(write).is_some_and(|written| value != Some(written)) {
                        self.mismatches.push((node, write));
                    }
                    next
                }
                (Act::Read(_), _) => return None,
            };
            let next = key.get(next).map(|&(_, to)| Edge { from: node, to, rank: 0 });
            self.edges.extend(next);
        }
        Some(())
    }

    /// Why there is no order that keeps to all that must come before another.
    fn circle(&self) -> Option<Anomaly> {
        let operations: Vec<Operation<'_>> = self.nodes.iter().map(|node| node.operation).collect();
        let Threads { mut chains, mut edges } = Threads::of(&operations);
        chains.extend(self.keys.iter().map(|key| key.iter().map(|(_, write)| *write).collect()));
        edges.extend(self.edges.iter().copied());
        let relation = Relation::new(self.nodes.len() + self.unknown, &chains, &edges);
        let tangled = relation.order().err()?;
        relation.shortest_cycle(&tangled).map(|cycle| self.anomaly(&cycle))
    }

    /// What it wrote; a change writes nothing by itself.
    fn written(&self, write: u32) -> Option<&'a Value> {
        self.node(write)?.written()
    }

    fn anomaly(&self, cycle: &[u32]) -> Anomaly {
        // Of a change without a name, what comes before it and what comes after tell.
        let is_followed = |place: usize| self.node(cycle[(place + 1) % cycle.len()]).is_none();
        let known = (0..cycle.len()).filter_map(|place| Some((self.node(cycle[place])?, is_followed(place))));
        let known: Vec<(&Access<'a>, bool)> = known.collect();
        let mut told =
            known.first().map(|(first, _)| words::deed_and_event(first.operation)).unwrap_or_default();
        for ((before, is_followed), (after, _)) in known.iter().zip(known.iter().cycle().skip(1)) {
            let link = if threads::is_before(before.operation, after.operation) {
                "which its session had finished before"
            } else if *is_followed {
                "which comes before a later version, as"
            } else if after.is_read() {
                "which must come before a read of its version,"
            } else if before.is_read() {
                "which must come before what overwrote the version that it returned,"
            } else {
                "which comes before a later version,"
            };
            told.push_str(&format!("; {link} {}", words::deed_and_event(after.operation)));
        }
        let key = known.first().and_then(|(first, _)| first.key);
        let key = key.filter(|_| known.iter().all(|(other, _)| other.key == key));
        let sources = self.edges.iter().filter(|edge| cycle.contains(&edge.to));
        let sources = sources.filter_map(|edge| self.node(edge.from)).filter(|source| source.is_write());
        let indices = known.iter().map(|(node, _)| *node).chain(sources).map(Access::index);
        Anomaly::new(AnomalyKind::NotSequential, key, indices, format!("a circle: {told}"))
    }
}

/// Versions of writes of unknown outcome, as reads have seen them, by index. None: a version was read of which
/// nobody can tell who wrote it.
fn versions_of_unknown<'a>(
    accesses: &Accesses<'a>,
    changed: &FxHashSet<u32>,
) -> Option<FxHashMap<u64, &'a Version>> {
    let mut versions: FxHashMap<u64, &Version> = FxHashMap::default();
    let is_of_register = |read: &&Access<'_>| !changed.contains(&read.register());
    let reads = accesses.iter().filter(|access| access.is_read() && access.is_ok());
    for read in reads.filter(is_of_register) {
        let Some(version) = read.operation.version() else { continue };
        if accesses.at_version(read.key, version).next().is_some() {
            continue;
        }
        let is_unknown = |write: &&Access<'_>| write.operation.fate() == Fate::Unknown;
        let mut writers = accesses.writers(read.cell()).filter(is_unknown);
        let writer = writers.next().filter(|_| writers.next().is_none())?;
        if *versions.entry(writer.index()).or_insert(version) != version {
            return None;
        }
    }
    Some(versions)
}

fn mismatch(read: &Access<'_>, write: &Access<'_>) -> Anomaly {
    let explanation = format!(
        "{}, but at that version {}",
        words::deed_and_event(read.operation),
        words::deed_and_event(write.operation)
    );
    Anomaly::new(AnomalyKind::NotSequential, read.key, [read.index(), write.index()], explanation)
}
