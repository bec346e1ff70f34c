use perjury_histories::{Value, Version};
use perjury_store::raft::request::{Cell, Operation, ReadMode, Refusal, Response, Step, Versioned};
use serde_json::json;

use super::calls::{self, Versions};
use super::*;
use crate::system::{Call, Reply};

const TOLD: Versions = Versions(true);

fn call(function: &'static str, value: Value) -> Call {
    let (key, level) = (Some("k1".into()), "leader".to_owned());
    Call { function, key, value, level, node: None, keys: Vec::new(), is_final: false }
}

fn scenario(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario { store: "raft".to_owned(), ..Scenario::default() };
    change(&mut scenario);
    scenario
}

fn in_mode(mode: &str) -> Scenario {
    scenario(|scenario| (scenario.mode, scenario.nodes) = (mode.to_owned(), Scenario::nodes_in(mode)))
}

#[test]
fn asks_for_what_the_call_says() {
    let asked = |function, value| calls::operation(&call(function, value), "register");
    let key = || "k1".to_owned();
    assert_eq!(asked("write", json!(7)), Some(Operation::Put { key: key(), value: b"7".to_vec() }));
    let cas = Operation::CompareAndSet { key: key(), expected: Some(b"1".to_vec()), new: b"2".to_vec() };
    assert_eq!(asked("cas", json!([1, 2])), Some(cas));
    let first = Operation::CompareAndSet { key: key(), expected: None, new: b"2".to_vec() };
    assert_eq!(asked("cas", json!([null, 2])), Some(first));
    assert_eq!(asked("append", json!(7)), Some(Operation::Append { key: key(), element: b"7".to_vec() }));
    assert_eq!(asked("add", json!(-7)), Some(Operation::Add { key: key(), amount: -7 }));
    assert!(matches!(asked("acquire", Value::Null), Some(Operation::Lock { .. })));
    assert_eq!(asked("release", json!(5)), Some(Operation::Unlock { key: key(), token: 5 }));
    let fenced = Operation::PutFenced { key: key(), value: b"7".to_vec(), token: 5 };
    assert_eq!(asked("write-fenced", json!([5, 7])), Some(fenced));
    for (function, value) in [("cas", json!(1)), ("pop", Value::Null), ("add", json!("a"))] {
        assert_eq!(asked(function, value), None, "{function}");
    }
}

#[test]
fn an_element_of_a_set_is_a_register_and_not_a_counter() {
    let add = calls::operation(&call("add", json!(7)), "set");
    assert_eq!(add, Some(Operation::Put { key: "k1".to_owned(), value: b"7".to_vec() }));
}

#[test]
fn a_transfer_is_one_transaction_that_overdraws_nobody() {
    let keys = ["a", "b"].map(|name| (name.into(), String::new())).to_vec();
    let transfer = Call { keys, ..call("transfer", json!({"from": 0, "to": 1, "amount": 3})) };
    let steps = vec![
        Step::Add { key: "a".to_owned(), amount: -3, floor: Some(0) },
        Step::Add { key: "b".to_owned(), amount: 3, floor: None },
    ];
    assert_eq!(calls::operation(&transfer, "bank"), Some(Operation::Transact { steps }));
    let lowest = Call { value: json!({"from": 0, "to": 1, "amount": i64::MIN}), ..transfer.clone() };
    assert_eq!(calls::operation(&lowest, "bank"), None, "what has no opposite cannot be moved");
    let deposit = Call { function: "deposit", value: json!([20, 30]), ..transfer };
    let steps = [("a", 20), ("b", 30)]
        .map(|(key, amount)| Step::Add { key: key.to_owned(), amount, floor: None })
        .to_vec();
    assert_eq!(calls::operation(&deposit, "bank"), Some(Operation::Transact { steps }));
}

#[test]
fn each_level_is_a_mode_of_reading() {
    let modes = LEVELS.iter().map(|level| calls::mode(level.name)).collect::<Vec<_>>();
    assert_eq!(modes, [ReadMode::Leader, ReadMode::Lease, ReadMode::Follower, ReadMode::Any]);
}

#[test]
fn cells_are_values_of_a_history() {
    let value = |cell| calls::value(&cell);
    assert_eq!(value(Cell::Register(b"7".to_vec())), json!(7));
    assert_eq!(value(Cell::List(vec![b"7".to_vec(), b"\"a\"".to_vec()])), json!([7, "a"]));
    assert_eq!(value(Cell::Counter(-3)), json!(-3));
    assert_eq!(value(Cell::Fenced { value: b"7".to_vec(), token: 5 }), json!([5, 7]));
    assert_eq!(value(Cell::Lock { session: 1, token: 5, until_ms: 9 }), json!(5));
}

