use std::task::{Context, Poll, ready};

use bytes::Bytes;
use types::{Checksum, ChecksumAlgorithm};

use crate::Hasher;
use crate::pool::StreamMd5;

/// The digests of one stream: the MD5 of its entity tag and one checksum.
///
/// The MD5 of a long stream may lag behind: frames are kept, by reference, until they can be hashed beside those of other
/// streams, so that several take little more time than one. The checksum is cheap and taken at once.
pub struct DigestStage {
    md5: StreamMd5,
    checksum: Option<Hasher>,
}

impl DigestStage {
    /// A stage that computes the MD5 and the checksum of `algorithm`.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        // An MD5 checksum is the entity tag's own digest: hashed once.
        let checksum = (algorithm != ChecksumAlgorithm::Md5).then(|| Hasher::new(algorithm));
        Self { md5: StreamMd5::new(), checksum }
    }

    /// Takes in the frame. While pending, the same frame is polled again; the task is woken when it can be taken in.
    pub fn poll_absorb(&mut self, frame: &Bytes, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.md5.poll_update(frame, cx));
        if let Some(checksum) = &mut self.checksum {
            checksum.update(frame);
        }
        Poll::Ready(())
    }

    /// Hashes what lags behind. Comes before [`DigestStage::finish`].
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.md5.poll_flush(cx)
    }

    /// The MD5 and the checksum of all frames absorbed.
    ///
    /// # Panics
    /// Where frames were absorbed after the last flush.
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
