//! One session: a user who waits, invokes, and records both ends of each operation.

use std::rc::Rc;
use std::time::Duration;

use perjury_histories::{Event, Kind, Process};
use perjury_store::env::Env;
use tokio::sync::mpsc::UnboundedReceiver;

use super::prompter::{Prompt, due};
use super::{Desk, IDLE, Stage};
use crate::rng::Rng;
use crate::script::Invocation;
use crate::system::{Call, Client, Outcome, Reply};
use crate::workload::{self, Session};

/// After healing nobody waits longer before the next operation, however slow the pace: everybody has to
/// show that they get something done.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits, invokes, records, for ever.
pub async fn run(desk: Rc<Desk>, number: u64, env: Env, mut rng: Rng) {
    let mut user = User::new(&desk, number, env.clone());
    let mut pace = Pace::new(desk.scenario.clients, desk.scenario.rate);
    loop {
        let wait = pace.next(Duration::from_nanos(env.clock.monotonic()), &mut rng);
        sleep(&desk, &env, wait).await;
        let stage = desk.stage.get();
        if stage == Stage::First && number == 0 {
            user.set_up(&desk, &env).await;
        }
        let Stage::Work(phase) = stage else {
            env.clock.sleep(IDLE).await;
            continue;
        };
        let n = desk.invocations.get();
        desk.invocations.set(n + 1);
        let writes_only = stage.is_for_writes_only();
        let call = desk.workload.next(n, &user.session, &desk.scenario, writes_only, &mut rng);
        desk.note_made(phase, number, &call);
        user.perform(&desk, &call).await;
    }
}

/// Invokes what the prompter says, one after the other, and records it.
pub async fn follow(desk: Rc<Desk>, number: u64, env: Env, mut prompts: UnboundedReceiver<Prompt>) {
    let mut user = User::new(&desk, number, env.clone());
    while let Some(prompt) = prompts.recv().await {
        match prompt {
            Prompt::SetUp => user.set_up(&desk, &env).await,
            Prompt::Invoke(invocation) => user.make(&desk, &env, &invocation).await,
        }
        desk.prompts.set(desk.prompts.get() - 1);
    }
}

async fn sleep(desk: &Desk, env: &Env, mut wait: Duration) {
    while wait > PATIENCE {
        env.clock.sleep(PATIENCE).await;
        wait -= PATIENCE;
        if desk.stage.get().is_for_writes_only() {
            return;
        }
    }
    env.clock.sleep(wait).await;
}

/// When a session's operations are due.
///
/// It counts from when an operation was due, not from when the one before it ended: a slow store does
/// not slow its users down, up to one operation each at a time.
pub struct Pace {
    pause: Duration,
    due: Duration,
}

impl Pace {
    /// The pace of one of `clients` sessions that together start `rate` operations a second.
    pub fn new(clients: usize, rate: f64) -> Pace {
        Pace { pause: Duration::from_secs_f64(clients as f64 / rate), due: Duration::ZERO }
    }

    /// How long to wait for the next operation.
    pub fn next(&mut self, now: Duration, rng: &mut Rng) -> Duration {
        self.due = self.due.max(now.saturating_sub(self.pause)) + rng.exponential(self.pause);
        self.due.saturating_sub(now)
    }
}

/// A client with its session.
pub struct User {
    client: Box<dyn Client>,
    session: Session,
}

impl User {
    /// The user of this session number; its first process has the same.
    pub fn new(desk: &Desk, number: u64, env: Env) -> User {
        let client = desk.system.client(&desk.scenario, number, env);
        User { client, session: Session { number, process: number, ..Session::default() } }
    }

    /// Performs what comes before everything else, each call until it is ok or it is time for others.
    async fn set_up(&mut self, desk: &Desk, env: &Env) {
        for call in desk.workload.first(&desk.scenario) {
            while desk.stage.get() == Stage::First && self.perform(desk, &call).await != Kind::Ok {
                env.clock.sleep(IDLE).await;
            }
        }
        if desk.stage.get() == Stage::First {
            desk.set(Stage::Quiet);
        }
    }

    /// Makes one invocation of a script when it is due, unless its phase is over by then.
    async fn make(&mut self, desk: &Desk, env: &Env, invocation: &Invocation) {
        let is_phase = || desk.stage.get() == Stage::Work(invocation.phase);
        if is_phase() {
            env.clock.sleep(due(invocation).saturating_sub(desk.worked(env))).await;
        }
        // What cannot be called was refused before anything ran.
        let call = desk.workload.call(invocation, &self.session, &desk.scenario);
        if let Some(call) = call.ok().filter(|_| is_phase()) {
            desk.note_made(invocation.phase, self.session.number, &call);
            self.perform(desk, &call).await;
        }
    }

