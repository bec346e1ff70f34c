//! The laws of siblings, on states that a store can come to.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const REPLICAS: usize = 3;

/// One thing that happens, at replicas by their numbers.
#[derive(Clone, Debug)]
enum Action {
    /// A client reads one replica, and writes over what it has read to another one; blind, it has read nothing.
    Write { read: usize, to: usize, blind: bool },
    /// One replica tells another one all that it holds.
    Tell { from: usize, to: usize },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let replica = || 0..REPLICAS;
    let write = (replica(), replica(), any::<bool>());
    let action = prop_oneof![
        write.prop_map(|(read, to, blind)| Action::Write { read, to, blind }),
        (replica(), replica()).prop_map(|(from, to)| Action::Tell { from, to }),
    ];
    prop::collection::vec(action, 1..24)
}

/// What came of a run.
struct Run {
    replicas: Vec<Siblings>,
    /// Every write, with what its client had seen.
    writes: Vec<(Dot, Context)>,
}

/// Writes are coordinated by the replica that is read, so that those of one coordinator reach replicas with gaps.
fn run(actions: &[Action]) -> Run {
    let mut run = Run { replicas: vec![Siblings::default(); REPLICAS], writes: Vec::new() };
    let actor = |node: usize| Actor { node: node as u16, incarnation: 1 };
    let mut dots: Vec<Dots> = (0..REPLICAS).map(|node| Dots::new(actor(node))).collect();
    for action in actions {
        let (to, told) = match *action {
            Action::Tell { from, to } => (to, run.replicas[from].clone()),
            Action::Write { read, to, blind } => {
                let seen = if blind { Context::default() } else { run.replicas[read].seen().clone() };
                let dot = dots[read].next("k");
                run.writes.push((dot, seen.clone()));
                (to, Siblings::write(seen, dot, Some(vec![run.writes.len() as u8])))
            }
        };
        run.replicas[to] = std::mem::take(&mut run.replicas[to]).join(told);
    }
    run
}

fn all_of(replicas: &[Siblings]) -> Siblings {
    replicas.iter().cloned().fold(Siblings::default(), Siblings::join)
}

proptest! {
    #[test]
    fn joining_is_a_semilattice(actions in actions()) {
        let Run { replicas, .. } = &run(&actions);
        let [a, b, c] = [0, 1, 2].map(|replica: usize| move || replicas[replica].clone());
        prop_assert_eq!(a().join(a()), a());
        prop_assert_eq!(a().join(b()), b().join(a()));
        prop_assert_eq!(a().join(b()).join(c()), a().join(b().join(c())));
    }

    /// By the definition: what is held in the end is every write that no other write's client had seen.
    #[test]
    fn holds_exactly_what_no_client_has_seen(actions in actions()) {
        let Run { replicas, writes } = run(&actions);
        let is_seen = |dot: &Dot| writes.iter().any(|(_, seen)| seen.contains(dot));
        let unseen: BTreeSet<Dot> = writes.iter().map(|(dot, _)| *dot).filter(|dot| !is_seen(dot)).collect();
        let held: BTreeSet<Dot> = all_of(&replicas).values.into_keys().collect();
        prop_assert_eq!(held, unseen);
    }

    #[test]
    fn versions_tell_who_has_seen_more_and_who_the_same(actions in actions()) {
        let Run { replicas, .. } = run(&actions);
        for (one, other) in replicas.iter().zip(replicas.iter().skip(1)) {
            let both = one.clone().join(other.clone());
            prop_assert_eq!(both.version() > one.version(), both != *one);
            prop_assert_eq!(one.version() == other.version(), one == other);
            prop_assert_eq!(Siblings::of(&one.to_entry()), one.clone());
        }
    }
}

#[test]
fn a_blind_write_stays_beside_what_it_has_not_seen() {
    let [first, second] = [1, 2].map(|node| {
        let dot = Dot { actor: Actor { node, incarnation: 1 }, number: 1 };
        Siblings::write(Context::default(), dot, Some(vec![node as u8]))
    });
    let mut both = first.join(second);
    assert_eq!(both.values().collect::<Vec<_>>(), [Some([1].as_slice()), Some(&[2])]);
    let dot = Dot { actor: Actor { node: 3, incarnation: 1 }, number: 1 };
    let deleted = both.clone().join(Siblings::write(both.seen().clone(), dot, None));
    assert_eq!(deleted.values().collect::<Vec<_>>(), [None]);
    both.forget_conflict();
    assert_eq!((both.len(), both.seen().count()), (1, 2));
}

#[test]
fn what_is_no_state_holds_nothing() {
    let entry = Entry { version: Version::default(), atomic: false, value: Some(vec![255; 3]) };
    assert!(Siblings::of(&entry).is_empty());
}
