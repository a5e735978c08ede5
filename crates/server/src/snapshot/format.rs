//! Numbers are little-endian.

/// The first bytes of the file.
pub(super) const MAGIC: [u8; 8] = *b"SLUICESN";
/// The layout that is written; another one is refused.
pub(super) const VERSION: u32 = 1;
/// Magic, version, metadata revision, next blob id, settled blob id.
pub(super) const HEADER_BYTES: usize = 8 + 4 + 8 + 16 + 16;
/// Tag of a metadata record: revision (8), key length (4), value length (4), key, value.
pub(super) const TAG_RECORD: u8 = 1;
/// Tag of a blob: id (16), length (8), bytes.
pub(super) const TAG_BLOB: u8 = 2;
/// Tag of the end: CRC-64/NVME of everything before the checksum, this tag included (8).
pub(super) const TAG_END: u8 = 3;
pub(super) const CHECKSUM_BYTES: usize = 8;
/// Blobs are read in pieces of this size.
pub(super) const CHUNK_BYTES: usize = 1 << 20;
/// A longer key or value is damage: no commit is larger.
pub(super) const FIELD_MAX_BYTES: usize = meta::COMMIT_MAX_BYTES;
