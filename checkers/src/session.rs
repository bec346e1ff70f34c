//! What each session did earlier: the ground of the four session guarantees (Terry, Demers, Petersen,
//! Spreitzer, Theimer and Welch, "Session guarantees for weakly consistent replicated data", 1994).
//!
//! ```text
//! session 7   ├─ write 1 to x ─┤ ok, version 3      ├─ read x ─┤ ok, version 2
//!               earlier, at 3                          later, at 2: below
//! ```
//!
//! A session is what the history calls so, else a process. Within it one operation comes before another if
//! it returned before the other was invoked. Only operations that are ok count, and each key is judged by
//! itself: versions of different keys are not compared. Of everything earlier the highest is enough, since
//! what is not below that is below nothing.

use rustc_hash::FxHashMap;

use crate::access::{Access, Accesses, Position, Role};
use crate::findings::Findings;
use crate::verdict::{Anomaly, Verdict};

/// A guarantee of the form: when the session did an earlier access of this kind, a later one of that kind is
/// in such a place.
pub(crate) struct Rule<'r> {
    /// Which earlier accesses matter.
    pub earlier: Role,
    /// Which later accesses are judged.
    pub later: Role,
    /// What the later one owes to the earlier one.
    pub owed: Owed,
    /// The anomaly when it does not: from the earlier access, and the later one.
    pub anomaly: &'r dyn Fn(&Access<'_>, &Access<'_>) -> Anomaly,
}

/// What a later access owes to an earlier one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Owed {
    /// It is not below it.
    NotBelow,
    /// It is above it.
    Above,
}

impl Owed {
    fn is_broken(self, earlier: Position<'_>, later: Position<'_>) -> bool {
        match (self, earlier, later) {
            (Owed::Above, Position::At(earlier), Position::At(later)) => later <= earlier,
            _ => later.is_below(earlier),
        }
    }
}

/// The highest of a session's earlier accesses to a key, with its place as far as it is known.
type Highest<'s, 'a> = (Option<Position<'a>>, &'s Access<'a>);

/// Judges every later access against the highest earlier one of its session and key, and adds to what was
/// found already. Unknown when there were pairs to compare and not one of them could be, or no pairs and no
/// later access whose place is known either: then nothing was observed.
pub(crate) fn judge(accesses: &Accesses<'_>, rule: &Rule<'_>, mut findings: Findings) -> Verdict {
    let mut highest: FxHashMap<(u64, u32), Highest<'_, '_>> = FxHashMap::default();
    let (mut compared, mut pairs, mut placed) = (0_u64, 0_u64, 0_u64);
    for step in steps(accesses) {
        let (access, place) = (step.access, (step.session, step.access.register()));
        let position = accesses.position(access);
        if step.is_return {
            if access.role() == rule.earlier {
                let highest = highest.entry(place).or_insert((position, access));
                if highest.0 < position {
                    *highest = (position, access);
                }
            }
        } else if access.role() == rule.later {
            placed += u64::from(matches!(position, Some(Position::Initial | Position::At(_))));
            let Some((earlier_position, earlier)) = highest.get(&place) else { continue };
            pairs += 1;
            let Some((earlier_position, position)) = earlier_position.zip(position) else {
                continue;
            };
            compared += u64::from(earlier_position.is_comparable(position));
            if rule.owed.is_broken(earlier_position, position) {
                findings.push((rule.anomaly)(earlier, access));
            }
        }
    }
    findings.or(match (pairs, compared, placed) {
        (0, _, 0) => Verdict::Unknown(format!("no {} is ok and tells its version", rule.later.name())),
        (1.., 0, _) => {
            Verdict::Unknown("no pair of operations can be compared: the history has no versions".to_owned())
        }
        _ => Verdict::Valid(None),
    })
}

/// The beginning or the end of an access that is ok.
pub(crate) struct Step<'s, 'a> {
    pub access: &'s Access<'a>,
    pub session: u64,
    pub is_return: bool,
}

/// What happens at a position: nothing, or this to the access of that number.
#[derive(Clone, Copy, Default)]
enum Moment {
    #[default]
    Nothing,
    Begin(u32),
    End(u32),
    Both(u32),
}

/// The beginnings and ends of all accesses that are ok and have a session, in real-time order. A lone
/// completion begins and ends at once.
pub(crate) fn steps<'s, 'a>(accesses: &'s Accesses<'a>) -> impl Iterator<Item = Step<'s, 'a>> + use<'s, 'a> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut put = |position: usize, moment: Moment| {
        if moments.len() <= position {
            moments.resize(position + 1, Moment::Nothing);
        }
        moments[position] = moment;
    };
    for (number, access) in (0..).zip(accesses.iter()).filter(|(_, access)| access.is_ok()) {
        let operation = access.operation;
        match (operation.session(), operation.invoked_at(), operation.returned_at()) {
            (Some(_), begin, Some(end)) if begin == end => put(begin, Moment::Both(number)),
            (Some(_), begin, Some(end)) => {
                put(begin, Moment::Begin(number));
                put(end, Moment::End(number));
            }
            _ => {}
        }
    }
    let step = move |number: u32, is_return: bool| {
        let access = accesses.get(number);
        access.operation.session().map(|session| Step { access, session, is_return })
    };
    moments
        .into_iter()
        .flat_map(move |moment| match moment {
            Moment::Nothing => [None, None],
            Moment::Begin(number) => [step(number, false), None],
            Moment::End(number) => [step(number, true), None],
            Moment::Both(number) => [step(number, false), step(number, true)],
        })
        .flatten()
}
