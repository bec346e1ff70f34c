//! The prompter: in a run that follows a script, tells each session what to invoke when it is due.
//!
//! One task does it for all sessions, so that invocations of one moment keep the order of the script.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::Env;
use tokio::sync::mpsc::UnboundedSender;

use super::{Desk, Stage};
use crate::script::{Invocation, Phase, Script};

/// What a session is told.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// To do what the workload does before everything else.
    SetUp,
    /// To invoke this, unless its phase is over.
    Invoke(Invocation),
}

/// How long before it is due a session hears of an invocation: if it is still busy then, it goes on to it at once.
const LEAD: Duration = Duration::from_millis(10);

/// Prompts the sessions, for ever.
pub async fn run(desk: Rc<Desk>, script: Script, sessions: Vec<UnboundedSender<Prompt>>, env: Env) {
    let queue = |phase| (phase, script.of_phase(phase).into_iter().cloned().collect());
    let mut coming: BTreeMap<Phase, VecDeque<Invocation>> =
        [Phase::Faults, Phase::Healing, Phase::Replay].map(queue).into();
    let mut set_up = Some(Prompt::SetUp);
    let tell = |session: u64, prompt| {
        // A session that panicked has already ended the simulation.
        if sessions.get(session as usize).is_some_and(|session| session.send(prompt).is_ok()) {
            desk.prompts.set(desk.prompts.get() + 1);
        }
    };
    loop {
        let changed = desk.changed.notified();
        let mut wait = Duration::MAX;
        match desk.stage.get() {
            Stage::Quiet => {}
            Stage::First => {
                if let Some(prompt) = set_up.take() {
                    tell(0, prompt);
                }
            }
            Stage::Work(phase) => {
                let coming = coming.entry(phase).or_default();
                let now = desk.worked(&env) + LEAD;
                while let Some(invocation) = coming.pop_front_if(|next| due(next) <= now) {
                    tell(invocation.session, Prompt::Invoke(invocation));
                }
                wait = coming.front().map_or(Duration::MAX, |next| due(next) - now);
                desk.is_prompted.set(coming.is_empty());
            }
        }
        tokio::select! {
            biased;
            () = changed => {}
            () = env.clock.sleep(wait), if wait < Duration::MAX => {}
        }
    }
}

/// When it is due, since its phase began.
pub fn due(invocation: &Invocation) -> Duration {
    Duration::from_millis(invocation.at_ms)
}
