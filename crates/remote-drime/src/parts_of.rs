use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use parking_lot::Mutex;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

/// A body that is sent in parts, one after the other, without being held.
#[derive(Clone)]
pub(crate) struct Source(Arc<Mutex<State>>);

struct State {
    body: Body,
    /// What of a frame belongs to the next part.
    rest: Bytes,
    has_ended: bool,
}

impl Source {
    pub(crate) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(State { body, rest: Bytes::new(), has_ended: false })))
    }

    /// The next `length_bytes`, to be read before the part behind it is asked for. The last one ends only when the whole
    /// has ended well.
    pub(crate) fn part(&self, length_bytes: u64, place: Place) -> Body {
        let part = Part { source: self.clone(), left: length_bytes, place };
        Body::new(part, Some(length_bytes))
    }

    /// At most `max_bytes`, and whether the whole has ended with them.
    pub(crate) async fn gather(&self, max_bytes: usize) -> Result<(Bytes, bool), BodyError> {
        let mut gathered = Vec::new();
        while gathered.len() < max_bytes {
            let left = max_bytes - gathered.len();
            let frame = std::future::poll_fn(|cx| self.0.lock().poll_data(cx, left as u64)).await;
            match frame {
                Some(frame) => gathered.extend_from_slice(&frame?),
                None => return Ok((gathered.into(), true)),
            }
        }
        // Only the next frame tells whether there is one.
        let next = std::future::poll_fn(|cx| self.0.lock().poll_data(cx, u64::MAX)).await;
        let has_ended = match next {
            None => true,
            Some(frame) => {
                self.0.lock().rest = frame?;
                false
            }
        };
        Ok((gathered.into(), has_ended))
    }
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Others follow.
    Inner,
    /// Nothing follows.
    Last,
}

impl State {
    fn poll_data(&mut self, cx: &mut Context<'_>, max_bytes: u64) -> Poll<Option<Result<Bytes, BodyError>>> {
        let mut data = std::mem::take(&mut self.rest);
        while data.is_empty() {
            if self.has_ended {
                return Poll::Ready(None);
            }
            match ready!(self.body.poll_frame(cx)) {
                Some(Ok(Frame::Data(frame))) => data = frame,
                Some(Ok(Frame::Trailer(_))) => {}
                Some(Err(error)) => {
                    self.has_ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.has_ended = true,
            }
        }
        let taken = usize::try_from(max_bytes).map_or(data.len(), |max| max.min(data.len()));
        self.rest = data.split_off(taken);
        Poll::Ready(Some(Ok(data)))
    }
}

struct Part {
    source: Source,
    left: u64,
    place: Place,
}

impl BodyStream for Part {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let (left, place) = (self.left, self.place);
        if left == 0 && place == Place::Inner {
            return Poll::Ready(None);
        }
        let polled = ready!(self.source.0.lock().poll_data(cx, left.max(1)));
        match polled {
            None if left > 0 => Poll::Ready(Some(Err(BodyErrorKind::Incomplete.into()))),
            None => Poll::Ready(None),
            Some(Ok(_)) if left == 0 => {
                Poll::Ready(Some(Err(BodyErrorKind::Malformed("more bytes than were declared").into())))
            }
            Some(Ok(data)) => {
                self.left -= data.len() as u64;
                Poll::Ready(Some(Ok(Frame::Data(data))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }
}
