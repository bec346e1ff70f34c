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

/// What versions decide of lists and counters is what a search decides that does not look at them: whatever has
/// an order by versions has one, and what was made by an order is not called broken.
#[test]
fn agrees_with_the_search_on_lists_and_counters() {
    let lists = "append(x,1)@3 append(x,2)@5 append(x,1):info append(x,2):info read(x)=null read(x)=[1]@3 \
                 read(x)=[1]@4 read(x)=[2]@4 read(x)=[1,2]@5 read(x)=[2,1]@5 read(x)=[1,1]@5 read(x)=[1,2]@6";
    let counters = "add(x,1)@3 add(x,10)@5 add(x,1):info add(x,10):info read(x)=201@3 read(x)=201@4 \
                    read(x)=210@4 read(x)=211@5 read(x)=210@6 read(x)=202@6 read(x)=212@6 read(x)=200@2";
    agrees_with_the_search("list-append", "", lists);
    agrees_with_the_search("counter", "9:add(x,100)@1 9:add(x,100)@2 9:read(x)=200@2", counters);
}

fn agrees_with_the_search(model: &str, first: &str, kinds: &str) {
    let model = crate::linearizable::named(model).expect("a model");
    let kinds: Vec<&str> = kinds.split_whitespace().collect();
    let mut hold = 0;
    for seed in 0..6_000 {
        let mut random = crate::testing::Random(seed);
        let mut text = first.to_owned();
        for _ in 0..3 + random.below(3) {
            let (session, kind) = (random.below(3), kinds[random.below(kinds.len() as u64) as usize]);
            text.push_str(&format!(" {session}s{session}:{kind}"));
        }
        let text = with_processes(&text);
        let history = notation::parse(&text).expect("a history");
        let verdict = Sequential.check(&history, &Context::default());
        let searched = super::general::judge(&history, model, &Context::default()).expect("a verdict");
        assert!(!verdict.is_valid() || searched.is_valid(), "{text}: {verdict:?}, but {searched:?}");
        hold += u32::from(verdict.is_valid());
    }
    assert!(hold > 300 && hold < 5_000, "{hold}");
}

/// Gives each operation a process of its own: after an unknown outcome a process is not used again.
fn with_processes(text: &str) -> String {
    let terms = text.split_whitespace().enumerate();
    let renamed = terms.map(|(number, term)| match term.split_once('s') {
        Some((session, rest)) if session.len() == 1 && session != "9" => {
            format!("{}{rest}", format_args!("{number}s"))
        }
        _ => term.to_owned(),
    });
    renamed.collect::<Vec<String>>().join(" ")
}

/// Histories that were made by an order: none of them is invalid.
#[test]
fn accepts_what_an_order_of_changes_made() {
    for seed in 0..2_000 {
        for is_list in [true, false] {
            let text = made(&mut crate::testing::Random(seed), is_list);
            let verdict = Sequential.check(&notation::parse(&text).expect("a history"), &Context::default());
            assert!(verdict.is_valid(), "{text}: {verdict:?}");
        }
    }
}

/// Changes of one object, each with its version unless nobody was told of its outcome, and reads of what was there.
fn made(random: &mut crate::testing::Random, is_list: bool) -> String {
    let (mut list, mut sum, mut version) = (Vec::new(), 0, 1);
    let mut terms: Vec<String> = vec![["99:add(x,0)@1", "99:append(x,0)@1"][usize::from(is_list)].to_owned()];
    list.extend(is_list.then_some(0));
    for number in 1..4 + random.below(12) {
        let session = random.below(4);
        let amount = if is_list { number } else { 10_u64.pow(random.below(3) as u32) };
        let term = match random.below(3) {
            0 if is_list => format!("read(x)={list:?}@{version}"),
            0 => format!("read(x)={sum}@{version}"),
            change => {
                let (is_told, took_effect) = (change == 1, change == 1 || random.below(2) == 0);
                if took_effect {
                    (version, sum) = (version + 1, sum + amount);
                    list.push(amount);
                }
                let ending = if is_told { format!("@{version}") } else { ":info".to_owned() };
                format!("{}(x,{amount}){ending}", if is_list { "append" } else { "add" })
            }
        };
        terms.push(format!("{number}s{session}:{term}"));
    }
    let last = if is_list { format!("{list:?}") } else { sum.to_string() };
    terms.push(format!("98:read(x)={last}@{version}"));
    terms.join(" ")
}
