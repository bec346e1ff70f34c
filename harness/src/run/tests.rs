//! Runs of a system that lives in the clients' memory: whatever goes wrong, the run did it.

use std::cell::RefCell;

use perjury_histories::{EventRef, Fate, Kind as EventKind, Process};
use perjury_store::env::{Env, LocalFuture};

use super::*;
use crate::nemesis::{Entry, Schedule};
use crate::report::{Report, RowOutcome};
use crate::system::{Call, Client, Held, Order, Reply, Seam};
use crate::trial;
use crate::{Promise, Version};

thread_local! {
    static MEMORY: RefCell<BTreeMap<Key, (Version, Value)>> = const { RefCell::new(BTreeMap::new()) };
    static ORDERS: RefCell<Vec<Order>> = const { RefCell::new(Vec::new()) };
}

/// How the system misbehaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Well,
    GivesNoDump,
    PanicsAtStart,
    PanicsInClient,
    HangsInFirstSession,
    ForgetsOutcomes,
    NeverConverges,
    TakesOrders,
    Storms,
}

struct Fake(Manner);

impl System for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn start(&self, _: &Scenario, node: &str, env: Env) -> LocalFuture<'static, anyhow::Result<()>> {
        assert!(self.0 != Manner::PanicsAtStart || node != "n2", "it cannot start");
        if self.0 == Manner::Storms {
            return Box::pin(storm(env));
        }
        Box::pin(std::future::pending())
    }

    fn client(&self, _: &Scenario, session: u64, env: Env) -> Box<dyn Client> {
        Box::new(FakeClient { manner: self.0, session, env })
    }

    fn promises(&self, _: &Scenario) -> Vec<Promise> {
        ["linearizability", "convergence", "durability"].map(|name| Promise::new(name, "")).to_vec()
    }

    fn seam(&self) -> Seam {
        Seam::ALL
    }

    fn has_administration(&self, _: &Scenario) -> bool {
        self.0 == Manner::TakesOrders
    }
}

/// Sends twice as much each time; up to a bound, so that a run that goes on ends, too.
async fn storm(env: Env) -> anyhow::Result<()> {
    for messages in (0..).map(|time: u64| 1 << time.min(14)) {
        env.clock.sleep(Duration::from_millis(100)).await;
        (0..messages).for_each(|_| drop(env.network.deliveries("n1:7000")));
    }
    Ok(())
}

struct FakeClient {
    manner: Manner,
    session: u64,
    env: Env,
}

impl FakeClient {
    fn perform(&self, call: &Call) -> Reply {
        let key = call.key.clone().expect("registers have keys");
        MEMORY.with_borrow_mut(|memory| {
            if call.function == "write" {
                let version = memory.values().map(|(version, _)| version.0[0] + 1).max().unwrap_or(1);
                memory.insert(key.clone(), (Version(vec![version]), call.value.clone()));
            }
            match memory.get(&key) {
                Some((version, value)) => Reply::ok(value.clone(), Some(version.clone())),
                None => Reply::ok(Value::Null, None),
            }
        })
    }
}

impl Client for FakeClient {
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply> {
        Box::pin(async move {
            assert!(self.manner != Manner::PanicsInClient, "a client with a mistake");
            self.env.clock.sleep(Duration::from_millis(20)).await;
            if self.manner == Manner::HangsInFirstSession && self.session == 0 {
                return std::future::pending().await;
            }
            let reply = self.perform(call);
            match self.manner {
                Manner::ForgetsOutcomes if self.env.random.next().is_multiple_of(2) => {
                    Reply::info("no answer")
                }
                _ => reply,
            }
        })
    }

    /// Carries out every other order.
    fn administer<'a>(&'a mut self, order: &'a Order) -> LocalFuture<'a, Option<anyhow::Result<()>>> {
        let given = ORDERS.with_borrow_mut(|orders| {
            orders.push(order.clone());
            orders.len()
        });
        let done = if given.is_multiple_of(2) { Ok(()) } else { Err(anyhow::anyhow!("not now")) };
        Box::pin(async move { Some(done) })
    }

