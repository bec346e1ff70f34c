use perjury_histories::Value;
use perjury_store::client::Answer;
use perjury_store::quorum::message::{Level, Operation, Response};
use perjury_store::quorum::siblings::{Actor, Context, Dot, Siblings};
use perjury_store::quorum::version::Version as StoreVersion;
use serde_json::json;

use super::client::{held, integers, operation, reply};
use super::*;
use crate::store::{decode, encode};
use crate::system::{Call, Reply};

fn call(function: &'static str, value: Value, level: &str) -> Call {
    let (key, level) = (Some("k1".into()), level.to_owned());
    Call { function, key, value, level, node: None, keys: Vec::new(), is_final: false }
}

#[test]
fn values_survive_the_store() {
    for value in [json!(7), json!("word"), json!([1, {"a": null}]), json!(-1.5)] {
        assert_eq!(decode(&encode(&value)), value);
    }
}

#[test]
fn garbage_is_seen_as_such() {
    assert_eq!(decode(b"\xff\0no"), json!("\u{fffd}\0no"));
    assert_eq!(decode(b""), json!(""));
    assert_eq!(decode(b"12x"), json!("12x"));
}

#[test]
fn a_pair_of_levels_writes_at_one_and_reads_at_the_other() {
    let level = |function, value| operation(&call(function, value, "one/all")).expect("an operation").1;
    assert_eq!((level("write", json!(1)), level("read", Value::Null)), (Level::One, Level::All));
}

#[test]
fn asks_for_what_the_call_says() {
    let asked = |function, value| operation(&call(function, value, "quorum")).map(|(operation, _)| operation);
    let key = || "k1".to_owned();
    assert_eq!(asked("read", Value::Null), Some(Operation::Get { key: key() }));
    assert_eq!(asked("add", json!(7)), Some(Operation::Put { key: key(), value: b"7".to_vec() }));
    let cas = Operation::CompareAndSet { key: key(), expected: Some(b"1".to_vec()), new: b"2".to_vec() };
    assert_eq!(asked("cas", json!([1, 2])), Some(cas));
    assert_eq!((asked("cas", json!(1)), asked("pop", Value::Null)), (None, None));
}

#[test]
fn only_a_write_that_may_have_happened_is_unknown() {
    let call = call("write", json!(7), "quorum");
    let reply = |outcome| reply(&call, Answer { node: 0, outcome, guarantee_ended: None });
    assert_eq!(reply(Response::Unknown("late".to_owned())), Reply::info("late"));
    let written = StoreVersion::default();
    assert_eq!(reply(Response::Written { version: written }), Reply::ok(json!(7), Some(integers(written))));
    let absent = Response::Value { value: None, version: None };
    assert_eq!(reply(absent), Reply::ok(Value::Null, None));
}

fn promised_of(workload: &str, level: &str) -> Vec<Promise> {
    let (workload, level) = (workload.to_owned(), level.to_owned());
    Quorum.promises(&Scenario { workload, level, ..Scenario::default() })
}

fn promised(level: &str) -> Vec<Promise> {
    promised_of("register", level)
}

fn find<'a>(promises: &'a [Promise], guarantee: &str, level: &str) -> Option<&'a Promise> {
    promises.iter().find(|promise| promise.guarantee == guarantee && promise.level == level)
}

#[test]
fn mixed_levels_promise_what_each_of_them_does() {
    let promised_at = |level: &str, data_centres| {
        Quorum.promises(&Scenario { level: level.to_owned(), data_centres, ..Scenario::default() })
    };
    for (levels, data_centres) in [(&LEVELS[..4], 1), (LEVELS, 2)] {
        let mixed = promised_at("mixed", data_centres);
        for level in levels.iter().map(|level| level.name) {
            for promise in &promised_at(level, data_centres) {
                assert_eq!(find(&mixed, &promise.guarantee, level), Some(promise));
            }
        }
    }
    let mixed = promised("mixed");
    assert!(mixed.iter().all(|promise| promise.level != "local-quorum"), "there is one data centre");
    assert!(find(&mixed, "linearizability", "quorum").is_none());
}

