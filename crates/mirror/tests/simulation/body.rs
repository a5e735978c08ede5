use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

use crate::faults::BytesFate;

/// How many bytes a frame of a target has, so that small objects come in several.
const FRAME_BYTES: usize = 700;

/// The bytes of a read in small frames, one of which may go wrong.
pub(crate) struct FaultyBody {
    inner: Body,
    held: Bytes,
    given: u64,
    fate: BytesFate,
}

impl FaultyBody {
    pub(crate) fn wrap(inner: Body, fate: BytesFate) -> Body {
        let length_bytes = inner.length_bytes();
        Body::new(Self { inner, held: Bytes::new(), given: 0, fate }, length_bytes)
    }

    fn spoil(&mut self, frame: Bytes) -> Option<Result<Frame, BodyError>> {
        let here = self.given..self.given + frame.len() as u64;
        self.given = here.end;
        match self.fate {
            BytesFate::Break(place) if here.contains(&place) => Some(Err(BodyErrorKind::Storage.into())),
            BytesFate::End(place) if here.contains(&place) => None,
            BytesFate::Wrong(place) if here.contains(&place) => {
                let mut bytes = frame.to_vec();
                bytes[(place - here.start) as usize] ^= 0x40;
                Some(Ok(Frame::Data(bytes.into())))
            }
            _ => Some(Ok(Frame::Data(frame))),
        }
    }
}

impl BodyStream for FaultyBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        while self.held.is_empty() {
            match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => self.held = data,
                other => return Poll::Ready(other),
            }
        }
        let length = self.held.len().min(FRAME_BYTES);
        let frame = self.held.split_to(length);
        Poll::Ready(self.spoil(frame))
    }
}
