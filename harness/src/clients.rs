//! The clients: sessions that ask the generator, invoke, and record; and the conductor, which does
//! what the run asks of it between phases.
//!
//! All of them live in one simulated host, so that their events have one order.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use perjury_histories::{Event, Key, Kind, Process};
use perjury_store::env::Env;

use crate::cluster::Sessions;
use crate::recorder::Recorder;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::{Call, Client, Held, Outcome, System};
use crate::workload::{self, Session, Workload};

/// How often an idle client looks whether there is work again.
const IDLE: Duration = Duration::from_millis(10);
/// How often a replica that was started again is asked what it holds.
const RESTARTED_ASKED_MAX: u32 = 100;
/// Final reads at once.
const FINAL_READERS: u64 = 8;

/// What the sessions are to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Stage {
    /// Nothing.
    #[default]
    Quiet,
    /// What the generator says.
    Everything,
    /// What the generator says, but no reads: they would repair what is to be judged.
    WritesOnly,
}

/// What a replica holds, or why it cannot be told.
pub type Dumps = BTreeMap<String, anyhow::Result<Vec<Held>>>;

/// What run and clients share.
pub struct Desk {
    system: &'static dyn System,
    workload: &'static dyn Workload,
    scenario: Scenario,
    recorder: Rc<Recorder>,
    stage: Cell<Stage>,
    in_flight: Cell<u64>,
    invocations: Cell<u64>,
    /// Sessions that got something done since the stage was set.
    progressed: RefCell<BTreeSet<u64>>,
    /// Keys that some invocation has written.
    written: RefCell<BTreeSet<Key>>,
    asked: Cell<Option<Task>>,
    restarted: RefCell<VecDeque<String>>,
    dumps: RefCell<Option<Dumps>>,
    finals: RefCell<VecDeque<Call>>,
}

/// What the run asks of the conductor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Dump,
    FinalReads,
}

impl Desk {
    /// A desk for one run.
    pub fn new(
        system: &'static dyn System,
        workload: &'static dyn Workload,
        scenario: &Scenario,
        recorder: Rc<Recorder>,
    ) -> Desk {
        Desk {
            system,
            workload,
            scenario: scenario.clone(),
            recorder,
            stage: Cell::default(),
            in_flight: Cell::new(0),
            invocations: Cell::new(0),
            progressed: RefCell::default(),
            written: RefCell::default(),
            asked: Cell::new(None),
            restarted: RefCell::default(),
            dumps: RefCell::new(None),
            finals: RefCell::default(),
        }
    }

    /// Tells the sessions what to do from now on.
    pub fn set(&self, stage: Stage) {
        self.stage.set(stage);
        self.progressed.borrow_mut().clear();
    }

    /// Whether every session got something done since the stage was set.
    pub fn all_have_progressed(&self) -> bool {
        self.progressed.borrow().len() >= self.scenario.clients
    }

    /// Whether no operation is open.
    pub fn is_idle(&self) -> bool {
        self.in_flight.get() == 0 && self.asked.get().is_none()
    }

    /// Asks for a dump of every replica.
    pub fn ask_dumps(&self) {
        *self.dumps.borrow_mut() = None;
        self.asked.set(Some(Task::Dump));
    }

    /// The dumps asked for, once they are there.
    pub fn take_dumps(&self) -> Option<Dumps> {
        self.dumps.borrow_mut().take()
    }

    /// Asks what this replica holds, now that it was started again: what it acknowledged before it
    /// stopped must be there before the others help it out. It goes into the history by itself.
    pub fn ask_restarted(&self, node: String) {
        self.restarted.borrow_mut().push_back(node);
    }

    /// Asks for the final reads.
    pub fn ask_final_reads(&self, calls: Vec<Call>) {
        *self.finals.borrow_mut() = calls.into();
        self.asked.set(Some(Task::FinalReads));
    }

    /// Keys that some invocation has written.
    pub fn written(&self) -> Vec<Key> {
        self.written.borrow().iter().cloned().collect()
    }
}

/// Runs all clients; never returns.
pub async fn run(desk: Rc<Desk>, sessions: Sessions, rng: Rng) -> anyhow::Result<()> {
    for number in 0..desk.scenario.clients as u64 {
        let name = format!("session-{number}");
        let (desk, env, rng) = (desk.clone(), sessions.env(&name), rng.fork(&name));
        tokio::task::spawn_local(session(desk, number, env, rng));
    }
    conduct(desk, sessions).await
}

/// One session: waits, invokes, records, for ever.
async fn session(desk: Rc<Desk>, number: u64, env: Env, mut rng: Rng) {
    let mut client = desk.system.client(&desk.scenario, number, env.clone());
    let mut session = Session { number, process: number, ..Session::default() };
    let pause = Duration::from_secs_f64(desk.scenario.clients as f64 / desk.scenario.rate);
    let mut due = Duration::ZERO;
    loop {
        // The pace counts from when an operation was due, not from when the one before it ended: a
        // slow store does not slow its users down, up to one operation each at a time.
        let now = Duration::from_nanos(env.clock.monotonic());
        due = due.max(now.saturating_sub(pause)) + rng.exponential(pause);
        env.clock.sleep(due.saturating_sub(now)).await;
        let stage = desk.stage.get();
        if stage == Stage::Quiet {
            env.clock.sleep(IDLE).await;
            continue;
        }
        let n = desk.invocations.get();
        desk.invocations.set(n + 1);
        let writes_only = stage == Stage::WritesOnly;
        let call = desk.workload.next(n, &session, &desk.scenario, writes_only, &mut rng);
        perform(&desk, &mut *client, &mut session, &call).await;
    }
}

