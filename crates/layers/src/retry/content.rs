use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use store::{Content, StoreError, StoreErrorKind};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Frame};

use super::layer::Patience;

/// The bytes of an open object, whose reads go on where they broke off.
pub(super) struct Resuming {
    inner: Arc<dyn Content>,
    patience: Arc<Patience>,
}

impl Resuming {
    pub(super) fn new(inner: Box<dyn Content>, patience: Arc<Patience>) -> Self {
        Self { inner: inner.into(), patience }
    }
}

#[async_trait]
impl Content for Resuming {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let body = self.inner.read(range).await?;
        let length_bytes = body.length_bytes();
        let (content, patience) = (self.inner.clone(), self.patience.clone());
        let state = State::Reading { body, stalled: None };
        Ok(Body::new(Resumed { content, patience, left: range, attempt: 1, state }, length_bytes))
    }
}

/// A read that goes on where it broke off.
struct Resumed {
    content: Arc<dyn Content>,
    patience: Arc<Patience>,
    /// What of the range has not been read.
    left: ByteRange,
    attempt: u32,
    state: State,
}

enum State {
    /// `stalled` ends when the body has stood still for too long.
    Reading { body: Body, stalled: Option<Pin<Box<Sleep>>> },
    /// The rest is asked for.
    Opening(Pin<Box<dyn Future<Output = Result<Body, StoreError>> + Send>>),
}

impl Resumed {
    /// Begins to ask for the rest; gives the error back where there is nothing to gain.
    fn resume(&mut self, error: BodyError) -> Result<(), BodyError> {
        let is_passing = error.kind == BodyErrorKind::Storage && !self.left.is_empty();
        if !is_passing || self.attempt >= self.patience.options.attempts {
            return Err(error);
        }
        let (content, patience) = (self.content.clone(), self.patience.clone());
        let (left, pause) = (self.left, patience.pause_after(self.attempt));
        self.attempt += 1;
        patience.stats.resumed.add(1);
        self.state = State::Opening(Box::pin(async move {
            sleep(pause).await;
            match timeout(patience.options.timeout, content.read(left)).await {
                Ok(opened) => opened,
                Err(_) => Err(StoreError::new(StoreErrorKind::Unavailable, "read")),
            }
        }));
        Ok(())
    }

    /// The next frame of the body at hand, or the failure that ends it.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let (body, stalled) = match &mut self.state {
            State::Reading { body, stalled } => (body, stalled),
            State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(body) => {
                    self.state = State::Reading { body, stalled: None };
                    return self.poll_body(cx);
                }
                Err(error) => return Poll::Ready(Some(Err(storage(error)))),
            },
        };
        if let Poll::Ready(frame) = body.poll_frame(cx) {
            *stalled = None;
            return Poll::Ready(frame);
        }
        let timeout = self.patience.options.timeout;
        let sleep = stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + timeout)));
        ready!(sleep.as_mut().poll(cx));
        self.patience.stats.timed_out.add(1);
        Poll::Ready(Some(Err(storage("the store stood still for too long"))))
    }
}

fn storage(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BodyError {
    BodyError::with_source(BodyErrorKind::Storage, source)
}

impl BodyStream for Resumed {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            let frame = ready!(self.poll_body(cx));
            match frame {
                Some(Ok(Frame::Data(data))) => {
                    self.left.start += data.len() as u64;
                    self.attempt = 1;
                    return Poll::Ready(Some(Ok(Frame::Data(data))));
                }
                Some(Err(error)) => {
                    if let Err(error) = self.resume(error) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                other => return Poll::Ready(other),
            }
        }
    }
}
