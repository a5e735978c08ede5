use std::ops::Range;

use super::footer::FOOTER_BYTES;

/// Bytes of a blob under one checksum.
pub(super) const BLOCK_BYTES: u64 = 64 * 1024;
/// Checksums in one page of the table: a page covers 64 MiB.
pub(super) const PAGE_ENTRIES: u64 = 1024;
/// Bytes of one checksum.
pub(super) const ENTRY_BYTES: u64 = 4;
/// Bytes of a full page: its entries and its own checksum.
pub(super) const PAGE_MAX_BYTES: u64 = (PAGE_ENTRIES + 1) * ENTRY_BYTES;

/// The largest blob, in bytes: its table, which a write holds in memory, takes 4 MiB.
pub const BLOB_MAX_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// Where everything lies in the file of a blob of one size: the bytes, the pages of the table, the footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) size_bytes: u64,
}

impl Layout {
    pub(super) fn new(size_bytes: u64) -> Self {
        debug_assert!(size_bytes <= BLOB_MAX_BYTES);
        Self { size_bytes }
    }

    /// How many blocks the blob has; the last one may be short.
    pub(super) fn blocks(self) -> u64 {
        self.size_bytes.div_ceil(BLOCK_BYTES)
    }

    /// How many pages the table has; the last one may be short.
    pub(super) fn pages(self) -> u64 {
        self.blocks().div_ceil(PAGE_ENTRIES)
    }

    /// The blocks that a page covers.
    pub(super) fn page_blocks(self, page: u64) -> Range<u64> {
        let first = page * PAGE_ENTRIES;
        first..(first + PAGE_ENTRIES).min(self.blocks())
    }

    /// Where a page lies in the file.
    pub(super) fn page_span(self, page: u64) -> Range<u64> {
        let start = self.size_bytes + page * PAGE_MAX_BYTES;
        let blocks = self.page_blocks(page);
        start..start + (blocks.end - blocks.start + 1) * ENTRY_BYTES
    }

    /// Where the footer begins.
    pub(super) fn footer_start(self) -> u64 {
        self.size_bytes + (self.blocks() + self.pages()) * ENTRY_BYTES
    }

    /// The size of the whole file.
    pub(super) fn file_bytes(self) -> u64 {
        self.footer_start() + FOOTER_BYTES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_end_at_the_footer() {
        let page_covers = PAGE_ENTRIES * BLOCK_BYTES;
        for size in [0, 1, BLOCK_BYTES, page_covers - 1, page_covers, page_covers + 1, 5 * page_covers + 77] {
            let layout = Layout::new(size);
            let mut position = size;
            for page in 0..layout.pages() {
                let span = layout.page_span(page);
                assert_eq!(span.start, position, "page {page} of {size}");
                position = span.end;
            }
            assert_eq!(position, layout.footer_start(), "size {size}");
            assert_eq!(layout.file_bytes() - position, FOOTER_BYTES as u64);
        }
    }

    #[test]
    fn the_table_of_the_largest_blob_takes_four_mebibytes() {
        assert_eq!(Layout::new(BLOB_MAX_BYTES).blocks() * ENTRY_BYTES, 4 << 20);
    }
}
