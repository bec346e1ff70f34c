//! The server: one node, from its data directory to its sockets.
//!
//! Everything runs on one thread. [`serve`] opens the log, then the socket, and hands both to one
//! loop that owns the protocol; connections and links are tasks around it.
//!
//! ```text
//!  reception ──calls, messages──▶ replica ──messages──▶ links
//!      ▲                           │  ▲
//!      └────────answers────────────┘  └──appends, syncs──▶ log
//! ```

mod data;
mod keeper;
mod quorum;
mod raft;
mod reception;
mod replica;
mod shelf;

use std::io;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Safeguards;
use crate::env::Env;
use crate::link::Link;
use crate::protocol::{NodeId, Now, Protocol};
use crate::quorum::copies::Shelf;
use crate::storage::{self, Replayed, tables};
use crate::wire::Caller;

use keeper::Keeper;
use reception::Reception;
use replica::Replica;

/// Calls and messages that wait for the replica at most.
const EVENTS_MAX: usize = 1024;

/// What the server asks of a family: its configuration, which makes a node of what is in a data
/// directory.
pub trait Family: 'static {
    /// The family's protocol.
    type Node: Protocol;
    /// Which of the nodes this is.
    fn node(&self) -> NodeId;
    /// Names of all nodes.
    fn nodes(&self) -> &[String];
    /// Which safeguards are on.
    fn safeguards(&self) -> Safeguards;
    /// What a data directory is of: another family's, or one that was kept otherwise, cannot be read.
    fn directory(&self) -> String {
        Self::Node::NAME.to_owned()
    }
    /// How the cluster is, in words: what all its nodes must be told alike.
    fn cluster(&self) -> String;
    /// What is wrong with it, if anything.
    fn problem(&self) -> Option<String>;
    /// Whether the log is synced in the background, once a second, instead of at once: a planted bug.
    fn syncs_in_background(&self) -> bool {
        false
    }
    /// How the node keeps its entries in tables; none: it does not.
    fn tables(&self) -> Option<tables::Options> {
        None
    }
    /// The node, with what it found when it started, and its shelf, if it keeps tables.
    fn start(self, replayed: Replayed<Record<Self>>, shelf: Option<Rc<dyn Shelf>>, env: &Env) -> Self::Node;
}

/// What a family keeps in its log.
pub type Record<F> = <<F as Family>::Node as Protocol>::Record;

/// What a server is told.
#[derive(Clone, Debug)]
pub struct ServerOptions<F> {
    /// The cluster, and which of its nodes this is.
    pub config: F,
    /// Where to listen (`host:port`).
    pub listen: String,
    /// Addresses of all nodes, in the order of `config.nodes`. This node's own is not used.
    pub addresses: Vec<String>,
    /// Bytes after which the log starts a new segment.
    pub segment_bytes_max: u32,
    /// Connections open at the same time at most.
    pub connections_max: usize,
    /// The node has lost its directory, and begins with an empty one: it takes part in reads, and acknowledges, once it has
    /// caught up from all others.
    pub replaces: bool,
}

impl<F> ServerOptions<F> {
    /// The defaults, for this place in this cluster.
    pub fn new(config: F, listen: String, addresses: Vec<String>) -> ServerOptions<F> {
        ServerOptions {
            config,
            listen,
            addresses,
            segment_bytes_max: storage::Options::default().segment_bytes_max,
            connections_max: 1024,
            replaces: false,
        }
    }
}

/// Why a server does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// For the caller: the cluster cannot be like that.
    #[error("the cluster's configuration is wrong: {0}")]
    Config(String),
    /// For the operator: the data directory cannot be used, or the disk has failed. Nobody knows
    /// then what is durable, so the node stops; what it has acknowledged is on the disk, or on
    /// those of the others.
    #[error("{0}")]
    Storage(#[from] storage::Error),
    /// For the operator: the address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system says.
        source: io::Error,
    },
}

/// Runs a node until its disk fails. Dropping the future ends it, with all its tasks.
///
/// Must run inside a tokio `LocalSet`. Says through the observer when it listens.
pub async fn serve<F: Family>(options: ServerOptions<F>, env: Env) -> Result<(), Error> {
    serve_until(std::future::pending(), options, env).await
}

/// The same until `end`: then the node says goodbye to the others.
pub async fn serve_until<F: Family>(
    end: impl Future<Output = ()>,
    options: ServerOptions<F>,
    env: Env,
) -> Result<(), Error> {
    check(&options)?;
    let config = &options.config;
    let name = config.nodes()[usize::from(config.node())].clone();
    let (log, replayed, keeper) = data::open(&options, &name, &env).await?;
    let listen = |source| Error::Listen { address: options.listen.clone(), source };
    let listener = env.network.bind(&options.listen).await.map_err(listen)?;
    env.observer.note(&format!("{name}: listening on {}", options.listen));

    let mut tasks = JoinSet::new();
    let links = open_links(&options, &name, &env, &mut tasks);
    let (events, inbox) = mpsc::channel(EVENTS_MAX);
    let reception = Reception {
        env: env.clone(),
        node: config.node(),
        nodes: config.nodes().to_vec(),
        cluster: config.cluster(),
        connections_max: options.connections_max,
        events,
    };
    tasks.spawn_local(reception::accept(Rc::new(reception), listener));
    let syncs_in_background = config.syncs_in_background();
    let shelf = keeper.as_ref().map(Keeper::shelf);
    let node = options.config.start(replayed, shelf, &env);
    let replica = Replica::new(node, (log, keeper), links, syncs_in_background, env);
    tokio::select! {
        biased;
        end = replica.run(end, inbox) => end,
        Some(Err(error)) = tasks.join_next() => std::panic::resume_unwind(error.into_panic()),
    }
}

fn check<F: Family>(options: &ServerOptions<F>) -> Result<(), Error> {
    let config = &options.config;
    if let Some(problem) = config.problem() {
        return Err(Error::Config(problem));
    }
    if !config.nodes().is_sorted_by(|a, b| a < b) {
        return Err(Error::Config("names of nodes must be sorted, and no two the same".to_owned()));
    }
    if options.addresses.len() != config.nodes().len() {
        let (nodes, addresses) = (config.nodes().len(), options.addresses.len());
        return Err(Error::Config(format!("{addresses} addresses for {nodes} nodes")));
    }
    Ok(())
}

/// One link to each other node; none at this node's own place.
fn open_links<F: Family>(
    options: &ServerOptions<F>,
    name: &str,
    env: &Env,
    tasks: &mut JoinSet<()>,
) -> Vec<Option<Link<F::Node>>> {
    let from = Caller::Node { name: name.to_owned(), cluster: options.config.cluster() };
    let mut open = |peer, address| Link::open(env.clone(), from.clone(), peer, address, tasks);
    let peers = options.config.nodes().iter().zip(&options.addresses);
    peers.map(|(peer, address)| (peer != name).then(|| open(peer, address))).collect()
}

/// What both clocks show.
fn now(env: &Env) -> Now {
    Now { wall: env.clock.wall(), monotonic: env.clock.monotonic() }
}

#[cfg(test)]
mod tests;
