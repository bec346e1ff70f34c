//! For tests: sequential consistency by its definition, on all small histories.
//!
//! Every order of the operations that keeps the order of each session is tried, with nothing left out and
//! nothing remembered.

use perjury_histories::notation;

use super::Sequential;
use crate::checker::{Checker, Context};
use crate::observation;

/// An operation on a register that begins with 0.
#[derive(Clone, Copy, Debug)]
struct Op {
    session: usize,
    key: usize,
    observes: Option<usize>,
    writes: Option<usize>,
    is_optional: bool,
    /// Which of the writes of its key this is, where that is given.
    version: Option<usize>,
}

/// Whether some order of the rest explains it.
fn has_order(ops: &[Op], done: u32, registers: [usize; 2], versions: [usize; 2]) -> bool {
    let is_done = |op: usize| done & (1 << op) != 0;
    if (0..ops.len()).all(|op| is_done(op) || ops[op].is_optional) {
        return true;
    }
    (0..ops.len()).filter(|&op| !is_done(op)).any(|number| {
        let op = ops[number];
        let is_before = |other: usize| ops[other].session == op.session && !ops[other].is_optional;
        let is_in_turn = op.version.is_none_or(|version| op.writes.is_none() || version > versions[op.key]);
        if (0..number).any(|other| is_before(other) && !is_done(other))
            || op.observes.is_some_and(|value| value != registers[op.key])
            || !is_in_turn
        {
            return false;
        }
        let (mut registers, mut versions) = (registers, versions);
        if let Some(written) = op.writes {
            registers[op.key] = written;
            versions[op.key] = op.version.unwrap_or_default();
        }
        has_order(ops, done | (1 << number), registers, versions)
    })
}

fn text(ops: &[Op]) -> String {
    let term = |op: &Op| {
        let key = ["x", "y"][op.key];
        let call = match (op.observes, op.writes) {
            (Some(old), Some(new)) => format!("cas({key},[{old},{new}])"),
            (None, Some(new)) => format!("write({key},{new})"),
            (_, None) => format!("read({key})"),
        };
        let ending = if op.is_optional { ":info" } else { "" };
        let result = op.observes.filter(|_| op.writes.is_none()).map(|value| format!("={value}"));
        let version = op.version.filter(|version| *version > 0).map(|version| format!("@{version}"));
        format!("{}:{call}{ending}{}{}", op.session, result.unwrap_or_default(), version.unwrap_or_default())
    };
    ops.iter().map(term).collect::<Vec<_>>().join(" ")
}

/// Whether both agree; whether it holds.
fn agrees(ops: &[Op]) -> bool {
    let text = text(ops);
    let history = notation::parse(&text).expect("a history");
    let context = Context { initial: 0.into(), ..Context::default() };
    let verdict = Sequential.check(&history, &context);
    let holds = has_order(ops, 0, [0; 2], [0; 2]);
    assert_eq!(verdict.is_invalid(), !holds, "{text}: {verdict:?}");
    let is_told = observation::why_nothing(&history).is_none();
    assert!(verdict.is_valid() == holds || !is_told, "{text}: {verdict:?}");
    if let [anomaly] = verdict.anomalies() {
        let core = history.restrict(|event| anomaly.operations.contains(&event.index));
        let verdict = Sequential.check(&core, &context);
        assert!(verdict.is_invalid(), "{text}: {anomaly:?}: the core is no proof");
    }
    holds
}

/// All histories with these sessions, each operation one of these; how many, and how many hold.
fn all(sessions: &[usize], kinds: &[Op]) -> (usize, usize) {
    let (mut seen, mut hold) = (0, 0);
    for code in 0..kinds.len().pow(sessions.len() as u32) {
        let kind = |place: usize| kinds[code / kinds.len().pow(place as u32) % kinds.len()];
        let ops: Vec<Op> =
            sessions.iter().enumerate().map(|(place, &session)| Op { session, ..kind(place) }).collect();
        seen += 1;
        hold += usize::from(agrees(&ops));
    }
    (seen, hold)
}