#[test]
fn promises_bound_the_faults_that_they_mind() {
    let bounds = |level: &str, guarantee: &str| {
        let (workload, own) = match guarantee {
            "set" => ("set", ""),
            "deleted-stays-deleted" => ("deletes", level),
            _ => ("register", level),
        };
        let promises = promised_of(workload, level);
        let promise = find(&promises, guarantee, own).expect("promised");
        let bound = |bound: &crate::promise::Bound| (bound.homes_max, bound.faults.join(" "));
        promise.tolerates.iter().map(bound).collect::<Vec<_>>()
    };
    let damage = "disk-bit-flip disk-lying-sync".to_owned();
    assert_eq!(bounds("quorum", "durability"), [(1, damage.clone())]);
    assert_eq!(bounds("quorum", "set"), [(1, damage.clone())]);
    let lying = "disk-lying-sync".to_owned();
    assert_eq!(bounds("quorum", "deleted-stays-deleted"), [(0, damage.clone()), (0, lying)]);
    assert_eq!(bounds("one", "durability"), [(0, damage)]);
    assert_eq!(bounds("one", "replica-durability"), [(0, "disk-lying-sync".to_owned())]);
    assert_eq!(bounds("one", "convergence"), [(0, "disk-lying-sync".to_owned())]);
    assert_eq!(bounds("quorum", "monotonic-reads"), []);
}

#[test]
fn mode_sloppy_says_what_it_gives_up() {
    let promised_in = |mode: &str, workload: &str| {
        let (mode, workload) = (mode.to_owned(), workload.to_owned());
        Quorum.promises(&Scenario { mode, workload, ..Scenario::default() })
    };
    let (strict, sloppy) = (promised_in("majority", "set"), promised_in("sloppy", "set"));
    let changed = |promise: &&Promise| !strict.contains(promise);
    let changed: Vec<_> =
        sloppy.iter().filter(changed).map(|it| (it.guarantee.as_str(), it.level.as_str())).collect();
    assert_eq!(changed, [("durability", "quorum"), ("durability", "one"), ("set", ""), ("membership", "")]);
    let bounds = |level: &str| {
        let promise = find(&sloppy, "durability", level).expect("promised");
        let bounds = promise.tolerates.iter().map(|bound| (bound.homes_max, bound.counts_all_nodes));
        (promise.acknowledgements_min, bounds.collect::<Vec<_>>())
    };
    assert_eq!(bounds("quorum"), (None, vec![(1, true)]));
    assert_eq!(bounds("one"), (None, vec![(0, true)]));
    assert_eq!(bounds("atomic"), (Some(2), vec![(1, false)]));
    let set = find(&sloppy, "set", "").expect("promised").tolerates.iter();
    let set: Vec<_> = set.map(|bound| (bound.homes_max, bound.counts_all_nodes)).collect();
    assert_eq!(set, [(1, false), (0, true)]);
}

fn behind(workload: &str, level: &str) -> Scenario {
    let (mode, workload, level) = ("write-behind".to_owned(), workload.to_owned(), level.to_owned());
    Scenario { mode, workload, level, loss_entries: 7, ..Scenario::default() }
}

#[test]
fn mode_write_behind_bounds_what_a_set_may_lose() {
    let of_set = Quorum.promises(&behind("set", "quorum+one"));
    let bounded: Vec<_> = of_set.iter().filter(|promise| promise.guarantee == "bounded-loss").collect();
    let [bounded] = bounded.as_slice() else { panic!("one promise of the whole run: {of_set:?}") };
    assert_eq!((bounded.level.as_str(), bounded.loss_max), ("", Some(7)));
    // The weakest level, one, stands no damaged disk at all.
    assert!(bounded.tolerates.iter().all(|bound| bound.homes_max == 0), "{bounded:?}");
    assert!(of_set.iter().all(|promise| promise.guarantee != "set" && promise.guarantee != "durability"));
    let of_registers = Quorum.promises(&behind("register", "quorum"));
    assert!(of_registers.iter().all(|promise| promise.guarantee != "bounded-loss"));
}

#[test]
fn mode_write_through_gives_up_no_promise() {
    let in_mode = |mode: &str| Quorum.promises(&Scenario { mode: mode.to_owned(), ..Scenario::default() });
    assert_eq!(in_mode("write-through"), in_mode("majority"));
}

