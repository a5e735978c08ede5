//! Bodies on their way to the service: verified as they pass, framed where their checksum follows them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hash::{Hasher, Md5};
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ChecksumAlgorithm, ExpectedChecksum,
    ExpectedDigests, Frame,
};

use crate::checksum;

/// The size of a chunk of an `aws-chunked` body, in bytes: services differ in the largest that they take, and none refuses
/// this.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// As it is.
    Plain,
    /// `aws-chunked`, with this checksum as trailer.
    Trailer(ChecksumAlgorithm),
}

/// What is done with a body as it passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// What it must turn out to be.
    pub(crate) expected: ExpectedDigests,
    /// The checksum that the service verifies and keeps.
    pub(crate) give: Option<ChecksumAlgorithm>,
    /// How it is sent.
    pub(crate) framing: Framing,
    /// Whether what is expected is verified here: because the service does not, or because it is cheap.
    pub(crate) verify: Verify,
    /// Whether the MD5 is computed.
    pub(crate) md5: Md5Wanted,
}

/// Who verifies what the client expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    /// We do.
    Here,
    /// The service does, given the client's own value.
    There,
}

/// Whether an MD5 is computed; it is the costliest digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Md5Wanted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// What a body turned out to be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// The checksum given to the service.
    pub(crate) checksum: Option<Checksum>,
    /// The MD5, where it was computed.
    pub(crate) md5: Option<[u8; 16]>,
}

/// Where that arrives once the body has ended well.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receipt(Arc<OnceLock<Sent>>);

impl Receipt {
    /// What was sent; `None` until the body has ended well.
    pub(crate) fn sent(&self) -> Option<Sent> {
        self.0.get().copied()
    }
}

/// How many bytes a body of `length_bytes` has in its framing.
pub(crate) fn framed_length(length_bytes: u64, framing: Framing) -> u64 {
    let Framing::Trailer(algorithm) = framing else { return length_bytes };
    let chunk = |size: u64| chunk_head(size).len() as u64 + size + 2;
    let (whole, rest) = (length_bytes / CHUNK_BYTES, length_bytes % CHUNK_BYTES);
    let rest = if rest > 0 { chunk(rest) } else { 0 };
    let value_len = algorithm.value_len().div_ceil(3) * 4;
    let trailer =
        "0\r\n".len() + checksum::header(algorithm).len() + ":".len() + value_len + "\r\n\r\n".len();
    whole * chunk(CHUNK_BYTES) + rest + trailer as u64
}

fn chunk_head(size: u64) -> String {
    format!("{size:x}\r\n")
}

/// A body on its way.
pub(crate) struct Outgoing {
    inner: Body,
    length_bytes: Option<u64>,
    manner: Manner,
    seen_bytes: u64,
    chunk_left: u64,
    ready: VecDeque<Bytes>,
    given: Option<Hasher>,
    expected: Option<Hasher>,
    md5: Option<Md5>,
    trailer: Option<Checksum>,
    ended: bool,
    receipt: Receipt,
}

impl Outgoing {
    /// Wraps a body, whose length must be known where it is framed.
    pub(crate) fn wrap(inner: Body, manner: Manner) -> (Body, Receipt) {
        let receipt = Receipt::default();
        let length_bytes = inner.length_bytes();
        let expecting = match manner.expected.checksum {
            ExpectedChecksum::Value(checksum) => Some(checksum.algorithm),
            ExpectedChecksum::Trailer(algorithm) => Some(algorithm),
            ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => None,
        };
        let here =
            expecting.filter(|algorithm| manner.verify == Verify::Here || manner.give != Some(*algorithm));
        // What the client gives is passed on; only what it does not give is computed.
        let given = manner.give.filter(|give| expecting != Some(*give) && here != Some(*give));
        let md5 = manner.md5 == Md5Wanted::Yes
            || (manner.verify == Verify::Here && manner.expected.content_md5.is_some());
        let outgoing = Self {
            inner,
            length_bytes,
            manner,
            seen_bytes: 0,
            chunk_left: 0,
            ready: VecDeque::new(),
            given: given.map(Hasher::new),
            expected: here.map(Hasher::new),
            md5: md5.then(Md5::new),
            trailer: None,
            ended: false,
            receipt: receipt.clone(),
        };
        let framed = length_bytes.map(|length| framed_length(length, manner.framing));
        (Body::new(outgoing, framed), receipt)
    }