    fn dump<'a>(&'a mut self, node: &'a str) -> LocalFuture<'a, Option<anyhow::Result<Vec<Held>>>> {
        let differs = self.manner == Manner::NeverConverges;
        let held = |(key, (version, value)): (&Key, &(Version, Value))| Held {
            key: key.clone(),
            version: Some(version.clone()),
            value: if differs { node.into() } else { value.clone() },
        };
        let held = MEMORY.with_borrow(|memory| memory.iter().map(held).collect());
        Box::pin(async move { (self.manner != Manner::GivesNoDump).then_some(Ok(held)) })
    }
}

/// Three nodes, three sessions, two simulated seconds, no faults but the power loss of all.
fn scenario() -> Scenario {
    let (level, nemesis) = ("quorum".to_owned(), Vec::new());
    Scenario {
        nodes: 3,
        clients: 3,
        rate: 30.0,
        keys: 2,
        level,
        nemesis,
        time_ms: 2_000,
        ..Scenario::default()
    }
}

fn try_fake(system: &'static Fake, scenario: &Scenario) -> anyhow::Result<(Recording, Report)> {
    MEMORY.take();
    trial::try_seed(system, scenario, 1, &mut |_| {})
}

fn outcome(report: &Report, guarantee: &str) -> RowOutcome {
    let row = report.rows.iter().find(|row| row.guarantee == guarantee);
    row.unwrap_or_else(|| panic!("no row {guarantee}")).outcome
}

/// What begins with this event, in the words of the phases; none where that is no news.
fn phase(event: EventRef<'_>) -> Option<String> {
    match (event.process, event.kind) {
        (Process::Nemesis, _) => match event.value.get("stage").or(event.value.get("state")) {
            Some(stage) => Some(format!("{} {}", event.function, stage.as_str().unwrap_or_default())),
            None => Some(event.function.to_owned()),
        },
        (_, EventKind::Invoke) if event.is_final && event.node.is_some() => {
            Some("reads of replicas".to_owned())
        }
        (_, EventKind::Invoke) if event.is_final => Some("final reads".to_owned()),
        (_, EventKind::Invoke) => Some(event.function.to_owned()),
        _ => None,
    }
}

#[test]
fn goes_through_its_phases_in_order() {
    let (recording, report) = try_fake(&Fake(Manner::Well), &scenario()).expect("a run");
    assert_eq!(report.verdict, "valid", "{:?}", report.rows);
    let mut phases: Vec<String> = recording.history.events().filter_map(phase).collect();
    // Asked besides, of each replica that was started again.
    let restarted = phases.extract_if(.., |phase| phase == "dump restarted").count();
    assert_eq!(restarted, 3);
    phases.dedup();
    let healed = phases.iter().position(|phase| phase == "healed").expect("everything is healed");
    assert!(phases[..healed].iter().any(|phase| phase == "read"));
    let expected = "healed, write, placement, dump converged, write, crash start, crash end, \
                    placement, dump replayed, reads of replicas, final reads";
    assert_eq!(phases[healed..].join(", "), expected);
}

#[test]
fn a_script_repeats_the_run_that_wrote_it() {
    let (drawn, _) = try_fake(&Fake(Manner::Well), &scenario()).expect("a run");
    let script = Some(drawn.script.clone());
    let (scripted, _) = try_fake(&Fake(Manner::Well), &Scenario { script, ..scenario() }).expect("a run");
    assert!(drawn.script.invocations.len() > 100);
    assert_eq!(scripted.script, drawn.script);
    assert_eq!(scripted.simulated_ns, drawn.simulated_ns);
}

#[test]
fn makes_only_the_invocations_of_a_script_each_in_its_phase() {
    let script = r#"[{"at_ms":700,"session":2,"function":"read","key":"k1"},
        {"at_ms":5,"session":2,"function":"write","key":"k1","value":7},
        {"at_ms":5,"session":2,"function":"write","key":"k1","value":8},
        {"phase":"replay","at_ms":200,"session":0,"function":"write","key":"k0","value":9},
        {"phase":"healing","at_ms":60000,"session":0,"function":"write","key":"k0","value":10}]"#;
    let script = Some(Script::parse(script).expect("a script"));
    let (recording, report) =
        try_fake(&Fake(Manner::Well), &Scenario { script, ..scenario() }).expect("a run");
    // The second write waits for the first; the phase of the last is over long before.
    let made: Vec<_> = recording.script.invocations.iter().map(|made| (made.at_ms, &made.value)).collect();
    assert_eq!(made, [(5, &7.into()), (25, &8.into()), (700, &Value::Null), (200, &9.into())]);
    assert_eq!(report.operations["write"]["ok"], 3);
}

