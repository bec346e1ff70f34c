//! One node's connection to another: kept open, watched, and opened again.
//!
//! ```text
//!  down ──connect──▶ up ──nothing heard for 1 s, cut, refused──▶ down, wait (longer each time), …
//! ```
//!
//! Messages go one way: what node i says to node j goes over i's link to j, and j answers over its
//! own link to i. Nothing is resent here: a message that finds the link down, or its queue full, is
//! dropped and counted; the protocol asks again. Heartbeats find the connection that looks alive
//! and delivers nothing (a lost segment that no one resends, say).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncRead;
use tokio::task::JoinSet;
use tokio_util::codec::FramedRead;

use crate::deadline::within;
use crate::env::Env;
use crate::protocol::Protocol;
use crate::wire::{Caller, Codec, Frame, Outbox, WireError};

/// Between two pings.
const PING_EVERY: Duration = Duration::from_millis(250);
/// Silence after which a connection is given up.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// Time that connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// The wait before the second attempt to connect; doubles with each.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
/// The longest wait.
const BACKOFF_MAX: Duration = Duration::from_millis(800);

/// The way from one node to another.
pub struct Link<P> {
    state: Rc<State<P>>,
}

struct State<P> {
    env: Env,
    from: Caller,
    to: String,
    address: String,
    /// The connection that is up now.
    outbox: RefCell<Option<Outbox<P>>>,
    dropped: Cell<u64>,
}

impl<P: Protocol> Link<P> {
    /// Opens the link from this node to node `to` at `address`; it lives as long as `tasks`.
    pub fn open(env: Env, from: Caller, to: &str, address: &str, tasks: &mut JoinSet<()>) -> Link<P> {
        let state = Rc::new(State {
            env,
            from,
            to: to.to_owned(),
            address: address.to_owned(),
            outbox: RefCell::new(None),
            dropped: Cell::new(0),
        });
        tasks.spawn_local(keep_up(state.clone()));
        Link { state }
    }

    /// Sends a message if the link is up; else it is dropped.
    pub fn send(&self, message: P::Message) {
        let sent = match &*self.state.outbox.borrow() {
            Some(outbox) => outbox.send(&Frame::Peer(message)),
            None => Err(WireError::Closed),
        };
        if let Err(error) = sent {
            self.state.dropped.set(self.state.dropped.get() + 1);
            if let WireError::TooLarge = error {
                self.state.note(&format!("dropped a message: {error}"));
            }
        }
    }

    /// Messages dropped so far, because the link was down or its queue full.
    pub fn dropped(&self) -> u64 {
        self.state.dropped.get()
    }
}

impl<P: Protocol> State<P> {
    fn note(&self, text: &str) {
        self.env.observer.note(&format!("link to {}: {text}", self.to));
    }

    fn hello(&self) -> Frame<P> {
        Frame::hello(self.from.clone(), &self.to)
    }
}

async fn keep_up<P: Protocol>(state: Rc<State<P>>) {
    let mut backoff = BACKOFF_MIN;
    let mut said = String::new();
    loop {
        let heard_any = Cell::new(false);
        let Err(error) = connection(&state, &heard_any).await;
        state.outbox.take();
        if heard_any.get() {
            backoff = BACKOFF_MIN;
            said.clear();
        }
        // Said once, not at each attempt.
        let why = error.to_string();
        if why != said {
            state.note(&format!("{why} ({} messages dropped so far)", state.dropped.get()));
            said = why;
        }
        state.env.clock.sleep(jittered(backoff, state.env.random.next())).await;
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// Between half of `backoff` and all of it, so that nodes do not come back in step.
fn jittered(backoff: Duration, random: u64) -> Duration {
    let half = backoff / 2;
    half + half.mul_f64((random >> 32) as f64 / f64::from(u32::MAX))
}

enum Never {}

async fn connection<P: Protocol>(state: &State<P>, heard_any: &Cell<bool>) -> Result<Never, WireError> {
    let env = &state.env;
    let stream = within(&*env.clock, CONNECT_MAX, env.network.connect(&state.address))
        .await
        .unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))?;
    let (reader, writer) = tokio::io::split(stream);
    let (outbox, queue) = Outbox::new(env.clone(), &state.address);
    outbox.send_exempt(&state.hello())?;
    state.outbox.replace(Some(outbox.clone()));
    let heard_at = Cell::new(env.clock.monotonic());
    let heard = || {
        heard_at.set(env.clock.monotonic());
        heard_any.set(true);
    };
    tokio::select! {
        biased;
        end = listen::<P>(reader, heard) => end,
        end = queue.write(writer) => Err(end.err().unwrap_or(WireError::Closed)),
        end = beat(env, &outbox, &heard_at) => end,
    }
}

/// Reads what the other node says here: that it is there, or why it will not talk.
async fn listen<P: Protocol>(reader: impl AsyncRead + Unpin, heard: impl Fn()) -> Result<Never, WireError> {
    let mut frames = FramedRead::new(reader, Codec::<P>::default());
    loop {
        match frames.next().await.transpose()? {
            Some(Frame::Pong) => heard(),
            Some(Frame::Refused(why)) => return Err(WireError::Refused(why)),
            Some(_) => return Err(WireError::Unexpected("messages come over the other node's own link")),
            None => return Err(WireError::Closed),
        }
    }
}

/// Pings, and ends when nothing has been heard for too long.
async fn beat<P: Protocol>(env: &Env, outbox: &Outbox<P>, heard_at: &Cell<u64>) -> Result<Never, WireError> {
    loop {
        outbox.send_exempt(&Frame::Ping)?;
        env.clock.sleep(PING_EVERY).await;
        let silence = Duration::from_nanos(env.clock.monotonic().saturating_sub(heard_at.get()));
        if silence > SILENCE_MAX {
            return Err(WireError::Silent(silence.as_millis()));
        }
    }
}

#[cfg(test)]
mod tests;
