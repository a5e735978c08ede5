use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hash::Hasher;
use types::{ByteRange, Checksum, ChecksumKind};

use super::Fill;
use super::lane::LaneError;
use super::plan::{PIECE_BYTES, floor};

/// How much comes together before it is written, where more is at hand, in bytes.
pub(super) const WRITE_BYTES: usize = 256 * 1024;

/// Takes the bytes of one request in, writes whole pieces of them to their blocks as they come, and keeps the last piece back
/// until it is known that the request brought what it should.
pub(super) struct Intake {
    fill: Arc<Fill>,
    claimed: ByteRange,
    /// Bytes to pass over: what was asked for need not begin with a piece.
    skip_bytes: u64,
    /// Where the first byte belongs that is not written.
    position: u64,
    buffer: BytesMut,
    running: Option<Hasher>,
    /// Verified before the last piece is written, where this request brings the whole object.
    whole: Option<Checksum>,
}

impl Intake {
    pub(super) fn new(fill: Arc<Fill>, read: ByteRange, claimed: ByteRange) -> Self {
        let whole = ByteRange::whole(fill.object.geometry.size_bytes);
        let whole = fill.checksum.filter(|sum| claimed == whole && sum.kind == ChecksumKind::FullObject);
        let summed = fill.state.lock().sums.as_ref().map(|summing| summing.sums.algorithm());
        let running = whole.map(|sum| sum.algorithm).or(summed).map(Hasher::new);
        Self {
            skip_bytes: claimed.start - read.start,
            position: claimed.start,
            buffer: BytesMut::new(),
            fill,
            claimed,
            running,
            whole,
        }
    }

    fn received(&self) -> u64 {
        self.position + self.buffer.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.received() == self.claimed.end
    }

    /// What has not been written.
    pub(super) fn left(&self) -> ByteRange {
        ByteRange { start: self.position, end: self.claimed.end }
    }

    /// Takes bytes; those behind the end are left alone.
    pub(super) async fn push(&mut self, mut data: Bytes) -> Result<(), LaneError> {
        let skipped = self.skip_bytes.min(data.len() as u64);
        self.skip_bytes -= skipped;
        let wanted = (self.claimed.end - self.received()).min(data.len() as u64 - skipped);
        data = data.slice(skipped as usize..(skipped + wanted) as usize);
        if self.buffer.is_empty() {
            let whole = self.writable(data.len());
            if whole > 0 {
                self.write(data.split_to(whole)).await?;
            }
        }
        self.buffer.extend_from_slice(&data);
        while self.buffer.len() >= WRITE_BYTES && self.writable(self.buffer.len()) > 0 {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes the whole pieces at hand, all but the last of the request.
    pub(super) async fn flush(&mut self) -> Result<(), LaneError> {
        let whole = self.writable(self.buffer.len());
        if whole == 0 {
            return Ok(());
        }
        let bytes = self.buffer.split_to(whole).freeze();
        self.write(bytes).await
    }

    /// How many of so many bytes at hand can be written: whole pieces, and not the last one.
    fn writable(&self, at_hand: usize) -> usize {
        let end = floor(self.position + at_hand as u64).min(floor(self.claimed.end - 1));
        end.saturating_sub(self.position) as usize
    }

    /// Verifies what can be verified, and writes the rest.
    pub(super) async fn finish(&mut self) -> Result<(), LaneError> {
        let last = std::mem::take(&mut self.buffer).freeze();
        let Some(whole) = self.whole else {
            self.write(last).await?;
            return self.tell_sum().await;
        };
        let sum = self.running.take().map(|mut running| {
            running.update(&last);
            running.finish()
        });
        if let Some(sum) = sum.as_ref().filter(|sum| sum.value != whole.value) {
            self.fill.hold_to(sum).await?;
        }
        self.write(last).await?;
        match sum {
            Some(sum) => self.fill.sum(self.claimed, &sum).await,
            None => Ok(()),
        }
    }

    /// Hands over the checksum of what was written, for that of the whole.
    pub(super) async fn tell_sum(&mut self) -> Result<(), LaneError> {
        let range = ByteRange { start: self.claimed.start, end: self.position };
        match self.running.take() {
            Some(running) if !range.is_empty() => self.fill.sum(range, &running.finish()).await,
            _ => Ok(()),
        }
    }

    /// Writes bytes that begin with a piece, block by block.
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), LaneError> {
        if let Some(running) = &mut self.running {
            running.update(&bytes);
        }
        while !bytes.is_empty() {
            let span = self.fill.object.geometry.span(self.fill.object.geometry.block_of(self.position));
            let fitting = (span.end - self.position).min(bytes.len() as u64);
            let part = bytes.split_to(fitting as usize);
            debug_assert!((self.position - span.start).is_multiple_of(PIECE_BYTES));
            let filling = self.fill.filling(self.position);
            let key = self.fill.object.block(filling.number);
            let begin = async || self.fill.disk.begin(&key, filling.length_bytes).await.map(Arc::new);
            let writing = filling.writing.get_or_init(begin).await.as_ref().ok_or(LaneError::Refused)?;
            let offset = (self.position - span.start) as u32;
            writing.write_at(offset, part).await.map_err(|_| LaneError::Refused)?;
            let written = ByteRange { start: self.position, end: self.position + fitting };
            self.position = written.end;
            self.fill.works.stats.bytes_fetched.add(fitting);
            self.fill.written(written).await?;
        }
        Ok(())
    }
}
