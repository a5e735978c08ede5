use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::client::TlsStream;

use super::target::Security;
use super::{Target, Trust};
use crate::{RemoteError, RemoteErrorKind};

/// Addresses of one name that are tried in turn.
const ADDRESSES_MAX: usize = 8;

/// A connection's bytes.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Opens a connection: name, TCP and TLS within `limit`.
pub(crate) async fn connect(
    target: &Target,
    trust: &Trust,
    limit: Duration,
) -> Result<super::Connection, RemoteError> {
    let until = Instant::now() + limit;
    let opened = timeout_at(until, async {
        let tcp = open_tcp(target, until)
            .await
            .map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))?;
        Ok(match target.security {
            Security::None => Socket::Plain(tcp),
            Security::Tls => Socket::Tls(Box::new(trust.secure(&target.host, tcp).await?)),
        })
    });
    let late = |elapsed| RemoteError::with_source(RemoteErrorKind::Unreachable, io::Error::from(elapsed));
    opened.await.map_err(late)?.map(super::Connection::new)
}

/// Tries the name's addresses in turn, each with its fair share of the time left, so that a dead one leaves some for the
/// next.
async fn open_tcp(target: &Target, until: Instant) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> =
        lookup_host((resolved(&target.host), target.port)).await?.take(ADDRESSES_MAX).collect();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (place, address) in addresses.iter().enumerate() {
        let share = until.saturating_duration_since(Instant::now()) / (addresses.len() - place) as u32;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                // Without it a small request on a kept connection waits for a delayed acknowledgement.
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Ok(Err(error)) => failure = error,
            Err(elapsed) => failure = elapsed.into(),
        }
    }
    Err(failure)
}

/// The name to look up. Every name under `localhost` is the loopback, whatever the system's resolver knows of it. Source:
/// RFC 6761, section 6.3.
fn resolved(host: &str) -> &str {
    let front = host.len().checked_sub(".localhost".len()).and_then(|at| host.get(at..));
    if front.is_some_and(|end| end.eq_ignore_ascii_case(".localhost")) { "localhost" } else { host }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn names_under_localhost_are_the_loopback() {
        for (host, name) in [
            ("bucket.localhost", "localhost"),
            ("a.b.LOCALHOST", "localhost"),
            ("localhost", "localhost"),
            ("xlocalhost", "xlocalhost"),
            ("localhost.example", "localhost.example"),
            ("é", "é"),
        ] {
            assert_eq!(resolved(host), name);
        }
    }
}
