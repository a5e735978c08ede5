use std::collections::BTreeMap;

use types::ByteRange;

use super::marks::Marks;

/// What bytes are asked for, counted and written in: a block is made of such pieces.
pub(crate) const PIECE_BYTES: u64 = 64 * 1024;
/// The most bytes of one request to the store: long enough that waiting for its first byte does not count, short enough that
/// many requests share one object.
pub(crate) const CHUNK_BYTES: u64 = 8 * 1024 * 1024;
/// The most requests in flight for one object.
const WINDOW_MAX: usize = 16;
/// How many requests are in flight for an object at first; each that ends well makes room for one more. A quarter of all that it
/// takes: little is fetched in vain of a small object, and a large one is soon at full speed.
const WINDOW_FIRST: std::ops::RangeInclusive<usize> = 2..=8;
/// What part of an object's chunks are asked for at first.
const WINDOW_FIRST_SHARE: u64 = 4;

/// How an object lies in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) size_bytes: u64,
    pub(crate) block_bytes: u64,
}

impl Geometry {
    pub(crate) fn block_of(self, position: u64) -> u32 {
        (position / self.block_bytes) as u32
    }

    /// The bytes of a block.
    pub(crate) fn span(self, block: u32) -> ByteRange {
        let start = u64::from(block) * self.block_bytes;
        ByteRange { start, end: (start + self.block_bytes).min(self.size_bytes) }
    }

    /// The blocks that hold a range that is not empty.
    pub(crate) fn blocks(self, range: ByteRange) -> std::ops::RangeInclusive<u32> {
        self.block_of(range.start)..=self.block_of(range.end - 1)
    }

    /// How many blocks there are.
    pub(crate) fn block_count(self) -> u32 {
        self.size_bytes.div_ceil(self.block_bytes) as u32
    }
}

/// Which bytes of an object to ask for next, with many readers at many places.
#[derive(Debug)]
pub(super) struct Plan {
    geometry: Geometry,
    /// The blocks that are being filled.
    blocks: BTreeMap<u32, Marks>,
    /// Where each reader is, and where it stops.
    readers: BTreeMap<u64, ByteRange>,
    next_reader: u64,
    window: usize,
    in_flight: usize,
    /// Whether there was nothing to ask for when that was last looked at, and nothing has changed since.
    is_settled: bool,
}

impl Plan {
    pub(super) fn new(geometry: Geometry) -> Self {
        let share = usize::try_from(geometry.size_bytes / CHUNK_BYTES / WINDOW_FIRST_SHARE);
        let window = share.unwrap_or(usize::MAX).clamp(*WINDOW_FIRST.start(), *WINDOW_FIRST.end());
        Self {
            geometry,
            blocks: BTreeMap::new(),
            readers: BTreeMap::new(),
            next_reader: 0,
            window,
            in_flight: 0,
            is_settled: false,
        }
    }

    pub(super) fn add_reader(&mut self, range: ByteRange) -> u64 {
        self.next_reader += 1;
        self.is_settled = false;
        self.readers.insert(self.next_reader, range);
        self.next_reader
    }

    pub(super) fn move_reader(&mut self, reader: u64, position: u64) {
        if let Some(range) = self.readers.get_mut(&reader) {
            let has_crossed = chunk_end(range.start) != chunk_end(position);
            range.start = position;
            self.is_settled &= !has_crossed;
        }
    }

    /// Looks again for what to ask for where nobody asks for the byte that a reader waits for: its block was there, and is not
    /// any more.
    pub(super) fn wait_at(&mut self, position: u64) {
        let block = self.geometry.block_of(position);
        let piece = ((position - self.geometry.span(block).start) / PIECE_BYTES) as u32;
        self.is_settled &= self.blocks.get(&block).is_some_and(|marks| !marks.is_free(piece));
    }

    pub(super) fn remove_reader(&mut self, reader: u64) {
        self.readers.remove(&reader);
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.window
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0
    }

    /// Takes a range that is asked for already, as far as nobody else asks for it: from its beginning to the end of a chunk.
    pub(super) fn claim_first(
        &mut self,
        range: ByteRange,
        is_cached: &dyn Fn(u32) -> bool,
    ) -> Option<ByteRange> {
        let start = range.start.next_multiple_of(PIECE_BYTES);
        let whole = if range.end == self.geometry.size_bytes { range.end } else { floor(range.end) };
        let limit = whole.min(chunk_end(start));
        (start < limit && self.is_free(start, is_cached)).then(|| self.claim(start, limit, is_cached))
    }

    /// The next range to ask for, and takes it: first what a reader waits for, then what lies ahead of one, then what is missing
    /// of blocks that were begun.
    pub(super) fn next(&mut self, is_cached: &dyn Fn(u32) -> bool) -> Option<ByteRange> {
        if self.is_settled {
            return None;
        }
        let next = self.find(is_cached);
        self.is_settled = next.is_none();
        next
    }

