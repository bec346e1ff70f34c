//! What is tested: a replicated store that anyone could run, in two families.
//!
//! [`quorum`] has no leader: any node takes any request. A key belongs to N nodes of a consistent-hash ring.
//! A level says how many of them take part in a read or a write: `one`, `quorum`, `all`, or `atomic`, the
//! only one that makes a key linearizable. What is promised at which level, and under which faults, is a
//! table in [`quorum::promise`].
//!
//! [`raft`] is a replicated log: a leader, elected by a majority, puts all changes in one order, and every
//! node applies them. Registers, lists, counters, locks and transactions are its state machine's; a read
//! says how sure it must be.
//!
//! Each is a [`Protocol`](protocol::Protocol), a value: inputs and ticks go in, effects come out. Sockets,
//! disk and clocks are the shell's around it, the same for both, which takes them through the seam,
//! [`env`](mod@env): the same code runs on a real machine and under simulation. Here the shell is us, and
//! the cluster one node without a leader:
//!
//! ```
//! use perjury_store::protocol::Protocol;
//! use perjury_store::quorum::config::Config;
//! use perjury_store::quorum::effect::{Effect, Input, Now};
//! use perjury_store::quorum::message::{Level, Operation, Request, Response};
//! use perjury_store::quorum::node::{Node, Start};
//! use perjury_store::quorum::record::Logged;
//!
//! let alone = Config::new(0, vec!["n1".to_owned()]);
//! let config = Config { replication: 1, read_quorum: 1, write_quorum: 1, ..alone };
//! let now = Now { wall: 7_000_000, monotonic: 0 };
//! let mut node = Node::new(config, Start { incarnation: 1, ..Start::default() }, now);
//!
//! let operation = Operation::Put { key: "k".to_owned(), value: b"v".to_vec() };
//! let request = Request { operation, level: Level::Quorum, floor: None, above: None, deadline_ms: 1000 };
//! let mut effects = Vec::new();
//! node.step(Input::Request { id: 1, request }, now, &mut effects);
//!
//! // It wants the write in its log, and answers nobody before the log is synced.
//! assert!(effects.iter().any(|effect| matches!(effect, Effect::Append(Logged::Held(record)) if record.key == "k")));
//! assert!(!effects.iter().any(|effect| matches!(effect, Effect::Reply { .. })));
//!
//! effects.clear();
//! node.step(Input::Synced { through: 1 }, now, &mut effects);
//! let answer = effects.iter().find_map(|effect| match effect {
//!     Effect::Reply { id: 1, response: Response::Written { version } } => Some(version.to_string()),
//!     _ => None,
//! });
//! assert_eq!(answer.as_deref(), Some("7.0.0.1")); // milliseconds, counter, node, incarnation
//! ```
//!
//! ```text
//! env.rs           the seam: network, disk, randomness, two clocks, an observer; env/real/ for a real machine
//! point.rs         named points of the code, where a test may strike
//! marker.rs        what a good sweep makes happen at least once
//! features.rs      what some nodes have and others do not
//! protocol.rs      what the shell needs to know of a family
//! quorum/          the family without a leader, without sockets, clocks or randomness
//!   node             a node: hands each input to its part
//!   ring, version, clock                who keeps a key, and how that changes; what orders its writes
//!   coordinator, read, write            the requests that reach this node
//!   replica                             what this node holds, and when it may say so
//!   exchange                            replicas become equal in the background; recovery
//!   message, effect, outbox             what goes in and comes out
//!   config, promise                     the cluster; what it promises
//! raft/            the family with leader and followers, likewise
//!   node             a node and its parts: election, replication, commit, reads, members, snapshots
//!   machine          what the log says: keys of every kind, and the sessions
//!   client           a session: finds the leader, and asks again without doing twice
//!   invariants       what must hold between all nodes, watched from inside
//! storage/         the write-ahead log: frames, segments, replay, repair, and snapshots in its place
//! wire/            frames on a connection
//! server/          the shell of a node: reception, replica loop; link.rs: its connections to the others
//! client/          a session of the leaderless family: its token, and how it chooses a coordinator
//! safeguards.rs    decisions of the protocols that can be switched off: planted bugs
//! main.rs          the command line: serve; get, put, delete, cas, append, add, lock, unlock; status,
//!                  transfer, member, dump
//! ```

pub mod client;
mod deadline;
pub mod env;
#[cfg(test)]
mod fake;
pub mod features;
pub mod link;
pub mod marker;
pub mod point;
pub mod protocol;
pub mod quorum;
pub mod raft;
pub mod safeguards;
pub mod server;
pub mod storage;
pub mod wire;

pub use safeguards::Safeguards;
