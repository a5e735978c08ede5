use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Frame};

use crate::{RemoteError, RemoteErrorKind};

/// Once so many bytes have come since it broke off, a body counts as one that never did.
const RECOVERED_BYTES: u64 = 64 * 1024;

/// The bytes of `range`, beginning with `first`, a body of just that range already asked for. Where it breaks off by a
/// time-out, a reset or an early end, `open` is asked for the rest and it goes on at the byte reached, at most `attempts`
/// times without coming forward. `open` must pin its request to the version that is being read, so that never other bytes
/// come; an error of it ends the body.
#[must_use]
pub fn resume<F, A>(first: Body, range: ByteRange, attempts: u32, open: F) -> Body
where
    F: FnMut(ByteRange) -> A + Send + 'static,
    A: Future<Output = Result<Body, BodyError>> + Send + 'static,
{
    let state = State::Reading(first);
    let resumed = Resumed { state, left: range, open: Box::new(open), attempts, broken: 0, since_bytes: 0 };
    Body::new(resumed, Some(range.len()))
}

struct Resumed<F, A> {
    state: State<A>,
    /// What is still to come.
    left: ByteRange,
    open: Box<F>,
    attempts: u32,
    /// How often it broke off without coming forward.
    broken: u32,
    /// What came since it last broke off.
    since_bytes: u64,
}

enum State<A> {
    Reading(Body),
    Opening(Pin<Box<A>>),
    Ended,
}

impl<F, A> Resumed<F, A>
where
    F: FnMut(ByteRange) -> A,
    A: Future<Output = Result<Body, BodyError>>,
{
    /// The body broke off: asks for the rest, or ends.
    fn break_off(&mut self, error: BodyError) -> Option<BodyError> {
        if std::mem::take(&mut self.since_bytes) >= RECOVERED_BYTES {
            self.broken = 0;
        }
        if self.broken >= self.attempts {
            self.state = State::Ended;
            return Some(error);
        }
        self.broken += 1;
        self.state = State::Opening(Box::pin((self.open)(self.left)));
        None
    }

    /// Takes bytes in; more than were asked for are none of ours.
    fn take(&mut self, frame: &Frame) -> Result<(), BodyError> {
        let Frame::Data(data) = frame else { return Ok(()) };
        let count = data.len() as u64;
        if count > self.left.len() {
            self.state = State::Ended;
            let error = RemoteError::from(RemoteErrorKind::Malformed("more bytes than were asked for"));
            return Err(error.into_body());
        }
        self.left.start += count;
        self.since_bytes += count;
        Ok(())
    }
}

impl<F, A> BodyStream for Resumed<F, A>
where
    F: FnMut(ByteRange) -> A + Send,
    A: Future<Output = Result<Body, BodyError>> + Send,
{
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(body) => this.state = State::Reading(body),
                    Err(error) => {
                        this.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Reading(body) => {
                    let error = match ready!(body.poll_frame(cx)) {
                        Some(Ok(frame)) => return Poll::Ready(Some(this.take(&frame).map(|()| frame))),
                        None if this.left.is_empty() => return Poll::Ready(None),
                        None => BodyErrorKind::Incomplete.into(),
                        Some(Err(error)) if is_passing(&error) => error,
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    };
                    if let Some(error) = this.break_off(error) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}

/// Whether the way from the service failed, and not what came over it.
fn is_passing(error: &BodyError) -> bool {
    let cause = error.source.as_ref().and_then(|source| source.downcast_ref::<RemoteError>());
    cause.is_some_and(|cause| matches!(cause.kind, RemoteErrorKind::Reset | RemoteErrorKind::TimedOut))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;

    use super::*;

    /// A body of `data` that breaks off afterwards, by `error` or by its end.
    struct Breaking(Option<Bytes>, Option<BodyError>);

    impl BodyStream for Breaking {
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, BodyError>>> {
            if let Some(data) = self.0.take().filter(|data| !data.is_empty()) {
                return Poll::Ready(Some(Ok(Frame::Data(data))));
            }
            Poll::Ready(self.1.take().map(Err))
        }
    }

    fn reset() -> BodyError {
        RemoteError::from(RemoteErrorKind::Reset).into_body()
    }

    const OBJECT: &[u8] = b"0123456789abcdefghij";

    /// Reads all of the object by bodies that break off after `step` bytes each; says what was asked for.
    async fn read(
        step: usize,
        attempts: u32,
        error: fn() -> Option<BodyError>,
    ) -> (Result<Bytes, BodyError>, Vec<ByteRange>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let piece = move |range: ByteRange| {
            let end = (range.start as usize + step).min(range.end as usize);
            let whole = end == range.end as usize;
            let data = Bytes::from_static(&OBJECT[range.start as usize..end]);
            Body::new(Breaking(Some(data), if whole { None } else { error() }), None)
        };
        let range = ByteRange::whole(OBJECT.len() as u64);
        let body = resume(piece(range), range, attempts, move |range| {
            log.lock().unwrap().push(range);
            let body = piece(range);
            async move { Ok(body) }
        });
        assert_eq!(body.length_bytes(), Some(20));
        let read = body.collect(1024).await;
        let asked = asked.lock().unwrap().clone();
        (read, asked)
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_goes_on_at_the_byte_reached() {
        for error in [|| Some(reset()), || None] {
            let (read, asked) = read(8, 2, error).await;
            assert_eq!(read.unwrap(), OBJECT);
            assert_eq!(asked, [ByteRange { start: 8, end: 20 }, ByteRange { start: 16, end: 20 }]);
        }
    }

    #[tokio::test]
    async fn attempts_are_bounded_and_other_errors_are_final() {
        let (outcome, asked) = read(8, 1, || Some(reset())).await;
        assert!(outcome.is_err());
        assert_eq!(asked.len(), 1);
        let (outcome, asked) = read(8, 9, || Some(BodyErrorKind::Corrupt.into())).await;
        assert_eq!(outcome.unwrap_err().kind, BodyErrorKind::Corrupt);
        assert!(asked.is_empty());
    }

    #[tokio::test]
    async fn more_bytes_than_asked_for_and_a_version_that_is_gone_are_errors() {
        let range = ByteRange { start: 0, end: 3 };
        let long = Body::from_bytes(Bytes::from_static(OBJECT));
        let body = resume(long, range, 1, |_| async { Err(reset()) });
        assert_eq!(body.collect(1024).await.unwrap_err().kind, BodyErrorKind::Storage);
        let short = Body::from_bytes(Bytes::from_static(b"01"));
        let body = resume(short, range, 1, |_| async { Err(BodyErrorKind::Corrupt.into()) });
        assert_eq!(body.collect(1024).await.unwrap_err().kind, BodyErrorKind::Corrupt);
    }
}