#[test]
fn replies_carry_the_index_where_it_is_used_once() {
    let done = || Response::Done { index: 9, term: 2, cells: Vec::new() };
    let version = Some(Version(vec![9]));
    let write = call("write", json!(7));
    assert_eq!(calls::changed(&write, done(), TOLD), Reply::ok(json!(7), version.clone()));
    assert_eq!(calls::changed(&write, done(), Versions(false)), Reply::ok(json!(7), None));
    let acquire = call("acquire", Value::Null);
    assert_eq!(calls::changed(&acquire, done(), TOLD), Reply::ok(json!(9), version.clone()));
    let cells = |cell| Response::Cells { cells: vec![cell], applied: 9, term: 2 };
    assert_eq!(calls::read(cells(None), TOLD), Reply::ok(Value::Null, None));
    let deleted = Versioned { cell: None, version: 9 };
    assert_eq!(calls::read(cells(Some(deleted)), TOLD), Reply::ok(Value::Null, version));
}

#[test]
fn only_what_may_have_happened_is_unknown() {
    let write = call("write", json!(7));
    let unknown = Response::Unknown("late".to_owned());
    assert_eq!(calls::changed(&write, unknown, TOLD), Reply::info("late"));
    let refused = Response::Refused(Refusal::Unavailable("no".to_owned()));
    assert_eq!(calls::changed(&write, refused.clone(), TOLD), Reply::fail("no"));
    assert_eq!(calls::read(refused, TOLD), Reply::fail("no"));
}

fn promised(scenario: &Scenario, guarantee: &str) -> Vec<(String, Option<usize>)> {
    let all = Raft.promises(scenario);
    let of_it = all.into_iter().filter(|promise| promise.guarantee == guarantee);
    of_it.map(|promise| (promise.level, promise.tolerates.first().map(|bound| bound.homes_max))).collect()
}

#[test]
fn mixed_levels_promise_what_each_of_them_does_and_the_run_once() {
    let all = |guarantee| promised(&scenario(|_| ()), guarantee);
    let levels = |names: &[&str]| names.iter().map(|&name| (name.to_owned(), Some(2))).collect::<Vec<_>>();
    assert_eq!(all("linearizability"), levels(&["leader", "lease"]));
    assert_eq!(all("sequential"), levels(&["leader", "lease", "follower"]));
    assert_eq!(all("durability"), levels(&["leader", "lease", "follower", "any"]));
    assert_eq!((all("invariants"), all("progress")), (levels(&[""]), levels(&[""])));
}

#[test]
fn promises_what_workload_and_faults_can_show() {
    let shown = |change: fn(&mut Scenario), guarantee| !promised(&scenario(change), guarantee).is_empty();
    for (workload, guarantee) in [("set", "set"), ("counter", "counter"), ("bank", "bank")] {
        assert!(promised(&scenario(|_| ()), guarantee).is_empty(), "{guarantee}");
        let of_workload = scenario(|scenario| scenario.workload = workload.to_owned());
        assert!(!promised(&of_workload, guarantee).is_empty(), "{guarantee}");
    }
    assert!(!shown(|_| (), "availability"));
    assert!(shown(|scenario| scenario.nemesis.push("deaf".to_owned()), "availability"));
    assert!(shown(|scenario| scenario.nemesis.push("deaf-node".to_owned()), "availability"));
    let deaf = r#"[{"at_ms": 1, "for_ms": 1, "fault": "deaf-node"}]"#;
    let fixed = scenario(|scenario| scenario.schedule = serde_json::from_str(deaf).ok());
    assert!(!promised(&fixed, "availability").is_empty());
}

#[test]
fn a_cluster_that_members_leave_tolerates_less_damage() {
    let bound = |scenario: &Scenario| promised(scenario, "invariants")[0].1;
    assert_eq!(bound(&scenario(|_| ())), Some(2));
    assert_eq!(bound(&scenario(|scenario| scenario.nemesis.push("membership".to_owned()))), Some(1));
    assert_eq!(bound(&in_mode("synchronous")), Some(1));
}

#[test]
fn asynchronous_copies_promise_a_bounded_loss() {
    let mut scenario = in_mode("asynchronous");
    scenario.workload = "set".to_owned();
    scenario.loss_entries = 7;
    let all = Raft.promises(&scenario);
    let bounded = all.iter().find(|promise| promise.guarantee == "bounded-loss").expect("promised");
    assert_eq!((bounded.level.as_str(), bounded.loss_max), ("", Some(7)));
    assert!(all.iter().all(|promise| !["set", "durability"].contains(&promise.guarantee.as_str())));
}

