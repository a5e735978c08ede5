use std::sync::Arc;

use types::Budget;

use super::footer::Footer;
use super::index::Slot;
use super::layout::{Extent, PIECE_BYTES, Place, crc};
use super::shared::{Shared, blocking};
use super::store::BlockStore;

/// Slots looked at before others may use the index.
const BATCH_SLOTS: u32 = 65_536;
/// What is read before an event is told, in bytes and in blocks.
const BATCH_BYTES: u64 = 64 << 20;
const BATCH_BLOCKS: usize = 1024;

/// Up to where blocks have been verified: a later verification can go on from there, also of another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifyCursor(u64);

impl VerifyCursor {
    /// The cursor as a number.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// The cursor that a number stands for.
    #[must_use]
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    fn of(place: Place) -> Self {
        Self(u64::from(place.segment) << 32 | u64::from(place.page))
    }
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Blocks looked at.
    pub done: u64,
    /// Blocks to look at in all.
    pub total: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Blocks that were bad, and are dropped.
    pub bad: u64,
    /// Where to go on.
    pub cursor: VerifyCursor,
}

/// A verification on its way: each call of [`Verify::next`] does a part of it, in the order in which blocks lie on the device.
/// What is filled meanwhile is left out, and what gives way meanwhile is passed over.
pub struct Verify {
    shared: Arc<Shared>,
    budget: Budget,
    /// What is left, the next one last; `None` before it is known.
    left: Option<Vec<(Slot, Place)>>,
    progress: VerifyProgress,
}

impl BlockStore {
    /// Reads all blocks and compares them with their checksums, from the first one behind `after`. Memory for reading comes from
    /// `budget`.
    #[must_use]
    pub fn verify(&self, after: Option<VerifyCursor>, budget: &Budget) -> Verify {
        let cursor = after.unwrap_or(VerifyCursor(0));
        let progress = VerifyProgress { done: 0, total: 0, bytes: 0, bad: 0, cursor };
        Verify { shared: self.shared.clone(), budget: budget.clone(), left: None, progress }
    }
}

impl Verify {
    /// Does a part; `None` when all is done.
    ///
    /// # Cancel safety
    /// The part is left out.
    pub async fn next(&mut self) -> Option<VerifyProgress> {
        if self.left.is_none() {
            let (shared, after) = (self.shared.clone(), self.progress.cursor);
            let left = blocking(move || shared.places_after(after)).await?;
            self.progress.total = left.len() as u64;
            self.left = Some(left);
        }
        let left = self.left.as_mut().filter(|left| !left.is_empty())?;
        let batch = left.split_off(left.len().saturating_sub(BATCH_BLOCKS));
        let mut buffer = self.budget.frame(u64::MAX).await;
        let shared = self.shared.clone();
        let part = blocking(move || shared.verify_part(batch, buffer.as_mut_slice())).await?;
        left.extend(part.left);
        self.progress.done = self.progress.total - left.len() as u64;
        self.progress.bytes += part.bytes;
        self.progress.bad += part.bad;
        self.progress.cursor = part.last.map_or(self.progress.cursor, VerifyCursor::of);
        if part.bad > 0 {
            self.shared.ask_upkeep();
        }
        Some(self.progress)
    }
}

/// What a part of a verification did.
struct Part {
    left: Vec<(Slot, Place)>,
    bytes: u64,
    bad: u64,
    last: Option<Place>,
}

impl Shared {
    /// All blocks behind a cursor, the first one last.
    fn places_after(&self, after: VerifyCursor) -> Vec<(Slot, Place)> {
        let mut places = Vec::new();
        let mut slot = 0;
        loop {
            let state = self.state.lock();
            let end = state.index.slots_end().min(slot + BATCH_SLOTS);
            let blocks = (slot..end).filter_map(|slot| Some((slot, state.index.entry(slot)?.extent().place)));
            places.extend(blocks.filter(|(_, place)| VerifyCursor::of(*place) > after));
            if end == state.index.slots_end() {
                break;
            }
            slot = end;
        }
        places.sort_unstable_by_key(|(_, place)| std::cmp::Reverse(*place));
        places
    }

    fn verify_part(&self, mut blocks: Vec<(Slot, Place)>, buffer: &mut [u8]) -> Part {
        let mut part = Part { left: Vec::new(), bytes: 0, bad: 0, last: None };
        while part.bytes < BATCH_BYTES
            && let Some((slot, place)) = blocks.pop()
        {
            part.last = Some(place);
            let extent = self.state.lock().index.entry_at(slot, place).map(super::index::Entry::extent);
            let Some(extent) = extent else { continue };
            part.bytes += u64::from(extent.length);
            if !self.is_whole(extent, buffer) {
                let mut state = self.state.lock();
                if state.index.entry_at(slot, place).is_some() && state.remove(slot).is_some() {
                    self.counters.bad_blocks.add(1);
                    part.bad += 1;
                }
            }
        }
        part.left = blocks;
        part
    }

    /// Whether the block's bytes are those that were written, and its footer its own.
    fn is_whole(&self, extent: Extent, buffer: &mut [u8]) -> bool {
        let bytes = self.footer_at(extent);
        let footer = bytes.as_deref().and_then(|bytes| Footer::decode(bytes, &extent));
        let file = self.state.lock().segments.get(extent.place.segment).map(|segment| segment.file.clone());
        let (Some(footer), Some(file)) = (footer.filter(|footer| footer.key().is_some()), file) else {
            return false;
        };
        let mut checksums = footer.checksums();
        let frame_bytes = buffer.len() - buffer.len() % PIECE_BYTES as usize;
        let length = extent.length as usize;
        (0..length).step_by(frame_bytes).all(|start| {
            let frame = &mut buffer[..frame_bytes.min(length - start)];
            let read = file.read_at(extent.place.offset() + start as u64, frame);
            let is_read = read.is_ok_and(|read| read == frame.len());
            is_read && frame.chunks(PIECE_BYTES as usize).all(|piece| checksums.next() == Some(crc(piece)))
        })
    }
}
