//! The conductor: does what the run asks for between phases, dumps and final reads.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use perjury_histories::Key;
use perjury_store::env::Env;

use super::session::User;
use super::{Desk, Dumps, FINAL_READERS, IDLE, Task};
use crate::cluster::Sessions;
use crate::system::Call;

/// How often a replica that was started again is asked what it holds.
const RESTARTED_ASKED_MAX: u32 = 100;

/// Waits for tasks, for ever.
pub async fn run(desk: Rc<Desk>, sessions: Sessions) -> anyhow::Result<()> {
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
    let mut dumps = Dumps { asked: desk.recorder.events(), ..Dumps::default() };
    let mut tasks = Vec::new();
    for node in desk.scenario.node_names() {
        let (desk, env) = (desk.clone(), sessions.env(&format!("dump-{node}")));
        tasks.push(tokio::task::spawn_local(async move {
            let mut client = desk.system.client(&desk.scenario, u64::MAX, env);
            let held = client.dump(&node).await;
            (node, held)
        }));
    }
    for task in tasks {
        if let Ok((node, Some(held))) = task.await {
            dumps.by_node.insert(node, held);
        }
    }
    dumps.placement = placement(desk, sessions.env("placement")).await;
    *desk.dumps.borrow_mut() = Some(dumps);
}

/// Where each key that was written belongs.
async fn placement(desk: &Desk, env: Env) -> BTreeMap<Key, Vec<String>> {
    let keys = desk.written();
    let mut client = desk.system.client(&desk.scenario, u64::MAX, env);
    let placement = client.placement(&keys).await;
    placement.unwrap_or_else(|| desk.system.placement(&desk.scenario, &keys))
}

/// The final reads, by sessions that have seen nothing before; a round begins when the one before it is
/// over.
async fn final_reads(desk: &Rc<Desk>, sessions: &Sessions) {
    let reader = |reader| {
        let number = desk.scenario.clients as u64 + reader;
        User::new(desk, number, sessions.env(&format!("final-{reader}")))
    };
    let mut readers: Vec<User> = (0..FINAL_READERS).map(reader).collect();
    for round in desk.finals.take() {
        let calls = Rc::new(RefCell::new(VecDeque::from(round)));
        let read = |reader| tokio::task::spawn_local(read_on(desk.clone(), reader, calls.clone()));
        for task in readers.drain(..).map(read).collect::<Vec<_>>() {
            // A reader that panicked has already ended the simulation.
            readers.extend(task.await);
        }
    }
}

/// Performs calls until none is left.
async fn read_on(desk: Rc<Desk>, mut reader: User, calls: Rc<RefCell<VecDeque<Call>>>) -> User {
    loop {
        let Some(call) = calls.borrow_mut().pop_front() else { return reader };
        reader.perform(&desk, &call).await;
    }
}
