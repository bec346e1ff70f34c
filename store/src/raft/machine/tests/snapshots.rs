//! The machine as bytes.

use proptest::prelude::*;

use super::commands::log;
use super::*;

fn decode(bytes: &[u8]) -> Option<Machine> {
    Machine::decode(bytes, 3, Safeguards::default())
}

fn machine_of(log: &[(Position, Command)]) -> Machine {
    let mut machine = Machine::new(3, Safeguards::default());
    for (at, command) in log {
        machine.apply(*at, command);
    }
    machine
}

/// Uses a machine whose bytes may come from anywhere.
fn exercise(machine: Option<Machine>, log: &[(Position, Command)]) {
    if let Some(mut machine) = machine {
        machine.page(None);
        for (at, command) in log {
            machine.apply(*at, command);
        }
    }
}

proptest! {
    #[test]
    fn a_machine_survives_its_snapshot(log in log()) {
        let machine = machine_of(&log);
        prop_assert_eq!(decode(&machine.encode()), Some(machine));
    }

    #[test]
    fn a_snapshot_cut_anywhere_is_none(log in log()) {
        let bytes = machine_of(&log).encode();
        for cut in 0..bytes.len() {
            prop_assert_eq!(decode(&bytes[..cut]), None, "cut after {} bytes", cut);
        }
    }

    #[test]
    fn a_byte_changed_is_no_panic(log in log(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = machine_of(&log).encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        exercise(decode(&bytes), &log);
    }

    #[test]
    fn arbitrary_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), log in log()) {
        exercise(decode(&bytes), &log);
        exercise(decode(&[&[1], &bytes[..]].concat()), &log);
    }
}

#[test]
fn other_versions_and_trailing_bytes_are_none() {
    let mut bytes = machine_of(&[]).encode();
    assert!(decode(&bytes).is_some());
    bytes.push(0);
    assert_eq!(decode(&bytes), None);
    bytes.pop();
    bytes[0] = 2;
    assert_eq!(decode(&bytes), None);
}

#[test]
fn a_retry_is_recognised_after_the_snapshot() {
    let mut feed = Feed::new();
    let session = feed.open();
    feed.write(session, 1, &append("l", "a"));
    feed.machine = Machine::decode(&feed.machine.encode(), 100, Safeguards::default()).unwrap();
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-recognised"));
    assert_eq!(feed.held("l"), list(&["a"]));
}

#[test]
fn a_lock_still_ends_by_the_time_of_the_log_after_the_snapshot() {
    let mut feed = Feed::new();
    feed.change(lock("m", 500));
    feed.log_ms = 1_500;
    feed.change(put("k", "v"));
    feed.log_ms = 0;
    feed.machine = Machine::decode(&feed.machine.encode(), 100, Safeguards::default()).unwrap();
    assert_eq!(feed.change(lock("m", 300)), done(3));
}

#[test]
fn without_the_table_in_the_snapshot_a_retry_is_applied_again() {
    let safeguards = Safeguards { session_table_in_snapshot: false, ..Safeguards::default() };
    let mut feed = Feed::with(100, safeguards);
    let session = feed.open();
    feed.write(session, 1, &append("l", "a"));
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-recognised"));
    let bytes = feed.machine.encode();
    assert_eq!(decode(&bytes), None, "a machine that wants the table takes no snapshot without");
    feed.machine = Machine::decode(&bytes, 100, safeguards).unwrap();
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("sessions-not-in-snapshot"));
    assert_eq!(feed.held("l"), list(&["a", "a"]));
    assert_eq!(feed.write(session, 1, &append("l", "a")).reached, Some("retry-recognised"));
    assert_eq!(feed.write(session, 2, &append("l", "b")).reached, None);
    assert_eq!(feed.held("l"), list(&["a", "a", "b"]));
}
