use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use types::{Body, BodyError, BodyStream, Frame};

use super::ObserveStats;

/// Which way a body goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    In,
    Out,
}

/// A body whose bytes are counted as they pass.
struct Counted {
    inner: Body,
    stats: Arc<ObserveStats>,
    way: Way,
}

/// Counts a body's bytes.
pub(super) fn counted(inner: Body, stats: &Arc<ObserveStats>, way: Way) -> Body {
    let length_bytes = inner.length_bytes();
    Body::new(Counted { inner, stats: stats.clone(), way }, length_bytes)
}

impl BodyStream for Counted {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = ready!(self.inner.poll_frame(cx));
        match (&frame, self.way) {
            (Some(Ok(Frame::Data(data))), Way::In) => self.stats.bytes_written.add(data.len() as u64),
            (Some(Ok(Frame::Data(data))), Way::Out) => self.stats.bytes_read.add(data.len() as u64),
            (Some(Err(_)), Way::Out) => self.stats.reads_broken.add(1),
            _ => {}
        }
        Poll::Ready(frame)
    }
}
