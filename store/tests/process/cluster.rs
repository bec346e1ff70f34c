//! Clusters of real processes, which end with the test, however it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use perjury_store::client::{Client, ClientOptions};
use perjury_store::env::real;
use perjury_store::raft;

/// Time that anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The program, with these arguments.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perjury-store"));
    command.args(arguments);
    command
}

/// Runs the program to its end: exit code, standard output, standard error.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

/// An address on loopback where nobody listens.
///
/// Its port is none that the operating system gives to outgoing connections: while a node is down,
/// another's attempt to reach it must not take its port.
pub fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 100) as u16 * 100;
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let address = format!("127.0.0.1:{port}");
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// A running program.
pub struct Process {
    pub child: Child,
}

impl Process {
    /// Starts a node and waits until it listens. None: something else has taken its address.
    fn start(mut command: Command) -> Option<Process> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut process = Process { child };
        let stderr = BufReader::new(process.child.stderr.take().unwrap());
        let (lines, said) = mpsc::channel();
        // Reads to the end, or the node would block on a full pipe.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let mut all = Vec::new();
        while let Ok(line) = said.recv_timeout(PATIENCE) {
            if line.contains("listening on") {
                return Some(process);
            }
            if line.contains("cannot listen") {
                return None;
            }
            all.push(line);
        }
        panic!("the node did not start: {all:#?}");
    }

    /// SIGTERM: the process is asked to end; its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }

    /// SIGKILL: the process can do nothing about it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nodes n1, n2, …, each with a directory of its own.
pub struct Cluster {
    /// What each node is told of its family.
    family: Vec<String>,
    directory: tempfile::TempDir,
    /// Names and addresses.
    pub peers: Vec<(String, String)>,
    nodes: Vec<Option<Process>>,
}

impl Cluster {
    /// Starts so many nodes of the leaderless family.
    pub fn start(nodes: usize) -> Cluster {
        let all = nodes.min(3).to_string();
        let quorum = (nodes.min(3) / 2 + 1).to_string();
        Cluster::start_with(
            nodes,
            &["--replication", &all, "--read-quorum", &quorum, "--write-quorum", &quorum],
        )
    }

    /// Starts two nodes of the leaderless family that keep siblings.
    pub fn start_siblings() -> Cluster {
        let quorums = ["--replication", "2", "--read-quorum", "1", "--write-quorum", "2"];
        Cluster::start_with(2, &[&["--mode", "siblings"], quorums.as_slice()].concat())
    }

    /// Starts so many nodes of a replicated log.
    pub fn start_log(nodes: usize, options: &[&str]) -> Cluster {
        Cluster::start_with(nodes, &[&["--family", "raft"], options].concat())
    }

    /// Starts so many nodes with these options.
    pub fn start_with(nodes: usize, family: &[&str]) -> Cluster {
        for _ in 0..5 {
            let name = |node| format!("n{}", node + 1);
            let mut cluster = Cluster {
                family: family.iter().map(|argument| argument.to_string()).collect(),
                directory: tempfile::tempdir().unwrap(),
                peers: (0..nodes).map(|node| (name(node), free_address())).collect(),
                nodes: (0..nodes).map(|_| None).collect(),
            };
            if (0..nodes).all(|node| cluster.try_start(node, &[])) {
                return cluster;
            }
        }
        panic!("no free addresses");
    }

    /// Changes what nodes are told that start from here on.
    pub fn set(&mut self, option: &str, value: &str) {
        let position = self.family.iter().position(|argument| argument == option).expect("it was given");
        self.family[position + 1] = value.to_owned();
    }

    fn try_start(&mut self, node: usize, options: &[&str]) -> bool {
        self.nodes[node] = Process::start(self.serve(node, options));
        self.nodes[node].is_some()
    }

    /// The command that starts a node, with further options.
    pub fn serve(&self, node: usize, options: &[&str]) -> Command {
        let (name, address) = &self.peers[node];
        let mut command = program(&["serve", "--node", name, "--listen", address]);
        command.args(["--peers", &self.peers_argument()]).args(&self.family);
        command.arg("--data").arg(self.data(node)).args(options);
        command
    }

    /// The nodes, as the command line takes them.
    pub fn peers_argument(&self) -> String {
        let peers = self.peers.iter().map(|(name, address)| format!("{name}={address}"));
        peers.collect::<Vec<_>>().join(",")
    }

    /// The node's directory.
    pub fn data(&self, node: usize) -> PathBuf {
        Path::new(self.directory.path()).join(&self.peers[node].0)
    }

    /// Starts a node that was stopped, and waits until it listens.
    pub fn restart(&mut self, node: usize) {
        self.restart_with(node, &[]);
    }

    /// The same with further options.
    pub fn restart_with(&mut self, node: usize, options: &[&str]) {
        assert!(self.try_start(node, options), "the address of node {node} was taken meanwhile");
    }

    /// The process of a node, which is its owner's from here on.
    pub fn take(&mut self, node: usize) -> Process {
        self.nodes[node].take().expect("the node runs")
    }

    /// A new session of the leaderless family.
    pub fn client(&self) -> Client {
        Client::new(real::client_env().unwrap(), ClientOptions::new(self.peers.clone()))
    }

    /// A new session of a replicated log.
    pub fn log_client(&self) -> raft::client::Client {
        let options = raft::client::ClientOptions::new(self.peers.clone());
        raft::client::Client::new(real::client_env().unwrap(), options)
    }
}

/// Runs asynchronous code as nodes and clients want it: on one thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

/// Waits until `done` holds.
#[expect(clippy::disallowed_methods, reason = "real processes take real time")]
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
