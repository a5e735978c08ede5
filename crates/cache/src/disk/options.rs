use std::sync::Arc;

use types::Clock;

/// The least ceiling, in bytes: below it the files beside the blocks would take a large share.
pub const CEILING_MIN_BYTES: u64 = 1024 * 1024;

/// How much of the file system a cache leaves free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// With less than this free, in bytes, nothing is filled: blocks are evicted first, and where that does not help, fills are
    /// refused.
    pub low_bytes: u64,
    /// Eviction for the sake of the file system goes on until so much is free, in bytes.
    pub high_bytes: u64,
}

impl Default for Watermarks {
    /// 256 MiB and 512 MiB.
    fn default() -> Self {
        Self { low_bytes: 256 << 20, high_bytes: 512 << 20 }
    }
}

/// How to open a directory of blocks.
#[derive(Clone)]
pub struct DiskOptions {
    /// What all files in the directory may take on the device together, in bytes; at least [`CEILING_MIN_BYTES`].
    pub ceiling_bytes: u64,
    /// What is left free beside them.
    pub free: Watermarks,
    /// Tells when a directory that failed is tried again.
    pub clock: Arc<dyn Clock>,
}
