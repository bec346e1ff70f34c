mod trials;

use std::collections::BTreeSet;

use perjury_histories::Process;

use super::*;

/// What one session is told that always succeeds; locks give the numbers of their invocations as tokens.
fn completion(call: &Call, n: u64, kind: Kind) -> Event {
    let value = if call.function == "acquire" { Value::from(n) } else { call.value.clone() };
    let event = Event::new(n, Process::Client(0), kind, call.function);
    Event { key: call.key.clone(), value, ..event }
}

/// So many calls of a workload by one session that sees everything end so.
fn calls_that(workload: &dyn Workload, writes_only: bool, count: u64, kind: Kind) -> Vec<Call> {
    let (scenario, mut rng) = (Scenario::default(), Rng::new(1));
    let mut session = Session::default();
    let mut calls = Vec::new();
    for n in 0..count {
        let call = workload.next(n, &session, &scenario, writes_only, &mut rng);
        session.last_key = call.key.as_ref().map(number_of);
        if call.function != "read" {
            workload.learn(&mut session, &completion(&call, n, kind));
        }
        calls.push(call);
    }
    calls
}

/// The first calls of a workload, by one session that sees every write succeed.
fn calls(workload: &dyn Workload, writes_only: bool) -> Vec<Call> {
    calls_that(workload, writes_only, 200, Kind::Ok)
}