#[test]
fn healing_lasts_until_the_script_is_done() {
    let script = r#"[{"phase":"healing","at_ms":5000,"session":0,"function":"write","key":"k0","value":1},
        {"phase":"healing","at_ms":5000,"session":0,"function":"write","key":"k0","value":2}]"#;
    let script = Some(Script::parse(script).expect("a script"));
    let (recording, _) = try_fake(&Fake(Manner::Well), &Scenario { script, ..scenario() }).expect("a run");
    // The first is due long after healing could end; the second waits for it.
    let made: Vec<_> = recording.script.invocations.iter().map(|made| (made.at_ms, &made.value)).collect();
    assert_eq!(made, [(5_000, &1.into()), (5_020, &2.into())]);
}

#[test]
fn reads_the_store_when_every_replica_has_been_read() {
    let (recording, _) = try_fake(&Fake(Manner::Well), &scenario()).expect("a run");
    let finals = recording.history.operations().filter(|operation| operation.is_final());
    let (of_replicas, of_store): (Vec<_>, Vec<_>) = finals.partition(|read| read.invocation().node.is_some());
    let returned = of_replicas.iter().map(|read| read.returned_at().expect("it returned")).max();
    let invoked = of_store.iter().map(|read| read.invoked_at()).min();
    assert!(returned.is_some() && returned < invoked, "{returned:?}, {invoked:?}");
}

#[test]
fn asks_for_dumps_before_it_records_them() {
    let (recording, _) = try_fake(&Fake(Manner::Well), &scenario()).expect("a run");
    let is_replayed = |note: &EventRef<'_>| note.value["stage"] == "replayed";
    let dumps: Vec<EventRef<'_>> = recording.history.notes().filter(is_replayed).collect();
    let asked: BTreeSet<u64> = dumps.iter().filter_map(|note| note.value["asked"].as_u64()).collect();
    assert_eq!((dumps.len(), asked.len()), (3, 1));
    // The note before the first dump is the placement.
    assert!(asked.first().is_some_and(|&asked| asked < dumps[0].index), "{asked:?}, {:?}", dumps[0]);
}

#[test]
fn messages_that_multiply_end_the_run_and_are_a_finding() {
    let (recording, report) = try_fake(&Fake(Manner::Storms), &scenario()).expect("a run");
    let storm = recording.storm.as_deref().expect("a storm");
    assert!(storm.starts_with("more than 130,000 messages were sent within one simulated second"), "{storm}");
    assert!((1_500_000_000..1_800_000_000).contains(&recording.simulated_ns), "{}", recording.simulated_ns);
    assert_eq!((outcome(&report, trial::NO_STORM), report.verdict.as_str()), (RowOutcome::Broken, "invalid"));
    let again = try_fake(&Fake(Manner::Storms), &scenario()).expect("a run").0;
    assert_eq!(again.simulated_ns, recording.simulated_ns);
}

#[test]
fn convergence_is_unknown_without_dumps() {
    let (recording, report) = try_fake(&Fake(Manner::GivesNoDump), &scenario()).expect("a run");
    assert_eq!(outcome(&report, "convergence"), RowOutcome::Unknown);
    assert_eq!(report.verdict, "unknown");
    assert!(recording.simulated_ns < 30_000_000_000, "it does not wait for what cannot be told");
}

#[test]
fn replicas_that_never_become_equal_differ_and_are_not_late() {
    let (_, report) = try_fake(&Fake(Manner::NeverConverges), &scenario()).expect("a run");
    let row = report.rows.iter().find(|row| row.guarantee == "convergence").expect("a row");
    assert_eq!((row.outcome, row.anomalies.len()), (RowOutcome::Broken, 2), "{:?}", row.anomalies);
    assert!(row.evidence.contains("n1 held \"n1\""), "{}", row.evidence);
}

#[test]
fn a_system_that_panics_is_a_finding() {
    let (recording, report) = try_fake(&Fake(Manner::PanicsAtStart), &scenario()).expect("a run");
    assert!(recording.crashes[0].starts_with("n2 panicked"), "{:?}", recording.crashes);
    assert_eq!((outcome(&report, trial::NO_PANIC), report.verdict.as_str()), (RowOutcome::Broken, "invalid"));
}

