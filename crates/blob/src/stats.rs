use types::{Counter, DurationHistogram};

/// What a blob store has done since it was opened; read by the metrics page.
#[derive(Debug, Default)]
pub struct BlobStats {
    /// Blobs written whole.
    pub blobs_written: Counter,
    /// Bytes of blobs written whole.
    pub bytes_written: Counter,
    /// Writes that failed or were dropped.
    pub writes_abandoned: Counter,
    /// Bytes read, as blocks that were verified.
    pub bytes_read: Counter,
    /// Blobs removed.
    pub blobs_removed: Counter,
    /// Blocks, tables and footers that did not match their checksum.
    pub checksum_failures: Counter,
    /// How long each sync of a blob's file took.
    pub file_syncs: DurationHistogram,
    /// How long each sync of a directory took; one covers all writers that waited for it.
    pub directory_syncs: DurationHistogram,
    /// Writers that waited for a directory sync. Divided by the number of syncs: the size of a batch.
    pub directory_sync_waiters: Counter,
    /// Reads that found all bytes cached and did not leave the calling thread.
    pub reads_inline: Counter,
    /// Reads that went to a blocking thread.
    pub reads_blocking: Counter,
}
