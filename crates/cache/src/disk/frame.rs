use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use types::{ByteRange, FrameBuffer};

use super::block::OpenBlock;
use super::fs::File;
use super::layout::{PIECE_BYTES, crc};

/// How far ahead the device is asked to read once a frame was not in memory, in bytes.
const READ_AHEAD_BYTES: u64 = 2 * 1024 * 1024;
/// Footers up to this size are read without an allocation: those of blocks of up to 8 MiB with names of a usual length.
const FOOTER_USUAL_BYTES: usize = 1024;

/// Why bytes of a block could not be read.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// They are not those that were written.
    Bad,
    /// They are not written yet.
    Unwritten,
    /// The device failed.
    Io(io::Error),
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

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
    /// Reads on at `offset`; how far the buffer is filled from its beginning on.
    fn read_on(self, file: &dyn File, offset: u64, buffer: &mut [u8], filled: usize) -> io::Result<usize> {
        let (offset, rest) = (offset + filled as u64, &mut buffer[filled..]);
        let read = match self {
            Self::Cached => file.read_cached_at(offset, rest),
            Self::Blocking => file.read_at(offset, rest)?,
        };
        Ok(filled + read)
    }

    /// What it means that the file gave less than was asked for.
    fn short(self) -> Result<Progress, ReadFailure> {
        match self {
            Self::Cached => Ok(Progress::WouldBlock),
            Self::Blocking => Err(ReadFailure::Bad),
        }
    }
}

/// Whole pieces on their way into a frame. It can be begun on one thread and go on where it stood on another.
pub(super) struct FrameRead {
    block: Arc<OpenBlock>,
    /// The pieces, as bytes of the block.
    span: Range<u64>,
    /// Whether the footer is read in the same go.
    with_footer: bool,
    buffer: FrameBuffer,
    filled: usize,
}

impl FrameRead {
    /// A read of as many pieces as fit, from the one on that `left` begins in.
    pub(super) fn new(block: Arc<OpenBlock>, left: ByteRange, buffer: FrameBuffer) -> Self {
        let piece = u64::from(PIECE_BYTES);
        let start = left.start / piece * piece;
        let length = u64::from(block.extent.length);
        let end = left.end.next_multiple_of(piece).min(start + buffer.capacity() as u64).min(length);
        let with_footer = !block.is_open()
            && start == 0
            && end == length
            && (length as usize) + usize::from(block.extent.footer) <= buffer.capacity();
        Self { block, span: start..end, with_footer, buffer, filled: 0 }
    }

    /// Fills the frame and verifies it.
    pub(super) fn fill(&mut self, access: Access) -> Result<Progress, ReadFailure> {
        if !self.with_footer
            && !self.block.is_open()
            && open_by_footer(&self.block, access)? == Progress::WouldBlock
        {
            return Ok(Progress::WouldBlock);
        }
        let span_bytes = (self.span.end - self.span.start) as usize;
        let footer_bytes = if self.with_footer { usize::from(self.block.extent.footer) } else { 0 };
        let offset = self.block.extent.place.offset() + self.span.start;
        let wanted = &mut self.buffer.as_mut_slice()[..span_bytes + footer_bytes];
        self.filled = access.read_on(&*self.block.file, offset, wanted, self.filled)?;
        if self.filled < wanted.len() {
            return access.short();
        }
        let (pieces, footer) = wanted.split_at(span_bytes);
        if self.with_footer {
            self.block.open(footer)?;
        }
        check(&self.block, self.span.start, pieces)?;
        Ok(Progress::Done)
    }

    /// Has the device read on while this frame is being sent.
    pub(super) fn read_ahead(&self) {
        let end = (self.span.end + READ_AHEAD_BYTES).min(u64::from(self.block.extent.length));
        let start = self.block.extent.place.offset();
        if self.span.end < end {
            self.block.file.will_need(start + self.span.end..start + end);
        }
    }

    /// The bytes of `left` that are in the frame.
    pub(super) fn into_frame(self, left: ByteRange) -> Bytes {
        let start = (left.start - self.span.start) as usize;
        let end = (left.end.min(self.span.end) - self.span.start) as usize;
        self.buffer.freeze(start..end)
    }
}

/// Reads the footer and takes the checksums from it.
pub(super) fn open_by_footer(block: &OpenBlock, access: Access) -> Result<Progress, ReadFailure> {
    let length = usize::from(block.extent.footer);
    let mut usual = [0; FOOTER_USUAL_BYTES];
    let mut long = Vec::new();
    let bytes = match usual.get_mut(..length) {
        Some(bytes) => bytes,
        None => {
            long.resize(length, 0);
            long.as_mut_slice()
        }
    };
    if access.read_on(&*block.file, block.extent.footer_offset(), bytes, 0)? < length {
        return access.short();
    }
    block.open(bytes)?;
    Ok(Progress::Done)
}

/// Checks pieces that lie one behind the other from byte `start` of the block on.
fn check(block: &OpenBlock, start: u64, pieces: &[u8]) -> Result<(), ReadFailure> {
    let first = (start / u64::from(PIECE_BYTES)) as u32;
    for (piece, bytes) in (first..).zip(pieces.chunks(PIECE_BYTES as usize)) {
        match block.checksum(piece) {
            Some(checksum) if checksum == crc(bytes) => {}
            Some(_) => return Err(ReadFailure::Bad),
            None => return Err(ReadFailure::Unwritten),
        }
    }
    Ok(())
}