#[test]
fn a_client_that_panics_ends_the_run() {
    let error = try_fake(&Fake(Manner::PanicsInClient), &scenario()).expect_err("no recording");
    assert!(format!("{error:#}").contains("a client with a mistake"), "{error:#}");
}

#[test]
fn a_client_that_hangs_makes_no_progress() {
    let (_, report) = try_fake(&Fake(Manner::HangsInFirstSession), &scenario()).expect("a run");
    assert_eq!(outcome(&report, "progress"), RowOutcome::Broken);
}

#[test]
fn has_the_system_remove_a_member_and_add_it_back() {
    let entry = Entry {
        at_ms: 500,
        for_ms: 800,
        fault: "member-remove".to_owned(),
        nodes: Some(vec!["n2".to_owned()]),
        seed: 1,
        ..Entry::default()
    };
    let schedule = Some(Schedule { entries: vec![entry] });
    ORDERS.take();
    let (recording, _) =
        try_fake(&Fake(Manner::TakesOrders), &Scenario { schedule: schedule.clone(), ..scenario() })
            .expect("a run");
    let [remove, add] = [Order::Remove("n2".to_owned()), Order::Add("n2".to_owned())];
    // Each of them twice: the first time it was not done.
    assert_eq!(ORDERS.take(), [remove.clone(), remove, add.clone(), add]);
    assert!(recording.trace.contains("nemesis  remove n2: not now"), "{}", recording.trace);
    assert!(recording.trace.contains("nemesis  add n2: done"), "{}", recording.trace);
    let refused =
        try_fake(&Fake(Manner::Well), &Scenario { schedule, ..scenario() }).expect_err("no members");
    assert!(refused.to_string().contains("no fault that was asked for is available"), "{refused}");
}

#[test]
fn processes_retire_and_sessions_stay() {
    let (recording, _) = try_fake(&Fake(Manner::ForgetsOutcomes), &scenario()).expect("a run");
    let mut session_of: BTreeMap<Process, u64> = BTreeMap::new();
    let mut retired = BTreeSet::new();
    for operation in recording.history.operations() {
        let session = operation.session().expect("every operation has one");
        assert_eq!(*session_of.entry(operation.process()).or_insert(session), session);
        assert!(!retired.contains(&operation.process()), "{:?}", operation.process());
        if operation.fate() == Fate::Unknown {
            retired.insert(operation.process());
        }
    }
    let sessions: BTreeSet<u64> = session_of.into_values().collect();
    assert!(retired.len() > 20, "{}", retired.len());
    // Three sessions, and the eight that do the final reads.
    assert!(sessions.len() > 3 && sessions.iter().all(|&session| session < 11), "{sessions:?}");
}

#[test]
fn everybody_tries_soon_after_healing_however_slow_the_pace() {
    let scenario = Scenario { rate: 0.01, ..scenario() };
    let (recording, report) = try_fake(&Fake(Manner::Well), &scenario).expect("a run");
    assert_eq!(outcome(&report, "progress"), RowOutcome::Held);
    let sessions: BTreeSet<_> = recording.history.operations().filter_map(|one| one.session()).collect();
    assert!(sessions.is_superset(&BTreeSet::from([0, 1, 2])), "{sessions:?}");
}

#[test]
fn refuses_a_scenario_that_cannot_be_run() {
    for wrong in [
        Scenario { rate: f64::NAN, ..scenario() },
        Scenario { clients: 0, ..scenario() },
        Scenario { keys: 0, ..scenario() },
        Scenario { nodes: 0, ..scenario() },
        Scenario { time_ms: 0, ..scenario() },
    ] {
        let error = try_fake(&Fake(Manner::Well), &wrong).expect_err("no run");
        assert!(error.to_string().starts_with("this scenario cannot be run: "), "{error}");
    }
}

#[test]
fn runs_one_node_and_one_client() {
    let nemesis = ["clock", "crash", "disk", "message", "partition"].map(str::to_owned).to_vec();
    let small = Scenario { nodes: 1, clients: 1, keys: 1, nemesis, time_ms: 1, ..scenario() };
    let (recording, _) = try_fake(&Fake(Manner::Well), &small).expect("a run");
    assert!(recording.history.operations().len() > 1);
}
