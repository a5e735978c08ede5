use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::activity::{Activity, Framing, Verdict};
use super::peer::Peer;
use super::preface::{Protocol, detect};
use super::stream::Stream;
use crate::settings::{HEAD_MAX_BYTES, Limits, READ_BUFFER_MAX_BYTES};
use crate::tls::Tls;

/// Requests of one HTTP/2 connection at once.
const H2_STREAMS_MAX: u32 = 128;
/// What one HTTP/2 request may send before it is read.
const H2_STREAM_WINDOW_BYTES: u32 = 512 * 1024;
/// What all requests of one HTTP/2 connection may send before they are read.
const H2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The largest HTTP/2 frame taken.
const H2_FRAME_MAX_BYTES: u32 = 64 * 1024;
/// What one HTTP/2 answer may have queued for a peer that does not read.
const H2_SEND_BUFFER_BYTES: usize = 256 * 1024;

/// Answers requests.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// The body of its answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    /// Answers one request.
    fn handle(
        &self,
        peer: Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// What holds for every connection of a listener.
pub(super) struct Terms {
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) limits: Limits,
    pub(super) shutdown: watch::Receiver<bool>,
}

/// Serves one connection to its end. Failures are the peer's: they are told to the debug log only.
pub(super) async fn serve<H: Handler>(stream: TcpStream, address: SocketAddr, terms: &Terms, handler: H) {
    if let Err(error) = secured(stream, address, terms, handler).await {
        tracing::debug!(%address, %error, "connection ended");
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn secured<H: Handler>(
    mut stream: TcpStream,
    address: SocketAddr,
    terms: &Terms,
    handler: H,
) -> Result<(), Failure> {
    // Without it Nagle's algorithm against delayed acknowledgement costs 40 ms on every small answer.
    stream.set_nodelay(true)?;
    let activity = Arc::new(Activity::new());
    let within = terms.limits.header_timeout;
    let Some(tls) = &terms.tls else {
        let (protocol, read_ahead) = timeout(within, detect(&mut stream)).await??;
        if read_ahead.is_empty() {
            return Ok(());
        }
        return converse(stream, read_ahead, peer(address, protocol, activity), terms, handler).await;
    };
    let stream = timeout(within, TlsAcceptor::from(tls.config()).accept(stream)).await??;
    let protocol = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Protocol::Http2,
        _ => Protocol::Http1,
    };
    converse(stream, Bytes::new(), peer(address, protocol, activity), terms, handler).await
}

fn peer(address: SocketAddr, protocol: Protocol, activity: Arc<Activity>) -> Peer {
    let framing = match protocol {
        Protocol::Http1 => Framing::Sequential,
        Protocol::Http2 => Framing::Multiplexed,
    };
    Peer { address, framing, activity }
}

async fn converse<I, H>(
    inner: I,
    read_ahead: Bytes,
    peer: Peer,
    terms: &Terms,
    handler: H,
) -> Result<(), Failure>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handler,
{
    let (framing, activity) = (peer.framing, peer.activity.clone());
    let stream = TokioIo::new(Stream::new(inner, read_ahead, activity.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, peer) = (handler.clone(), peer.clone());
        async move { Ok::<_, Infallible>(handler.handle(peer, request).await) }
    });
    match framing {
        Framing::Sequential => {
            let connection = http1_builder().serve_connection(stream, service);
            supervise(pin!(connection), &activity, framing, terms).await
        }
        Framing::Multiplexed => {
            let connection = http2_builder(&terms.limits).serve_connection(stream, service);
            supervise(pin!(connection), &activity, framing, terms).await
        }
    }
}

fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(READ_BUFFER_MAX_BYTES);
    builder
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS_MAX)
        .initial_stream_window_size(H2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
        .max_frame_size(H2_FRAME_MAX_BYTES)
        .max_send_buf_size(H2_SEND_BUFFER_BYTES)
        .max_header_list_size(HEAD_MAX_BYTES as u32)
        .keep_alive_interval(limits.idle_timeout / 2)
        .keep_alive_timeout(limits.idle_timeout / 2);
    builder
}

/// A connection that can be asked to end after the requests it has begun.
trait Graceful: Future<Output = Result<(), hyper::Error>> {
    fn end_gracefully(self: Pin<&mut Self>);
}

impl<I, B, S> Graceful for http1::Connection<I, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Failure>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<Failure>,
{
    fn end_gracefully(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, B, S> Graceful for http2::Connection<I, S, TokioExecutor>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    fn end_gracefully(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a connection; ends it when idle or at shutdown, drops it when its peer stalls.
async fn supervise(
    mut connection: Pin<&mut impl Graceful>,
    activity: &Activity,
    framing: Framing,
    terms: &Terms,
) -> Result<(), Failure> {
    let mut shutdown = terms.shutdown.clone();
    let mut ending = false;
    let first_look = terms.limits.header_timeout.min(terms.limits.idle_timeout);
    let mut look = pin!(sleep_until(Instant::now() + first_look));
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return Ok(ended?),
            () = look.as_mut() => match activity.judge(&terms.limits, framing) {
                Verdict::LookAgain(after) => look.as_mut().reset(Instant::now() + after),
                Verdict::Idle if !ending => {
                    ending = true;
                    connection.as_mut().end_gracefully();
                    look.as_mut().reset(Instant::now() + terms.limits.header_timeout);
                }
                Verdict::Idle | Verdict::Stalled => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            },
            _ = shutdown.wait_for(|stop| *stop), if !ending => {
                ending = true;
                connection.as_mut().end_gracefully();
            }
        }
    }
}
