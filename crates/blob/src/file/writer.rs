use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Semaphore;
use types::{BodyErrorKind, FRAME_MAX_BYTES};

use super::active::ActiveWrites;
use super::epochs::{Epoch, Epochs};
use super::failure::write_error;
use super::footer::Footer;
use super::layout::{BLOB_MAX_BYTES, Layout};
use super::name;
use super::options::Durability;
use super::partial::{PartialFile, Removals};
use super::table::TableBuilder;
use crate::fs::FileSystem;
use crate::{BlobError, BlobErrorKind, BlobId, BlobStats, WrittenBlob};

/// After so many bytes the device is told to begin, so that the sync at the end finds less to do.
const WRITEBACK_BYTES: u64 = 8 * FRAME_MAX_BYTES as u64;

/// What every write of a store shares.
pub(super) struct WriteContext {
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) epochs: Arc<Epochs>,
    pub(super) active: ActiveWrites,
    pub(super) removals: Removals,
    pub(super) turns: Arc<Semaphore>,
    pub(super) stats: Arc<BlobStats>,
    pub(super) durability: Durability,
}

/// Why a step of a write came to nothing.
pub(super) enum Broken {
    /// There is no room. The step may be taken again, with the same bytes.
    NoRoom(BlobError),
    /// The write has failed.
    Failed(BlobError),
}

/// Writes one blob's file; dropped before it is kept, the file is removed. All calls block.
pub(super) struct BlobWriter {
    context: Arc<WriteContext>,
    epoch: Arc<Epoch>,
    partial: PartialFile,
    /// Room to reserve before the first write.
    to_reserve_bytes: u64,
    reserved_bytes: u64,
    table: TableBuilder,
    /// Bytes that are in the table: more than are written, where a step is taken again.
    tabled_bytes: u64,
    /// The table and the footer, once the last bytes are in the table.
    end: Vec<u8>,
    written_bytes: u64,
    writeback_from: u64,
}

impl BlobWriter {
    /// Makes the file. With a hint of more than one batch, the first step reserves room for all of it, so that a full device
    /// is noticed before the bytes come.
    pub(super) fn begin(context: &Arc<WriteContext>, hint_bytes: Option<u64>) -> Result<Box<Self>, Broken> {
        let hint_bytes = hint_bytes.unwrap_or(0);
        if hint_bytes > BLOB_MAX_BYTES {
            return Err(too_large(None));
        }
        let (partial, epoch) = create(context)?;
        let is_worth_it = hint_bytes > FRAME_MAX_BYTES as u64;
        Ok(Box::new(Self {
            context: context.clone(),
            epoch,
            partial,
            to_reserve_bytes: if is_worth_it { Layout::new(hint_bytes).file_bytes() } else { 0 },
            reserved_bytes: 0,
            table: TableBuilder::default(),
            tabled_bytes: 0,
            end: Vec::new(),
            written_bytes: 0,
            writeback_from: 0,
        }))
    }

    /// Writes the blob's next bytes.
    pub(super) fn write(&mut self, frames: &[Bytes]) -> Result<(), Broken> {
        self.reserve()?;
        let size_bytes = self.take_in(frames)?;
        self.put(frames, &[])?;
        self.written_bytes = size_bytes;
        self.start_writeback();
        Ok(())
    }

    /// Writes the blob's last bytes, the table and the footer, and makes all of it durable.
    pub(super) fn complete(&mut self, frames: &[Bytes]) -> Result<(), Broken> {
        self.reserve()?;
        let size_bytes = self.take_in(frames)?;
        let footer = Footer { id: self.partial.id(), layout: Layout::new(size_bytes) };
        if self.end.is_empty() {
            self.end = std::mem::take(&mut self.table).finish(footer.id);
            self.end.extend_from_slice(&footer.encode());
        }
        self.put(frames, &self.end)?;
        if self.reserved_bytes > footer.layout.file_bytes() {
            let cut = self.partial.file().truncate(footer.layout.file_bytes());
            cut.map_err(|error| self.broken(error))?;
        }
        // What a failed sync leaves is unknown: whatever the reason, it is not tried again.
        self.sync().map_err(|error| Broken::Failed(write_error("write", Some(footer.id), error)))?;
        self.context.stats.blobs_written.add(1);
        self.context.stats.bytes_written.add(size_bytes);
        self.written_bytes = size_bytes;
        Ok(())
    }

