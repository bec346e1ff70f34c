//! The administrator: has the system do what faults want of its administration.

use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::Env;

use super::Desk;
use crate::cluster::Sessions;
use crate::system::Order;

/// Between two looks at the wishes.
const LOOK: Duration = Duration::from_millis(50);

/// Gives orders, for ever. Those about different nodes go out at the same time: a system must not need
/// administrators who wait for each other.
pub async fn run(desk: Rc<Desk>, sessions: Sessions) {
    let env = sessions.env("administrator");
    let mut numbers = 0..;
    loop {
        for (order, number) in desk.administration.orders(now(&env)).into_iter().zip(&mut numbers) {
            let env = sessions.env(&format!("administrator-{number}"));
            tokio::task::spawn_local(carry_out(desk.clone(), order, env));
        }
        env.clock.sleep(LOOK).await;
    }
}

async fn carry_out(desk: Rc<Desk>, order: Order, env: Env) {
    let mut client = desk.system.client(&desk.scenario, u64::MAX, env.clone());
    let done = client.administer(&order).await;
    let (what, node) = match &order {
        Order::Remove(node) => ("remove", node),
        Order::Add(node) => ("add", node),
        Order::Lead(node) => ("leadership to", node),
    };
    let how = match &done {
        Some(Ok(())) => "done".to_owned(),
        Some(Err(why)) => format!("{why:#}"),
        None => "the system cannot".to_owned(),
    };
    desk.recorder.trace("nemesis", &format!("{what} {node}: {how}"));
    desk.administration.done(&order, matches!(done, Some(Ok(()))), now(&env));
}

fn now(env: &Env) -> Duration {
    Duration::from_nanos(env.clock.monotonic())
}
