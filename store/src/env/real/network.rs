//! Sockets of the operating system.

use std::io;

use smallvec::{SmallVec, smallvec};
use tokio::net::{TcpListener, TcpStream};

use crate::env::{Delivery, Listener, LocalFuture, Network, Stream};

/// TCP. Frames are small and each is waited for, so nothing is held back to be sent in larger packets.
pub struct Sockets;

impl Network for Sockets {
    fn bind(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Listener>>> {
        let address = address.to_owned();
        Box::pin(async move {
            let listener = TcpListener::bind(&address).await?;
            Ok(Box::new(Socket(listener)) as Box<dyn Listener>)
        })
    }

    fn connect(&self, address: &str) -> LocalFuture<'static, io::Result<Box<dyn Stream>>> {
        let address = address.to_owned();
        Box::pin(async move { stream(TcpStream::connect(&address).await?) })
    }

    fn deliveries(&self, _address: &str) -> SmallVec<[Delivery; 2]> {
        smallvec![Delivery::default()]
    }
}

struct Socket(TcpListener);

impl Listener for Socket {
    fn accept(&mut self) -> LocalFuture<'_, io::Result<(Box<dyn Stream>, String)>> {
        Box::pin(async move {
            let (socket, from) = self.0.accept().await?;
            Ok((stream(socket)?, from.to_string()))
        })
    }
}

fn stream(socket: TcpStream) -> io::Result<Box<dyn Stream>> {
    socket.set_nodelay(true)?;
    Ok(Box::new(socket))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn connects_and_carries_bytes_both_ways() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        // The trait does not tell which port was bound, so one that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut listener = Sockets.bind(&address).await.unwrap();
        let mut client = Sockets.connect(&address).await.unwrap();
        let (mut server, from) = listener.accept().await.unwrap();
        assert!(from.starts_with("127.0.0.1:"));
        client.write_all(b"ping").await.unwrap();
        server.write_all(b"pong").await.unwrap();
        let (mut asked, mut answered) = ([0; 4], [0; 4]);
        server.read_exact(&mut asked).await.unwrap();
        client.read_exact(&mut answered).await.unwrap();
        assert_eq!((&asked, &answered), (b"ping", b"pong"));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn connecting_to_nobody_is_an_error() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        assert!(Sockets.connect(&address).await.is_err());
    }

    #[test]
    fn delivers_each_frame_once_and_at_once() {
        assert_eq!(Sockets.deliveries("n1:1").as_slice(), [Delivery::after(Duration::ZERO)]);
    }
}