    /// The completed blob stays.
    pub(super) fn keep(self) -> WrittenBlob {
        let written = WrittenBlob { id: self.partial.id(), size_bytes: self.written_bytes };
        self.partial.keep();
        written
    }

    /// Removes what was written.
    pub(super) fn discard(self) {
        self.partial.discard();
    }

    fn reserve(&mut self) -> Result<(), Broken> {
        if self.to_reserve_bytes > 0 {
            let reserved = self.partial.file().preallocate(self.to_reserve_bytes);
            reserved.map_err(|error| self.broken(error))?;
            self.reserved_bytes = std::mem::take(&mut self.to_reserve_bytes);
        }
        Ok(())
    }

    fn start_writeback(&mut self) {
        let strict = self.context.durability == Durability::Strict;
        if strict && self.written_bytes - self.writeback_from >= WRITEBACK_BYTES {
            self.partial.file().start_writeback(self.writeback_from..self.written_bytes);
            self.writeback_from = self.written_bytes;
        }
    }

    /// Counts and checksums the blob's next bytes, once however often their step is taken; the size with them.
    fn take_in(&mut self, frames: &[Bytes]) -> Result<u64, Broken> {
        let length: u64 = frames.iter().map(|frame| frame.len() as u64).sum();
        let size_bytes = self.written_bytes + length;
        if size_bytes > BLOB_MAX_BYTES {
            return Err(too_large(Some(self.partial.id())));
        }
        if self.tabled_bytes < size_bytes {
            frames.iter().for_each(|frame| self.table.push(frame));
            self.tabled_bytes = size_bytes;
        }
        Ok(size_bytes)
    }

    /// Writes frames behind what is written, and `end` behind them.
    fn put(&self, frames: &[Bytes], end: &[u8]) -> Result<(), Broken> {
        let parts = frames.iter().map(|frame| &frame[..]).chain([end]).map(IoSlice::new);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        self.partial.file().write_at(self.written_bytes, &parts).map_err(|error| self.broken(error))
    }

    fn sync(&self) -> io::Result<()> {
        if self.context.durability == Durability::Relaxed {
            return Ok(());
        }
        let begun = Instant::now();
        self.partial.file().sync()?;
        self.context.stats.file_syncs.observe(begun.elapsed());
        self.context.epochs.sync(&self.epoch)
    }

    fn broken(&self, error: io::Error) -> Broken {
        Broken::by(write_error("write", Some(self.partial.id()), error))
    }
}

impl Broken {
    fn by(error: BlobError) -> Self {
        match error.kind {
            BlobErrorKind::Full => Self::NoRoom(error),
            _ => Self::Failed(error),
        }
    }
}

fn too_large(id: Option<BlobId>) -> Broken {
    let too_large = BodyErrorKind::TooLarge { max_bytes: BLOB_MAX_BYTES };
    Broken::Failed(BlobError::new(BlobErrorKind::Body(too_large.into()), "write", id))
}

/// Makes the file of a new blob. The epoch may be found empty and be removed between its choice and the file: then the next
/// one is taken.
fn create(context: &Arc<WriteContext>) -> Result<(PartialFile, Arc<Epoch>), Broken> {
    let mut attempts_left = 2;
    loop {
        let issued = context.epochs.issue();
        let (id, epoch) = issued.map_err(|error| Broken::by(write_error("make an epoch", None, error)))?;
        let active = context.active.begin(id);
        match context.fs.create(&name::blob_path(id)) {
            Ok(file) => return Ok((PartialFile::new(id, context.clone(), file, active), epoch)),
            Err(error) => {
                attempts_left -= 1;
                if error.kind() != io::ErrorKind::NotFound || attempts_left == 0 {
                    return Err(Broken::by(write_error("create", Some(id), error)));
                }
                context.epochs.close(epoch.number);
            }
        }
    }
}
