use std::io;

use aws_lc_rs::digest;
use base64::Engine as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::args;
use crate::sign::{UNSIGNED_PAYLOAD, hex};

/// Bytes kept for bodies; longer ones repeat them.
const PATTERN_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Bodies up to this size go out in one write with their head.
const JOIN_MAX_BYTES: u64 = 64 * 1024;

/// A body that many requests send: a pattern, repeated to its size, with the framing and the digests made beforehand.
pub(crate) struct Payload {
    pattern: Vec<u8>,
    size_bytes: u64,
    before: String,
    after: String,
    sha256: String,
}

impl Payload {
    /// A body of `size_bytes`, declared in this way. Hashing happens here and never again.
    pub(crate) fn new(size_bytes: u64, kind: args::Payload) -> Self {
        let pattern = pattern(usize::try_from(size_bytes).unwrap_or(usize::MAX).min(PATTERN_MAX_BYTES));
        let mut payload = Self {
            pattern,
            size_bytes,
            before: String::new(),
            after: String::new(),
            sha256: UNSIGNED_PAYLOAD.into(),
        };
        match kind {
            args::Payload::Unsigned => {}
            args::Payload::Signed => {
                let mut hash = digest::Context::new(&digest::SHA256);
                payload.pieces().for_each(|piece| hash.update(piece));
                payload.sha256 = hex(hash.finish().as_ref());
            }
            args::Payload::Trailer => {
                let mut crc = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
                payload.pieces().for_each(|piece| crc.update(piece));
                let crc = base64::engine::general_purpose::STANDARD.encode(crc.finalize().to_be_bytes());
                payload.sha256 = "STREAMING-UNSIGNED-PAYLOAD-TRAILER".into();
                payload.before = format!("{size_bytes:x}\r\n");
                payload.after = format!("\r\n0\r\nx-amz-checksum-crc64nvme:{crc}\r\n\r\n");
            }
        }
        payload
    }

    /// Bytes of the object.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Bytes on the wire, framing included.
    pub(crate) fn wire_bytes(&self) -> u64 {
        self.size_bytes + (self.before.len() + self.after.len()) as u64
    }

    /// The value of `x-amz-content-sha256`.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether the body goes out as `aws-chunked`.
    pub(crate) fn is_chunked(&self) -> bool {
        !self.before.is_empty()
    }

    /// Sends the head and the body; a small one is joined with its head in `whole`, which is kept between requests.
    pub(crate) async fn send(
        &self,
        head: &[u8],
        stream: &mut TcpStream,
        whole: &mut Vec<u8>,
    ) -> io::Result<()> {
        if self.size_bytes <= JOIN_MAX_BYTES {
            whole.clear();
            whole.extend_from_slice(head);
            whole.extend_from_slice(self.before.as_bytes());
            whole.extend_from_slice(&self.pattern);
            whole.extend_from_slice(self.after.as_bytes());
            return stream.write_all(whole).await;
        }
        stream.write_all(head).await?;
        stream.write_all(self.before.as_bytes()).await?;
        for piece in self.pieces() {
            stream.write_all(piece).await?;
        }
        stream.write_all(self.after.as_bytes()).await
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut left = self.size_bytes;
        std::iter::from_fn(move || {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.pattern.len());
            left -= count as u64;
            (count > 0).then(|| &self.pattern[..count])
        })
    }
}

/// Bytes that do not compress and never change.
fn pattern(size_bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| next_random(&mut state).to_le_bytes());
    let mut bytes: Vec<u8> = words.take(size_bytes.div_ceil(8)).flatten().collect();
    bytes.truncate(size_bytes);
    bytes
}

/// The next number of a xorshift generator.
pub(crate) fn next_random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_repeats_the_pattern_to_its_exact_size() {
        let size = PATTERN_MAX_BYTES as u64 * 2 + 7;
        let payload = Payload::new(size, args::Payload::Unsigned);
        assert_eq!(payload.pieces().map(|piece| piece.len() as u64).sum::<u64>(), size);
        assert_eq!(payload.wire_bytes(), size);
    }

    #[test]
    fn a_trailer_frames_the_body_as_one_chunk() {
        let payload = Payload::new(255, args::Payload::Trailer);
        assert_eq!(payload.before, "ff\r\n");
        assert!(payload.after.starts_with("\r\n0\r\nx-amz-checksum-crc64nvme:"));
        assert_eq!(payload.wire_bytes(), 255 + 4 + payload.after.len() as u64);
    }

    #[test]
    fn an_empty_body_has_no_pieces() {
        assert_eq!(Payload::new(0, args::Payload::Signed).pieces().count(), 0);
    }
}
