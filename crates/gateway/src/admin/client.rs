use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use s3_auth::PayloadForm;
use s3_auth::sign::Signer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use types::Timestamp;

use super::pinned::pinned_config;

/// The longest line taken from a server.
const LINE_MAX_BYTES: usize = 64 * 1024;
/// The longest refusal shown.
const REFUSAL_MAX_BYTES: usize = 4 * 1024;

/// Asks a server's admin listener.
pub struct AdminClient {
    /// Where it listens.
    pub address: SocketAddr,
    /// The server's own certificate where it speaks TLS: exactly this one is accepted.
    pub certificate: Option<CertificateDer<'static>>,
    /// Signs for [`s3_auth::ADMIN_SERVICE`] with the root key.
    pub signer: Signer,
}

/// Why a server did not do what it was asked.
#[derive(Debug)]
pub enum AdminClientError {
    /// It cannot be reached, or the connection broke.
    Connection(Box<dyn std::error::Error + Send + Sync>),
    /// It refused.
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Its words.
        message: String,
    },
}

impl fmt::Display for AdminClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => write!(f, "cannot talk to the server: {error}"),
            Self::Refused { status, message } => write!(f, "the server refused ({status}): {message}"),
        }
    }
}

impl std::error::Error for AdminClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection(error) => Some(&**error),
            Self::Refused { .. } => None,
        }
    }
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AdminClientError {
    AdminClientError::Connection(error.into())
}

/// The lines of an answer, as they come.
pub struct AnswerLines {
    body: Incoming,
    gathered: BytesMut,
}

impl AdminClient {
    /// Starts the job at `path`, its query included, and hands out its lines.
    ///
    /// # Errors
    /// [`AdminClientError`].
    pub async fn start(&self, path: &str, now: Timestamp) -> Result<AnswerLines, AdminClientError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_LENGTH, "0");
        let (mut parts, ()) = request.body(()).map_err(broken)?.into_parts();
        // The head is signed as it is sent; nothing is framed, so the writer of chunks has nothing to do.
        let _ = self.signer.sign(&mut parts, PayloadForm::of_bytes(b""), now);
        let stream = TcpStream::connect(self.address).await.map_err(broken)?;
        let request = Request::from_parts(parts, axum::body::Body::empty());
        let response = match &self.certificate {
            None => exchange(stream, request).await?,
            Some(certificate) => {
                let config = pinned_config(certificate.clone()).map_err(broken)?;
                let name = ServerName::IpAddress(self.address.ip().into());
                let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
                exchange(stream.map_err(broken)?, request).await?
            }
        };
        let (head, body) = response.into_parts();
        let mut lines = AnswerLines { body, gathered: BytesMut::new() };
        if head.status != StatusCode::OK {
            let message = lines.rest().await;
            return Err(AdminClientError::Refused { status: head.status, message });
        }
        Ok(lines)
    }
}

async fn exchange<S>(
    stream: S,
    request: Request<axum::body::Body>,
) -> Result<Response<Incoming>, AdminClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // How it ends shows in the answer's body.
    tokio::spawn(async move { connection.await.ok() });
    sender.send_request(request).await.map_err(broken)
}

impl AnswerLines {
    /// The next line without its line feed; `None` at the end.
    ///
    /// # Errors
    /// Where the connection breaks, or a line is too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, AdminClientError> {
        loop {
            if let Some(end) = self.gathered.iter().position(|byte| *byte == b'\n') {
                let mut line = self.gathered.split_to(end + 1);
                line.truncate(end);
                return Ok(Some(line.freeze()));
            }
            if self.gathered.len() > LINE_MAX_BYTES {
                return Err(broken("a line of the answer is too long"));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    async fn more(&mut self) -> Result<bool, AdminClientError> {
        match poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await {
            None => Ok(false),
            Some(Err(error)) => Err(broken(error)),
            Some(Ok(frame)) => {
                self.gathered.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
                Ok(true)
            }
        }
    }

    async fn rest(&mut self) -> String {
        while self.gathered.len() < REFUSAL_MAX_BYTES && self.more().await.unwrap_or(false) {}
        String::from_utf8_lossy(&self.gathered).trim_end().to_owned()
    }
}
