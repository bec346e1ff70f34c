use super::*;
use crate::raft::log::Payload;

/// A log whose entries have these terms.
fn log(terms: &[Term]) -> Entries {
    let mut log = Entries::default();
    for (offset, &term) in terms.iter().enumerate() {
        log.push(entry(term, offset as Index + 1), 0);
    }
    log
}

fn entry(term: Term, index: Index) -> Stored {
    Stored::from(Entry { at: Position { term, index }, payload: Payload::Noop })
}

/// The longest common prefix, and how many questions it took a leader to find it.
fn search(leader: &Entries, follower: &Entries) -> (Index, usize) {
    let mut previous = leader.last();
    for questions in 1.. {
        if follower.has(previous) {
            return (previous.index, questions);
        }
        let hint = follower.last_not_after(previous);
        previous = leader.last_not_after(hint);
    }
    unreachable!("it ends at index 0, which all logs share")
}

#[test]
fn finds_where_two_logs_part_in_few_steps() {
    let long: Vec<Term> = [vec![1; 100], vec![4; 100], vec![6; 100]].concat();
    let cases: [(&[Term], &[Term], Index, usize); 7] = [
        (&long, &long, 300, 1),
        (&long, &long[..120], 120, 2),
        (&long, &[1; 250], 100, 2),
        (&long, &[[1; 50], [2; 50], [3; 50]].concat(), 50, 3),
        (&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6], &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3, 2),
        (&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6], &[1, 1, 1, 4, 4, 4, 4], 5, 2),
        (&[7], &[3, 3, 3], 0, 2),
    ];
    for (leader, follower, common, questions) in cases {
        assert_eq!(search(&log(leader), &log(follower)), (common, questions), "{follower:?}");
    }
}

#[test]
fn finds_the_longest_common_prefix_of_any_two_logs() {
    // Logs as leaders make them: an entry of one index and term has one history.
    for bits in 0..1_u32 << 12 {
        let grow = |shift: u32| {
            let mut terms = vec![1];
            for step in 0..6 {
                let last = *terms.last().unwrap_or(&1);
                let new = 10 * (step + 1) + u64::from(shift);
                terms.push(if bits >> (shift + step as u32) & 1 == 0 { last } else { new });
            }
            terms
        };
        let (one, two) = (grow(0), grow(6));
        let common = one.iter().zip(&two).take_while(|(a, b)| a == b).count() as Index;
        assert_eq!(search(&log(&one), &log(&two)).0, common, "{one:?} {two:?}");
    }
}

#[test]
fn a_replaced_entry_is_not_durable_before_its_own_record_is() {
    let mut log = Entries::default();
    for index in 1..=3 {
        log.push(entry(1, index), index);
    }
    log.synced(2);
    assert_eq!(log.durable(), 2);
    log.truncate(2);
    assert_eq!(log.durable(), 1);
    log.push(entry(2, 2), 4);
    log.synced(3);
    assert_eq!(log.durable(), 1);
    log.synced(4);
    assert_eq!(log.durable(), 2);
}

#[test]
fn a_snapshot_makes_durable_what_it_covers() {
    let mut log = log(&[1, 1]);
    for index in 3..=5 {
        log.push(entry(1, index), index);
    }
    log.compact(4, 2);
    assert_eq!((log.start().index, log.durable(), log.last().index), (2, 4, 5));
    log.synced(5);
    assert_eq!(log.durable(), 5);
}

#[test]
fn a_batch_holds_at_least_one_entry_and_as_many_as_fit() {
    let log = log(&[1; 10]);
    let indices = |from, bytes| log.batch(from, bytes).iter().map(|entry| entry.at.index).collect::<Vec<_>>();
    assert_eq!(indices(3, 0), [3]);
    assert_eq!(indices(3, 3 * 17), [3, 4, 5]);
    assert_eq!(indices(9, 1_000), [9, 10]);
    assert!(indices(11, 1_000).is_empty());
}
