//! The clients: sessions that ask the generator, invoke, and record; the prompter, which takes the generator's place
//! where there is a script; the conductor, which does what the run asks of it between phases; and the administrator,
//! which does what faults want of the system's own administration.
//!
//! ```text
//! run ── stage, tasks ──> desk ──> sessions, conductor ── calls ──> system
//!  └──── dumps, progress ──┘                        └──── events ──> recorder
//! ```
//!
//! All of them live in one simulated host, so that their events have one order.

mod administrator;
mod conductor;
mod prompter;
mod session;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use perjury_histories::Key;
use perjury_store::env::Env;
use tokio::sync::{Notify, mpsc};

use crate::cluster::{Administration, Sessions};
use crate::recorder::Recorder;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::script::{Invocation, Phase, Script};
use crate::system::{Call, Held, System};
use crate::workload::Workload;

/// How often an idle client looks whether there is work again.
const IDLE: Duration = Duration::from_millis(10);
/// Final reads at once.
const FINAL_READERS: u64 = 8;

/// What the sessions are to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Stage {
    /// Nothing.
    #[default]
    Quiet,
    /// What the workload does before everything else: one session does it, then all are quiet.
    First,
    /// What the generator or the script says for this phase.
    Work(Phase),
}

impl Stage {
    /// Whether sessions may not read: that would repair what is to be judged.
    fn is_for_writes_only(self) -> bool {
        matches!(self, Stage::Work(Phase::Healing | Phase::Replay))
    }
}

/// What every replica holds that can tell.
#[derive(Debug, Default)]
pub struct Dumps {
    /// How many events the history had when they were asked: what was recorded later they need not show.
    pub asked: u64,
    /// What each holds, or why it gave no answer.
    pub by_node: BTreeMap<String, anyhow::Result<Vec<Held>>>,
    /// Where each key that was written belongs.
    pub placement: BTreeMap<Key, Vec<String>>,
}

/// What run and clients share.
pub struct Desk {
    system: &'static dyn System,
    workload: &'static dyn Workload,
    scenario: Scenario,
    recorder: Rc<Recorder>,
    administration: Rc<Administration>,
    stage: Cell<Stage>,
    /// When the stage was set, since the run began.
    since: Cell<Duration>,
    changed: Notify,
    in_flight: Cell<u64>,
    invocations: Cell<u64>,
    /// Sessions that got something done since the stage was set.
    progressed: RefCell<BTreeSet<u64>>,
    /// What sessions invoked since they began to work, as a script that has it done again.
    made: RefCell<Script>,
    /// Whether everything that the script has for this stage was handed out.
    is_prompted: Cell<bool>,
    /// Prompts that sessions were given and are not done with.
    prompts: Cell<u64>,
    /// Keys that some invocation has written.
    written: RefCell<BTreeSet<Key>>,
    asked: Cell<Option<Task>>,
    restarted: RefCell<VecDeque<String>>,
    dumps: RefCell<Option<Dumps>>,
    finals: RefCell<Vec<Vec<Call>>>,
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
        administration: Rc<Administration>,
    ) -> Desk {
        Desk {
            system,
            workload,
            scenario: scenario.clone(),
            recorder,
            administration,
            stage: Cell::default(),
            since: Cell::default(),
            changed: Notify::new(),
            in_flight: Cell::new(0),
            invocations: Cell::new(0),
            progressed: RefCell::default(),
            made: RefCell::default(),
            is_prompted: Cell::default(),
            prompts: Cell::new(0),
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
        self.since.set(self.recorder.now());
        self.is_prompted.set(false);
        self.progressed.borrow_mut().clear();
        self.changed.notify_waiters();
    }

    /// Whether every session got something done since the stage was set; of those that follow a script, whether
    /// they have done all that it says.
    pub fn all_have_progressed(&self) -> bool {
        match &self.scenario.script {
            None => self.progressed.borrow().len() >= self.scenario.clients,
            Some(_) => self.is_prompted.get() && self.prompts.get() == 0,
        }
    }

    /// Whether what the workload does before everything else is done.
    pub fn is_set_up(&self) -> bool {
        self.stage.get() != Stage::First
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

    /// Asks for the final reads, one round after the other.
    pub fn ask_final_reads(&self, rounds: Vec<Vec<Call>>) {
        *self.finals.borrow_mut() = rounds;
        self.asked.set(Some(Task::FinalReads));
    }

    /// What sessions invoked since they began to work, as a script that has it done again.
    pub fn take_made(&self) -> Script {
        self.made.take()
    }

    /// How long the present stage has gone on, by the clock of the clients.
    fn worked(&self, env: &Env) -> Duration {
        Duration::from_nanos(env.clock.monotonic()).saturating_sub(self.since.get())
    }

    /// Notes that this session makes this call now.
    fn note_made(&self, phase: Phase, session: u64, call: &Call) {
        let since = self.recorder.now().saturating_sub(self.since.get());
        self.made.borrow_mut().invocations.push(Invocation {
            phase,
            at_ms: since.as_millis() as u64,
            session,
            function: call.function.to_owned(),
            key: call.key.clone(),
            value: call.value.clone(),
            level: call.key.is_none().then(|| call.level.clone()),
        });
    }

    /// Process numbers of one session lie this far apart, so that no two sessions share one.
    fn stride(&self) -> u64 {
        self.scenario.clients as u64 + FINAL_READERS
    }

    /// Keys that some invocation has written.
    pub fn written(&self) -> Vec<Key> {
        self.written.borrow().iter().cloned().collect()
    }
}

/// Runs all clients; never returns.
pub async fn run(desk: Rc<Desk>, sessions: Sessions, rng: Rng) -> anyhow::Result<()> {
    let numbers = 0..desk.scenario.clients as u64;
    let own = |number| (desk.clone(), number, sessions.env(&format!("session-{number}")));
    match desk.scenario.script.clone() {
        None => numbers.map(own).for_each(|(desk, number, env)| {
            let rng = rng.fork(&format!("session-{number}"));
            drop(tokio::task::spawn_local(session::run(desk, number, env, rng)));
        }),
        Some(script) => {
            let start = |(desk, number, env)| {
                let (prompter, prompts) = mpsc::unbounded_channel();
                tokio::task::spawn_local(session::follow(desk, number, env, prompts));
                prompter
            };
            let prompted = numbers.map(own).map(start).collect();
            let env = sessions.env("prompter");
            tokio::task::spawn_local(prompter::run(desk.clone(), script, prompted, env));
        }
    }
    if desk.system.has_administration(&desk.scenario) {
        tokio::task::spawn_local(administrator::run(desk.clone(), sessions.clone()));
    }
    conductor::run(desk, sessions).await
}