#[test]
fn only_mode_write_behind_has_a_bound_of_loss() {
    assert_eq!(Quorum.problem(&behind("set", "quorum")), None);
    assert!(Quorum.problem(&behind("set", "mixed")).is_some_and(|words| words.starts_with("level mixed")));
    let strict = Scenario { mode: "majority".to_owned(), ..behind("set", "quorum") };
    assert!(Quorum.problem(&strict).is_some_and(|words| words.starts_with("loss-entries 7")));
}

#[test]
fn mode_siblings_promises_that_nothing_vanishes_unseen() {
    let scenario = Scenario {
        mode: "siblings".to_owned(),
        workload: "merged-set".to_owned(),
        level: "mixed".to_owned(),
        ..Scenario::default()
    };
    assert_eq!(scenario.levels(), ["quorum", "all", "one"]);
    let promises = Quorum.promises(&scenario);
    let bounds = |guarantee: &str, level: &str| {
        let promise = find(&promises, guarantee, level).expect("promised");
        promise.tolerates.iter().map(|bound| (bound.homes_max, bound.faults.len())).collect::<Vec<_>>()
    };
    assert_eq!(bounds("acknowledged-or-dominated", "quorum"), [(1, 2), (0, 1)]);
    assert_eq!(bounds("set", "quorum"), [(1, 2), (0, 1)]);
    assert_eq!(bounds("set-full", "all"), [(2, 2), (0, 1), (0, 2)]);
    for guarantee in ["read-your-writes", "deleted-stays-deleted", "linearizability"] {
        assert!(promises.iter().all(|promise| promise.guarantee != guarantee), "{guarantee}");
    }
}

#[test]
fn a_dump_of_siblings_shows_all_of_them() {
    let actor = |node| Actor { node, incarnation: 1 };
    let write = |node, value: Value| {
        let dot = Dot { actor: actor(node), number: 1 };
        Siblings::write(Context::default(), dot, (!value.is_null()).then(|| encode(&value)))
    };
    let entry = write(1, json!([1, 2])).join(write(2, Value::Null)).to_entry();
    let of_siblings = held(("k1".to_owned(), entry.clone()), true);
    assert_eq!(of_siblings.value, json!([[1, 2], null]));
    assert_eq!(of_siblings.version, Some(integers(entry.version)));
}

#[test]
fn hints_alone_converge_where_only_messages_go_wrong() {
    let converges = |mode: &str, fault: &str| {
        let (without, nemesis) = (vec!["exchange".to_owned()], vec![fault.to_owned()]);
        let (mode, level, workload) = (mode.to_owned(), "quorum".to_owned(), "set".to_owned());
        let scenario = Scenario { mode, level, without, nemesis, workload, ..Scenario::default() };
        let promises = Quorum.promises(&scenario);
        assert!(find(&promises, "set", "").is_none(), "a final read may ask who was not told");
        find(&promises, "convergence", "quorum").is_some()
    };
    assert_eq!([converges("sloppy", "message-loss"), converges("sloppy", "kill")], [true, false]);
    assert!(!converges("majority", "message-loss"));
}

#[test]
fn promises_that_deletes_last_where_there_are_some() {
    let is_promised = |workload| {
        promised_of(workload, "mixed").iter().any(|promise| promise.guarantee == "deleted-stays-deleted")
    };
    assert!(is_promised("deletes") && !is_promised("register"));
}

#[test]
fn promises_them_while_nothing_is_under_way_for_longer_than_the_grace_period() {
    let is_promised = |tombstone_grace_ms, fault: &str| {
        let (workload, nemesis) = ("deletes".to_owned(), vec![fault.to_owned()]);
        let scenario = Scenario { workload, nemesis, tombstone_grace_ms, ..Scenario::default() };
        Quorum.promises(&scenario).iter().any(|promise| promise.guarantee == "deleted-stays-deleted")
    };
    let kept = [(30_000, "pause"), (5_000, "kill"), (5_000, "partition")];
    assert!(kept.into_iter().all(|(grace_ms, fault)| is_promised(grace_ms, fault)));
    assert!(!is_promised(26_000, "pause") && !is_promised(5_000, "crash"));
}

#[test]
fn names_every_guarantee_after_its_checker() {
    for level in LEVELS.iter().map(|level| level.name) {
        for promise in promised(level) {
            assert!(perjury_checkers::checker::named(&promise.guarantee).is_some(), "{}", promise.guarantee);
        }
    }
}

