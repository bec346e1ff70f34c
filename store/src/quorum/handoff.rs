//! Giving hints back to their owners.
//!
//! ```text
//! every handoff_ms   one hint ──► owner          it does not answer: nothing more until the next time
//!                    one hint ──► owner ──► Written: drop it; it answers, so many more at once
//! ```

use std::collections::BTreeMap;

use super::config::Config;
use super::coordinator::{Coordinator, later};
use super::effect::{Effect, Now};
use super::hints::Hints;
use super::message::{Message, NodeId, OperationId};
use super::outbox::Outbox;
use super::version::Version;

/// Hints that are under way to an owner that answers, at most.
const UNDER_WAY_MAX: usize = 32;

/// What is on its way back.
#[derive(Debug)]
pub struct Handoff {
    /// Failed hints are kept: the safeguard.
    kept_on_failure: bool,
    next_at: u64,
    attempts: BTreeMap<NodeId, Attempt>,
}

/// What one owner was sent since the last tick at which it was tried.
#[derive(Debug, Default)]
struct Attempt {
    under_way: BTreeMap<OperationId, (String, Version)>,
    last: Option<String>,
}

impl Handoff {
    /// Nothing is on its way.
    pub fn new(config: &Config) -> Handoff {
        let kept_on_failure = config.safeguards.hint_kept_on_failure;
        Handoff { kept_on_failure, next_at: 0, attempts: BTreeMap::new() }
    }

    /// Tries each owner with one hint when it is time.
    pub fn tick(
        &mut self,
        every_ms: u64,
        (hints, coordinator): (&mut Hints, &mut Coordinator),
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if now.monotonic < self.next_at {
            return;
        }
        self.next_at = later(now, every_ms);
        for (owner, attempt) in std::mem::take(&mut self.attempts) {
            for (key, version) in attempt.under_way.into_values() {
                if !self.kept_on_failure && hints.remove(owner, &key, version) {
                    out.push(Effect::Reached("hint-dropped-on-failure"));
                }
            }
        }
        for owner in hints.owners() {
            self.send(owner, 1, (hints, coordinator), out);
        }
    }

    /// An owner holds what it was sent: the hint is dropped, and more follow.
    pub fn on_written(
        &mut self,
        owner: NodeId,
        operation: OperationId,
        (hints, coordinator): (&mut Hints, &mut Coordinator),
        out: &mut Outbox<'_>,
    ) {
        let taken = self.attempts.get_mut(&owner).and_then(|attempt| attempt.under_way.remove(&operation));
        if let Some((key, version)) = taken {
            hints.hand_back(owner, key, version, out);
            self.send(owner, UNDER_WAY_MAX, (hints, coordinator), out);
        }
    }

    /// Sends the next hints, until so many are under way.
    fn send(
        &mut self,
        owner: NodeId,
        under_way_max: usize,
        (hints, coordinator): (&Hints, &mut Coordinator),
        out: &mut Outbox<'_>,
    ) {
        let Attempt { under_way, last } = self.attempts.entry(owner).or_default();
        while under_way.len() < under_way_max
            && let Some((key, entry)) = hints.next(owner, last.as_deref())
        {
            let (operation, key, entry) = (coordinator.number(), key.to_owned(), entry.clone());
            under_way.insert(operation, (key.clone(), entry.version));
            *last = Some(key.clone());
            out.send(owner, Message::Handoff { operation, key, entry });
        }
    }
}
