//! A connection across a link that may be cut: what is under way then is lost.
//!
//! The simulator keeps what was sent after the cut from arriving, and delivers what was sent before. Here a
//! segment that arrives while its direction is cut is lost as well, so that a cut can fall between a leader's
//! first entry and its followers. The simulator knows no retransmission, so nothing after a lost segment arrives
//! either: the connection is silent from then on, and its ends give it up in their own time.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

use super::network::Fabric;

/// One end of a connection.
pub struct SimStream {
    stream: TcpStream,
    fabric: Rc<Fabric>,
    /// Who reads here.
    host: String,
    /// The other end.
    peer: String,
    is_silent: bool,
}

impl SimStream {
    /// The end of this connection that is on `host`, with `peer` at the other.
    pub fn new(stream: TcpStream, fabric: Rc<Fabric>, host: &str, peer: &str) -> SimStream {
        SimStream { stream, fabric, host: host.to_string(), peer: peer.to_string(), is_silent: false }
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self.get_mut();
        if end.is_silent {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut end.stream).poll_read(context, buffer));
        if end.fabric.is_cut(&end.peer, &end.host) {
            buffer.set_filled(before);
            end.is_silent = true;
            return Poll::Pending;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