#[test]
fn refuses_quorums_that_cannot_be() {
    let problem = |scenario: Scenario| Quorum.problem(&scenario);
    assert_eq!(problem(Scenario::default()), None);
    let two = Scenario { nodes: 2, ..Scenario::default() };
    assert!(problem(two).is_some_and(|words| words.starts_with("replication 3 with 2 nodes")));
    let slow = Scenario { latency_ms_max: 205, ..Scenario::default() };
    assert!(problem(slow).is_some_and(|words| words.ends_with("take 200ms at most")));
    let read = Scenario { read_quorum: 4, ..Scenario::default() };
    assert!(problem(read).is_some_and(|words| words.starts_with("read-quorum 4")));
    let batches = Scenario { batch_bytes: 5, ..Scenario::default() };
    assert!(problem(batches).is_some_and(|words| words.starts_with("batch-bytes 5: quorums keep no log")));
    let snapshots = Scenario { snapshot_every: 5, ..Scenario::default() };
    assert!(
        problem(snapshots).is_some_and(|words| words.starts_with("snapshot-every 5: quorums keep no log"))
    );
    let centres = Scenario { data_centres: 4, ..Scenario::default() };
    assert!(problem(centres).is_some_and(|words| words.starts_with("data-centres 4: replication 3 with 4")));
    let level = Scenario { level: String::new(), ..Scenario::default() };
    assert!(problem(level).is_some_and(|words| words.starts_with("level: ")));
}

#[test]
fn every_key_has_as_many_homes_as_replicas() {
    let keys = ["k0".into(), "k1".into()];
    let placement = Quorum.placement(&Scenario::default(), &keys);
    assert!(placement.len() == 2 && placement.values().all(|homes| homes.len() == 3));
}

#[test]
fn more_than_nine_nodes_are_a_cluster_too() {
    let (level, nemesis) = ("quorum".to_owned(), Vec::new());
    let scenario = Scenario { nodes: 12, level, nemesis, time_ms: 1_000, ..Scenario::default() };
    let (_, report) = crate::trial::try_seed(&Quorum, &scenario, 1, &mut |_| {}).expect("a run");
    assert_eq!(report.verdict, "valid", "{:?}", report.rows);
}

#[test]
fn every_data_centre_is_home_to_every_key() {
    let keys: Vec<Key> = (0..20).map(|number| format!("k{number}").as_str().into()).collect();
    let scenario = Scenario { nodes: 6, data_centres: 2, replication: 4, ..Scenario::default() };
    for homes in Quorum.placement(&scenario, &keys).values() {
        let odd = homes.iter().filter(|home| ["n1", "n3", "n5"].contains(&home.as_str())).count();
        assert_eq!((odd, homes.len()), (2, 4));
    }
}

#[test]
fn data_centres_keep_their_promises_and_reach_their_levels() {
    let nemesis = ["data-centre-cut", "data-centre-outage"].map(str::to_owned).to_vec();
    let scenario = Scenario { nodes: 6, data_centres: 2, nemesis, time_ms: 12_000, ..Scenario::default() };
    let (recording, report) = crate::trial::try_seed(&Quorum, &scenario, 1, &mut |_| {}).expect("a run");
    assert_eq!(report.verdict, "valid", "{:?}", report.rows);
    for fault in ["data-centre-cut", "data-centre-outage"] {
        assert!(report.faults.iter().any(|span| span.fault == fault && span.nodes.len() == 3), "{fault}");
    }
    assert!(recording.faults_not_available.is_empty());
    let level = |level: &str| report.rows.iter().any(|row| row.level == level && row.promised);
    assert!(level("local-quorum") && level("each-quorum"));
}

#[test]
fn who_is_there_is_promised_in_mode_sloppy() {
    let promises = |mode: &str| Quorum.promises(&Scenario { mode: mode.to_owned(), ..Scenario::default() });
    assert_eq!(find(&promises("majority"), "membership", ""), None);
    let sloppy = promises("sloppy");
    let promise = find(&sloppy, "membership", "").expect("it is promised");
    assert_eq!((promise.detection_ms_max, promise.tolerates.len()), (Some(4_000), 1));
    assert_eq!((promise.tolerates[0].homes_max, promise.tolerates[0].counts_all_nodes), (0, true));
}
