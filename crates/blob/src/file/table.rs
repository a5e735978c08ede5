use crc_fast::{CrcAlgorithm, Digest};

use super::failure::ReadFailure;
use super::layout::{BLOCK_BYTES, ENTRY_BYTES, Layout, PAGE_ENTRIES};
use crate::BlobId;

/// The CRC32C of a block.
pub(super) fn block_crc(block: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(block)
}

/// The checksums of a blob that is being written, block by block.
pub(super) struct TableBuilder {
    entries: Vec<u32>,
    /// The block that has begun, and how much of it is in.
    open: Digest,
    open_bytes: usize,
}

impl Default for TableBuilder {
    fn default() -> Self {
        Self { entries: Vec::new(), open: Digest::new(CrcAlgorithm::Crc32Iscsi), open_bytes: 0 }
    }
}

impl TableBuilder {
    /// Takes the next bytes of the blob.
    pub(super) fn push(&mut self, mut data: &[u8]) {
        const BLOCK: usize = BLOCK_BYTES as usize;
        if self.open_bytes > 0 {
            let (head, rest) = data.split_at(data.len().min(BLOCK - self.open_bytes));
            self.open.update(head);
            self.open_bytes += head.len();
            data = rest;
            if self.open_bytes == BLOCK {
                self.close_block();
            }
        }
        let blocks = data.chunks_exact(BLOCK);
        let tail = blocks.remainder();
        self.entries.extend(blocks.map(block_crc));
        if !tail.is_empty() {
            self.open.update(tail);
            self.open_bytes = tail.len();
        }
    }

    /// The table's pages, one behind the other.
    pub(super) fn finish(mut self, id: BlobId) -> Vec<u8> {
        if self.open_bytes > 0 {
            self.close_block();
        }
        let pages = self.entries.len().div_ceil(PAGE_ENTRIES as usize);
        let mut bytes = Vec::with_capacity((self.entries.len() + pages) * ENTRY_BYTES as usize);
        for (index, entries) in self.entries.chunks(PAGE_ENTRIES as usize).enumerate() {
            let start = bytes.len();
            bytes.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
            let crc = page_crc(&bytes[start..], id, index as u64);
            bytes.extend_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    fn close_block(&mut self) {
        self.entries.push(self.open.finalize() as u32);
        self.open.reset();
        self.open_bytes = 0;
    }
}

/// Covers the place of the page too, so that one page cannot stand in for another.
fn page_crc(entries: &[u8], id: BlobId, index: u64) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(entries);
    digest.update(&id.to_bytes());
    digest.update(&index.to_le_bytes());
    digest.finalize() as u32
}

/// A page of the table, verified.
#[derive(Debug)]
pub(super) struct TablePage {
    pub(super) index: u64,
    entries: Vec<u32>,
}

impl TablePage {
    /// Reads the page from its bytes, entries and checksum.
    pub(super) fn decode(bytes: &[u8], id: BlobId, index: u64) -> Result<Self, ReadFailure> {
        let (entries, crc) = bytes
            .split_last_chunk::<{ ENTRY_BYTES as usize }>()
            .ok_or(ReadFailure::Damaged("a page of the table is missing"))?;
        if page_crc(entries, id, index) != u32::from_le_bytes(*crc) {
            return Err(ReadFailure::Damaged("a page of the table is damaged"));
        }
        let entry = |bytes: &[u8]| bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        Ok(Self { index, entries: entries.chunks_exact(ENTRY_BYTES as usize).map(entry).collect() })
    }

    /// Checks blocks that lie one behind the other from `first_block` on; the last one may be short where the blob ends.
    pub(super) fn check(&self, first_block: u64, blocks: &[u8]) -> Result<(), ReadFailure> {
        let first = first_block - self.index * PAGE_ENTRIES;
        let entries = self.entries.iter().skip(first as usize);
        let blocks = blocks.chunks(BLOCK_BYTES as usize);
        debug_assert!(entries.len() >= blocks.len(), "the caller stays inside the page");
        if blocks.zip(entries).all(|(block, entry)| block_crc(block) == *entry) {
            Ok(())
        } else {
            Err(ReadFailure::Damaged("a block is damaged"))
        }
    }
}

/// Which page covers a block.
pub(super) fn page_of(block: u64) -> u64 {
    block / PAGE_ENTRIES
}

/// The page that a blob keeps in memory once it is open: the last one, which lies beside the footer. All blobs up to 64 MiB
/// have no other.
pub(super) fn last_page(layout: Layout) -> Option<u64> {
    layout.pages().checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = BLOCK_BYTES as usize;

    #[test]
    fn the_table_does_not_depend_on_how_the_bytes_were_cut() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 17).map(|place| (place * 31 % 251) as u8).collect();
        let id = BlobId::from_u128(3);
        let whole = {
            let mut builder = TableBuilder::default();
            builder.push(&bytes);
            builder.finish(id)
        };
        for cut in [1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5] {
            let mut builder = TableBuilder::default();
            bytes.chunks(cut.max(7)).for_each(|frame| builder.push(frame));
            assert_eq!(builder.finish(id), whole, "frames of {cut}");
        }
        let page = TablePage::decode(&whole, id, 0).unwrap();
        assert!(page.check(0, &bytes).is_ok());
        assert!(page.check(1, &bytes[BLOCK..]).is_ok());
        assert!(page.check(1, &bytes[BLOCK..2 * BLOCK]).is_ok());
        assert!(page.check(0, &bytes[BLOCK..2 * BLOCK]).is_err());
    }

    #[test]
    fn a_page_is_bound_to_its_blob_and_place() {
        let id = BlobId::from_u128(3);
        let mut builder = TableBuilder::default();
        builder.push(b"some bytes");
        let page = builder.finish(id);
        assert!(TablePage::decode(&page, id, 0).is_ok());
        assert!(TablePage::decode(&page, id, 1).is_err());
        assert!(TablePage::decode(&page, BlobId::from_u128(4), 0).is_err());
        assert!(TablePage::decode(&page[..3], id, 0).is_err());
    }

    #[test]
    fn crc32c_is_the_castagnoli_polynomial() {
        assert_eq!(block_crc(b"123456789"), 0xe306_9283);
    }
}
