use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderValue;
use remote::Payload;
use types::{Body, BodyError, BodyStream, Frame, Random};

/// An upload in one request: the object's resource, then its bytes. Source: RFC 2387 and "Multipart upload" of the JSON
/// API.
pub(crate) struct Related {
    prefix: Bytes,
    suffix: Bytes,
    /// The value of `Content-Type`.
    pub(crate) content_type: HeaderValue,
}

impl Related {
    /// The frame around the bytes of an object of this resource.
    pub(crate) fn new(resource: &serde_json::Value, random: &dyn Random) -> Self {
        let boundary = format!("{:032x}", random.next_u128());
        let media_type = resource["contentType"].as_str().unwrap_or(crate::found::NO_TYPE);
        // A header cannot bear what is not visible; the resource says the type as it is.
        let is_visible = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let media_type = if is_visible { media_type } else { crate::found::NO_TYPE };
        let prefix = format!(
            "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{resource}\r\n\
             --{boundary}\r\nContent-Type: {media_type}\r\n\r\n"
        );
        let content_type = HeaderValue::from_str(&format!("multipart/related; boundary={boundary}"))
            .expect("hexadecimal digits are visible");
        Self { prefix: prefix.into(), suffix: format!("\r\n--{boundary}--\r\n").into(), content_type }
    }

    /// The whole upload around bytes at hand.
    pub(crate) fn around_bytes(self, frames: &[Bytes]) -> Payload {
        let mut whole = Vec::with_capacity(self.prefix.len() + self.suffix.len());
        whole.extend_from_slice(&self.prefix);
        frames.iter().for_each(|frame| whole.extend_from_slice(frame));
        whole.extend_from_slice(&self.suffix);
        Payload::Bytes(whole.into())
    }

    /// The whole upload around a stream. Its end is sent only after the stream's.
    pub(crate) fn around(self, body: Body, length_bytes: u64) -> Payload {
        let length_bytes = length_bytes + (self.prefix.len() + self.suffix.len()) as u64;
        let framed = Framed { prefix: Some(self.prefix), body, suffix: Some(self.suffix) };
        Payload::Stream { body: Body::new(framed, Some(length_bytes)), length_bytes }
    }
}

struct Framed {
    prefix: Option<Bytes>,
    body: Body,
    suffix: Option<Bytes>,
}

impl BodyStream for Framed {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if let Some(prefix) = self.prefix.take() {
            return Poll::Ready(Some(Ok(Frame::Data(prefix))));
        }
        if self.suffix.is_none() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.body.poll_frame(cx)) {
            Some(frame) => Some(frame),
            None => self.suffix.take().map(|suffix| Ok(Frame::Data(suffix))),
        })
    }
}
