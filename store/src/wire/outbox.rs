//! The sending half of a connection: what waits to be written, and what the network makes of it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use bytes::Bytes;
use derive_where::derive_where;
use futures_util::SinkExt;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::codec::FramedWrite;

use crate::env::{Delivery, Env};
use crate::protocol::Protocol;

use super::{Codec, FRAME_BYTES_MAX, Frame, WireError};

/// Bytes that wait for one connection at most.
const QUEUE_BYTES_MAX: usize = 4 * FRAME_BYTES_MAX;

/// What a waiting frame costs beside its bytes.
const FRAME_BYTES_EXTRA: usize = 64;

enum Item {
    Frame(Bytes),
    Close,
}

/// Where frames for one connection are put; cheap to clone. Never waits: what finds no room is refused.
#[derive_where(Clone)]
pub struct Outbox<P> {
    items: mpsc::UnboundedSender<Item>,
    waiting: Rc<Cell<usize>>,
    env: Env,
    address: Rc<str>,
    family: PhantomData<fn(P)>,
}

/// The other end of an [`Outbox`]: writes what was put there.
pub struct Queue<P> {
    items: mpsc::UnboundedReceiver<Item>,
    waiting: Rc<Cell<usize>>,
    family: PhantomData<fn(P)>,
}

impl<P: Protocol> Outbox<P> {
    /// An outbox for a connection to `address`, and the queue that feeds its socket.
    pub fn new(env: Env, address: &str) -> (Outbox<P>, Queue<P>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Rc::new(Cell::new(0));
        let queue = Queue { items: receiver, waiting: waiting.clone(), family: PhantomData };
        let (address, family) = (address.into(), PhantomData);
        (Outbox { items: sender, waiting, env, address, family }, queue)
    }

    /// Sends a frame as the network of the seam lets it: at once, later, never, more than once, or damaged.
    ///
    /// On an error it was certainly not sent; otherwise it may arrive.
    pub fn send(&self, frame: &Frame<P>) -> Result<(), WireError> {
        let bytes = frame.encode()?;
        self.room(&bytes)?;
        for Delivery { delay, flips } in self.env.network.deliveries(&self.address) {
            let bytes = flipped(&bytes, &flips);
            if delay.is_zero() {
                self.push(bytes);
            } else {
                let outbox = self.clone();
                let sleep = self.env.clock.sleep(delay);
                tokio::task::spawn_local(async move {
                    sleep.await;
                    if outbox.room(&bytes).is_ok() {
                        outbox.push(bytes);
                    }
                });
            }
        }
        Ok(())
    }

    /// Sends a frame that belongs to the connection itself, at once.
    pub fn send_exempt(&self, frame: &Frame<P>) -> Result<(), WireError> {
        let bytes = frame.encode()?;
        self.room(&bytes)?;
        self.push(bytes);
        Ok(())
    }

    /// Ends the connection once everything put here before is written.
    pub fn close(&self) {
        // No receiver: the connection has ended already.
        let _ = self.items.send(Item::Close);
    }

    fn room(&self, bytes: &Bytes) -> Result<(), WireError> {
        if self.items.is_closed() {
            Err(WireError::Closed)
        } else if self.waiting.get() + bytes.len() + FRAME_BYTES_EXTRA > QUEUE_BYTES_MAX {
            Err(WireError::Full)
        } else {
            Ok(())
        }
    }

    fn push(&self, bytes: Bytes) {
        let cost = bytes.len() + FRAME_BYTES_EXTRA;
        if self.items.send(Item::Frame(bytes)).is_ok() {
            self.waiting.set(self.waiting.get() + cost);
        }
    }
}

/// The bytes with these bits turned over.
fn flipped(bytes: &Bytes, flips: &[u64]) -> Bytes {
    if flips.is_empty() {
        return bytes.clone();
    }
    let mut copy = bytes.to_vec();
    for flip in flips {
        let bit = flip % (8 * copy.len() as u64);
        copy[(bit / 8) as usize] ^= 1 << (bit % 8);
    }
    copy.into()
}

impl<P: Protocol> Queue<P> {
    /// Writes frames until the outbox is closed, or the connection fails.
    pub async fn write(mut self, writer: impl AsyncWrite + Unpin) -> Result<(), WireError> {
        let mut frames = FramedWrite::new(writer, Codec::<P>::default());
        while let Some(item) = self.items.recv().await {
            // What waits is written together: under simulation each write is a packet.
            let mut next = Some(item);
            while let Some(item) = next {
                let Item::Frame(bytes) = item else {
                    return frames.close().await;
                };
                let cost = bytes.len() + FRAME_BYTES_EXTRA;
                frames.feed(bytes).await?;
                self.waiting.set(self.waiting.get() - cost);
                next = self.items.try_recv().ok();
            }
            frames.flush().await?;
        }
        frames.close().await
    }
}
