use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::timeout;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Budget, FRAME_MIN_BYTES, Frame, Reservation};

use super::stall::Stall;
use crate::conn::Activity;
use crate::settings::{DRAIN_MAX_BYTES, DRAIN_MAX_TIME, READ_BUFFER_MAX_BYTES};

/// What an incoming body needs of its surroundings.
pub(crate) struct Intake {
    /// What all connections' read buffers may take together.
    pub(crate) budget: Budget,
    /// The longest that the peer may stall.
    pub(crate) stall: Duration,
    /// Counts the bytes that came.
    pub(crate) received: Arc<AtomicU64>,
    /// Told when the body is left unread.
    pub(crate) activity: Arc<Activity>,
    /// Whether the peer waits for word before it sends.
    pub(crate) expectation: Expectation,
}

/// Whether the peer waits with its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// It sends at once.
    None,
    /// `Expect: 100-continue`; hyper sends the word when the body is polled first.
    Continue,
}

/// Whether a request's sender waits with its body. Source: RFC 9110, section 10.1.1.
pub(crate) fn expectation(parts: &Parts) -> Expectation {
    let waits = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if parts.headers.get(header::EXPECT).is_some_and(waits) {
        Expectation::Continue
    } else {
        Expectation::None
    }
}

/// Turns hyper's body into ours, frame by frame without a copy. Each body reserves room for the connection's read buffer in
/// the budget before its first byte is read, so that many uploads at once wait instead of growing.
pub(crate) fn incoming_body(incoming: Incoming, intake: Intake) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    let length_bytes = incoming.size_hint().exact();
    let stall = Stall::new(intake.stall);
    let stream = IncomingBody { incoming: Some(incoming), intake, room: Room::Unasked, stall };
    Body::new(stream, length_bytes)
}

struct IncomingBody {
    /// Taken at the end, at an error, and by the drain.
    incoming: Option<Incoming>,
    intake: Intake,
    room: Room,
    stall: Stall,
}

enum Room {
    Unasked,
    Asked(Pin<Box<dyn Future<Output = Reservation> + Send>>),
    Given { _reservation: Reservation },
}

impl IncomingBody {
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.room {
                Room::Given { .. } => return Poll::Ready(()),
                Room::Asked(asked) => {
                    let reservation = ready!(asked.as_mut().poll(cx));
                    self.room = Room::Given { _reservation: reservation };
                }
                Room::Unasked => {
                    let length = self.incoming.as_ref().and_then(|body| body.size_hint().exact());
                    let wanted = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
                    let bytes = wanted.clamp(FRAME_MIN_BYTES, READ_BUFFER_MAX_BYTES);
                    let budget = self.intake.budget.clone();
                    self.room = Room::Asked(Box::pin(async move { budget.reserve(bytes).await }));
                }
            }
        }
    }
}

impl BodyStream for IncomingBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        ready!(this.poll_room(cx));
        loop {
            let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
            this.intake.expectation = Expectation::None;
            let Poll::Ready(polled) = Pin::new(incoming).poll_frame(cx) else {
                ready!(this.stall.poll(cx));
                this.incoming = None;
                this.intake.activity.set_linger();
                return Poll::Ready(Some(Err(BodyErrorKind::TimedOut.into())));
            };
            this.stall.progressed();
            match polled {
                Some(Ok(frame)) => {
                    // HTTP trailers carry nothing here: S3's stand inside the aws-chunked framing.
                    let Ok(data) = frame.into_data() else { continue };
                    if !data.is_empty() {
                        this.intake.received.fetch_add(data.len() as u64, Ordering::Relaxed);
                        return Poll::Ready(Some(Ok(Frame::Data(data))));
                    }
                }
                Some(Err(error)) => {
                    this.incoming = None;
                    return Poll::Ready(Some(Err(BodyError::with_source(kind_of(&error), error))));
                }
                None => {
                    this.incoming = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

/// Broken chunked coding is the peer's mistake; all else means that it went away.
fn kind_of(error: &hyper::Error) -> BodyErrorKind {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
        {
            return BodyErrorKind::Malformed("the chunked transfer coding is broken");
        }
        source = cause.source();
    }
    BodyErrorKind::Incomplete
}

impl Drop for IncomingBody {
    /// A body dropped before its end was answered early. A little is taken in, so that the connection can go on; with more, it
    /// is closed in a way that lets the peer see the answer. A peer that waits for `100 Continue` has sent nothing yet.
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take().filter(|body| !body.is_end_stream()) else { return };
        let activity = self.intake.activity.clone();
        let short = incoming.size_hint().lower() <= DRAIN_MAX_BYTES;
        let runtime = tokio::runtime::Handle::try_current();
        match runtime {
            Ok(runtime) if short && self.intake.expectation == Expectation::None => {
                runtime.spawn(drain(incoming, activity));
            }
            _ => activity.set_linger(),
        }
    }
}

/// Takes in the rest of a body, within bounds.
async fn drain(mut incoming: Incoming, activity: Arc<Activity>) {
    let mut left_bytes = DRAIN_MAX_BYTES;
    let drained = timeout(DRAIN_MAX_TIME, async {
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await {
            let Ok(frame) = frame else { return true };
            let count = frame.data_ref().map_or(0, |data| data.len() as u64);
            let Some(rest) = left_bytes.checked_sub(count) else { return false };
            left_bytes = rest;
        }
        true
    });
    if drained.await != Ok(true) {
        activity.set_linger();
    }
}
