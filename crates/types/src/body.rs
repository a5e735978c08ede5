use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::{Checksum, ChecksumAlgorithm};

/// One piece of a body.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Bytes, never empty, at most about 1 MiB.
    Data(Bytes),
    /// A checksum that the sender declared after the bytes. Comes after all data, at most once per algorithm.
    Trailer(Checksum),
}

/// A stream of frames. After `None` or an error it is not polled again.
///
/// An error means that the body is not what the sender meant: nothing of it may become visible.
pub trait BodyStream: Send {
    /// The next frame.
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>>;
}

/// An object's bytes on their way, in either direction: a stream and, where it is known, its exact length.
pub struct Body {
    stream: Pin<Box<dyn BodyStream>>,
    length_bytes: Option<u64>,
}

impl Body {
    /// Wraps a stream; `length_bytes` is the number of data bytes when it is known beforehand.
    #[must_use]
    pub fn new(stream: impl BodyStream + 'static, length_bytes: Option<u64>) -> Self {
        Self { stream: Box::pin(stream), length_bytes }
    }

    /// A body of no bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self::from_bytes(Bytes::new())
    }

    /// A body of these bytes, in one frame.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Self {
        let length_bytes = Some(bytes.len() as u64);
        Self::new(Frames(vec![bytes].into_iter()), length_bytes)
    }

    /// A body of these frames, for tests and for joining pieces at hand.
    #[must_use]
    pub fn from_frames(frames: Vec<Bytes>) -> Self {
        let length_bytes = Some(frames.iter().map(|frame| frame.len() as u64).sum());
        Self::new(Frames(frames.into_iter()), length_bytes)
    }

    /// The number of data bytes from here to the end, as known when the body was made.
    #[must_use]
    pub fn length_bytes(&self) -> Option<u64> {
        self.length_bytes
    }

    /// Polls the next frame.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        self.stream.as_mut().poll_frame(cx)
    }

    /// Waits for the next frame; `None` at the end.
    ///
    /// # Errors
    /// [`BodyError`] when the sender failed or sent something wrong.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next_frame(&mut self) -> Option<Result<Frame, BodyError>> {
        poll_fn(|cx| self.poll_frame(cx)).await
    }

    /// Reads all bytes, at most `max_bytes`; trailers are dropped.
    ///
    /// # Errors
    /// The stream's error, or [`BodyErrorKind::TooLarge`] past the limit.
    pub async fn collect(mut self, max_bytes: usize) -> Result<Bytes, BodyError> {
        let mut first = Bytes::new();
        let mut joined = Vec::new();
        while let Some(frame) = self.next_frame().await {
            let Frame::Data(data) = frame? else { continue };
            if first.len() + joined.len() + data.len() > max_bytes {
                return Err(BodyErrorKind::TooLarge { max_bytes: max_bytes as u64 }.into());
            }
            if joined.is_empty() && first.is_empty() {
                first = data;
            } else {
                if joined.is_empty() {
                    joined.extend_from_slice(&first);
                    first = Bytes::new();
                }
                joined.extend_from_slice(&data);
            }
        }
        Ok(if joined.is_empty() { first } else { joined.into() })
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length_bytes", &self.length_bytes).finish_non_exhaustive()
    }
}

struct Frames(std::vec::IntoIter<Bytes>);

impl BodyStream for Frames {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(self.0.find(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::Data(bytes))))
    }
}

/// What went wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyErrorKind {
    /// The sender went away, or ended before the declared length.
    Incomplete,
    /// The sender stalled past the limit.
    TimedOut,
    /// More bytes than declared, or than is allowed.
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// Fewer bytes than a form's policy asks for.
    TooSmall {
        /// The least.
        min_bytes: u64,
    },
    /// The framing (`aws-chunked`, a form) is broken; says how.
    Malformed(&'static str),
    /// The trailer after an `aws-chunked` body is broken, or is not the one that was announced; says how.
    MalformedTrailer(&'static str),
    /// The signature of a chunk or trailer does not match.
    SignatureMismatch,
    /// The SHA-256 of the payload is not the one that was signed.
    PayloadHashMismatch,
    /// The bytes do not have the checksum that was expected; `None` is `Content-MD5`.
    DigestMismatch(Option<ChecksumAlgorithm>),
    /// A checksum trailer that was announced did not come, or another one came.
    TrailerMissing(ChecksumAlgorithm),
    /// The bytes could not be read from storage; the store's own error is the source.
    Storage,
    /// Bytes in storage do not match their checksum.
    Corrupt,
}

/// A body failed, with the cause underneath where there is one.
#[derive(Debug)]
pub struct BodyError {
    /// What went wrong.
    pub kind: BodyErrorKind,
    /// The cause underneath.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BodyError {
    /// An error with its cause.
    #[must_use]
    pub fn with_source(
        kind: BodyErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }
}

impl From<BodyErrorKind> for BodyError {
    fn from(kind: BodyErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            BodyErrorKind::Incomplete => f.write_str("the body ended before its declared length"),
            BodyErrorKind::TimedOut => f.write_str("the sender of the body stalled"),
            BodyErrorKind::TooLarge { max_bytes } => write!(f, "the body is larger than {max_bytes} bytes"),
            BodyErrorKind::TooSmall { min_bytes } => write!(f, "the body is smaller than {min_bytes} bytes"),
            BodyErrorKind::Malformed(how) => write!(f, "the body is malformed: {how}"),
            BodyErrorKind::MalformedTrailer(how) => write!(f, "the body's trailer is malformed: {how}"),
            BodyErrorKind::SignatureMismatch => f.write_str("the signature of a chunk does not match"),
            BodyErrorKind::PayloadHashMismatch => {
                f.write_str("the SHA-256 of the payload is not the one that was signed")
            }
            BodyErrorKind::DigestMismatch(algorithm) => {
                write!(f, "the {} does not match", algorithm.map_or("Content-MD5", ChecksumAlgorithm::name))
            }
            BodyErrorKind::TrailerMissing(algorithm) => {
                write!(f, "the announced {} trailer did not come", algorithm.name())
            }
            BodyErrorKind::Storage => f.write_str("the bytes could not be read from storage"),
            BodyErrorKind::Corrupt => f.write_str("bytes in storage do not match their checksum"),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
