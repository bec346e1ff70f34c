use std::collections::BTreeSet;

use super::*;

/// The first calls of a workload, by one session that sees every write succeed.
fn calls(workload: &dyn Workload, writes_only: bool) -> Vec<Call> {
    let (scenario, mut rng) = (Scenario::default(), Rng::new(1));
    let mut session = Session::default();
    let mut calls = Vec::new();
    for n in 0..200 {
        let call = workload.next(n, &session, &scenario, writes_only, &mut rng);
        if let Some(key) = call.key.clone().filter(|_| call.function == "write") {
            session.last_seen.insert(key, call.value.clone());
        }
        calls.push(call);
    }
    calls
}

#[test]
fn every_written_value_is_unique() {
    for workload in ALL {
        let writes: Vec<Call> =
            calls(*workload, false).into_iter().filter(|call| call.function != "read").collect();
        let written = writes.iter().map(|call| call.value.get(1).unwrap_or(&call.value).to_string());
        assert_eq!(written.collect::<BTreeSet<_>>().len(), writes.len(), "{}", workload.name());
        assert!(writes.len() > 50, "{}", workload.name());
    }
}

#[test]
fn reads_nothing_while_reads_would_repair() {
    for workload in ALL {
        assert!(calls(*workload, true).iter().all(|call| call.function != "read"), "{}", workload.name());
    }
}

#[test]
fn deals_out_the_levels() {
    for workload in ALL {
        let calls = calls(*workload, false);
        let levels: BTreeSet<&str> = calls.iter().map(|call| call.level.as_str()).collect();
        let all: BTreeSet<&str> = ["quorum", "atomic", "all", "one"].into();
        assert_eq!(levels, all, "{}", workload.name());
        for call in &calls {
            let key = call.key.as_ref().expect("a key");
            assert_eq!(call.level, workload.level_of(key, &Scenario::default()), "{}", workload.name());
        }
    }
}

#[test]
fn compares_with_what_the_session_saw_last() {
    let calls = calls(&cas_register::CasRegister, false);
    let cas = calls.iter().filter(|call| call.function == "cas");
    assert!(cas.clone().count() > 20);
    assert!(cas.into_iter().all(|call| !call.value[0].is_null()));
}

fn homes() -> BTreeMap<Key, Vec<String>> {
    let homes = vec!["n1".to_owned(), "n2".to_owned()];
    // At level quorum, and at level atomic.
    BTreeMap::from([(Key::from("k0"), homes.clone()), (Key::from("k1"), homes)])
}

#[test]
fn reads_replicas_one_by_one_before_it_reads_the_store() {
    let rounds = register::Register.last(&homes(), &Scenario::default());
    let read = |call: &Call| {
        assert!(call.is_final && call.function == "read");
        format!(
            "{} {} {}",
            call.key.clone().expect("a key"),
            call.level,
            call.node.as_deref().unwrap_or("any")
        )
    };
    let rounds: Vec<Vec<String>> = rounds.iter().map(|round| round.iter().map(read).collect()).collect();
    assert_eq!(rounds, [["k0 one n1", "k0 one n2"], ["k0 quorum any", "k1 atomic any"]]);
}

#[test]
fn reads_no_replica_where_there_are_no_levels() {
    let scenario = Scenario { level: String::new(), ..Scenario::default() };
    let rounds = register::Register.last(&homes(), &scenario);
    assert!(rounds.iter().flatten().all(|call| call.node.is_none() && call.level.is_empty()));
    assert_eq!(rounds.concat().len(), 2);
}

#[test]
fn reads_the_whole_set_at_the_end() {
    let rounds = set::Set.last(&homes(), &Scenario::default());
    let [round] = rounds.as_slice() else { panic!("one round") };
    let [read] = round.as_slice() else { panic!("one read") };
    assert_eq!((&read.key, read.is_final), (&None, true));
    assert_eq!(read.keys, [("k0".into(), "quorum".to_owned()), ("k1".into(), "atomic".to_owned())]);
}

#[test]
fn keys_have_numbers() {
    assert_eq!(["k7", "e12", "x", "k"].map(|name| number_of(&name.into())), [7, 12, 0, 0]);
    assert_eq!((number_of(&Key::Number(3)), number_of(&Key::Number(-3))), (3, 0));
}
