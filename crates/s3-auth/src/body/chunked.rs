use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use s3_wire::chunked::{ChunkDecoder, ChunkEvent};
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

use crate::body::{ChecksumTrailer, ChunkSignatures};
use crate::payload::TrailerForm;

/// An `aws-chunked` body: yields the data within the framing, checks every signature, and ends with the checksum trailer.
///
/// Data is handed on before its chunk's signature has been seen, since one chunk may be 5 GiB; a wrong signature is an
/// error before the end of the body, so nothing of it becomes visible.
pub(crate) struct ChunkedBody {
    pub(crate) inner: Body,
    pub(crate) decoder: ChunkDecoder,
    /// `None` where chunks are not signed.
    pub(crate) signatures: Option<ChunkSignatures>,
    pub(crate) trailer_form: TrailerForm,
    pub(crate) trailer: ChecksumTrailer,
    /// What has been received and not taken apart yet.
    pub(crate) input: Bytes,
}

impl ChunkedBody {
    /// Wraps this as a body whose data has `length_bytes`.
    pub(crate) fn into_body(self, length_bytes: u64) -> Body {
        Body::new(self, Some(length_bytes))
    }

    /// Takes input apart up to the next frame; `None` when more input is needed.
    fn next_frame(&mut self) -> Result<Option<Frame>, BodyErrorKind> {
        while let Some(event) = self.decoder.next(&mut self.input)? {
            if let Some(frame) = self.take(event)? {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn take(&mut self, event: ChunkEvent) -> Result<Option<Frame>, BodyErrorKind> {
        match event {
            ChunkEvent::Chunk { signature, .. } => {
                if let Some(signatures) = &mut self.signatures {
                    signatures.begin(signature);
                }
            }
            ChunkEvent::Data(data) => {
                if let Some(signatures) = &mut self.signatures {
                    signatures.data(&data);
                }
                return Ok(Some(Frame::Data(data)));
            }
            ChunkEvent::ChunkEnd => {
                if let Some(signatures) = &mut self.signatures {
                    signatures.end()?;
                }
            }
            ChunkEvent::Trailer { name, value } => {
                if self.trailer_form == TrailerForm::None {
                    return Err(BodyErrorKind::MalformedTrailer(
                        "x-amz-content-sha256 does not announce one",
                    ));
                }
                self.trailer.take(&name, value)?;
            }
            ChunkEvent::End => return self.end(),
        }
        Ok(None)
    }

    fn end(&self) -> Result<Option<Frame>, BodyErrorKind> {
        let checksum = self.trailer.finish()?;
        match (&self.signatures, self.trailer.signature()) {
            (Some(signatures), Some(claimed)) => {
                signatures.trailer(self.trailer.lines(), claimed.as_bytes())?;
            }
            (Some(_), None) if self.trailer_form == TrailerForm::Trailer => {
                return Err(BodyErrorKind::MalformedTrailer("it is not signed"));
            }
            (None, Some(_)) => {
                return Err(BodyErrorKind::MalformedTrailer("it is signed and the chunks are not"));
            }
            (Some(_) | None, None) => {}
        }
        Ok(checksum.map(Frame::Trailer))
    }
}

impl BodyStream for ChunkedBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            match this.next_frame() {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) => {}
                Err(kind) => return Poll::Ready(Some(Err(kind.into()))),
            }
            match ready!(this.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => this.input = data,
                Some(Ok(Frame::Trailer(_))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(this.decoder.finish().err().map(|kind| Err(kind.into()))),
            }
        }
    }
}
