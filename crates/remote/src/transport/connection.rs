use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use tokio::io::{AsyncReadExt, ReadBuf};

use super::Head;
use super::head::{HEAD_MAX_BYTES, parse_head};
use super::socket::Socket;
use super::stall::Stall;
use crate::{RemoteError, RemoteErrorKind};

/// Room for a head, and for a small body that comes with it, in bytes.
const READ_MIN_BYTES: usize = 16 * 1024;

/// The most interim answers before the final one.
const INTERIM_MAX: usize = 32;

/// How long a connection waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// For the head of an answer.
    pub(crate) first_byte: Duration,
    /// For the next byte of a body, in either direction.
    pub(crate) idle: Duration,
}

/// One connection, with what was read from it ahead.
pub(crate) struct Connection {
    pub(super) socket: Socket,
    pub(super) buffer: BytesMut,
}

impl Connection {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, buffer: BytesMut::new() }
    }

    /// Reads ahead whatever is there; 0 at the end.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.buffer.reserve(READ_MIN_BYTES);
        pin!(self.socket.read_buf(&mut self.buffer)).poll(cx)
    }

    /// Reads into a buffer of the caller's; 0 at the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let polled = tokio::io::AsyncRead::poll_read(Pin::new(&mut self.socket), cx, &mut buffer);
        polled.map_ok(|()| buffer.filled().len())
    }

    /// Whether the connection, idle for a while, is still there and silent: bytes that nobody asked for spoil it.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.buffer.is_empty() && self.poll_fill(&mut cx).is_pending()
    }

    /// Waits for a whole head, interim ones included.
    pub(super) async fn hear(&mut self, limit: Duration) -> Result<Head, RemoteError> {
        let mut stall = Stall::new(limit);
        loop {
            if let Some(head) = parse_head(&mut self.buffer)? {
                return Ok(head);
            }
            let filled = poll_fn(|cx| match self.poll_fill(cx) {
                Poll::Ready(filled) => Poll::Ready(Some(filled)),
                Poll::Pending => stall.poll(cx).map(|()| None),
            });
            match filled.await {
                None => return Err(RemoteErrorKind::TimedOut.into()),
                Some(Err(error)) => return Err(RemoteError::with_source(RemoteErrorKind::Reset, error)),
                Some(Ok(0)) => {
                    let error = io::Error::from(io::ErrorKind::UnexpectedEof);
                    return Err(RemoteError::with_source(RemoteErrorKind::Reset, error));
                }
                Some(Ok(_)) => debug_assert!(self.buffer.len() <= HEAD_MAX_BYTES + READ_MIN_BYTES),
            }
        }
    }

    /// Waits for the head of the answer, passing over interim ones.
    pub(crate) async fn answer(&mut self, limit: Duration) -> Result<Head, RemoteError> {
        for _ in 0..INTERIM_MAX {
            let head = self.hear(limit).await?;
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(RemoteErrorKind::Malformed("another protocol").into());
            }
            if !head.status.is_informational() {
                return Ok(head);
            }
        }
        Err(RemoteErrorKind::Malformed("interim answers without end").into())
    }
}