    fn find(&mut self, is_cached: &dyn Fn(u32) -> bool) -> Option<ByteRange> {
        let ahead = self
            .readers
            .values()
            .filter_map(|range| {
                let limit = self.limit(*range);
                let start = self.first_free(floor(range.start), limit, is_cached)?;
                Some((start.saturating_sub(range.start), start, limit))
            })
            .min();
        if let Some((_, start, limit)) = ahead {
            return Some(self.claim(start, limit.min(chunk_end(start)), is_cached));
        }
        let (start, end) = self.blocks.iter().find_map(|(block, marks)| {
            let span = self.geometry.span(*block);
            let piece = marks.free_from(0).filter(|_| !marks.is_untouched())?;
            Some((span.start + u64::from(piece) * PIECE_BYTES, span.end))
        })?;
        Some(self.claim(start, end.min(chunk_end(start)), is_cached))
    }

    /// How far ahead of a reader is asked for: to the end of the block in which it stops, and no further than all requests of the
    /// window together.
    fn limit(&self, range: ByteRange) -> u64 {
        let last = range.end.next_multiple_of(self.geometry.block_bytes).min(self.geometry.size_bytes);
        last.min(chunk_end(range.start) + (self.window as u64 - 1) * CHUNK_BYTES)
    }

    fn first_free(&self, from: u64, limit: u64, is_cached: &dyn Fn(u32) -> bool) -> Option<u64> {
        let mut position = from;
        while position < limit {
            let block = self.geometry.block_of(position);
            let span = self.geometry.span(block);
            match self.blocks.get(&block) {
                None if !is_cached(block) => return Some(position),
                None => {}
                Some(marks) => {
                    let free = marks.free_from(((position - span.start) / PIECE_BYTES) as u32);
                    let free = free.map(|piece| span.start + u64::from(piece) * PIECE_BYTES);
                    if let Some(free) = free {
                        return Some(free).filter(|free| *free < limit);
                    }
                }
            }
            position = span.end;
        }
        None
    }

    fn is_free(&self, position: u64, is_cached: &dyn Fn(u32) -> bool) -> bool {
        self.first_free(position, position + 1, is_cached) == Some(position)
    }

    /// Takes pieces from `start` on until one is not free, at most up to `limit`.
    fn claim(&mut self, start: u64, limit: u64, is_cached: &dyn Fn(u32) -> bool) -> ByteRange {
        let mut position = start;
        while position < limit && self.is_free(position, is_cached) {
            self.mark(position, Marks::claim);
            position = (position + PIECE_BYTES).min(self.geometry.size_bytes);
        }
        self.in_flight += 1;
        ByteRange { start, end: position.min(limit.max(start)) }
    }

    fn mark(&mut self, position: u64, mark: impl FnOnce(&mut Marks, u32)) {
        let block = self.geometry.block_of(position);
        let span = self.geometry.span(block);
        let marks =
            self.blocks.entry(block).or_insert_with(|| Marks::new(span.len().div_ceil(PIECE_BYTES) as u32));
        mark(marks, ((position - span.start) / PIECE_BYTES) as u32);
    }

    /// Pieces are written. True where the block that they lie in is whole by that; they lie in one.
    pub(super) fn finish(&mut self, range: ByteRange) -> bool {
        for position in pieces(range) {
            self.mark(position, Marks::finish);
        }
        self.blocks.get(&self.geometry.block_of(range.start)).is_some_and(Marks::is_whole)
    }

    /// A request ended; what it did not bring is free again.
    pub(super) fn end(&mut self, left: ByteRange, outcome: Ended) {
        self.in_flight -= 1;
        self.is_settled = false;
        if outcome == Ended::Well {
            self.window = (self.window + 1).min(WINDOW_MAX);
        }
        for position in pieces(left) {
            self.mark(position, Marks::release);
        }
        if !left.is_empty() {
            for block in self.geometry.blocks(left) {
                if self.blocks.get(&block).is_some_and(Marks::is_untouched) {
                    self.blocks.remove(&block);
                }
            }
        }
    }

    /// A block is filled, or given up.
    pub(super) fn drop_block(&mut self, block: u32) {
        self.blocks.remove(&block);
    }

    /// Up to where the bytes from `position` on are written in the block that is being filled there; `None` where they are not.
    pub(super) fn written(&self, position: u64) -> Option<u64> {
        let block = self.geometry.block_of(position);
        let (span, marks) = (self.geometry.span(block), self.blocks.get(&block)?);
        let pieces = span.len().div_ceil(PIECE_BYTES) as u32;
        let first = ((position - span.start) / PIECE_BYTES) as u32;
        let end = (first..pieces).find(|piece| !marks.is_done(*piece)).unwrap_or(pieces);
        (end > first).then(|| (span.start + u64::from(end) * PIECE_BYTES).min(span.end))
    }
}

/// How a request for a range ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With all its bytes.
    Well,
    /// Before.
    Badly,
}

/// The piece that holds a position, by its first byte.
pub(crate) fn floor(position: u64) -> u64 {
    position / PIECE_BYTES * PIECE_BYTES
}

/// Where the chunk ends that holds a position.
pub(crate) fn chunk_end(position: u64) -> u64 {
    (position / CHUNK_BYTES + 1) * CHUNK_BYTES
}

fn pieces(range: ByteRange) -> impl Iterator<Item = u64> {
    (range.start..range.end).step_by(PIECE_BYTES as usize)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
