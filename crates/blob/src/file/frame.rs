use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use types::{ByteRange, FrameBuffer};

use super::failure::ReadFailure;
use super::layout::{BLOCK_BYTES, PAGE_MAX_BYTES};
use super::reader::OpenBlob;
use super::table::{TablePage, page_of};
use crate::fs::File;

/// How far ahead the device is asked to read once a frame was not in memory.
const READ_AHEAD_BYTES: u64 = 2 * 1024 * 1024;

/// Whether a read may wait for the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Only what is in memory.
    Cached,
    /// Waits.
    Blocking,
}

/// How far a read came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Done,
    /// Not all of it is in memory.
    WouldBlock,
}

impl Access {
    /// Fills the buffer from `offset` on.
    pub(super) fn read(
        self,
        file: &dyn File,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<Progress, ReadFailure> {
        let filled = self.read_some(file, offset, buffer)?;
        match self {
            _ if filled == buffer.len() => Ok(Progress::Done),
            Self::Cached => Ok(Progress::WouldBlock),
            Self::Blocking => Err(ReadFailure::Damaged("the file is shorter than its footer says")),
        }
    }

    fn read_some(self, file: &dyn File, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        match self {
            Self::Cached => Ok(file.read_cached_at(offset, buffer)),
            Self::Blocking => Ok(file.read_at(offset, buffer)?),
        }
    }
}

/// Whole blocks on their way into a frame. It can be begun on one thread and go on where it stood on another.
pub(super) struct FrameRead {
    blob: Arc<OpenBlob>,
    /// The page that covers the blocks, once it is there.
    pub(super) page: Option<Arc<TablePage>>,
    buffer: FrameBuffer,
    /// What of the blob goes into the buffer.
    span: Range<u64>,
    filled_bytes: usize,
}

impl FrameRead {
    /// Plans as many blocks, from the one that holds the start of `left`, as fit into the buffer, lie in one page and are
    /// asked for.
    pub(super) fn new(
        blob: Arc<OpenBlob>,
        page: Option<Arc<TablePage>>,
        left: ByteRange,
        buffer: FrameBuffer,
    ) -> Self {
        let first_block = left.start / BLOCK_BYTES;
        let fitting = buffer.capacity() as u64 / BLOCK_BYTES;
        let in_page = blob.layout.page_blocks(page_of(first_block)).end;
        let wanted = left.end.div_ceil(BLOCK_BYTES);
        let end_block = (first_block + fitting).min(in_page).min(wanted);
        let end = (end_block * BLOCK_BYTES).min(blob.layout.size_bytes);
        let page = page.filter(|page| page.index == page_of(first_block));
        Self { blob, page, buffer, span: first_block * BLOCK_BYTES..end, filled_bytes: 0 }
    }

    /// Reads what is missing, and verifies the blocks once they are there.
    pub(super) fn fill(&mut self, access: Access) -> Result<Progress, ReadFailure> {
        let first_block = self.span.start / BLOCK_BYTES;
        let page = match &self.page {
            Some(page) => page.clone(),
            None => match self.load_page(page_of(first_block), access)? {
                Some(page) => page,
                None => return Ok(Progress::WouldBlock),
            },
        };
        let blocks = &mut self.buffer.as_mut_slice()[..(self.span.end - self.span.start) as usize];
        let missing = &mut blocks[self.filled_bytes..];
        let offset = self.span.start + self.filled_bytes as u64;
        self.filled_bytes += access.read_some(&*self.blob.file, offset, missing)?;
        if self.filled_bytes < blocks.len() {
            return match access {
                Access::Cached => Ok(Progress::WouldBlock),
                Access::Blocking => Err(ReadFailure::Damaged("the file is shorter than its footer says")),
            };
        }
        page.check(first_block, blocks)?;
        Ok(Progress::Done)
    }

    /// Has the device read on while these blocks are being sent.
    pub(super) fn read_ahead(&self) {
        let end = (self.span.end + READ_AHEAD_BYTES).min(self.blob.layout.size_bytes);
        if self.span.end < end {
            self.blob.file.will_need(self.span.end..end);
        }
    }

    /// Bytes of the blocks.
    pub(super) fn verified_bytes(&self) -> u64 {
        self.span.end - self.span.start
    }

    /// The bytes of `left` that are in the blocks.
    pub(super) fn into_frame(self, left: ByteRange) -> Bytes {
        let start = (left.start - self.span.start) as usize;
        let end = (left.end.min(self.span.end) - self.span.start) as usize;
        self.buffer.freeze(start..end)
    }

    fn load_page(&mut self, index: u64, access: Access) -> Result<Option<Arc<TablePage>>, ReadFailure> {
        let span = self.blob.layout.page_span(index);
        let mut bytes = [0; PAGE_MAX_BYTES as usize];
        let bytes = &mut bytes[..(span.end - span.start) as usize];
        if access.read(&*self.blob.file, span.start, bytes)? == Progress::WouldBlock {
            return Ok(None);
        }
        let page = Arc::new(TablePage::decode(bytes, self.blob.id, index)?);
        self.page = Some(page.clone());
        Ok(Some(page))
    }
}
