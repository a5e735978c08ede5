//! Bodies for tests: bytes that tell where they came from, in frames of every shape, that fail or stall on demand.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Checksum, Frame};

/// `size` bytes that depend on `seed`, without any short period.
#[must_use]
pub fn pattern(seed: u64, size: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// What a [`Script`] does next.
#[derive(Debug)]
pub enum Step {
    /// Yields bytes.
    Data(Bytes),
    /// Yields a trailer.
    Trailer(Checksum),
    /// Is pending once, and wakes at once.
    Pause,
    /// Is pending for ever.
    Stall,
    /// Fails.
    Fail(BodyErrorKind),
}

/// A body that follows a script.
#[derive(Debug, Default)]
pub struct Script(VecDeque<Step>);

impl Script {
    /// Bytes cut into frames of `frame_bytes`.
    #[must_use]
    pub fn frames(bytes: &Bytes, frame_bytes: usize) -> Self {
        let cut = |start: usize| bytes.slice(start..(start + frame_bytes).min(bytes.len()));
        Self((0..bytes.len()).step_by(frame_bytes).map(cut).map(Step::Data).collect())
    }

    /// Adds a step.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push_back(step);
        self
    }

    /// Puts a pause before every step.
    #[must_use]
    pub fn with_pauses(self) -> Self {
        Self(self.0.into_iter().flat_map(|step| [Step::Pause, step]).collect())
    }

    /// The body, of a length not known beforehand.
    #[must_use]
    pub fn into_body(self) -> Body {
        Body::new(self, None)
    }
}

impl BodyStream for Script {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::Data(data)))),
            Some(Step::Trailer(checksum)) => Poll::Ready(Some(Ok(Frame::Trailer(checksum)))),
            Some(Step::Fail(kind)) => Poll::Ready(Some(Err(kind.into()))),
            Some(Step::Pause) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Stall) => {
                self.0.push_front(Step::Stall);
                Poll::Pending
            }
        }
    }
}
