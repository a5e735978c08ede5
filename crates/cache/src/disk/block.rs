use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use types::{Body, Budget, ByteRange};

use super::footer::Footer;
use super::frame::ReadFailure;
use super::fs::File;
use super::index::Slot;
use super::key::BlockKey;
use super::layout::{Extent, pieces};
use super::shared::Shared;
use super::stats::CallerStats;
use super::stream::{BlockStream, Watch};

/// A block's place, and its checksums once they are known.
pub(super) struct OpenBlock {
    pub(super) key: BlockKey,
    pub(super) extent: Extent,
    pub(super) file: Arc<dyn File>,
    /// Of each piece [`WRITTEN`] and its checksum; zero where it is not written yet.
    checksums: OnceLock<Box<[AtomicU64]>>,
    /// How far it has been read while it was being written.
    pub(super) reach: AtomicU32,
    /// Bytes were not written, or not found again as they were written.
    pub(super) is_failed: AtomicBool,
}

const WRITTEN: u64 = 1 << 32;

impl OpenBlock {
    /// A block that is there.
    pub(super) fn found(key: BlockKey, extent: Extent, file: Arc<dyn File>) -> Self {
        let (reach, is_failed) = (AtomicU32::new(0), AtomicBool::new(false));
        Self { key, extent, file, checksums: OnceLock::new(), reach, is_failed }
    }

    /// A block of which nothing is written yet.
    pub(super) fn filling(key: BlockKey, extent: Extent, file: Arc<dyn File>) -> Self {
        let block = Self::found(key, extent, file);
        let none = (0..pieces(extent.length)).map(|_| AtomicU64::new(0)).collect();
        block.checksums.get_or_init(|| none);
        block
    }

    /// Whether the checksums are known.
    pub(super) fn is_open(&self) -> bool {
        self.checksums.get().is_some()
    }

    /// Takes the checksums out of a footer, if it is this block's.
    pub(super) fn open(&self, footer: &[u8]) -> Result<(), ReadFailure> {
        let footer = Footer::decode(footer, &self.extent).filter(|footer| footer.is_of(&self.key));
        let footer = footer.ok_or(ReadFailure::Bad)?;
        let found =
            || footer.checksums().map(|checksum| AtomicU64::new(WRITTEN | u64::from(checksum))).collect();
        self.checksums.get_or_init(found);
        Ok(())
    }

    /// The checksum of a piece; `None` where it is not known.
    pub(super) fn checksum(&self, piece: u32) -> Option<u32> {
        let known = self.checksums.get()?.get(piece as usize)?.load(Ordering::Acquire);
        (known & WRITTEN != 0).then_some(known as u32)
    }

    /// Notes that a piece is written.
    pub(super) fn piece_written(&self, piece: u32, checksum: u32) {
        if let Some(known) = self.checksums.get().and_then(|all| all.get(piece as usize)) {
            known.store(WRITTEN | u64::from(checksum), Ordering::Release);
        }
    }

    /// All checksums; `None` where a piece is missing.
    pub(super) fn all_checksums(&self) -> Option<Vec<u32>> {
        (0..pieces(self.extent.length)).map(|piece| self.checksum(piece)).collect()
    }
}

/// A block that can be read. Cloning shares it.
///
/// It may give way to others while it is held: what is read then fails, with no wrong byte.
#[derive(Clone)]
pub struct Block {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Arc<CallerStats>,
    pub(super) open: Arc<OpenBlock>,
    pub(super) slot: Slot,
}

impl Block {
    /// Its length in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u32 {
        self.open.extent.length
    }

    /// The bytes of a range of the block, verified piece by piece; frames come from `budget`.
    ///
    /// The body fails before the first byte that cannot be vouched for: with [`Corrupt`](types::BodyErrorKind::Corrupt) where
    /// the bytes are not what was written, which drops the block; with [`Storage`](types::BodyErrorKind::Storage) where the
    /// block is gone, the range lies outside of it, or the device fails. What is left is to be fetched again in either case.
    #[must_use]
    pub fn read(&self, range: ByteRange, budget: &Budget) -> Body {
        let length = u64::from(self.open.extent.length);
        let (start, end) = (range.start.min(length) as u32, range.end.min(length) as u32);
        self.shared.state.lock().index.touch(self.slot, self.open.extent.place, start, end);
        let watch = Watch { shared: self.shared.clone(), caller: self.caller.clone(), slot: Some(self.slot) };
        Body::new(BlockStream::new(self.open.clone(), watch, budget.clone(), range), Some(range.len()))
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Block").field(&self.open.key).finish()
    }
}