    fn take(&mut self, mut data: Bytes) -> Result<(), BodyErrorKind> {
        self.seen_bytes += data.len() as u64;
        if let Some(max_bytes) = self.length_bytes.filter(|length| self.seen_bytes > *length) {
            return Err(BodyErrorKind::TooLarge { max_bytes });
        }
        for hasher in [&mut self.given, &mut self.expected].into_iter().flatten() {
            hasher.update(&data);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(&data);
        }
        if self.manner.framing == Framing::Plain {
            self.ready.push_back(data);
            return Ok(());
        }
        let length = self.length_bytes.unwrap_or_default();
        let mut before = self.seen_bytes - data.len() as u64;
        while !data.is_empty() {
            if self.chunk_left == 0 {
                self.chunk_left = CHUNK_BYTES.min(length - before);
                self.ready.push_back(chunk_head(self.chunk_left).into());
            }
            let piece = data.split_to(data.len().min(usize::try_from(self.chunk_left).unwrap_or(usize::MAX)));
            self.chunk_left -= piece.len() as u64;
            before += piece.len() as u64;
            self.ready.push_back(piece);
            if self.chunk_left == 0 {
                self.ready.push_back(Bytes::from_static(b"\r\n"));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), BodyErrorKind> {
        self.ended = true;
        if self.length_bytes.is_some_and(|length| length != self.seen_bytes) {
            return Err(BodyErrorKind::Incomplete);
        }
        let sent = self.verify()?;
        if let (Framing::Trailer(algorithm), Some(checksum)) = (self.manner.framing, &sent.checksum) {
            let value = checksum::text(checksum);
            self.ready.push_back(format!("0\r\n{}:{value}\r\n\r\n", checksum::header(algorithm)).into());
        }
        // Set once: the body ends once.
        let _ = self.receipt.0.set(sent);
        Ok(())
    }

    fn verify(&mut self) -> Result<Sent, BodyErrorKind> {
        let client = match self.manner.expected.checksum {
            ExpectedChecksum::Value(checksum) => Some(checksum),
            ExpectedChecksum::Trailer(algorithm) => {
                let trailer = self.trailer.filter(|trailer| trailer.algorithm == algorithm);
                Some(trailer.ok_or(BodyErrorKind::TrailerMissing(algorithm))?)
            }
            ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => self.trailer,
        };
        let computed = self.expected.take().map(Hasher::finish);
        let given = self.given.take().map(Hasher::finish);
        if let Some(client) = client {
            let of_same =
                [computed, given].into_iter().flatten().find(|own| own.algorithm == client.algorithm);
            if of_same.is_some_and(|own| own.value != client.value) {
                return Err(BodyErrorKind::DigestMismatch(Some(client.algorithm)));
            }
        }
        let md5 = self.md5.take().map(Md5::finish);
        if md5.is_some_and(|md5| self.manner.expected.content_md5.is_some_and(|expected| expected != md5)) {
            return Err(BodyErrorKind::DigestMismatch(None));
        }
        let checksum =
            self.manner.give.and_then(|give| given.or(client).filter(|checksum| checksum.algorithm == give));
        Ok(Sent { checksum, md5 })
    }
}

impl BodyStream for Outgoing {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::Data(bytes))));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            let taken = match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => self.take(data),
                Some(Ok(Frame::Trailer(checksum))) => {
                    self.trailer = Some(checksum);
                    Ok(())
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.end(),
            };
            if let Err(kind) = taken {
                return Poll::Ready(Some(Err(kind.into())));
            }
        }
    }
}

#[cfg(test)]
mod tests;
