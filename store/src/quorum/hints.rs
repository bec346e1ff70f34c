//! What a node keeps for home replicas that did not answer: hints.
//!
//! ```text
//! Hint: for n5, k, v8 ──► append ──► synced: kept; the coordinator is told      counts for n5
//! n5 holds v8         ──► append ──► dropped
//! ```
//!
//! A hint is no copy: nobody reads it, and no exchange compares it. It is as durable as a copy, and it is dropped only
//! when its owner holds it, or something newer. Where there is no room for one more, it is refused.
//!
//! Tables do not hold hints. So where the log before a table is removed, a hint that has lain in it for long is
//! appended once more, and the log [is needed](Hints::needed_from) from the oldest one on.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::config::Config;
use super::effect::{Effect, RecordNumber};
use super::message::{Entry, Message, NodeId, Refusal};
use super::outbox::Outbox;
use super::record::{HintChange, Logged, Record};
use super::replica::Waiter;
use super::version::Version;
use crate::{marker, point};

/// Records after which a hint is appended once more, where the log is to be removed behind it.
const RENEWED_AFTER: RecordNumber = 10_000;

/// A hint that is kept.
#[derive(Clone, Debug)]
struct Hint {
    entry: Entry,
    /// Where it stands in the log; 0: where replay found it.
    record: RecordNumber,
}

/// A hint that is in the log, but not yet durable.
#[derive(Debug)]
struct Pending {
    owner: NodeId,
    record: Record,
    waiter: Option<Waiter>,
}

/// The hints of one node: of each owner and key the newest.
///
/// - What is kept is durable (with the safeguard `hints_logged` on).
/// - There are at most `max`, those included that are not durable yet.
#[derive(Debug)]
pub struct Hints {
    kept: BTreeMap<(NodeId, String), Hint>,
    pending: BTreeMap<RecordNumber, Pending>,
    max: usize,
    logged: bool,
    /// The log is removed behind them.
    renewed: bool,
    /// The highest version that was ever kept.
    highest: Version,
}

impl Hints {
    /// No hints.
    pub fn new(config: &Config) -> Hints {
        Hints {
            kept: BTreeMap::new(),
            pending: BTreeMap::new(),
            max: config.hints_max,
            logged: config.safeguards.hints_logged,
            renewed: config.tables.is_some(),
            highest: Version::default(),
        }
    }

    /// The log says so, when the node starts.
    pub fn replay(&mut self, change: HintChange) {
        match change {
            HintChange::Kept { owner, record: Record { key, entry } } => self.hold(owner, key, entry, 0),
            HintChange::HandedBack { owner, key, version } => drop(self.remove(owner, &key, version)),
        }
    }

    /// The highest version that was ever kept.
    pub fn highest(&self) -> Version {
        self.highest
    }

    /// The home replicas that there are hints for.
    pub fn owners(&self) -> Vec<NodeId> {
        let mut owners: Vec<NodeId> = self.kept.keys().map(|(owner, _)| *owner).collect();
        owners.dedup();
        owners
    }

    /// The first hint for `owner` of a key after `after`.
    pub fn next(&self, owner: NodeId, after: Option<&str>) -> Option<(&str, &Entry)> {
        let from = after.map_or((owner, String::new()), |after| (owner, after.to_owned()));
        let (key, hint) = self.kept.range((Excluded(from), Unbounded)).next()?;
        (key.0 == owner).then_some((key.1.as_str(), &hint.entry))
    }

