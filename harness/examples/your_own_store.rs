//! Your own store on trial: a naive one of a hundred lines, and the lost writes that it hides.
//!
//! ```text
//! cargo run --release --package perjury --example your_own_store
//! ```
//!
//! The store keeps a set of numbers. Any node takes an element, acknowledges it, and copies it to the
//! others in the background, once. That is all it takes to lose a write: the copy meets a partition.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use perjury::env::{Env, LocalFuture};
use perjury::system::{Call, Client, Held, Reply, System};
use perjury::{Key, Promise, Scenario, Value};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use turmoil::net::{TcpListener, TcpStream};

const PORT: u16 = 9000;
const DEADLINE: Duration = Duration::from_secs(1);

/// The naive store. It uses `turmoil::net` directly, so faults that need the seam (clocks, single
/// messages, disks, power loss) are not available.
struct Naive;

impl System for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn start(&self, scenario: &Scenario, node: &str, _: Env) -> LocalFuture<'static, anyhow::Result<()>> {
        let others = scenario.node_names().into_iter().filter(|name| name != node).collect();
        Box::pin(serve(others))
    }

    fn client(&self, scenario: &Scenario, session: u64, _: Env) -> Box<dyn Client> {
        let nodes = scenario.node_names();
        let node = nodes[session as usize % nodes.len()].clone();
        Box::new(NaiveClient { node })
    }

    fn promises(&self, _: &Scenario) -> Vec<Promise> {
        vec![Promise::new("set", ""), Promise::new("convergence", "")]
    }
}

/// One node: answers `add 7`, `copy 7` and `all`, a line each.
async fn serve(others: Vec<String>) -> anyhow::Result<()> {
    let elements = Rc::new(RefCell::new(BTreeSet::new()));
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::task::spawn_local(answer(stream, elements.clone(), others.clone()));
    }
}

async fn answer(
    stream: TcpStream,
    elements: Rc<RefCell<BTreeSet<u64>>>,
    others: Vec<String>,
) -> anyhow::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.split_once(' ') {
            Some((verb, element)) => {
                elements.borrow_mut().insert(element.parse()?);
                if verb == "add" {
                    // The bug: acknowledged before anybody else has it, and copied only once.
                    for other in others.clone() {
                        let copy = format!("copy {element}");
                        tokio::task::spawn_local(async move { ask(&other, &copy).await });
                    }
                }
                "ok".to_owned()
            }
            None => elements.borrow().iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
        };
        writer.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

/// Sends one line to a node and returns the line it answers.
async fn ask(node: &str, line: &str) -> anyhow::Result<String> {
    let exchange = async {
        let mut stream = TcpStream::connect((node, PORT)).await?;
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await?;
        anyhow::ensure!(answer.ends_with('\n'), "the connection ended before the answer");
        Ok(answer.trim_end().to_owned())
    };
    tokio::time::timeout(DEADLINE, exchange).await?
}

/// A client that always asks the same node.
struct NaiveClient {
    node: String,
}

impl Client for NaiveClient {
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply> {
        Box::pin(async move {
            let line = if call.function == "add" { format!("add {}", call.value) } else { "all".to_owned() };
            match ask(&self.node, &line).await {
                Ok(_) if call.function == "add" => Reply::ok(call.value.clone(), None).from(&self.node),
                Ok(answer) => Reply::ok(numbers(&answer).map(Value::from).collect(), None).from(&self.node),
                // A read had no effect; an element may have arrived.
                Err(error) if call.function == "read" => Reply::fail(error.to_string()),
                Err(error) => Reply::info(error.to_string()),
            }
        })
    }

    fn dump<'a>(&'a mut self, node: &'a str) -> LocalFuture<'a, Option<anyhow::Result<Vec<Held>>>> {
        Box::pin(async move {
            let held = |element: u64| Held {
                key: Key::Name(format!("e{element}")),
                version: None,
                value: Value::from(element),
            };
            Some(ask(node, "all").await.map(|answer| numbers(&answer).map(held).collect()))
        })
    }
}

fn numbers(line: &str) -> impl Iterator<Item = u64> {
    line.split(' ').filter_map(|number| number.parse().ok())
}

fn trial() -> perjury::testing::Test {
    perjury::test(&Naive).workload("set").nemesis(&["partition"]).seeds(0..10)
}

fn main() -> anyhow::Result<()> {
    match trial().try_run()? {
        Ok(()) => println!("ten seeds, and nothing was lost"),
        Err(failure) => print!("{}", failure.describe()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic(expected = "lost-element")]
    fn loses_acknowledged_writes() {
        super::trial().run();
    }
}
