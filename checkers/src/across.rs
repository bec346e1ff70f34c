//! What a reader learns of one key by reading another: the session guarantees across keys.
//!
//! ```text
//! session 1   ├─ cause: x at 3 ─┤    ├─ effect: write y ─┤
//! session 2                                ├─ read y: that effect ─┤    ├─ read x ─┤ below 3: broken
//! ```
//!
//! The cause is something that session 1 did to x, and it had returned before the effect, a write of y by
//! the same session, was invoked. Whoever reads exactly that write of y, and afterwards reads x, must not see
//! x below the cause. A later write of y does not oblige: it may come from somebody who knew nothing. Versions
//! of x are compared only with versions of x. The effect need not be acknowledged, since it was seen. A
//! session that reads its own effect is not judged here, and knowledge is not passed on through third
//! sessions. Nothing forbids x and y to be the same key.
//!
//! A store in which every operation takes effect at one moment between invocation and return, in the order
//! of versions, can never be blamed: cause, effect, read of y and read of x take effect in this order.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::access::{Access, Accesses, Position, Role};
use crate::session;

/// Four operations that break a guarantee across keys.
pub(crate) struct Break<'s, 'a> {
    pub cause: &'s Access<'a>,
    pub effect: &'s Access<'a>,
    pub seen: &'s Access<'a>,
    pub read: &'s Access<'a>,
}

/// What one session did to one key: until each return, the highest.
type Past<'s, 'a> = Vec<(usize, Position<'a>, &'s Access<'a>)>;

/// What a reader knows of a session: its last effect that the reader saw, and in which read.
type Known<'s, 'a> = BTreeMap<u64, (&'s Access<'a>, &'s Access<'a>)>;

/// Every read below a cause of this role that its session should have known of.
pub(crate) fn breaks<'s, 'a>(accesses: &'s Accesses<'a>, role: Role) -> Vec<Break<'s, 'a>> {
    let causes = causes(accesses, role);
    let mut known: FxHashMap<u64, Known<'s, 'a>> = FxHashMap::default();
    let mut breaks = Vec::new();
    for step in session::steps(accesses).filter(|step| step.access.is_read()) {
        let read = step.access;
        let known = known.entry(step.session).or_default();
        if step.is_return {
            learn(accesses, step.session, read, known);
            continue;
        }
        let Some(position) = accesses.position(read) else {
            continue;
        };
        let broken = known.iter().find_map(|(session, &(effect, seen))| {
            let (owed, cause) =
                highest(causes.get(&(*session, read.register()))?, effect.operation.invoked_at())?;
            position.is_below(owed).then_some(Break { cause, effect, seen, read })
        });
        breaks.extend(broken);
    }
    breaks
}

/// A read teaches its session of the write that it returned.
fn learn<'s, 'a>(accesses: &'s Accesses<'a>, session: u64, read: &'s Access<'a>, known: &mut Known<'s, 'a>) {
    let Some(effect) = accesses.writer(read) else {
        return;
    };
    let Some(author) = effect.operation.session().filter(|author| *author != session) else {
        return;
    };
    let latest = known.entry(author).or_insert((effect, read));
    if latest.0.operation.invoked_at() < effect.operation.invoked_at() {
        *latest = (effect, read);
    }
}

fn causes<'s, 'a>(accesses: &'s Accesses<'a>, role: Role) -> FxHashMap<(u64, u32), Past<'s, 'a>> {
    let mut causes: FxHashMap<_, Past<'s, 'a>> = FxHashMap::default();
    for step in session::steps(accesses).filter(|step| step.is_return && step.access.role() == role) {
        let access = step.access;
        let returned_at = access.operation.returned_at();
        let Some((returned_at, position)) = returned_at.zip(accesses.position(access)) else {
            continue;
        };
        let past = causes.entry((step.session, access.register())).or_default();
        let highest = match past.last() {
            Some(&(_, highest, earlier)) if highest >= position => (returned_at, highest, earlier),
            _ => (returned_at, position, access),
        };
        past.push(highest);
    }
    causes
}

/// The highest of what had returned before this place in the history.
fn highest<'s, 'a>(past: &Past<'s, 'a>, before: usize) -> Option<(Position<'a>, &'s Access<'a>)> {
    let returned = past.partition_point(|(returned_at, ..)| *returned_at < before);
    let (_, position, access) = past.get(returned.checked_sub(1)?)?;
    Some((*position, access))
}