    /// Asked to keep an entry for `owner`: appends it, and acknowledges to `waiter` once it is durable.
    pub fn keep(&mut self, owner: NodeId, record: Record, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
        let kept = self.kept.get(&(owner, record.key.clone()));
        if kept.is_some_and(|hint| hint.entry.version >= record.entry.version) {
            return acknowledge(waiter, out);
        }
        let is_asked_again = |pending: &Pending| {
            (pending.owner, pending.waiter) == (owner, waiter) && pending.record == record
        };
        if self.pending.values().any(is_asked_again) {
            return;
        }
        let to_come = self.pending.values().filter(|pending| pending.waiter.is_some()).count();
        if kept.is_none() && self.kept.len() + to_come >= self.max {
            out.push(Effect::Reached(marker::HINTS_FULL.name));
            let why = format!("{} hints for other nodes are kept here already", self.max);
            return refuse(waiter, why, out);
        }
        if !self.logged {
            out.push(Effect::Reached("hint-not-logged"));
            self.hold(owner, record.key, record.entry, 0);
            out.push(Effect::Pass(&point::HINT_KEPT));
            return acknowledge(waiter, out);
        }
        self.append(owner, record, waiter, out);
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber, out: &mut Outbox<'_>) {
        while let Some(first) = self.pending.first_entry()
            && *first.key() <= through
        {
            let (number, Pending { owner, record, waiter }) = first.remove_entry();
            self.hold(owner, record.key, record.entry, number);
            out.push(Effect::Reached(marker::HINT_STORED.name));
            out.push(Effect::Pass(&point::HINT_KEPT));
            acknowledge(waiter, out);
        }
    }

    /// This record could not be appended: whoever waits for it is told.
    pub fn append_failed(&mut self, record: RecordNumber, reason: &str, out: &mut Outbox<'_>) {
        if let Some(Pending { waiter, .. }) = self.pending.remove(&record) {
            refuse(waiter, format!("the log takes no hints: {reason}"), out);
        }
    }

    /// Drops the hint for `owner` up to this version, if there is one: the owner holds that, or something newer.
    pub fn hand_back(&mut self, owner: NodeId, key: String, version: Version, out: &mut Outbox<'_>) {
        if self.remove(owner, &key, version) {
            out.push(Effect::Reached(marker::HINT_HANDED_BACK.name));
            out.push(Effect::Pass(&point::HANDED_BACK));
            out.append(Logged::Hints(HintChange::HandedBack { owner, key, version }));
        }
    }

    /// Forgets the hint for `owner` up to this version, if there is one. Returns whether there was.
    pub fn remove(&mut self, owner: NodeId, key: &str, version: Version) -> bool {
        let key = (owner, key.to_owned());
        let is_old = self.kept.get(&key).is_some_and(|hint| hint.entry.version <= version);
        is_old && self.kept.remove(&key).is_some()
    }

    /// The first record of the log that is needed for hints; `MAX`: none is.
    pub fn needed_from(&self) -> RecordNumber {
        self.kept.values().map(|hint| hint.record).min().unwrap_or(RecordNumber::MAX)
    }

    /// Appends those once more that stand far behind, where the log is to be removed.
    pub fn tick(&mut self, out: &mut Outbox<'_>) {
        if !self.renewed || !self.logged {
            return;
        }
        let is_old = |hint: &Hint| hint.record == 0 || hint.record + RENEWED_AFTER <= out.appended();
        let old = self.kept.iter().filter(|(_, hint)| is_old(hint));
        let old =
            old.map(|((owner, key), hint)| (*owner, Record { key: key.clone(), entry: hint.entry.clone() }));
        for (owner, record) in old.collect::<Vec<_>>() {
            let is_pending = |pending: &Pending| pending.owner == owner && pending.record == record;
            if !self.pending.values().any(is_pending) {
                self.append(owner, record, None, out);
            }
        }
    }

    fn append(&mut self, owner: NodeId, record: Record, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
        let number = out.append(Logged::Hints(HintChange::Kept { owner, record: record.clone() }));
        self.pending.insert(number, Pending { owner, record, waiter });
    }

    fn hold(&mut self, owner: NodeId, key: String, entry: Entry, record: RecordNumber) {
        self.highest = self.highest.max(entry.version);
        let kept = self.kept.entry((owner, key)).or_insert_with(|| Hint { entry: entry.clone(), record });
        if kept.entry.version <= entry.version {
            *kept = Hint { entry, record };
        }
    }
}

fn acknowledge(waiter: Option<Waiter>, out: &mut Outbox<'_>) {
    if let Some((to, operation)) = waiter {
        out.send(to, Message::Written { operation });
    }
}

fn refuse(waiter: Option<Waiter>, why: String, out: &mut Outbox<'_>) {
    if let Some((to, operation)) = waiter {
        out.send(to, Message::WriteRefused { operation, refusal: Refusal::Unavailable(why) });
    }
}