fn op(key: usize, observes: Option<usize>, writes: Option<usize>) -> Op {
    Op { session: 0, key, observes, writes, is_optional: false, version: None }
}

fn kinds_of_one_key() -> Vec<Op> {
    let optional = |op: Op| Op { is_optional: true, ..op };
    let cas = |old, new| op(0, Some(old), Some(new));
    vec![
        op(0, None, Some(1)),
        op(0, None, Some(2)),
        optional(op(0, None, Some(1))),
        op(0, Some(0), None),
        op(0, Some(1), None),
        op(0, Some(2), None),
        cas(1, 2),
        cas(0, 1),
        optional(cas(1, 2)),
    ]
}

fn kinds_of_two_keys() -> Vec<Op> {
    let of = |key| [op(key, None, Some(1)), op(key, Some(0), None), op(key, Some(1), None)];
    of(0).into_iter().chain(of(1)).chain([op(0, None, Some(2)), op(0, Some(2), None)]).collect()
}

#[test]
fn agrees_with_the_definition_on_all_histories_of_four() {
    for sessions in [&[0, 0, 1, 1], &[0, 1, 1, 1], &[0, 1, 2, 2]] {
        for kinds in [kinds_of_one_key(), kinds_of_two_keys()] {
            let (seen, hold) = all(sessions, &kinds);
            assert!(hold > seen / 10 && hold < seen, "{hold} of {seen}");
        }
    }
}

#[test]
#[ignore = "minutes: all histories of five operations"]
fn agrees_with_the_definition_on_all_histories_of_five() {
    for sessions in [&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 1], &[0, 0, 1, 1, 2]] {
        all(sessions, &kinds_of_one_key());
        all(sessions, &kinds_of_two_keys());
    }
}

/// Longer histories at random, in which values are written again and choices must be taken back.
#[test]
fn agrees_with_the_definition_on_longer_histories() {
    let mut hold = 0;
    for seed in 0..4_000 {
        let mut random = crate::testing::Random(seed);
        let mut kinds = if seed % 2 == 0 { kinds_of_one_key() } else { kinds_of_two_keys() };
        kinds.extend([op(0, None, Some(0)), op(0, None, Some(1))]);
        let length = 5 + random.below(3);
        let ops = (0..length).map(|_| {
            let kind = kinds[random.below(kinds.len() as u64) as usize];
            Op { session: random.below(3) as usize, ..kind }
        });
        hold += u32::from(agrees(&ops.collect::<Vec<Op>>()));
    }
    assert!(hold > 400 && hold < 3_600, "{hold}");
}

/// All histories of four operations with versions: each write has one, each read that of what it returned.
#[test]
fn agrees_with_the_definition_along_versions() {
    let (mut seen, mut hold) = (0, 0);
    for sessions in [[0, 0, 1, 1], [0, 1, 1, 1], [0, 1, 2, 2]] {
        // Each operation: its key; a read, or a write; and a version from 0 (reads) or 1 (writes) to 3.
        for code in 0..14_usize.pow(4) {
            let op = |place: usize| {
                let kind = code / 14_usize.pow(place as u32) % 14;
                let (key, version) = (kind / 7, kind % 7);
                let (observes, writes, version) = match version {
                    0..4 => (Some(version), None, version),
                    _ => (None, Some(version - 3), version - 3),
                };
                Op {
                    session: sessions[place],
                    key,
                    observes,
                    writes,
                    is_optional: false,
                    version: Some(version),
                }
            };
            let ops: Vec<Op> = (0..4).map(op).collect();
            let is_written = |op: &Op| {
                ops.iter()
                    .filter(|other| other.key == op.key && other.writes == Some(op.version.unwrap_or(0)))
                    .count()
            };
            let is_proper = |op: &Op| op.version == Some(0) || is_written(op) == 1;
            if ops.iter().all(is_proper) {
                seen += 1;
                hold += usize::from(agrees(&ops));
            }
        }
    }
    assert!(seen > 2_000 && hold > seen / 10 && hold < seen, "{hold} of {seen}");
}