    /// Invokes one operation, and records both ends of it. How it ended.
    pub async fn perform(&mut self, desk: &Desk, call: &Call) -> Kind {
        self.session.last_key = call.key.as_ref().map(workload::number_of);
        if call.function != "read" {
            let keys = call.key.iter().chain(call.keys.iter().map(|(key, _)| key));
            desk.written.borrow_mut().extend(keys.cloned());
        }
        let invocation = Event {
            key: call.key.clone(),
            value: call.value.clone(),
            node: call.node.clone(),
            session: Some(self.session.number),
            is_final: call.is_final,
            ..Event::new(0, Process::Client(self.session.process), Kind::Invoke, call.function)
        };
        desk.recorder.event(invocation.clone());
        desk.in_flight.set(desk.in_flight.get() + 1);
        let reply = self.client.invoke(call).await;
        desk.in_flight.set(desk.in_flight.get() - 1);
        let completion = completion(invocation, reply);
        self.learn(desk, &completion);
        let ended = completion.kind;
        desk.recorder.event(completion);
        ended
    }

    /// What the operation that ends with this event means for the session.
    fn learn(&mut self, desk: &Desk, completion: &Event) {
        match completion.kind {
            // The process retires; its client goes on, with its session, under a new number.
            Kind::Info => self.session.process += desk.stride(),
            Kind::Ok => drop(desk.progressed.borrow_mut().insert(self.session.number)),
            _ => {}
        }
        desk.workload.learn(&mut self.session, completion);
    }
}

/// The event that completes this invocation.
fn completion(invocation: Event, Reply { outcome, node }: Reply) -> Event {
    // A final read that asked no replica in particular speaks for the whole store, whoever served it.
    let node = if invocation.is_final { invocation.node.clone() } else { node.or(invocation.node.clone()) };
    let event = Event { node, ..invocation };
    match outcome {
        Outcome::Ok { value, version } => Event { kind: Kind::Ok, value, version, ..event },
        Outcome::Fail(why) => Event { kind: Kind::Fail, error: Some(why.into()), ..event },
        Outcome::Info(why) => Event { kind: Kind::Info, error: Some(why.into()), ..event },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn keeps_its_pace() {
        let (mut pace, mut rng, mut now) = (Pace::new(2, 20.0), Rng::new(1), Duration::ZERO);
        for _ in 0..1000 {
            now += pace.next(now, &mut rng);
        }
        // Two sessions, twenty a second together: a thousand of one take a hundred seconds.
        assert!((90 * SECOND..110 * SECOND).contains(&now), "{now:?}");
    }

    #[test]
    fn makes_up_for_one_late_operation_at_most() {
        let (mut pace, mut rng) = (Pace::new(1, 10.0), Rng::new(1));
        let now = 100 * SECOND;
        let waits: Vec<Duration> = (0..20).map(|_| pace.next(now, &mut rng)).collect();
        assert!(waits[..3].contains(&Duration::ZERO), "{waits:?}");
        assert!(waits[10] > Duration::from_millis(300), "{waits:?}");
    }

    #[test]
    fn completes_what_it_invoked() {
        let invoked = Event { value: json!(1), ..Event::new(0, Process::Client(3), Kind::Invoke, "write") };
        let ok = completion(invoked.clone(), Reply::ok(json!(2), None).from("n1"));
        assert_eq!((ok.kind, &ok.value, ok.node.as_deref()), (Kind::Ok, &json!(2), Some("n1")));
        let fail = completion(invoked.clone(), Reply::fail("refused"));
        assert_eq!((fail.kind, &fail.value, fail.error), (Kind::Fail, &json!(1), Some("refused".into())));
        assert_eq!(completion(invoked, Reply::info("late")).kind, Kind::Info);
    }

    #[test]
    fn names_the_node_of_a_final_read_only_if_it_was_asked_for() {
        let read = Event { is_final: true, ..Event::new(0, Process::Client(3), Kind::Invoke, "read") };
        let of_store = completion(read.clone(), Reply::ok(json!(2), None).from("n1"));
        assert_eq!(of_store.node, None);
        let asked = Event { node: Some("n2".to_owned()), ..read };
        assert_eq!(completion(asked, Reply::ok(json!(2), None).from("n2")).node.as_deref(), Some("n2"));
    }
}
