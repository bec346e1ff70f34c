//! Fencing: a register that a lock guards never accepts an older token than it has accepted before.
//!
//! ```text
//! process 0  ├─ acquire l ─┤ ok, 5                                          ├─ write-fenced g [5, a] ─┤ ok    stale
//! process 1                    (the lock expires) ├─ acquire l ─┤ ok, 9  ├─ write-fenced g [9, b] ─┤ ok
//! ```
//!
//! A lock of a distributed system expires, so that two clients may hold it at once: one of them has paused, and does not
//! know (Kleppmann, "How to do distributed locking", 2016; Gray and Cheriton 1989 for leases). That is no anomaly, and is
//! only counted. What is promised is that the later holder's token is higher, and that what the lock guards refuses
//! lower ones:
//!
//! - a guarded register that accepted a token (`write-fenced` is ok, or a read shows it) accepts no lower one after that
//!   (else *stale-token*);
//! - of two acquires of one lock the later has the higher token (else *token-regression*), and no two have the same
//!   (else *duplicate-token*).
//!
//! ```text
//! function      key        argument          ok carries
//! acquire       lock       null              the token, an integer
//! release       lock       the token
//! write-fenced  register   [token, value]
//! read          register   null              [token, value], as it was written; null: never
//! ```
//!
//! Later is what has the higher version; where versions are not told, what began when the other had returned.

use perjury_histories::{Fate, History, KeyId, Operation, Value};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::numbers::integer;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

mod holders;
mod later;

use later::Told;

/// See the [module](self).
pub struct Fencing;

impl Checker for Fencing {
    fn name(&self) -> &'static str {
        "fencing"
    }

    fn about(&self) -> &'static str {
        "A guarded register never accepts an older token than it has accepted, and a lock's tokens rise."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history))
    }
}

/// How often locks were taken, and what guarded registers made of the tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Acquires that were ok.
    pub acquired: usize,
    /// Of these, those during which another client still thought that it held the lock: which is no anomaly.
    pub held_by_two: usize,
    /// Writes that guarded registers accepted.
    pub accepted: usize,
    /// Writes that they certainly refused, or that failed otherwise.
    pub refused: usize,
}

/// How often locks were taken, and what guarded registers made of the tokens; or why the history has none.
pub fn measure(history: &History) -> Result<Measures, String> {
    let objects = Objects::of(history)?;
    let is_ok = |operation: &Operation<'_>| operation.fate() == Fate::Ok;
    let writes = || history.operations().filter(|operation| operation.function() == "write-fenced");
    Ok(Measures {
        acquired: objects.locks.values().map(Vec::len).sum(),
        held_by_two: holders::count_overlaps(history),
        accepted: writes().filter(is_ok).count(),
        refused: writes().filter(|write| write.fate() == Fate::Fail).count(),
    })
}

fn judge(history: &History) -> Result<Verdict, Undecided> {
    let objects = Objects::of(history)?;
    let mut findings = Findings::default();
    for lock in objects.locks.values() {
        judge_lock(lock, &mut findings);
    }
    let mut is_shown = false;
    for register in objects.registers.values() {
        is_shown |= register.windows(2).any(|pair| pair[0].token != pair[1].token);
        findings.extend(later::lower(register).map(|(first, second)| stale(first, second)));
    }
    let unshown = "no guarded register was shown the tokens of two holders".to_owned();
    Ok(findings.or(if is_shown { Verdict::Valid(None) } else { Verdict::Unknown(unshown) }))
}

/// What showed a token, by key.
#[derive(Default)]
struct Objects<'a> {
    locks: FxHashMap<Option<KeyId>, Vec<Told<'a>>>,
    registers: FxHashMap<Option<KeyId>, Vec<Told<'a>>>,
}