#[test]
fn every_written_value_is_unique() {
    let has_amounts = |workload: &&&dyn Workload| matches!(workload.name(), "counter" | "bank");
    for workload in ALL.iter().filter(|workload| !has_amounts(workload)) {
        let is_write = |call: &Call| !matches!(call.function, "read" | "delete" | "acquire" | "release");
        let writes: Vec<Call> = calls(*workload, false).into_iter().filter(is_write).collect();
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
fn readers_only_read_while_they_may() {
    let scenario = Scenario { clients: 4, reader_percent: 50, ..Scenario::default() };
    let mut rng = Rng::new(1);
    for workload in ALL.iter().filter(|workload| workload.mixes_reads()) {
        let mut functions = |number, writes_only| {
            let session = Session { number, ..Session::default() };
            let mut next = |n| workload.next(n, &session, &scenario, writes_only, &mut rng).function;
            (0..50).map(&mut next).collect::<BTreeSet<_>>()
        };
        assert!(functions(1, false).len() > 1, "{}", workload.name());
        assert_eq!(functions(2, false), BTreeSet::from(["read"]), "{}", workload.name());
        assert!(!functions(3, true).contains("read"), "{}", workload.name());
    }
}

#[test]
fn makes_the_same_call_of_what_a_script_says() {
    let scenario = Scenario::default();
    for workload in ALL {
        for call in calls(*workload, false) {
            let invocation = scripted(&call);
            assert_eq!(workload.call(&invocation, &Session::default(), &scenario), Ok(call));
            let unknown = Invocation { function: "fetch".to_owned(), ..invocation };
            let error =
                workload.call(&unknown, &Session::default(), &scenario).expect_err("no such function");
            assert!(error.contains("no function \"fetch\", but "), "{error}");
        }
    }
}

/// The invocation of a script that is this call.
fn scripted(call: &Call) -> Invocation {
    Invocation {
        phase: Default::default(),
        at_ms: 0,
        session: 0,
        function: call.function.to_owned(),
        key: call.key.clone(),
        value: call.value.clone(),
        level: Some(call.level.clone()),
    }
}

#[test]
fn a_script_uses_the_tokens_of_its_own_run() {
    let key = Some(Key::from("g3"));
    let write = Invocation {
        key,
        ..scripted(&call("write-fenced", Key::from("g3"), serde_json::json!([17, 204]), String::new()))
    };
    let mut session = Session::default();
    let value =
        |session: &Session| lock::Lock.call(&write, session, &Scenario::default()).expect("a call").value;
    assert_eq!(value(&session), serde_json::json!([17, 204]), "it holds no lock");
    session.tokens.insert(Key::from("l3"), Value::from(40));
    assert_eq!(value(&session), serde_json::json!([40, 204]));
}

#[test]
fn refuses_accounts_that_a_bank_does_not_have() {
    let transfer = |to: u64| Invocation {
        key: None,
        ..scripted(&call(
            "transfer",
            Key::from("a"),
            serde_json::json!({"from": 0, "to": to, "amount": 1}),
            String::new(),
        ))
    };
    let made = |to| {
        bank::Bank.call(&transfer(to), &Session::default(), &Scenario { keys: 4, ..Scenario::default() })
    };
    assert!(made(3).is_ok());
    assert_eq!(made(4), Err("`to` is 4, and 4 accounts count from 0".to_owned()));
}

#[test]
fn deals_out_the_levels() {
    for workload in ALL {
        let calls = calls(*workload, false);
        let levels: BTreeSet<&str> = calls.iter().map(|call| call.level.as_str()).collect();
        let all: BTreeSet<&str> = ["quorum", "atomic", "all", "one"].into();
        assert_eq!(levels, all, "{}", workload.name());
        for call in &calls {
            match &call.key {
                Some(key) => {
                    let level = workload.level_of(key, &Scenario::default());
                    assert_eq!(call.level, level, "{}", workload.name());
                }
                None => assert!(call.keys.iter().all(|(_, level)| *level == call.level), "{call:?}"),
            }
        }
    }
}

/// So a system that does not serve it can say so before anything runs.
#[test]
fn names_the_functions_that_it_invokes() {
    for workload in ALL {
        let mut calls = calls(*workload, false);
        calls.extend(workload.first(&Scenario::default()));
        calls.extend(workload.last(&homes(), &Scenario::default()).concat());
        let invoked: BTreeSet<&str> = calls.iter().map(|call| call.function).collect();
        let named: BTreeSet<&str> = workload.functions().iter().copied().collect();
        assert_eq!(invoked, named, "{}", workload.name());
    }
}

#[test]
fn names_checkers_that_exist() {
    let is_known = |name: &&str| perjury_checkers::named(name).is_some();
    for workload in ALL {
        assert!(workload.checkers().iter().all(&is_known), "{}", workload.name());
        assert!(workload.checkers_of_all().iter().all(&is_known), "{}", workload.name());
        let of_all: BTreeSet<&str> = workload.checkers_of_all().iter().copied().collect();
        assert!(OF_EVERY_RUN.iter().all(|name| of_all.contains(name)), "{}", workload.name());
    }
    assert!(ONLY_WHERE_PROMISED.iter().all(is_known));
}

/// Counters and lists are given up for new ones before they grow long.
#[test]
fn gives_up_keys_for_new_ones() {
    for workload in [&counter::Counter as &dyn Workload, &append::Append, &merged_set::MergedSet] {
        let mut invocations: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (place, call) in calls_that(workload, false, 4_000, Kind::Ok).into_iter().enumerate() {
            invocations.entry(call.key.expect("a key")).or_default().push(place);
        }
        assert!(invocations.len() > 50, "{} keys", invocations.len());
        let span = |places: &Vec<usize>| places[places.len() - 1] - places[0];
        let longest = invocations.values().map(span).max();
        assert!(longest < Some(8 * INVOCATIONS_PER_KEY as usize), "{longest:?}");
    }
}

/// A hundred of the same amount would look like one of the next.
#[test]
fn a_sum_tells_how_many_adds_there_were_of_each_amount() {
    let mut adds: BTreeMap<(Key, String), usize> = BTreeMap::new();
    for call in calls_that(&counter::Counter, true, 4_000, Kind::Ok) {
        *adds.entry((call.key.expect("a key"), call.value.to_string())).or_default() += 1;
    }
    let amounts: BTreeSet<&str> = adds.keys().map(|(_, amount)| amount.as_str()).collect();
    assert_eq!(amounts, BTreeSet::from(["1", "100", "10000", "1000000"]));
    let most = adds.values().max().copied();
    assert!((Some(10)..Some(100)).contains(&most), "{most:?}");
}

#[test]
fn writes_what_is_guarded_with_the_token_that_it_was_given() {
    let calls = calls(&lock::Lock, true);
    let mut tokens: BTreeMap<usize, u64> = BTreeMap::new();
    for (n, call) in (0..).zip(&calls) {
        let number = number_of(call.key.as_ref().expect("a key"));
        match call.function {
            "acquire" => assert_eq!(tokens.insert(number, n), None, "it holds the lock already"),
            "release" => assert_eq!(tokens.remove(&number), call.value.as_u64()),
            _ => assert_eq!(tokens.get(&number).copied(), call.value[0].as_u64(), "{call:?}"),
        }
    }
    assert!(calls.iter().any(|call| call.function == "release"));
}

#[test]
fn drops_a_lock_whose_token_is_refused() {
    let mut session = Session::default();
    let learn = |session: &mut Session, function: &'static str, key: &str, kind: Kind| {
        let key = Some(key.into());
        let event = Event { key, value: 7.into(), ..Event::new(0, Process::Client(0), kind, function) };
        lock::Lock.learn(session, &event);
        session.tokens.len()
    };
    assert_eq!(learn(&mut session, "acquire", "l1", Kind::Fail), 0);
    assert_eq!(learn(&mut session, "acquire", "l1", Kind::Ok), 1);
    assert_eq!(learn(&mut session, "write-fenced", "g1", Kind::Info), 1);
    assert_eq!(learn(&mut session, "write-fenced", "g2", Kind::Fail), 1);
    assert_eq!(learn(&mut session, "write-fenced", "g1", Kind::Fail), 0);
    learn(&mut session, "acquire", "l1", Kind::Ok);
    assert_eq!(learn(&mut session, "release", "l1", Kind::Info), 0, "it may have been released");
}

#[test]
fn opens_the_bank_and_moves_what_is_in_it() {
    let [deposit] = &bank::Bank.first(&Scenario::default())[..] else { panic!("one deposit") };
    let accounts = Scenario::default().keys;
    assert_eq!((deposit.keys.len(), deposit.value.as_array().map(Vec::len)), (accounts, Some(accounts)));
    let names: BTreeSet<&Key> = deposit.keys.iter().map(|(name, _)| name).collect();
    for call in calls(&bank::Bank, false) {
        assert!(call.key.is_none() && call.keys.iter().all(|(name, _)| names.contains(name)), "{call:?}");
        if call.function == "read" {
            assert_eq!(call.keys.iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), names);
            continue;
        }
        let named = ["from", "to"].map(|end| call.value[end].as_u64().expect("a place") as usize);
        assert_eq!(call.keys.iter().map(|(name, _)| number_of(name)).collect::<Vec<_>>(), named);
        assert!(named[0] != named[1] && call.value["amount"].as_u64() > Some(0), "{call:?}");
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
fn reads_each_list_and_counter_once_at_the_end() {
    for workload in [&counter::Counter as &dyn Workload, &append::Append, &merged_set::MergedSet] {
        let rounds = workload.last(&homes(), &Scenario::default());
        let read = |call: &Call| {
            assert!(call.is_final && call.function == "read" && call.node.is_none(), "{call:?}");
            (call.key.clone().expect("a key").to_string(), call.level.clone())
        };
        let read: Vec<(String, String)> = rounds.concat().iter().map(read).collect();
        let expected = [("k0", "quorum"), ("k1", "atomic")].map(|(key, level)| (key.into(), level.into()));
        assert_eq!(read, expected);
    }
}

#[test]
fn reads_what_is_guarded_and_no_lock_at_the_end() {
    let written = ["l0", "g0", "l5"].map(|key| (Key::from(key), Vec::new()));
    let rounds = lock::Lock.last(&BTreeMap::from(written), &Scenario::default());
    let read: Vec<Option<Key>> = rounds.concat().into_iter().map(|call| call.key).collect();
    assert_eq!(read, [Some("g0".into())]);
}

#[test]
fn reads_the_whole_bank_at_each_level_at_the_end() {
    let reads = bank::Bank.last(&homes(), &Scenario::default()).concat();
    let levels: BTreeSet<&str> = reads.iter().map(|call| call.level.as_str()).collect();
    let scenario = Scenario::default();
    let all: BTreeSet<&str> = scenario.levels().into_iter().collect();
    assert_eq!((levels, reads.len()), (all.clone(), all.len()));
    assert!(reads.iter().all(|call| call.is_final && call.keys.len() == Scenario::default().keys));
}

#[test]
fn reads_no_replica_where_one_is_no_level() {
    for (level, replica_reads) in [("leader", 0), ("one/all", 4), ("atomic", 0), ("quorum", 4)] {
        let scenario = Scenario { level: level.to_owned(), ..Scenario::default() };
        let rounds = register::Register.last(&homes(), &scenario);
        assert_eq!((rounds[0].len(), rounds[1].len()), (replica_reads, 2), "{level}");
    }
}

#[test]
fn keys_have_numbers() {
    assert_eq!(["k7", "e12", "x", "k"].map(|name| number_of(&name.into())), [7, 12, 0, 0]);
    assert_eq!((number_of(&Key::Number(3)), number_of(&Key::Number(-3))), (3, 0));
}