/// Invokes one operation, and records both ends of it.
async fn perform(desk: &Desk, client: &mut dyn Client, session: &mut Session, call: &Call) {
    session.last_key = call.key.as_ref().map(workload::number_of);
    if let Some(key) = call.key.as_ref().filter(|_| call.function != "read") {
        desk.written.borrow_mut().insert(key.clone());
    }
    let event = |kind| {
        let mut event = Event::new(0, Process::Client(session.process), kind, call.function);
        (event.key, event.value) = (call.key.clone(), call.value.clone());
        (event.session, event.is_final) = (Some(session.number), call.is_final);
        event
    };
    let invocation = Event { node: call.node.clone(), ..event(Kind::Invoke) };
    desk.recorder.event(invocation);
    desk.in_flight.set(desk.in_flight.get() + 1);
    let reply = client.invoke(call).await;
    desk.in_flight.set(desk.in_flight.get() - 1);
    let mut completion = match reply.outcome {
        Outcome::Ok { value, version } => Event { value, version, ..event(Kind::Ok) },
        Outcome::Fail(why) => Event { error: Some(why.into()), ..event(Kind::Fail) },
        Outcome::Info(why) => Event { error: Some(why.into()), ..event(Kind::Info) },
    };
    completion.node = reply.node.or_else(|| call.node.clone());
    match (completion.kind, &call.key) {
        // The process retires; its client goes on, with its session, under a new number.
        (Kind::Info, _) => session.process += session_stride(desk),
        (Kind::Ok, Some(key)) => {
            desk.progressed.borrow_mut().insert(session.number);
            let seen = match call.function {
                "cas" => completion.value.get(1).unwrap_or(&completion.value),
                _ => &completion.value,
            };
            session.last_seen.insert(key.clone(), seen.clone());
        }
        _ => {}
    }
    desk.recorder.event(completion);
}

/// Process numbers of one session lie this far apart, so that no two sessions share one.
fn session_stride(desk: &Desk) -> u64 {
    desk.scenario.clients as u64 + FINAL_READERS
}

/// Does what the run asks for: dumps, final reads.
async fn conduct(desk: Rc<Desk>, sessions: Sessions) -> anyhow::Result<()> {
    let env = sessions.env("conductor");
    loop {
        while let Some(node) = next_restarted(&desk) {
            let env = sessions.env(&format!("restarted-{node}"));
            tokio::task::spawn_local(dump_restarted(desk.clone(), node, env));
        }
        match desk.asked.get() {
            None => env.clock.sleep(IDLE).await,
            Some(task) => {
                match task {
                    Task::Dump => dump(&desk, &sessions).await,
                    Task::FinalReads => final_reads(&desk, &sessions).await,
                }
                desk.asked.set(None);
            }
        }
    }
}

fn next_restarted(desk: &Desk) -> Option<String> {
    desk.restarted.borrow_mut().pop_front()
}

/// Asks a replica that was started again until it answers, or is not worth waiting for.
async fn dump_restarted(desk: Rc<Desk>, node: String, env: Env) {
    let mut client = desk.system.client(&desk.scenario, u64::MAX, env.clone());
    for _ in 0..RESTARTED_ASKED_MAX {
        let asked = desk.recorder.events();
        match client.dump(&node).await {
            None => return,
            Some(Ok(held)) => return desk.recorder.dump("restarted", &node, asked, &held),
            Some(Err(_)) => env.clock.sleep(IDLE).await,
        }
    }
}

/// Asks every replica at the same time for all that it holds.
async fn dump(desk: &Rc<Desk>, sessions: &Sessions) {
    let mut tasks = Vec::new();
    for node in desk.scenario.node_names() {
        let (desk, env) = (desk.clone(), sessions.env(&format!("dump-{node}")));
        tasks.push(tokio::task::spawn_local(async move {
            let mut client = desk.system.client(&desk.scenario, u64::MAX, env);
            let held = client.dump(&node).await;
            (node, held)
        }));
    }
    let mut dumps = Dumps::new();
    for task in tasks {
        if let Ok((node, Some(held))) = task.await {
            dumps.insert(node, held);
        }
    }
    *desk.dumps.borrow_mut() = Some(dumps);
}

/// The final reads, by sessions that have seen nothing.
async fn final_reads(desk: &Rc<Desk>, sessions: &Sessions) {
    let readers = (0..FINAL_READERS).map(|reader| {
        let number = desk.scenario.clients as u64 + reader;
        let (desk, env) = (desk.clone(), sessions.env(&format!("final-{reader}")));
        tokio::task::spawn_local(async move {
            let mut client = desk.system.client(&desk.scenario, number, env);
            let mut session = Session { number, process: number, ..Session::default() };
            loop {
                let Some(call) = desk.finals.borrow_mut().pop_front() else { break };
                perform(&desk, &mut *client, &mut session, &call).await;
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        // A reader that panicked has already ended the simulation.
        let _ = reader.await;
    }
}
