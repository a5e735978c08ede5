#![allow(missing_docs, unused_variables, clippy::unimplemented)]
use super::*;
use bytes::Bytes;
use std::io;
use std::path::Path;
use std::sync::Arc;
use types::{Body, Budget, ByteRange};

/// Largest block.
pub const BLOCK_MAX_BYTES: u32 = 64 * 1024 * 1024;
/// Unit of checksums, and of offsets in `Writing::write_at`.
pub const PIECE_BYTES: u32 = 64 * 1024;

#[derive(Clone)]
pub struct BlockStore(Arc<()>);

impl BlockStore {
    /// Blocks (sync), at start.
    pub fn open(dir: &Path, options: DiskOptions) -> Result<Self, DiskError> {
        unimplemented!()
    }
    /// A view whose hits and misses are counted under `name`.
    #[must_use]
    pub fn for_caller(&self, name: &str) -> Self {
        unimplemented!()
    }
    /// Memory only; counts nothing.
    #[must_use]
    pub fn contains(&self, key: &BlockKey) -> bool {
        unimplemented!()
    }
    /// Memory only; counts a hit or miss.
    #[must_use]
    pub fn get(&self, key: &BlockKey) -> Option<Block> {
        unimplemented!()
    }
    /// Reserves room; None: pass by.
    pub async fn begin(&self, key: &BlockKey, length_bytes: u32) -> Option<Writing> {
        unimplemented!()
    }
    /// Gone for readers when it returns.
    pub fn remove(&self, key: &BlockKey) -> bool {
        unimplemented!()
    }
    /// All blocks of the source, whose bytes are `size_bytes` in all; how many were there.
    pub fn remove_source(&self, source: &Source, size_bytes: u64) -> u64 {
        unimplemented!()
    }
    /// Removal that lasts through a power cut. Cheap where the key is unknown.
    pub async fn forget(&self, key: &BlockKey) -> io::Result<()> {
        unimplemented!()
    }
    pub fn purge(&self, scope: PurgeScope) -> Purge {
        unimplemented!()
    }
    pub fn verify(&self, from: Option<VerifyCursor>, budget: &Budget) -> Verify {
        unimplemented!()
    }
    #[must_use]
    pub fn stats(&self) -> DiskStats {
        unimplemented!()
    }
    #[must_use]
    pub fn condition(&self) -> Condition {
        unimplemented!()
    }
}

/// Probes a directory for writing (blocks); also used by check-config.
pub fn probe(dir: &Path) -> Result<(), DiskError> {
    unimplemented!()
}

#[derive(Clone)]
pub struct Block(Arc<()>);
impl Block {
    #[must_use]
    pub fn length_bytes(&self) -> u32 {
        unimplemented!()
    }
    /// Error kinds: Corrupt (damaged, dropped and counted), Storage (evicted meanwhile, or the device failed).
    #[must_use]
    pub fn read(&self, range: ByteRange, budget: &Budget) -> Body {
        unimplemented!()
    }
}

pub struct Writing(Arc<()>);
impl Writing {
    #[must_use]
    pub fn length_bytes(&self) -> u32 {
        unimplemented!()
    }
    /// offset multiple of PIECE_BYTES, data a multiple of it or up to the block's end. Any order, side by side.
    pub async fn write_at(&self, offset: u32, data: Bytes) -> Result<(), WriteFailed> {
        unimplemented!()
    }
    /// Bytes already written; an error (Storage) where not all of the range is.
    #[must_use]
    pub fn read(&self, range: ByteRange, budget: &Budget) -> Body {
        unimplemented!()
    }
    /// None: not all was written, or the disk failed. Runs to its end when dropped.
    pub async fn commit(self) -> Option<Block> {
        unimplemented!()
    }
}

/// Which blocks to purge. `None` = any.
pub struct PurgeScope {
    pub store: Option<String>,
    pub bucket: Option<String>,
    pub key_prefix: String,
}

/// `while let Some(event) = purge.next().await`
pub struct Purge(Arc<()>);
pub struct PurgeProgress {
    pub done: u64,
    pub total: u64,
    pub removed: u64,
    pub removed_bytes: u64,
}
impl Purge {
    pub async fn next(&mut self) -> Option<PurgeProgress> {
        unimplemented!()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifyCursor(u64);
pub struct Verify(Arc<()>);
pub struct VerifyProgress {
    pub done: u64,
    pub total: u64,
    pub bytes: u64,
    pub bad: u64,
    pub cursor: VerifyCursor,
}
impl Verify {
    pub async fn next(&mut self) -> Option<VerifyProgress> {
        unimplemented!()
    }
}
