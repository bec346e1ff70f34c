//! A client's connection to one node.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::codec::FramedRead;

use crate::deadline::within;
use crate::env::{Env, Stream};
use crate::protocol::Protocol;
use crate::wire::{Caller, Codec, Frame, Outbox, Queue, WireError};

/// Answers that wait for the session at most; when there are more, no more is read.
const ANSWERS_MAX: usize = 64;

type Arrival<P> = Result<(u64, <P as Protocol>::Response), WireError>;

/// An open connection. Dropping it closes it.
pub(crate) struct Connection<P: Protocol> {
    outbox: Outbox<P>,
    answers: mpsc::Receiver<Arrival<P>>,
    last_id: u64,
    /// The one task that reads and writes; aborted with the set.
    _task: JoinSet<()>,
}

impl<P: Protocol> Connection<P> {
    /// Connects to node `name` at `address`, within `limit`.
    pub(crate) async fn open(
        env: &Env,
        name: &str,
        address: &str,
        limit: Duration,
    ) -> Result<Connection<P>, WireError> {
        let stream = within(&*env.clock, limit, env.network.connect(address))
            .await
            .unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))?;
        let (outbox, queue) = Outbox::new(env.clone(), address);
        outbox.send_exempt(&Frame::hello(Caller::Client, name))?;
        let (arrivals, answers) = mpsc::channel(ANSWERS_MAX);
        let mut task = JoinSet::new();
        task.spawn_local(run(stream, queue, arrivals));
        Ok(Connection { outbox, answers, last_id: 0, _task: task })
    }

    /// Why the connection has ended, if it has. Answers that came too late are thrown away.
    pub(crate) fn end(&mut self) -> Option<WireError> {
        loop {
            match self.answers.try_recv() {
                Ok(Ok(_late)) => {}
                Ok(Err(end)) => return Some(end),
                Err(mpsc::error::TryRecvError::Empty) => return None,
                Err(mpsc::error::TryRecvError::Disconnected) => return Some(WireError::Closed),
            }
        }
    }

    /// Sends a request. On an error it was certainly not sent.
    pub(crate) fn send(&mut self, request: P::Request) -> Result<u64, WireError> {
        self.last_id += 1;
        let id = self.last_id;
        self.outbox.send(&Frame::Call { id, request })?;
        Ok(id)
    }

    /// The answer to the request of this number.
    pub(crate) async fn answer(&mut self, id: u64) -> Result<P::Response, WireError> {
        loop {
            match self.answers.recv().await {
                Some(Ok((of, response))) if of == id => return Ok(response),
                // To an earlier request that was given up, or delivered twice.
                Some(Ok(_)) => {}
                Some(Err(end)) => return Err(end),
                None => return Err(WireError::Closed),
            }
        }
    }
}

async fn run<P: Protocol>(stream: Box<dyn Stream>, queue: Queue<P>, answers: mpsc::Sender<Arrival<P>>) {
    let (reader, writer) = tokio::io::split(stream);
    let end = tokio::select! {
        biased;
        end = read::<P>(reader, &answers) => end,
        end = queue.write(writer) => end.err().unwrap_or(WireError::Closed),
    };
    // No receiver: the session has closed the connection.
    let _ = answers.send(Err(end)).await;
}

async fn read<P: Protocol>(reader: impl AsyncRead + Unpin, answers: &mpsc::Sender<Arrival<P>>) -> WireError {
    let mut frames = FramedRead::new(reader, Codec::<P>::default());
    loop {
        let answer = match frames.next().await {
            Some(Ok(Frame::Answer { id, response })) => (id, response),
            Some(Ok(Frame::Refused(why))) => return WireError::Refused(why),
            Some(Ok(_)) => {
                return WireError::Unexpected("a node sent a client something else than an answer");
            }
            Some(Err(error)) => return error,
            None => return WireError::Closed,
        };
        if answers.send(Ok(answer)).await.is_err() {
            return WireError::Closed;
        }
    }
}