impl<'a> Objects<'a> {
    /// Errs on what is no operation on a lock or a guarded register.
    fn of(history: &'a History) -> Result<Objects<'a>, Undecided> {
        let mut objects = Objects::default();
        for operation in history.operations() {
            let (event, function) = (operation.index(), operation.function());
            let malformed = |what: &str| format!("event {event}: {what}");
            let (of, token) = match (function, operation.fate()) {
                ("acquire" | "release" | "write-fenced" | "read", Fate::Unknown | Fate::Fail)
                | (_, Fate::Fail)
                | ("release", Fate::Ok) => continue,
                ("acquire", Fate::Ok) => {
                    let token = operation.result().and_then(integer);
                    (
                        &mut objects.locks,
                        token.ok_or_else(|| malformed("the token of a lock must be an integer"))?,
                    )
                }
                ("write-fenced", Fate::Ok) => {
                    let token = token_of(operation.argument());
                    (
                        &mut objects.registers,
                        token.ok_or_else(|| malformed("write-fenced writes [token, value]"))?,
                    )
                }
                ("read", Fate::Ok) => match operation.result() {
                    None | Some(Value::Null) => continue,
                    Some(seen) => {
                        let token = token_of(seen);
                        let token =
                            token.ok_or_else(|| malformed("a guarded register holds [token, value]"))?;
                        (&mut objects.registers, token)
                    }
                },
                (other, _) => {
                    return Err(malformed(&format!("{other} is no operation on a lock or what it guards")));
                }
            };
            of.entry(operation.key_id()).or_default().push(Told { operation, token });
        }
        Ok(objects)
    }
}

/// The token of `[token, value]`.
fn token_of(value: &Value) -> Option<i128> {
    match value.as_array()?.as_slice() {
        [token, _] => integer(token),
        _ => None,
    }
}

/// Tokens of one lock rise, and each is given once.
fn judge_lock(acquires: &[Told<'_>], findings: &mut Findings) {
    let mut given: FxHashMap<i128, Operation<'_>> = FxHashMap::default();
    for acquire in acquires {
        let first = *given.entry(acquire.token).or_insert(acquire.operation);
        if first.index() != acquire.operation.index() {
            let (one, other) = (words::deed(first), words::deed(acquire.operation));
            let explanation = format!("{one}, and {other} with the same token {}", acquire.token);
            findings.push(anomaly(AnomalyKind::DuplicateToken, [first, acquire.operation], explanation));
        }
    }
    findings.extend(later::lower(acquires).map(|(first, second)| {
        let explanation = format!(
            "{} with token {}; later {} with token {}, which is lower",
            words::deed(first.operation),
            first.token,
            words::deed(second.operation),
            second.token
        );
        anomaly(AnomalyKind::TokenRegression, [first.operation, second.operation], explanation)
    }));
}

fn stale(first: Told<'_>, second: Told<'_>) -> Anomaly {
    let explanation = format!(
        "{}: the register had accepted token {}; later {}: an older token, {}",
        words::deed(first.operation),
        first.token,
        words::deed(second.operation),
        second.token
    );
    anomaly(AnomalyKind::StaleToken, [first.operation, second.operation], explanation)
}

fn anomaly(kind: AnomalyKind, shown: [Operation<'_>; 2], explanation: String) -> Anomaly {
    let indices = shown.iter().map(|operation| operation.index());
    Anomaly::new(kind, shown[1].key(), indices, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::{DuplicateToken, StaleToken, TokenRegression};

    #[test]
    fn rejects_older_token_after_a_newer_one() {
        accepts(&Fencing, "0:write-fenced(g,[5,1]) 1:write-fenced(g,[9,2]) 1:read(g)=[9,2]");
        let why = rejects(&Fencing, "1:write-fenced(g,[9,2]) 0:write-fenced(g,[5,1])", StaleToken, &[0, 2]);
        assert!(why.contains("had accepted token 9; later") && why.ends_with("an older token, 5"), "{why}");
        accepts(&Fencing, "1:write-fenced(g,[9,2]) 0:write-fenced(g,[9,1]) 0:write-fenced(g,[10,3])");
        accepts(&Fencing, "1:write-fenced(g,[9,2]) 0:write-fenced(g,[5,1]):fail 1:write-fenced(g,[10,3])");
        accepts(&Fencing, "1:write-fenced(g,[9,2]) 0:write-fenced(g,[5,1]):info 1:write-fenced(g,[10,3])");
    }

    #[test]
    fn accepts_writes_at_the_same_time_in_either_order() {
        let text = |versions: [u8; 2]| {
            let [newer, older] = versions;
            format!("1:write-fenced(g,[9,2])? 0:write-fenced(g,[5,1])? 1:ok@{newer} 0:ok@{older}")
        };
        accepts(&Fencing, "1:write-fenced(g,[9,2])? 0:write-fenced(g,[5,1])? 1:ok 0:ok");
        accepts(&Fencing, &text([7, 6]));
        accepts(&Fencing, &text([7, 7]));
        rejects(&Fencing, &text([6, 7]), StaleToken, &[0, 1]);
    }

    #[test]
    fn keeps_registers_apart() {
        let text =
            |key| format!("0:write-fenced(g,[5,1]) 1:write-fenced(g,[9,2]) 0:write-fenced({key},[5,3])");
        accepts(&Fencing, &text("h"));
        rejects(&Fencing, &text("g"), StaleToken, &[2, 4]);
    }

    #[test]
    fn knows_by_a_read_what_was_accepted() {
        let text =
            |token| format!("1:write-fenced(g,[9,2]):info 2:read(g)=[9,2]@6 0:write-fenced(g,[{token},1])@7");
        accepts(&Fencing, &text(10));
        rejects(&Fencing, &text(5), StaleToken, &[2, 4]);
    }

    /// A read may be stale; but at a higher version no lower token may be seen.
    #[test]
    fn judges_what_reads_show_by_their_versions() {
        let text = |version: &str| {
            format!("0:write-fenced(g,[5,1])@6 1:write-fenced(g,[9,2])@7 2:read(g)=[5,1]{version}")
        };
        accepts(&Fencing, &text(""));
        accepts(&Fencing, &text("@6"));
        rejects(&Fencing, &text("@8"), StaleToken, &[2, 4]);
    }

    const SHOWN: &str = "0:write-fenced(g,[1,1]) 0:write-fenced(g,[2,1])";

    #[test]
    fn rejects_tokens_that_do_not_rise() {
        accepts(&Fencing, &format!("{SHOWN} 0:acquire(l)=5 1:acquire(l)=9"));
        let why =
            rejects(&Fencing, &format!("{SHOWN} 0:acquire(l)=9 1:acquire(l)=5"), TokenRegression, &[4, 6]);
        assert!(why.ends_with("with token 5, which is lower"), "{why}");
        accepts(&Fencing, &format!("{SHOWN} 0:acquire(l)=9 1:acquire(m)=5"));
        accepts(&Fencing, &format!("{SHOWN} 0:acquire(l)? 1:acquire(l)? 0:ok=9 1:ok=5"));
    }

    #[test]
    fn rejects_token_that_is_given_twice() {
        accepts(&Fencing, &format!("{SHOWN} 0:acquire(l)? 1:acquire(l)? 0:ok=5 1:ok=6"));
        rejects(
            &Fencing,
            &format!("{SHOWN} 0:acquire(l)? 1:acquire(l)? 0:ok=5 1:ok=5"),
            DuplicateToken,
            &[4, 5],
        );
    }

    #[test]
    fn counts_two_holders_and_accepts_them() {
        let text = |released: &str| format!("{SHOWN} 0:acquire(l)=5 {released} 1:acquire(l)=9");
        let measured = |text: &str| measure(&history(text)).expect("locks");
        accepts(&Fencing, &text(""));
        let Measures { acquired, held_by_two, accepted, refused } = measured(&text(""));
        assert_eq!((acquired, held_by_two, accepted, refused), (2, 1, 2, 0));
        assert_eq!(measured(&text("0:release(l,5)")).held_by_two, 0);
        assert_eq!(measured(&text("0:release(l,5):fail")).held_by_two, 1);
        assert_eq!(measured(&text("1:write-fenced(g,[1,1]):fail")).refused, 1);
    }

    #[test]
    fn is_unsure_of_what_shows_nothing() {
        is_unsure(&Fencing, "0:acquire(l)=5 1:acquire(l)=9");
        is_unsure(&Fencing, "0:write-fenced(g,[5,1]) 0:write-fenced(g,[5,2])");
        is_unsure(&Fencing, "0:write-fenced(g,[5,1]) 0:write-fenced(h,[6,2])");
        assert!(is_unsure(&Fencing, &format!("{SHOWN} 0:acquire(l)=true")).starts_with("event 4"));
        assert!(is_unsure(&Fencing, "0:write-fenced(g,7)").starts_with("event 0"));
        assert!(is_unsure(&Fencing, &format!("{SHOWN} 0:read(g)=7")).starts_with("event 4"));
        assert!(is_unsure(&Fencing, &format!("{SHOWN} 0:write(g,7)")).starts_with("event 4"));
    }
}
