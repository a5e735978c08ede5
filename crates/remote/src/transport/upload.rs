use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use types::{Body, BodyErrorKind, Counter, Frame};

use super::head::pass_interim;
use super::stall::Stall;
use super::{Connection, Head, Waits};
use crate::{Payload, RemoteError, RemoteErrorKind};

/// From this size on, in bytes, a stream waits for the service's word before it is sent: a refusal then costs no body.
const EXPECT_MIN_BYTES: u64 = 1024 * 1024;
/// How long that word is waited for: services that do not know it stay silent. Source: RFC 9110, section 10.1.1.
const EXPECT_WAIT: Duration = Duration::from_secs(1);
/// How long a service that has cut a body short may take to say why.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(1);
/// Slices of one write.
const SLICES: usize = 4;

/// How far an attempt has come: what decides whether it may be made again.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Progress {
    /// The connection has carried a request before.
    pub(crate) reused: bool,
    /// A byte may have reached the service.
    pub(crate) sent: bool,
    /// A byte of the body was taken from its sender.
    pub(crate) taken: bool,
}

/// Whether the service answered before the whole was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    Something,
}

impl Payload {
    /// Whether the service is asked before the body is sent.
    pub(crate) fn waits_for_word(&self) -> bool {
        matches!(self, Self::Stream { length_bytes, .. } if *length_bytes >= EXPECT_MIN_BYTES)
    }
}

impl Connection {
    /// Sends a request and waits for the head of its answer. Where the service answers early, the rest is not sent and the
    /// connection cannot be used again, which the head then says.
    pub(crate) async fn exchange(
        &mut self,
        head: impl Buf,
        payload: &mut Payload,
        waits: Waits,
        progress: &mut Progress,
        sent_bytes: &Counter,
    ) -> Result<Head, RemoteError> {
        progress.sent = true;
        match self.send(head, payload, waits, progress, sent_bytes).await {
            Ok(Sent::Whole) => self.answer(waits.first_byte).await,
            Ok(Sent::Answered(head)) => Ok(Head { keeps_alive: false, ..head }),
            Ok(Sent::Interrupted) => {
                self.answer(waits.first_byte).await.map(|head| Head { keeps_alive: false, ..head })
            }
            Err(error) if matches!(error.kind, RemoteErrorKind::Reset) => {
                // A service that refuses and closes has often said why.
                let head = self.answer(LAST_WORDS_WAIT).await.map_err(|_| error)?;
                Ok(Head { keeps_alive: false, ..head })
            }
            Err(error) => Err(error),
        }
    }

    async fn send(
        &mut self,
        head: impl Buf,
        payload: &mut Payload,
        waits: Waits,
        progress: &mut Progress,
        sent_bytes: &Counter,
    ) -> Result<Sent, RemoteError> {
        let waits_for_word = payload.waits_for_word();
        match payload {
            Payload::Empty => Ok(self.write(head, waits.idle).await?.into()),
            Payload::Bytes(bytes) => {
                sent_bytes.add(bytes.len() as u64);
                Ok(self.write(head.chain(bytes.clone()), waits.idle).await?.into())
            }
            Payload::Stream { body, length_bytes } => {
                if self.write(head, waits.idle).await? == Heard::Nothing && waits_for_word {
                    match self.hear(EXPECT_WAIT).await {
                        Ok(head) if head.status.is_informational() => {}
                        Ok(head) => return Ok(Sent::Answered(head)),
                        Err(error) if matches!(error.kind, RemoteErrorKind::TimedOut) => {}
                        Err(error) => return Err(error),
                    }
                }
                let mut stream = Stream { body, length_bytes: *length_bytes, waits, progress, sent_bytes };
                stream.send(self).await
            }
        }
    }

