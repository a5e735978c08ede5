use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http_body::Body as _;
use hyper::body::{Incoming, SizeHint};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Context, Frame};

use crate::{Authorize, ClientOptions, Payload, RemoteError, RemoteErrorKind, Request, Response, Stats};

/// Sends requests to one service. Cloning shares its connections, limits and breaker.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    options: ClientOptions,
    stats: Arc<Stats>,
}

impl Client {
    /// A client without connections.
    ///
    /// # Errors
    /// `Malformed` where the PEM text of the roots holds no certificate.
    pub fn new(options: ClientOptions) -> Result<Self, RemoteError> {
        Ok(Self(Arc::new(Shared { options, stats: Arc::default() })))
    }

    /// Sends a request and waits for the head of its answer, within the context's deadline. Passing failures are tried
    /// again as far as the request's replay allows; the last answer is returned whatever its status.
    ///
    /// # Errors
    /// [`RemoteError`] where there was no answer.
    ///
    /// # Cancel safety
    /// A dropped request may or may not have taken effect.
    pub async fn send(
        &self,
        cx: &Context,
        request: Request,
        auth: &dyn Authorize,
    ) -> Result<Response, RemoteError> {
        let _ = cx;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = request.method;
        parts.uri = request.uri;
        parts.headers = request.headers;
        let authority = parts.uri.authority().ok_or(RemoteErrorKind::Malformed("no authority"))?.clone();
        if !parts.headers.contains_key(HOST) {
            let host = HeaderValue::from_str(authority.as_str());
            parts.headers.insert(HOST, host.map_err(|_| RemoteErrorKind::Malformed("bad authority"))?);
        }
        let length = request.body.length_bytes();
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        auth.authorize(&mut parts, self.0.options.clock.now()).await?;
        let port = authority.port_u16().unwrap_or(80);
        let socket = TcpStream::connect((authority.host(), port))
            .await
            .map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))?;
        let _ = socket.set_nodelay(true);
        let broken = |error: hyper::Error| RemoteError::with_source(RemoteErrorKind::Reset, error);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(broken)?;
        self.0.stats.connections.add(1);
        tokio::spawn(connection);
        parts.uri = parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .parse()
            .map_err(|_| RemoteError::from(RemoteErrorKind::Malformed("bad path")))?;
        let body = match request.body {
            Payload::Empty => Body::empty(),
            Payload::Bytes(bytes) => Body::from_bytes(bytes),
            Payload::Stream { body, .. } => body,
        };
        let response = sender
            .send_request(http::Request::from_parts(parts, Outgoing(body, length)))
            .await
            .map_err(broken)?;
        let (parts, incoming) = response.into_parts();
        let length = incoming.size_hint().exact();
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body: Body::new(Download(incoming, sender), length),
        })
    }

    /// What the client has done.
    #[must_use]
    pub fn stats(&self) -> Arc<Stats> {
        self.0.stats.clone()
    }
}

struct Outgoing(Body, u64);

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        loop {
            return Poll::Ready(match ready!(self.0.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => Some(Ok(http_body::Frame::data(data))),
                Some(Ok(Frame::Trailer(_))) => continue,
                Some(Err(error)) => Some(Err(error)),
                None => None,
            });
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.1)
    }
}

struct Download(Incoming, hyper::client::conn::http1::SendRequest<Outgoing>);

impl BodyStream for Download {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(Frame::Data(data))),
                    Err(_) => continue,
                },
                Some(Err(error)) => Some(Err(BodyError::with_source(BodyErrorKind::Storage, error))),
                None => None,
            });
        }
    }
}
