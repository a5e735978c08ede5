use std::pin::Pin;
use std::task::{Context, Poll};

use blob::WriteOptions;
use bytes::{Bytes, BytesMut};
use hash::Receipt;
use store::StoreError;
use types::{Body, BodyError, BodyStream, ExpectedDigests, Frame};

use crate::collector::Room;
use crate::error::During;
use crate::ids::DataId;
use crate::native::Native;
use crate::pending::PendingBlob;
use crate::record::Place;

/// Bytes that are stored or ready to be stored with the commit that makes them visible.
pub(crate) enum Stored {
    /// No bytes.
    Empty,
    /// A few bytes, written by the commit itself under this id.
    Inline(DataId, Bytes),
    /// A durable blob.
    Blob(PendingBlob),
}

impl Stored {
    /// Where a record says that the bytes are.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Empty => Place::Empty,
            Self::Inline(id, _) => Place::Inline(*id),
            Self::Blob(blob) => Place::Blob(blob.id()),
        }
    }

    /// A commit that refers to the bytes begins.
    pub(crate) fn committing(&mut self) {
        if let Self::Blob(blob) = self {
            blob.committing();
        }
    }

    /// That commit did not take effect.
    pub(crate) fn not_committed(&mut self) {
        if let Self::Blob(blob) = self {
            blob.not_committed();
        }
    }

    /// That commit took effect.
    pub(crate) fn committed(&mut self) {
        if let Self::Blob(blob) = self {
            blob.committed();
        }
    }
}

/// The beginning of a body.
enum Prefix {
    /// The body is no longer than the limit.
    Whole(Vec<Bytes>, usize),
    /// There is more.
    Begun(Vec<Bytes>),
}

impl Native {
    /// Stores a body and tells its size.
    pub(crate) async fn receive(
        &self,
        mut body: Body,
        operation: &'static str,
    ) -> Result<(Stored, u64), StoreError> {
        let inline_max_bytes = self.options.inline_max_bytes;
        let length_bytes = body.length_bytes();
        let prefix = if length_bytes.is_some_and(|length| length > inline_max_bytes as u64) {
            Prefix::Begun(Vec::new())
        } else {
            read_prefix(&mut body, inline_max_bytes).await.during(operation)?
        };
        match prefix {
            Prefix::Whole(_, 0) => Ok((Stored::Empty, 0)),
            Prefix::Whole(frames, size) => {
                self.stats.inline_writes.add(1);
                Ok((Stored::Inline(self.new_id(), joined(&frames, size)), size as u64))
            }
            Prefix::Begun(frames) => {
                let whole = Chained { first: frames.into_iter(), rest: body };
                let room = Room::new(self);
                let options = WriteOptions { size_bytes: length_bytes, room: Some(&room) };
                let written =
                    self.blobs.write(Body::new(whole, length_bytes), options).await.during(operation)?;
                self.stats.blob_writes.add(1);
                let blob = PendingBlob::new(written.id, self.discards.clone());
                Ok((Stored::Blob(blob), written.size_bytes))
            }
        }
    }

    /// Stores a body that must turn out as expected, and tells what it is.
    pub(crate) async fn receive_verified(
        &self,
        body: Body,
        expected: ExpectedDigests,
        operation: &'static str,
    ) -> Result<(Stored, hash::Digests), StoreError> {
        let (body, receipt) = hash::Ingest::wrap(body, expected);
        let (stored, _) = self.receive(body, operation).await?;
        Ok((stored, digests_of(&receipt)))
    }
}

/// The digests of a body that was read to its end without an error.
pub(crate) fn digests_of(receipt: &Receipt) -> hash::Digests {
    receipt.digests().expect("a body that ended well has left its digests")
}

async fn read_prefix(body: &mut Body, max_bytes: usize) -> Result<Prefix, BodyError> {
    let (mut frames, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.next_frame().await {
        let Frame::Data(data) = frame? else { continue };
        size += data.len();
        frames.push(data);
        if size > max_bytes {
            return Ok(Prefix::Begun(frames));
        }
    }
    Ok(Prefix::Whole(frames, size))
}

/// Copies frames into one piece of exactly their size, so that what an engine keeps does not pin a larger buffer.
fn joined(frames: &[Bytes], size: usize) -> Bytes {
    let mut joined = BytesMut::with_capacity(size);
    frames.iter().for_each(|frame| joined.extend_from_slice(frame));
    joined.freeze()
}

/// A body whose first frames were read already.
struct Chained {
    first: std::vec::IntoIter<Bytes>,
    rest: Body,
}

impl BodyStream for Chained {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        match self.first.next() {
            Some(frame) => Poll::Ready(Some(Ok(Frame::Data(frame)))),
            None => self.rest.poll_frame(cx),
        }
    }
}
