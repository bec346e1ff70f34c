//! Incoming connections: who may come in, and what they may say.
//!
//! ```text
//!  connection ── frames ──▶ hello? ──▶ calls, or messages ──▶ one queue ──▶ the replica
//!      ▲                      │ anything wrong                                   │
//!      └── Refused, close ◀───┘                              Answer ◀────────────┘
//! ```
//!
//! Each connection is a task of its own and can end without harm to any other. The queue to the
//! replica is bounded: when it is full, connections stop reading.

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, ReadHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::codec::FramedRead;

use crate::deadline::within;
use crate::env::{Env, Listener, Stream};
use crate::protocol::{Answer, NodeId, Protocol};
use crate::wire::{Caller, Codec, Frame, Outbox, WireError};

/// Time until the hello must be there.
const HELLO_MAX: Duration = Duration::from_secs(2);
/// Silence after which a node's connection is closed; it pings four times a second.
const NODE_SILENCE_MAX: Duration = Duration::from_secs(3);
/// Silence after which a client's connection is closed.
const CLIENT_SILENCE_MAX: Duration = Duration::from_secs(60);
/// How often silence is looked for.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// The pause after the operating system could not accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time that a refused connection gets to read why.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// Calls of one connection that may wait for their answers.
const CALLS_OUTSTANDING_MAX: usize = 256;

/// What connections hand to the replica.
pub(super) enum Event<P: Protocol> {
    /// A client asks.
    Call { reply: Reply<P>, request: P::Request },
    /// Another node says something.
    Message { from: NodeId, message: P::Message },
}

/// Where the answer to a call goes.
pub(super) struct Reply<P: Protocol> {
    id: u64,
    outbox: Outbox<P>,
    outstanding: Rc<Cell<usize>>,
}

impl<P: Protocol> Reply<P> {
    /// Answers the call. A connection that has ended meanwhile is no error: the client finds out.
    pub(super) fn send(self, response: P::Response) {
        let id = self.id;
        let answer = Frame::Answer { id, response };
        if let (Err(WireError::TooLarge), Frame::Answer { response, .. }) =
            (self.outbox.send(&answer), answer)
        {
            let response = response.too_large(WireError::TooLarge.to_string());
            let _ = self.outbox.send(&Frame::Answer { id, response });
        }
    }
}

impl<P: Protocol> Drop for Reply<P> {
    fn drop(&mut self) {
        self.outstanding.set(self.outstanding.get() - 1);
    }
}

/// What all connections share.
pub(super) struct Reception<P: Protocol> {
    pub(super) env: Env,
    /// This node.
    pub(super) node: NodeId,
    /// Names of all nodes.
    pub(super) nodes: Vec<String>,
    /// How this node was told that the cluster is.
    pub(super) cluster: String,
    /// Connections open at the same time at most.
    pub(super) connections_max: usize,
    pub(super) events: mpsc::Sender<Event<P>>,
}

