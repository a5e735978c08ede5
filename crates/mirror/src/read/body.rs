#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hash::Hasher;
use tokio::time::{Instant, Sleep, sleep};
use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Checksum, Frame};

/// How long the next bytes of a target are waited for before another one is asked to go on.
pub(crate) const FRAME_PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Supplying = Pin<Box<dyn Future<Output = Result<Body, BodyError>> + Send>>;

/// Where the bytes of one content come from, place after place.
pub(crate) trait Supply: Send + Sync + 'static {
    /// The bytes of `range` from the next place that has the very same content; the place before has failed with `error`.
    /// An error where no place is left.
    fn next(self: Arc<Self>, range: ByteRange, error: BodyError) -> Supplying;
}

enum State {
    Reading(Body),
    Switching(Supplying),
    Ended,
}

/// A body that goes on at another place where one fails: at the byte at which that one stopped.
///
/// The frame that completes the range is held until its place has said that this was all, and, where the checksum of the
/// whole is known and the whole is read, until that matches. So a content that is wrong is never complete: where nothing
/// of it was given yet, it is read anew elsewhere, else the body ends with `Corrupt` before its last frame.
pub(crate) struct ResumingBody {
    supply: Arc<dyn Supply>,
    state: State,
    /// What was asked for.
    range: ByteRange,
    /// The next byte to come from the present place.
    at: u64,
    /// The frame that completes the range.
    last: Option<Bytes>,
    check: Option<(Hasher, Checksum)>,
    stall: Pin<Box<Sleep>>,
    /// The stall has begun, and `stall` tells when it has lasted too long.
    waiting: bool,
}

impl ResumingBody {
    /// The bytes of `range`, which `first` begins to give. `checksum` is that of exactly these bytes, where it is known.
    pub(crate) fn wrap(
        first: Result<Body, BodyError>,
        range: ByteRange,
        checksum: Option<Checksum>,
        supply: Arc<dyn Supply>,
    ) -> Body {
        let state = match first {
            Ok(body) => State::Reading(body),
            Err(error) => State::Switching(supply.clone().next(range, error)),
        };
        let check = checksum.map(|checksum| (Hasher::new(checksum.algorithm), checksum));
        let stall = Box::pin(sleep(FRAME_PATIENCE));
        let body = Self { supply, state, range, at: range.start, last: None, check, stall, waiting: false };
        Body::new(body, Some(range.len()))
    }

    /// Leaves the present place; the next one goes on where this one stopped.
    fn switch(&mut self, error: BodyError) {
        if let Some(last) = self.last.take() {
            self.at -= last.len() as u64;
        }
        let rest = ByteRange { start: self.at, end: self.range.end };
        self.state = State::Switching(self.supply.clone().next(rest, error));
    }

    /// Takes a frame in: what may be given on, if anything.
    fn take(&mut self, mut frame: Bytes) -> Option<Bytes> {
        let left = self.range.end - self.at;
        if frame.len() as u64 > left {
            frame.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        self.at += frame.len() as u64;
        if frame.is_empty() {
            return None;
        }
        if self.at == self.range.end {
            self.last = Some(frame);
            return None;
        }
        if let Some((hasher, _)) = &mut self.check {
            hasher.update(&frame);
        }
        Some(frame)
    }

    /// The present place has said that this was all.
    fn end(&mut self) -> Option<Result<Frame, BodyError>> {
        if self.at < self.range.end {
            self.switch(BodyErrorKind::Incomplete.into());
            return None;
        }
        self.state = State::Ended;
        let last = self.last.take()?;
        let Some((mut hasher, expected)) = self.check.take() else { return Some(Ok(Frame::Data(last))) };
        hasher.update(&last);
        if hasher.finish() == expected {
            return Some(Ok(Frame::Data(last)));
        }
        if self.at - last.len() as u64 != self.range.start {
            return Some(Err(BodyErrorKind::Corrupt.into()));
        }
        self.check = Some((Hasher::new(expected.algorithm), expected));
        self.last = Some(last);
        self.switch(BodyErrorKind::Corrupt.into());
        None
    }

    /// Whether the present place has been silent for too long.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waiting {
            self.waiting = true;
            self.stall.as_mut().reset(Instant::now() + FRAME_PATIENCE);
        }
        self.stall.as_mut().poll(cx)
    }
}

impl BodyStream for ResumingBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Switching(next) => match next.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(body)) => {
                        this.waiting = false;
                        this.state = State::Reading(body);
                    }
                    Poll::Ready(Err(error)) => {
                        this.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Reading(body) => match body.poll_frame(cx) {
                    Poll::Pending => match this.poll_stall(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(()) => this.switch(BodyErrorKind::TimedOut.into()),
                    },
                    Poll::Ready(Some(Ok(Frame::Data(frame)))) => {
                        this.waiting = false;
                        if let Some(frame) = this.take(frame) {
                            return Poll::Ready(Some(Ok(Frame::Data(frame))));
                        }
                    }
                    Poll::Ready(Some(Ok(Frame::Trailer(_)))) => {}
                    Poll::Ready(Some(Err(error))) => this.switch(error),
                    Poll::Ready(None) => {
                        if let Some(outcome) = this.end() {
                            return Poll::Ready(Some(outcome));
                        }
                    }
                },
            }
        }
    }
}
