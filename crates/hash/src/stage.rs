use std::task::{Context, Poll};

use bytes::Bytes;
use types::{Checksum, ChecksumAlgorithm};

use crate::{Hasher, Md5};

/// The digests of one stream: the MD5 of its entity tag and one checksum.
///
/// Frames are handed over whole and absorbed by a poll, so that a stage may keep a frame, hash it beside the frames of
/// other streams, and wake its task when it is done; a stage that hashes on the spot is ready at once.
pub struct DigestStage {
    md5: Md5,
    checksum: Option<Hasher>,
}

impl DigestStage {
    /// A stage that computes the MD5 and the checksum of `algorithm`.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        // An MD5 checksum is the entity tag's own digest: hashed once.
        let checksum = (algorithm != ChecksumAlgorithm::Md5).then(|| Hasher::new(algorithm));
        Self { md5: Md5::new(), checksum }
    }

    /// Absorbs the frame. While pending, the same frame is polled again; the task is woken when it is absorbed.
    pub fn poll_absorb(&mut self, frame: &Bytes, _: &mut Context<'_>) -> Poll<()> {
        // The cheap checksum second, while the frame is still in cache.
        for block in frame.chunks(CACHE_BLOCK_BYTES) {
            self.md5.update(block);
            if let Some(checksum) = &mut self.checksum {
                checksum.update(block);
            }
        }
        Poll::Ready(())
    }

    /// The MD5 and the checksum of all frames absorbed.
    #[must_use]
    pub fn finish(self) -> ([u8; 16], Checksum) {
        let md5 = self.md5.finish();
        let checksum = self.checksum.map_or_else(
            || Checksum::full(ChecksumAlgorithm::Md5, &md5).expect("an MD5 has 16 bytes"),
            Hasher::finish,
        );
        (md5, checksum)
    }
}

/// How much is hashed by one algorithm before the next one reads it: well inside the second-level cache.
const CACHE_BLOCK_BYTES: usize = 128 * 1024;
