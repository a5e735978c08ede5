//! Bodies whose length nobody knows beforehand: the service wants to know it.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::{Bytes, BytesMut};
use store::{
    Bucket, CompleteOptions, CompletedPart, CreateUploadOptions, Identity, PartOptions, PutOptions,
    PutOutcome, StoreError, UploadChecksum, UploadRef,
};
use types::{
    Body, BodyError, BodyStream, Checksum, ChecksumAlgorithm, ChecksumKind, Context, ExpectedDigests, Frame,
    ObjectKey, Reservation,
};

use crate::outgoing::{Framing, Manner, Md5Wanted, Outgoing, Verify};
use crate::store::Inner;
use crate::wire::{Failure, Seen};

/// How much of a body of unknown length is held before it becomes an upload in parts, and the size of these, in bytes. With
/// the most parts that S3 takes it is more than any form may upload.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// A body of which the length is known now, or of which there is too much to know.
pub(super) enum Gathered {
    /// All of it, with its length.
    Whole(Body),
    /// More than is held; its beginning comes first.
    More(Body),
}

impl Inner {
    /// Takes a body until its length is known, within bounds that count in the budget.
    pub(super) async fn gather(&self, mut body: Body) -> Result<Gathered, StoreError> {
        if body.length_bytes().is_some() {
            return Ok(Gathered::Whole(body));
        }
        let room = self.budget().reserve(HELD_BYTES).await;
        let mut held = Held { bytes: BytesMut::new(), trailer: None };
        while held.bytes.len() <= HELD_BYTES {
            match body.next_frame().await {
                None => return Ok(Gathered::Whole(held.into_body(None, room))),
                Some(Ok(Frame::Data(data))) => held.bytes.extend_from_slice(&data),
                Some(Ok(Frame::Trailer(checksum))) => held.trailer = Some(checksum),
                Some(Err(error)) => return Err(failed(error)),
            }
        }
        Ok(Gathered::More(held.into_body(Some(body), room)))
    }

    /// Puts a body as an upload in parts. Nothing of it is visible before all of it was verified.
    pub(super) async fn spill(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let expected = match options.identity {
            Identity::Compute(expected) => expected,
            Identity::Supplied(_) => ExpectedDigests::default(),
        };
        let verify = Manner {
            expected,
            give: None,
            framing: Framing::Plain,
            verify: Verify::Here,
            md5: Md5Wanted::No,
        };
        let (body, _) = Outgoing::wrap(body, verify);
        let algorithm = expected.checksum.algorithm();
        let kind = if algorithm.is_combinable() { ChecksumKind::FullObject } else { ChecksumKind::Composite };
        let checksum = Some(UploadChecksum { algorithm, kind });
        let create = CreateUploadOptions { metadata: options.metadata, checksum };
        let id = self.create_upload(cx, bucket, key, create).await?;
        let upload = UploadRef { bucket, key, id: &id };
        let put = async {
            let parts = self.put_pieces(cx, upload, body, algorithm).await?;
            let complete = CompleteOptions { condition: options.condition, ..CompleteOptions::default() };
            self.complete_upload(cx, upload, parts, complete).await
        };
        let result = put.await;
        if result.is_err() {
            // What is left is swept by the service's own rules, or by whoever lists unfinished uploads.
            if let Err(error) = self.abort_upload(cx, upload).await {
                tracing::warn!(%error, "an upload of a failed put could not be aborted");
            }
        }
        result
    }

    async fn put_pieces(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        mut body: Body,
        algorithm: ChecksumAlgorithm,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let mut parts = Vec::new();
        let mut piece = BytesMut::new();
        let mut ended = false;
        while !ended {
            match body.next_frame().await {
                Some(Ok(Frame::Data(data))) => piece.extend_from_slice(&data),
                Some(Ok(Frame::Trailer(_))) => {}
                Some(Err(error)) => return Err(failed(error)),
                None => ended = true,
            }
            while piece.len() >= HELD_BYTES || (ended && !piece.is_empty()) {
                let bytes = piece.split_to(piece.len().min(HELD_BYTES)).freeze();
                let number = parts.len() as u32 + 1;
                let expected = ExpectedDigests {
                    content_md5: None,
                    checksum: types::ExpectedChecksum::Compute(algorithm),
                };
                let outcome = self
                    .put_part(cx, upload, number, Body::from_bytes(bytes), PartOptions { expected })
                    .await?;
                parts.push(CompletedPart { number, etag: outcome.etag, checksum: outcome.checksum });
            }
        }
        Ok(parts)
    }
}

fn failed(error: BodyError) -> StoreError {
    Failure::Remote(remote::RemoteErrorKind::Body(error).into()).into_store(Seen::default(), "read a body")
}

/// The beginning of a body.
struct Held {
    bytes: BytesMut,
    trailer: Option<Checksum>,
}

impl Held {
    /// The body again: what is held, and the rest where there is one.
    fn into_body(self, rest: Option<Body>, room: Reservation) -> Body {
        let bytes = self.bytes.freeze();
        let length_bytes = rest.is_none().then_some(bytes.len() as u64);
        Body::new(Again { bytes, trailer: self.trailer, rest, _room: room }, length_bytes)
    }
}

/// A body of which the beginning was taken already.
struct Again {
    bytes: Bytes,
    trailer: Option<Checksum>,
    rest: Option<Body>,
    _room: Reservation,
}

impl BodyStream for Again {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        if !self.bytes.is_empty() {
            let piece = self.bytes.len().min(types::FRAME_MAX_BYTES);
            return Poll::Ready(Some(Ok(Frame::Data(self.bytes.split_to(piece)))));
        }
        if let Some(checksum) = self.trailer.take() {
            return Poll::Ready(Some(Ok(Frame::Trailer(checksum))));
        }
        match &mut self.rest {
            Some(rest) => rest.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }
}
