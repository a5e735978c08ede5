use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use types::{BodyErrorKind, FRAME_MAX_BYTES};

use super::active::ActiveWrites;
use super::epochs::{Epoch, Epochs};
use super::failure::write_error;
use super::footer::Footer;
use super::layout::{BLOB_MAX_BYTES, Layout};
use super::name;
use super::options::Durability;
use super::partial::PartialFile;
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
    pub(super) stats: Arc<BlobStats>,
    pub(super) durability: Durability,
}

/// Writes one blob's file. All calls block.
pub(super) struct BlobWriter {
    context: Arc<WriteContext>,
    epoch: Arc<Epoch>,
    partial: PartialFile,
    table: TableBuilder,
    written_bytes: u64,
    reserved_bytes: u64,
    writeback_from: u64,
}

/// A blob that is whole and durable, and is removed unless it is kept.
pub(super) struct CompleteFile {
    partial: PartialFile,
    size_bytes: u64,
}

impl CompleteFile {
    /// The blob stays.
    pub(super) fn keep(self) -> WrittenBlob {
        let id = self.partial.id();
        self.partial.keep();
        WrittenBlob { id, size_bytes: self.size_bytes }
    }
}

impl BlobWriter {
    /// Makes the file. With a hint of more than one batch, room for all of it is reserved, so that a full device is noticed
    /// before the bytes come.
    pub(super) fn begin(context: Arc<WriteContext>, hint_bytes: Option<u64>) -> Result<Box<Self>, BlobError> {
        let hint_bytes = hint_bytes.unwrap_or(0);
        if hint_bytes > BLOB_MAX_BYTES {
            return Err(too_large(None));
        }
        let (partial, epoch) = create(&context)?;
        let writer = Box::new(Self {
            context,
            epoch,
            partial,
            table: TableBuilder::default(),
            written_bytes: 0,
            reserved_bytes: 0,
            writeback_from: 0,
        });
        writer.attempt(|writer| writer.reserve(hint_bytes)).map(|(writer, ())| writer)
    }

    /// Writes the blob's next bytes.
    pub(super) fn write(self: Box<Self>, frames: &[Bytes]) -> Result<Box<Self>, BlobError> {
        self.attempt(|writer| {
            writer.take_in(frames)?;
            writer.put(frames, &[])?;
            writer.start_writeback();
            Ok(())
        })
        .map(|(writer, ())| writer)
    }

    /// Writes the blob's last bytes, the table and the footer, and makes all of it durable.
    pub(super) fn finish(self: Box<Self>, frames: &[Bytes]) -> Result<CompleteFile, BlobError> {
        let (writer, size_bytes) = self.attempt(|writer| writer.complete(frames))?;
        Ok(CompleteFile { partial: writer.partial, size_bytes })
    }

    /// Removes what was written.
    pub(super) fn discard(self) {
        self.partial.discard();
    }

    /// Does a step; where it fails, what was written is removed before the error goes on.
    fn attempt<T>(
        mut self: Box<Self>,
        step: impl FnOnce(&mut Self) -> Result<T, BlobError>,
    ) -> Result<(Box<Self>, T), BlobError> {
        match step(&mut self) {
            Ok(value) => Ok((self, value)),
            Err(error) => {
                self.discard();
                Err(error)
            }
        }
    }

    fn reserve(&mut self, hint_bytes: u64) -> Result<(), BlobError> {
        if hint_bytes > FRAME_MAX_BYTES as u64 {
            self.reserved_bytes = Layout::new(hint_bytes).file_bytes();
            let reserved = self.partial.file().preallocate(self.reserved_bytes);
            reserved.map_err(|error| self.failed(error))?;
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

    fn complete(&mut self, frames: &[Bytes]) -> Result<u64, BlobError> {
        let size_bytes = self.take_in(frames)?;
        let footer = Footer { id: self.partial.id(), layout: Layout::new(size_bytes) };
        let mut end = std::mem::take(&mut self.table).finish(footer.id);
        end.extend_from_slice(&footer.encode());
        self.put(frames, &end)?;
        if self.reserved_bytes > footer.layout.file_bytes() {
            let cut = self.partial.file().truncate(footer.layout.file_bytes());
            cut.map_err(|error| self.failed(error))?;
        }
        self.sync().map_err(|error| self.failed(error))?;
        self.context.stats.blobs_written.add(1);
        self.context.stats.bytes_written.add(size_bytes);
        Ok(size_bytes)
    }

    /// Counts and checksums the blob's next bytes; the size with them.
    fn take_in(&mut self, frames: &[Bytes]) -> Result<u64, BlobError> {
        let length: u64 = frames.iter().map(|frame| frame.len() as u64).sum();
        let size_bytes = self.written_bytes + length;
        if size_bytes > BLOB_MAX_BYTES {
            return Err(too_large(Some(self.partial.id())));
        }
        frames.iter().for_each(|frame| self.table.push(frame));
        Ok(size_bytes)
    }

    /// Writes frames, and `end` behind them.
    fn put(&mut self, frames: &[Bytes], end: &[u8]) -> Result<(), BlobError> {
        let parts = frames.iter().map(|frame| &frame[..]).chain([end]).map(IoSlice::new);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        let written = self.partial.file().write_at(self.written_bytes, &parts);
        written.map_err(|error| self.failed(error))?;
        self.written_bytes += parts.iter().map(|part| part.len() as u64).sum::<u64>();
        Ok(())
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

    fn failed(&self, error: io::Error) -> BlobError {
        write_error("write", Some(self.partial.id()), error)
    }
}

fn too_large(id: Option<BlobId>) -> BlobError {
    let too_large = BodyErrorKind::TooLarge { max_bytes: BLOB_MAX_BYTES };
    BlobError::new(BlobErrorKind::Body(too_large.into()), "write", id)
}

/// Makes the file of a new blob. The epoch may be found empty and be removed between its choice and the file: then the next
/// one is taken.
fn create(context: &Arc<WriteContext>) -> Result<(PartialFile, Arc<Epoch>), BlobError> {
    let mut attempts_left = 2;
    loop {
        let (id, epoch) =
            context.epochs.issue().map_err(|error| write_error("make an epoch", None, error))?;
        let active = context.active.begin(id);
        match context.fs.create(&name::blob_path(id)) {
            Ok(file) => {
                let (fs, stats) = (context.fs.clone(), context.stats.clone());
                return Ok((PartialFile::new(id, fs, file, stats, active), epoch));
            }
            Err(error) => {
                attempts_left -= 1;
                if error.kind() != io::ErrorKind::NotFound || attempts_left == 0 {
                    return Err(write_error("create", Some(id), error));
                }
                context.epochs.close(epoch.number);
            }
        }
    }
}
