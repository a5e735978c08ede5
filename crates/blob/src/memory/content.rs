use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Ceiling, FRAME_MAX_BYTES, FRAME_MIN_BYTES, Frame,
};

use crate::BlobReader;

/// The bytes do not fit under the ceiling.
#[derive(Debug)]
pub(super) struct OverCeiling;

/// Room taken under the ceiling, given back on drop.
pub(super) struct Charge {
    ceiling: Ceiling,
    bytes: u64,
}

impl Charge {
    pub(super) fn new(ceiling: Ceiling, bytes: u64) -> Result<Self, OverCeiling> {
        let mut charge = Self { ceiling, bytes: 0 };
        charge.grow_to(bytes)?;
        Ok(charge)
    }

    /// Takes what is missing to `bytes`.
    fn grow_to(&mut self, bytes: u64) -> Result<(), OverCeiling> {
        let missing = bytes.saturating_sub(self.bytes);
        if !self.ceiling.take(missing) {
            return Err(OverCeiling);
        }
        self.bytes += missing;
        Ok(())
    }

    /// Gives back what was taken past `bytes`.
    fn shrink_to(&mut self, bytes: u64) {
        let excess = self.bytes.saturating_sub(bytes);
        self.ceiling.give_back(excess);
        self.bytes -= excess;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ceiling.give_back(self.bytes);
    }
}

/// One stored blob: its bytes in chunks that nothing else keeps alive.
pub(super) struct Content {
    chunks: Vec<Bytes>,
    /// Offset of each chunk in the blob.
    offsets: Vec<u64>,
    size_bytes: u64,
    _charge: Charge,
}

impl Content {
    /// From chunks that are owned already.
    pub(super) fn from_chunks(chunks: Vec<Bytes>, mut charge: Charge) -> Result<Self, OverCeiling> {
        let mut size_bytes = 0;
        let offsets = chunks
            .iter()
            .map(|chunk| {
                let offset = size_bytes;
                size_bytes += chunk.len() as u64;
                offset
            })
            .collect();
        charge.grow_to(size_bytes)?;
        charge.shrink_to(size_bytes);
        Ok(Self { chunks, offsets, size_bytes, _charge: charge })
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(super) fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }
}

/// Copies frames into chunks of its own: a frame kept as it came would hold the sender's whole buffer, and with it the
/// frame budget, for as long as the blob lives.
pub(super) struct Collector {
    chunks: Vec<Bytes>,
    current: BytesMut,
    size_bytes: u64,
    hint_bytes: Option<u64>,
    charge: Charge,
}

impl Collector {
    pub(super) fn new(hint_bytes: Option<u64>, charge: Charge) -> Self {
        Self { chunks: Vec::new(), current: BytesMut::new(), size_bytes: 0, hint_bytes, charge }
    }

    pub(super) fn push(&mut self, mut data: &[u8]) -> Result<(), OverCeiling> {
        self.charge.grow_to(self.size_bytes + data.len() as u64)?;
        while !data.is_empty() {
            if self.current.capacity() == self.current.len() {
                self.begin_chunk(data.len());
            }
            let room = (self.current.capacity() - self.current.len()).min(data.len());
            let (now, later) = data.split_at(room);
            self.current.extend_from_slice(now);
            self.size_bytes += now.len() as u64;
            data = later;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Content, OverCeiling> {
        self.end_chunk();
        Content::from_chunks(self.chunks, self.charge)
    }

    fn begin_chunk(&mut self, needed: usize) {
        self.end_chunk();
        let left = self.hint_bytes.map_or(0, |hint| hint.saturating_sub(self.size_bytes));
        let expected = usize::try_from(left).unwrap_or(usize::MAX).max(needed);
        // Without a hint the chunks grow with the blob, so that a small one does not take a large chunk.
        let grown = usize::try_from(self.size_bytes).unwrap_or(usize::MAX);
        let size = if left > 0 { expected } else { expected.max(grown).max(FRAME_MIN_BYTES) };
        self.current = BytesMut::with_capacity(size.min(FRAME_MAX_BYTES));
    }

    fn end_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.current);
        if chunk.is_empty() {
            return;
        }
        let whole = chunk.len() == chunk.capacity();
        self.chunks.push(if whole { chunk.freeze() } else { Bytes::copy_from_slice(&chunk) });
    }
}

/// An open blob in memory.
pub(super) struct ContentReader(pub(super) Arc<Content>);

impl BlobReader for ContentReader {
    fn size_bytes(&self) -> u64 {
        self.0.size_bytes
    }

    fn read(&self, range: ByteRange) -> Body {
        let first = self.0.offsets.partition_point(|offset| *offset <= range.start).saturating_sub(1);
        Body::new(Chunks { content: self.0.clone(), range, next: first }, Some(range.len()))
    }
}

struct Chunks {
    content: Arc<Content>,
    range: ByteRange,
    next: usize,
}

impl BodyStream for Chunks {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if self.range.is_empty() {
            return Poll::Ready(None);
        }
        if self.range.end > self.content.size_bytes {
            return Poll::Ready(Some(Err(BodyErrorKind::Storage.into())));
        }
        let offset = self.content.offsets[self.next];
        let chunk = &self.content.chunks[self.next];
        let start = (self.range.start - offset) as usize;
        let end = (self.range.end - offset).min(chunk.len() as u64) as usize;
        let frame = chunk.slice(start..end);
        self.range.start = offset + end as u64;
        self.next += 1;
        Poll::Ready(Some(Ok(Frame::Data(frame))))
    }
}
