use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use types::{Body, Budget, ByteRange};

use super::block::{Block, OpenBlock};
use super::error::WriteFailed;
use super::footer;
use super::index::{NewEntry, Slot, reach};
use super::key::BlockKind;
use super::layout::{PIECE_BYTES, crc};
use super::shared::{Shared, blocking};
use super::stats::CallerStats;
use super::stream::{BlockStream, Watch};

/// A block that comes in one piece of up to this size is written together with its footer, in bytes.
const WHOLE_MAX_BYTES: u32 = 256 * 1024;
/// After so many written bytes the file system is asked anew what it has free.
const LOOK_EVERY_BYTES: u64 = 16 << 20;

/// A block that is being written: room for it is reserved. Cloning shares it, so that some read while others write. When the last
/// clone is dropped without [`Writing::commit`], the room is given back once the last write has ended.
#[derive(Clone)]
pub struct Writing {
    fill: Arc<Fill>,
}

/// A reserved place and what is written there.
pub(super) struct Fill {
    shared: Arc<Shared>,
    caller: Arc<CallerStats>,
    block: Arc<OpenBlock>,
    /// All bytes, where they came at once and are few.
    whole: Mutex<Option<Bytes>>,
    /// Whether it is being completed.
    is_closing: AtomicBool,
    is_committed: AtomicBool,
}

impl Fill {
    pub(super) fn new(shared: Arc<Shared>, caller: Arc<CallerStats>, block: OpenBlock) -> Self {
        let (is_closing, is_committed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { shared, caller, block: Arc::new(block), whole: Mutex::new(None), is_closing, is_committed }
    }

    /// Writes whole pieces and notes their checksums.
    fn write(&self, offset: u32, data: &Bytes) -> Result<(), WriteFailed> {
        let place = self.block.extent.place.offset() + u64::from(offset);
        if let Err(error) = self.block.file.write_at(place, &[IoSlice::new(data)]) {
            self.shared.device_failed(&error);
            self.block.is_failed.store(true, Ordering::Relaxed);
            return Err(WriteFailed);
        }
        self.note(offset, data);
        self.written(data.len() as u64);
        Ok(())
    }

    fn note(&self, offset: u32, data: &[u8]) {
        for (piece, bytes) in (offset / PIECE_BYTES..).zip(data.chunks(PIECE_BYTES as usize)) {
            self.block.piece_written(piece, crc(bytes));
        }
    }

    fn written(&self, bytes: u64) {
        self.shared.counters.bytes_filled.add(bytes);
        let since = &self.shared.since_look_bytes;
        if since.fetch_add(bytes, Ordering::Relaxed) + bytes >= LOOK_EVERY_BYTES {
            since.store(0, Ordering::Relaxed);
            self.shared.look_at_file_system();
        }
    }

    /// Completes the block on disk and takes it into the index.
    fn commit(&self) -> Option<Block> {
        let (block, shared) = (&self.block, &self.shared);
        if block.is_failed.load(Ordering::Relaxed) || self.is_closing.swap(true, Ordering::Relaxed) {
            return None;
        }
        let footer = footer::encode(&block.key, &block.extent, &block.all_checksums()?);
        let whole = self.whole.lock().clone();
        let written = match &whole {
            Some(data) => {
                block.file.write_at(block.extent.place.offset(), &[IoSlice::new(data), IoSlice::new(&footer)])
            }
            None => block.file.write_at(block.extent.footer_offset(), &[IoSlice::new(&footer)]),
        };
        if let Err(error) = written {
            shared.device_failed(&error);
            return None;
        }
        if let Some(data) = self.whole.lock().take() {
            self.written(data.len() as u64);
        }
        let slot = self.publish();
        shared.counters.fills.add(1);
        if let Err(error) = shared.journal.flush(&shared.state) {
            shared.device_failed(&error);
        }
        let caller = self.caller.clone();
        Some(Block { shared: shared.clone(), caller, open: block.clone(), slot })
    }

    fn publish(&self) -> Slot {
        let source = self.block.key.source();
        let read_bytes = self.block.reach.load(Ordering::Relaxed);
        let entry = NewEntry {
            hash: self.block.key.hash(),
            scope: source.scope(),
            extent: self.block.extent,
            is_state: source.kind() == BlockKind::State,
            reach: reach(read_bytes, self.block.extent.length),
        };
        let mut state = self.shared.state.lock();
        self.is_committed.store(true, Ordering::Relaxed);
        state.insert(entry)
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        if !*self.is_committed.get_mut() {
            self.shared.state.lock().give_up(self.block.extent);
            self.shared.ask_upkeep();
        }
    }
}

impl Writing {
    pub(super) fn new(fill: Fill) -> Self {
        Self { fill: Arc::new(fill) }
    }

    /// The length that the block will have, in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u32 {
        self.fill.block.extent.length
    }

    /// Writes whole pieces: `offset` is a multiple of [`PIECE_BYTES`], and so is the data's length unless it ends with the
    /// block. Pieces may come in any order and side by side; each can be read once this returns.
    ///
    /// # Errors
    /// [`WriteFailed`] where the device failed, and where the data are not whole pieces of the block. The block is lost then.
    ///
    /// # Cancel safety
    /// What is begun is written to its end.
    pub async fn write_at(&self, offset: u32, data: Bytes) -> Result<(), WriteFailed> {
        let length = self.length_bytes();
        let end = u64::from(offset) + data.len() as u64;
        let is_whole_pieces = offset.is_multiple_of(PIECE_BYTES)
            && (end == u64::from(length)
                || end < u64::from(length) && end.is_multiple_of(PIECE_BYTES.into()));
        if data.is_empty() || !is_whole_pieces {
            self.fill.block.is_failed.store(true, Ordering::Relaxed);
            return Err(WriteFailed);
        }
        if data.len() == length as usize && length <= WHOLE_MAX_BYTES {
            self.fill.note(0, &data);
            *self.fill.whole.lock() = Some(data);
            return Ok(());
        }
        let fill = self.fill.clone();
        blocking(move || fill.write(offset, &data)).await.unwrap_or(Err(WriteFailed))
    }

    /// The bytes of a range that has been written, verified as [`Block::read`] does. It fails with
    /// [`Storage`](types::BodyErrorKind::Storage) where not all of it has been.
    #[must_use]
    pub fn read(&self, range: ByteRange, budget: &Budget) -> Body {
        let block = &self.fill.block;
        let end = range.end.min(u64::from(block.extent.length));
        block.reach.fetch_max(end as u32, Ordering::Relaxed);
        let whole = self.fill.whole.lock().clone();
        if let Some(data) = whole
            && range.start <= end
            && end == range.end
        {
            self.fill.caller.bytes_read.add(range.len());
            return Body::from_bytes(data.slice(range.start as usize..end as usize));
        }
        let (shared, caller) = (self.fill.shared.clone(), self.fill.caller.clone());
        let watch = Watch { shared, caller, slot: None };
        Body::new(BlockStream::new(block.clone(), watch, budget.clone(), range), Some(range.len()))
    }

    /// Completes the block: from now on it can be found, in place of any earlier one under its key. `None` where not all of it
    /// was written, the device failed, or it was called before.
    ///
    /// # Cancel safety
    /// What is begun goes on to its end.
    pub async fn commit(&self) -> Option<Block> {
        let fill = self.fill.clone();
        let block = blocking(move || fill.commit()).await.flatten();
        let is_busy = self.fill.shared.state.lock().has_work();
        if is_busy {
            self.fill.shared.ask_upkeep();
        }
        block
    }
}

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Writing").field(&self.fill.block.key).finish()
    }
}
