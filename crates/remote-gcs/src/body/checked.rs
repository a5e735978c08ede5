use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hash::Hasher;
use types::{Body, BodyError, BodyErrorKind, BodyStream, ChecksumAlgorithm, Frame};

/// A whole object on its way down, held to its CRC32C. The last frame is held back until it is known to be right.
struct Checked {
    inner: Body,
    hasher: Option<Hasher>,
    held: Option<Frame>,
    expected: [u8; 4],
}

/// Wraps the body of a whole object.
pub(crate) fn checked(inner: Body, crc32c: [u8; 4]) -> Body {
    let length_bytes = inner.length_bytes();
    let hasher = Some(Hasher::new(ChecksumAlgorithm::Crc32c));
    Body::new(Checked { inner, hasher, held: None, expected: crc32c }, length_bytes)
}

impl BodyStream for Checked {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => {
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&data);
                    }
                    if let Some(before) = self.held.replace(Frame::Data(data)) {
                        return Poll::Ready(Some(Ok(before)));
                    }
                }
                Some(other) => return Poll::Ready(Some(other)),
                None => {
                    let Some(hasher) = self.hasher.take() else { return Poll::Ready(None) };
                    if hasher.finish().value.as_bytes() != self.expected {
                        return Poll::Ready(Some(Err(BodyErrorKind::Corrupt.into())));
                    }
                    match self.held.take() {
                        // The inner body has ended: it is not polled again.
                        Some(last) => {
                            self.inner = Body::empty();
                            return Poll::Ready(Some(Ok(last)));
                        }
                        None => return Poll::Ready(None),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    async fn read(frames: &[&'static str], crc32c: [u8; 4]) -> Result<Bytes, BodyErrorKind> {
        let frames = frames.iter().map(|frame| Bytes::from_static(frame.as_bytes())).collect();
        checked(Body::from_frames(frames), crc32c).collect(100).await.map_err(|error| error.kind)
    }

    #[tokio::test]
    async fn a_wrong_byte_never_reaches_the_end() {
        // The catalogue's check value of CRC-32C.
        let right = 0xe306_9283_u32.to_be_bytes();
        assert_eq!(read(&["1234", "56789"], right).await.unwrap(), "123456789");
        assert_eq!(read(&["1234", "56788"], right).await, Err(BodyErrorKind::Corrupt));
        assert_eq!(read(&[], [0; 4]).await.unwrap(), "");
        let mut wrong = checked(Body::from_frames(vec![Bytes::from_static(b"123456788")]), right);
        assert!(wrong.next_frame().await.unwrap().is_err(), "not one frame of it");
    }
}
