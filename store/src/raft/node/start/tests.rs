use super::*;

fn config() -> Config {
    Config::new(0, ["n1", "n2", "n3"].map(str::to_owned).to_vec())
}

fn entry(term: Term, index: Index) -> Record {
    Record::Entry(Entry { at: Position { term, index }, payload: Payload::Noop })
}

fn snapshot(term: Term, index: Index) -> Option<(Index, Vec<u8>)> {
    let machine = Machine::new(10, config().safeguards);
    let members = Members { voters: [0, 1, 2].into(), ..Members::default() };
    Some((index, Snapshot::new(Position { term, index }, 0, members, &machine).encode()))
}

/// Start and end of the log, and whether damage was found.
fn replayed(snapshot: Option<(Index, Vec<u8>)>, records: Vec<Record>) -> (Index, Index, bool) {
    let replayed = Replayed::new(Start { snapshot, records, ..Start::default() }, &config());
    assert_eq!(replayed.log.durable(), replayed.log.last().index);
    (replayed.log.start().index, replayed.log.last().index, replayed.damaged)
}

#[test]
fn an_entry_cuts_off_what_stood_in_its_place_and_after() {
    let records = vec![entry(1, 1), entry(1, 2), entry(1, 3), entry(2, 2)];
    assert_eq!(replayed(None, records), (0, 2, false));
}

#[test]
fn entries_kept_beside_a_snapshot_cut_nothing_off() {
    // The power went when the second of three copies had been synced.
    let mut records: Vec<Record> = (1..=9).map(|index| entry(1, index)).collect();
    records.extend([Record::Vote { term: 1, voted_for: None }, entry(1, 7), entry(1, 8)]);
    assert_eq!(replayed(None, records.clone()), (0, 9, false));
    assert_eq!(replayed(snapshot(1, 8), records), (0, 9, false));
}

#[test]
fn a_log_goes_on_from_its_snapshot() {
    assert_eq!(replayed(snapshot(1, 8), vec![entry(1, 9), entry(1, 10)]), (8, 10, false));
    assert_eq!(replayed(snapshot(1, 8), vec![entry(1, 7), entry(1, 8), entry(1, 9)]), (7, 9, false));
    assert_eq!(replayed(snapshot(1, 8), vec![]), (8, 8, false));
}

#[test]
fn an_installed_snapshot_replaces_another_log() {
    assert_eq!(replayed(snapshot(3, 8), vec![entry(1, 1), entry(1, 2)]), (8, 8, false), "it ended before");
    let other: Vec<Record> = (1..=9).map(|index| entry(2, index)).collect();
    assert_eq!(replayed(snapshot(3, 8), other.clone()), (8, 8, false), "it went another way");
    // Older segments are gone but for some that were not removed yet.
    let rest = [other[..3].to_vec(), vec![entry(3, 9), entry(3, 10)]].concat();
    assert_eq!(replayed(snapshot(3, 8), rest), (8, 10, false));
}

#[test]
fn a_gap_that_no_snapshot_explains_is_damage() {
    assert_eq!(replayed(None, vec![entry(1, 5)]), (0, 0, true));
    assert_eq!(replayed(snapshot(1, 8), vec![entry(1, 11)]), (8, 8, true));
    assert_eq!(replayed(Some((8, vec![1, 2, 3])), vec![entry(1, 9)]), (0, 0, true));
}

#[test]
fn damage_is_remembered_until_the_node_is_readmitted() {
    assert_eq!(replayed(snapshot(1, 8), vec![Record::Damaged, entry(1, 9)]), (8, 8, true));
}

#[test]
fn members_are_those_of_the_snapshot_and_of_the_entries_after_it() {
    let line_up = |index, voters: &[NodeId]| {
        let members = Members { voters: voters.iter().copied().collect(), ..Members::default() };
        Record::Entry(Entry { at: Position { term: 1, index }, payload: Payload::Members(members) })
    };
    let records = vec![entry(1, 6), line_up(7, &[0]), entry(1, 8), line_up(9, &[0, 1]), entry(1, 10)];
    let start = Start { snapshot: snapshot(1, 8), records, ..Start::default() };
    let members = Replayed::new(start, &config()).members;
    assert_eq!((members.latest_at(), members.latest().voters.len()), (9, 2));
    assert_eq!(members.at(8).1.voters.len(), 3, "the snapshot knows better than what it covers");
}