/// Takes in connections for ever.
pub(super) async fn accept<P: Protocol>(reception: Rc<Reception<P>>, mut listener: Box<dyn Listener>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while let Some(ended) = connections.try_join_next() {
            if let Err(error) = ended {
                // Input cannot make a connection panic; a mistake of ours must not stay hidden.
                std::panic::resume_unwind(error.into_panic());
            }
        }
        match accepted {
            Ok((stream, address)) if connections.len() < reception.connections_max => {
                connections.spawn_local(connection(reception.clone(), stream, address));
            }
            Ok((_stream, address)) => {
                reception.note(&address, "closed: there are too many connections");
            }
            Err(error) => {
                // Out of file descriptors, say: others must close first.
                reception.note("listener", &error.to_string());
                reception.env.clock.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// When something was last heard on a connection, and how long it may be silent.
struct Pulse {
    heard_at: Cell<u64>,
    silence_max: Cell<Duration>,
}

async fn connection<P: Protocol>(reception: Rc<Reception<P>>, stream: Box<dyn Stream>, address: String) {
    let env = &reception.env;
    let (reader, writer) = tokio::io::split(stream);
    let (outbox, queue) = Outbox::new(env.clone(), &address);
    let mut visit = Visit {
        reception: &reception,
        frames: FramedRead::new(reader, Codec::default()),
        outbox: &outbox,
        pulse: &Pulse { heard_at: Cell::new(env.clock.monotonic()), silence_max: Cell::new(HELLO_MAX) },
    };
    let pulse = visit.pulse;
    let mut write = pin!(queue.write(writer));
    let error = tokio::select! {
        biased;
        error = visit.converse() => error,
        // Nobody can be told anything any more.
        _ = &mut write => return,
        error = watch(env, pulse) => error,
    };
    if let WireError::Closed | WireError::Io(_) = error {
        return;
    }
    reception.note(&address, &format!("closed: {error}"));
    let farewell = Frame::<P>::Refused(error.to_string());
    if outbox.send_exempt(&farewell).is_ok() {
        outbox.close();
        let unread = visit.frames.into_inner();
        within(&*env.clock, FAREWELL_MAX, async {
            let _ = write.await;
            drain(unread).await;
        })
        .await;
    }
}

/// Reads and forgets. Closing a socket with bytes unread would reset the connection, and the other
/// side could lose what it was told last.
async fn drain(mut reader: ReadHalf<Box<dyn Stream>>) {
    let mut waste = [0; 4096];
    while let Ok(1..) = reader.read(&mut waste).await {}
}

async fn watch(env: &Env, pulse: &Pulse) -> WireError {
    loop {
        env.clock.sleep(WATCH_EVERY).await;
        let silence = env.clock.monotonic().saturating_sub(pulse.heard_at.get());
        let silence = Duration::from_nanos(silence);
        if silence > pulse.silence_max.get() {
            return WireError::Silent(silence.as_millis());
        }
    }
}

impl<P: Protocol> Reception<P> {
    fn note(&self, who: &str, text: &str) {
        self.env.observer.note(&format!("connection from {who}: {text}"));
    }

    /// Who says hello; an error when it should not be here.
    fn admit(&self, family: &str, from: Caller, to: &str) -> Result<Option<NodeId>, WireError> {
        let ours = P::NAME;
        if family != ours {
            return Err(WireError::Stranger(format!(
                "this node is of family {ours}, and the other side speaks for family {family}"
            )));
        }
        let own = &self.nodes[usize::from(self.node)];
        if to != own {
            return Err(WireError::Stranger(format!("this is node {own}, not {to}; check the addresses")));
        }
        let Caller::Node { name, cluster } = from else {
            return Ok(None);
        };
        match self.nodes.iter().position(|node| *node == name) {
            Some(node) if node == usize::from(self.node) => {
                Err(WireError::Stranger(format!("two nodes call themselves {own}")))
            }
            Some(_) if cluster != self.cluster => Err(WireError::Stranger(format!(
                "{own} and {name} were started with other options: {own} with {}; {name} with {cluster}",
                self.cluster
            ))),
            Some(node) => Ok(Some(node as NodeId)),
            None => Err(WireError::Stranger(format!(
                "there is no node {name} in this cluster, only {}",
                self.nodes.join(", ")
            ))),
        }
    }
}

/// One connection while it is in order.
struct Visit<'a, P: Protocol, R> {
    reception: &'a Reception<P>,
    frames: FramedRead<R, Codec<P>>,
    outbox: &'a Outbox<P>,
    pulse: &'a Pulse,
}

impl<P: Protocol, R: AsyncRead + Unpin> Visit<'_, P, R> {
    /// Hears the other side out; returns why that ended.
    async fn converse(&mut self) -> WireError {
        let Err(error) = self.greet_and_hear().await;
        error
    }

    async fn greet_and_hear(&mut self) -> Result<Infallible, WireError> {
        let (family, from, to) = loop {
            match self.read().await? {
                Frame::Hello { family, from, to } => break (family, from, to),
                Frame::Which => {
                    let nodes = self.reception.nodes.clone();
                    self.outbox.send_exempt(&Frame::Family(P::NAME.to_owned(), nodes))?;
                }
                _ => return Err(WireError::Unexpected("a connection starts with a hello")),
            }
        };
        match self.reception.admit(&family, from, &to)? {
            None => {
                self.pulse.silence_max.set(CLIENT_SILENCE_MAX);
                self.hear_client().await
            }
            Some(node) => {
                self.pulse.silence_max.set(NODE_SILENCE_MAX);
                self.hear_node(node).await
            }
        }
    }

    async fn hear_client(&mut self) -> Result<Infallible, WireError> {
        let outstanding = Rc::new(Cell::new(0));
        let mut last_id = 0;
        loop {
            let Frame::Call { id, request } = self.next().await? else {
                return Err(WireError::Unexpected("a client sends calls, and nothing else"));
            };
            // Delivered twice, or overtaken by a later one.
            if id <= last_id {
                continue;
            }
            last_id = id;
            outstanding.set(outstanding.get() + 1);
            let reply = Reply { id, outbox: self.outbox.clone(), outstanding: outstanding.clone() };
            if outstanding.get() > CALLS_OUTSTANDING_MAX {
                let why = format!("{CALLS_OUTSTANDING_MAX} calls of this connection wait already");
                reply.send(P::Response::not_asked(why));
            } else {
                self.hand_over(Event::Call { reply, request }).await?;
            }
        }
    }

    async fn hear_node(&mut self, from: NodeId) -> Result<Infallible, WireError> {
        loop {
            let Frame::Peer(message) = self.next().await? else {
                return Err(WireError::Unexpected("a node sends messages, and nothing else"));
            };
            self.hand_over(Event::Message { from, message }).await?;
        }
    }

    /// The next frame that is not about the connection itself.
    async fn next(&mut self) -> Result<Frame<P>, WireError> {
        loop {
            match self.read().await? {
                Frame::Ping => self.outbox.send_exempt(&Frame::Pong)?,
                frame => return Ok(frame),
            }
        }
    }

    async fn read(&mut self) -> Result<Frame<P>, WireError> {
        let frame = self.frames.next().await.transpose()?;
        self.pulse.heard_at.set(self.reception.env.clock.monotonic());
        match frame {
            Some(Frame::Refused(_)) | None => Err(WireError::Closed),
            Some(frame) => Ok(frame),
        }
    }

    async fn hand_over(&self, event: Event<P>) -> Result<(), WireError> {
        let sent = self.reception.events.send(event).await;
        sent.map_err(|_| WireError::Closed)
    }
}
