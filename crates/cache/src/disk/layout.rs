//! The measures of blocks on disk.

use std::ops::Range;

/// The unit of room on the device: where a block begins, and what its length is rounded up to, in bytes.
pub(super) const PAGE_BYTES: u64 = 4096;

/// The bytes that one checksum covers, and the unit in which blocks are written and verified.
pub const PIECE_BYTES: u32 = 64 * 1024;

/// The largest block, in bytes: its checksums stay within one page and a half.
pub const BLOCK_MAX_BYTES: u32 = 64 * 1024 * 1024;

/// Where a block lies: no other block ever lies there while the directory is open, and no other is ever written there
/// afterwards by a release that knows this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// The number of the segment.
    pub(super) segment: u32,
    /// The page of the segment with which the block begins.
    pub(super) page: u32,
}

impl Place {
    /// The offset of the block in its segment.
    pub(super) fn offset(self) -> u64 {
        u64::from(self.page) * PAGE_BYTES
    }
}

/// Where a block lies and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) place: Place,
    /// Bytes of data.
    pub(super) length: u32,
    /// Bytes of the footer behind them.
    pub(super) footer: u16,
}

impl Extent {
    /// Pages of room.
    pub(super) fn pages(&self) -> u32 {
        pages_for(self.length, self.footer)
    }

    /// Bytes of room.
    pub(super) fn room_bytes(&self) -> u64 {
        u64::from(self.pages()) * PAGE_BYTES
    }

    /// The offset of the footer in the segment.
    pub(super) fn footer_offset(&self) -> u64 {
        self.place.offset() + u64::from(self.length)
    }

    /// The bytes of the segment that the block takes, whole pages.
    pub(super) fn range(&self) -> Range<u64> {
        self.place.offset()..self.place.offset() + self.room_bytes()
    }
}

/// Pages that hold so much data and such a footer.
pub(super) fn pages_for(length: u32, footer: u16) -> u32 {
    (u64::from(length) + u64::from(footer)).div_ceil(PAGE_BYTES) as u32
}

/// How many pieces a block of `length` has.
pub(super) fn pieces(length: u32) -> u32 {
    length.div_ceil(PIECE_BYTES)
}

/// The checksum of everything on disk: CRC-32C.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// The `N` bytes at `at`.
pub(super) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|place| bytes[at + place])
}

/// The number at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}

/// The number at `at`.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, at))
}

/// The number at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}