    /// Writes all of `data`, unless the service says something while it does not take more.
    async fn write(&mut self, mut data: impl Buf, idle: Duration) -> Result<Heard, RemoteError> {
        let mut stall = Stall::new(idle);
        let written = poll_fn(|cx| {
            loop {
                let Poll::Ready(wrote) = self.poll_write(cx, &mut data) else {
                    return match self.poll_heard(cx) {
                        Poll::Pending => stall.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
                        heard => heard,
                    };
                };
                stall.progress();
                match wrote {
                    Ok(More::Yes) => {}
                    Ok(More::No) => return Poll::Ready(Ok(Heard::Nothing)),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        });
        written.await.map_err(broken)
    }

    /// Writes some of `data`, and flushes once there is no more.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &mut impl Buf) -> Poll<io::Result<More>> {
        if !data.has_remaining() {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            return Poll::Ready(Ok(More::No));
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = data.chunks_vectored(&mut slices);
        match ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, &slices[..count]))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            wrote => {
                data.advance(wrote);
                Poll::Ready(Ok(More::Yes))
            }
        }
    }

    /// Ready when the service gives its answer, or goes. Interim answers are passed over: the body is still wanted.
    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Heard>> {
        loop {
            if ready!(self.poll_fill(cx))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            match pass_interim(&mut self.buffer) {
                Ok(false) => {}
                Ok(true) => return Poll::Ready(Ok(Heard::Something)),
                Err(error) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error))),
            }
        }
    }
}

/// Whether there is more to write.
enum More {
    Yes,
    No,
}

/// What became of sending.
enum Sent {
    /// All of it is with the system.
    Whole,
    /// The service has begun to answer before.
    Interrupted,
    /// The service has answered before.
    Answered(Head),
}

impl From<Heard> for Sent {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Nothing => Self::Whole,
            Heard::Something => Self::Interrupted,
        }
    }
}

fn broken(error: io::Error) -> RemoteError {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => RemoteErrorKind::TimedOut,
        _ => RemoteErrorKind::Reset,
    };
    RemoteError::with_source(kind, error)
}

/// A body on its way.
struct Stream<'a> {
    body: &'a mut Body,
    length_bytes: u64,
    waits: Waits,
    progress: &'a mut Progress,
    sent_bytes: &'a Counter,
}

/// What came first.
enum Next {
    Frame(Bytes),
    End,
    Heard,
}

impl Stream<'_> {
    /// Sends the body, each frame when the next one is there, and the last one when the body has ended well.
    async fn send(&mut self, connection: &mut Connection) -> Result<Sent, RemoteError> {
        let mut held = Bytes::new();
        let mut taken_bytes = 0;
        loop {
            let frame = match self.next(connection).await? {
                Next::Frame(frame) => frame,
                Next::End => break,
                Next::Heard => return Ok(Sent::Interrupted),
            };
            self.progress.taken = true;
            taken_bytes += frame.len() as u64;
            if taken_bytes > self.length_bytes {
                let kind = BodyErrorKind::TooLarge { max_bytes: self.length_bytes };
                return Err(RemoteErrorKind::Body(kind.into()).into());
            }
            let ready = std::mem::replace(&mut held, frame);
            if self.write(connection, ready).await? == Heard::Something {
                return Ok(Sent::Interrupted);
            }
        }
        if taken_bytes != self.length_bytes {
            return Err(RemoteErrorKind::Body(BodyErrorKind::Incomplete.into()).into());
        }
        Ok(self.write(connection, held).await?.into())
    }

    async fn write(&mut self, connection: &mut Connection, bytes: Bytes) -> Result<Heard, RemoteError> {
        self.sent_bytes.add(bytes.len() as u64);
        connection.write(bytes, self.waits.idle).await
    }

    /// The next frame, while listening: a service that refuses need not be sent the rest.
    async fn next(&mut self, connection: &mut Connection) -> Result<Next, RemoteError> {
        poll_fn(|cx| {
            loop {
                match self.body.poll_frame(cx) {
                    Poll::Ready(Some(Ok(Frame::Data(data)))) => return Poll::Ready(Ok(Next::Frame(data))),
                    Poll::Ready(Some(Ok(Frame::Trailer(_)))) => {}
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Err(RemoteErrorKind::Body(error).into()));
                    }
                    Poll::Ready(None) => return Poll::Ready(Ok(Next::End)),
                    Poll::Pending => {
                        return connection
                            .poll_heard(cx)
                            .map(|heard| heard.map(|_| Next::Heard).map_err(broken));
                    }
                }
            }
        })
        .await
    }
}
