//! A system for tests: each node pings all others ten times a second, and logs to disk what it gets.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::{Delivery, Env, LocalFuture, Stream};
use perjury_store::point;
use perjury_store::quorum::membership::view::View;
use perjury_store::quorum::version::Version;
use perjury_store::raft::fact::Fact;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::sim::observer::Watch;

const PORT: u16 = 7000;

/// One node: a server, and one sender for each other node.
pub fn node(name: &str, all: Vec<String>, env: Env) -> LocalFuture<'static, anyhow::Result<()>> {
    let name = name.to_string();
    Box::pin(async move {
        let file = match env.disk.open("log") {
            Ok(file) => {
                env.observer.note(&format!("started with {} bytes", file.read()?.len()));
                file
            }
            Err(_) => env.disk.create("log")?,
        };
        env.points.pass(&point::REPLAYED).await;
        env.disk.sync_directory().await?;
        for peer in all.into_iter().filter(|peer| *peer != name) {
            tokio::task::spawn_local(send(name.clone(), peer, env.clone()));
        }
        let file = Rc::new(file);
        let mut listener = env.network.bind(&format!("{name}:{PORT}")).await?;
        loop {
            let (stream, from) = listener.accept().await?;
            let (env, file) = (env.clone(), file.clone());
            tokio::task::spawn_local(async move {
                let from = from.split(':').next().unwrap_or_default().to_string();
                receive(stream, from, env, file).await
            });
        }
    })
}

async fn receive(
    mut stream: Box<dyn Stream>,
    from: String,
    env: Env,
    file: Rc<Box<dyn perjury_store::env::File>>,
) {
    while let Ok(number) = stream.read_u64().await {
        env.observer.note(&format!("got {number} from {from}"));
        let written = file.append(&number.to_be_bytes());
        if written.is_err() || file.sync().await.is_err() {
            env.observer.note("could not write");
        }
    }
    env.observer.note(&format!("end of {from}"));
}

/// Sends a number every 100 ms; each frame suffers the fate that the network has for it.
async fn send(name: String, peer: String, env: Env) {
    let address = format!("{peer}:{PORT}");
    let first = env.random.next() >> 32 << 20;
    let mut number = first;
    loop {
        env.clock.sleep(Duration::from_millis(100)).await;
        let connecting = env.network.connect(&address);
        let mut stream = tokio::select! {
            biased;
            connected = connecting => match connected {
                Ok(stream) => stream,
                Err(_) => continue,
            },
            () = env.clock.sleep(Duration::from_secs(1)) => continue,
        };
        let (late, mut due) = mpsc::unbounded_channel::<u64>();
        let until = env.clock.monotonic() + 2_000_000_000;
        while env.clock.monotonic() < until {
            number += 1;
            env.points.pass(&point::BETWEEN_TWO_SENDS).await;
            for Delivery { delay, flips } in env.network.deliveries(&address) {
                let (late, env) = (late.clone(), env.clone());
                tokio::task::spawn_local(async move {
                    env.clock.sleep(delay).await;
                    // A frame that its reader finds corrupt is as good as lost.
                    if flips.is_empty() {
                        late.send(number).ok();
                    }
                });
            }
            env.clock.sleep(Duration::from_millis(100)).await;
            while let Ok(number) = due.try_recv() {
                if stream.write_u64(number).await.is_err() {
                    env.observer.note(&format!("{name} lost {peer}"));
                    break;
                }
            }
        }
    }
}

/// Lines that nodes have noted, in order.
#[derive(Default)]
pub struct Log(RefCell<Vec<(String, String)>>);

impl Log {
    /// All lines, each as `host: text`.
    pub fn lines(&self) -> Vec<String> {
        self.lines_from(0)
    }

    /// The same from the line with this number on.
    pub fn lines_from(&self, first: usize) -> Vec<String> {
        let lines = self.0.borrow();
        let text = |(host, text): &(String, String)| format!("{host}: {text}");
        lines[first..].iter().map(text).collect()
    }

    /// Number of lines of one host.
    pub fn len_of(&self, host: &str) -> usize {
        self.0.borrow().iter().filter(|(by, _)| by == host).count()
    }

    /// Whether the host has a line that holds these words.
    pub fn has(&self, host: &str, words: &str) -> bool {
        let lines = self.0.borrow();
        lines.iter().any(|(by, text)| by == host && text.contains(words))
    }

    /// How many pings of one node have reached another.
    pub fn pings(&self, from: &str, to: &str) -> usize {
        self.numbers(from, to).len()
    }

    /// How many of them arrived again.
    pub fn repeated(&self, from: &str, to: &str) -> usize {
        let mut numbers = self.numbers(from, to);
        let all = numbers.len();
        numbers.sort();
        numbers.dedup();
        all - numbers.len()
    }

    fn numbers(&self, from: &str, to: &str) -> Vec<String> {
        let end = format!("from {from}");
        let lines = self.0.borrow();
        let got = lines
            .iter()
            .filter(|(host, text)| host == to && text.starts_with("got ") && text.ends_with(&end));
        got.map(|(_, text)| text.clone()).collect()
    }
}

impl Watch for Log {
    fn note(&self, host: &str, text: &str) {
        self.0.borrow_mut().push((host.to_string(), text.to_string()));
    }
    fn reached(&self, host: &str, marker: &'static str) {
        self.note(host, marker);
    }
    fn acknowledged(&self, host: &str, key: &str, version: Version) {
        self.note(host, &format!("acknowledged {key} {version}"));
    }
    fn released(&self, host: &str, key: &str) {
        self.note(host, &format!("released {key}"));
    }
    fn corrupt(&self, host: &str, key: Option<&str>) {
        self.note(host, &format!("corrupt {key:?}"));
    }
    fn fact(&self, host: &str, fact: &Fact) {
        self.note(host, &format!("{fact:?}"));
    }
    fn view(&self, host: &str, view: &View) {
        self.note(host, &view.to_string());
    }
}