#[test]
fn names_every_guarantee_after_its_checker() {
    for workload in ["register", "set", "counter", "append", "bank", "lock"] {
        for mode in MODES {
            let scenario = Scenario { workload: workload.to_owned(), ..in_mode(mode.name) };
            for promise in Raft.promises(&scenario) {
                let name = &promise.guarantee;
                assert!(perjury_checkers::checker::named(name).is_some(), "{name}");
            }
        }
    }
}

#[test]
fn a_witness_keeps_nothing() {
    let homes = |mode| Raft.placement(&in_mode(mode), &["k0".into()])[&Key::from("k0")].clone();
    assert_eq!(homes("majority"), ["n1", "n2", "n3", "n4", "n5"]);
    assert_eq!(homes("synchronous"), ["n1", "n2"]);
}

#[test]
fn refuses_what_cannot_be() {
    let problem = |scenario: Scenario| scenario.problem_with(&Raft).unwrap_or_default();
    for mode in MODES {
        assert_eq!(in_mode(mode.name).problem_with(&Raft), None);
        assert_eq!(config(&in_mode(mode.name), 0).problem(), None);
    }
    let five = Scenario { nodes: 5, ..in_mode("synchronous") };
    assert_eq!(problem(five), "nodes 5: mode synchronous wants 3, two with data and a witness");
    let mode = in_mode("hopeful");
    assert!(problem(mode).starts_with("mode hopeful: raft has none of that name; take one of majority"));
    let level = scenario(|scenario| scenario.level = "leader+quorum".to_owned());
    assert!(problem(level).starts_with("level: 'quorum' is no level of this store: take leader"));
    let quorum = scenario(|scenario| scenario.read_quorum = 1);
    assert!(problem(quorum).starts_with("read-quorum 1: raft keeps everything on every node"));
    let loss = |mode, loss_entries| Scenario { loss_entries, ..in_mode(mode) };
    assert!(problem(loss("majority", 17)).starts_with("loss-entries 17: mode majority loses none"));
    assert_eq!(problem(loss("asynchronous", 10)), "");
    let words = problem(loss("asynchronous", 9));
    assert!(
        words.contains("keep up to 10 entries on their way") && words.contains("take 10 or more"),
        "{words}"
    );
    // A script has no rate: shrinking lowers the bound as far as it likes.
    let script = Some(crate::script::Script::default());
    assert_eq!(problem(Scenario { script, ..loss("asynchronous", 1) }), "");
    let slow = scenario(|scenario| scenario.latency_ms_max = 105);
    assert_eq!(problem(slow), "latency 5ms..105ms: mode majority would not go on; take 100ms at most");
    let slow = Scenario { latency_ms_max: 55, ..in_mode("asynchronous") };
    assert_eq!(problem(slow), "latency 5ms..55ms: mode asynchronous would not go on; take 50ms at most");
    let bank = |keys| scenario(|scenario| (scenario.workload, scenario.keys) = ("bank".to_owned(), keys));
    assert!(problem(bank(129)).starts_with("keys 129: raft opens 128 accounts at most"));
    assert_eq!(problem(bank(128)), "");
}

#[test]
fn keeps_its_promises_in_every_mode() {
    for mode in MODES {
        let scenario = Scenario { time_ms: 5_000, ..in_mode(mode.name) };
        let (recording, report) = crate::trial::try_seed(&Raft, &scenario, 1, &mut |_| {}).expect("a run");
        assert_eq!(report.verdict, "valid", "{}: {:?}", mode.name, report.rows);
        let notes =
            |function: &str| recording.history.notes().filter(|note| note.function == function).count();
        assert!(notes("leader") >= 1 && notes("watched") == 1 && notes("invariant") == 0, "{}", mode.name);
    }
}

#[test]
fn members_leave_and_come_back_and_leadership_moves() {
    let nemesis = vec!["membership".to_owned()];
    let scenario = scenario(|scenario| (scenario.nemesis, scenario.time_ms) = (nemesis, 20_000));
    let (recording, report) = crate::trial::try_seed(&Raft, &scenario, 2, &mut |_| {}).expect("a run");
    assert_eq!(report.verdict, "valid", "{:?}", report.rows);
    let (trace, markers) = (&recording.trace, &recording.markers);
    for order in ["remove", "add", "leadership to"] {
        let is_done = |line: &str| line.contains(&format!("nemesis  {order} ")) && line.ends_with(": done");
        assert!(trace.lines().any(is_done), "{order}");
    }
    assert!(["member-removed", "leadership-transferred"].iter().all(|path| markers.contains_key(*path)));
}
