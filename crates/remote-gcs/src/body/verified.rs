use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use hash::Hasher;
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ChecksumAlgorithm, ExpectedChecksum,
    ExpectedDigests, Frame,
};

/// What a body turned out to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digests {
    /// The checksum to keep, where one was asked for.
    pub(crate) kept: Option<Checksum>,
    /// The CRC32C, to be held against the service's.
    pub(crate) crc32c: [u8; 4],
    pub(crate) size_bytes: u64,
}

/// Where the digests arrive once the body has ended well.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<OnceLock<Digests>>);

impl Seen {
    /// The digests; `None` until the body has given its end.
    pub(crate) fn digests(&self) -> Option<Digests> {
        self.0.get().copied()
    }
}

/// A body that is digested as it passes, and fails in place of its end where it is not what was expected. `Content-MD5`
/// is left to the service, which computes it anyway.
struct Verified {
    inner: Body,
    running: Option<Running>,
    expected: Option<ExpectedDigests>,
    trailer: Option<Checksum>,
    seen: Seen,
}

struct Running {
    hashers: Vec<Hasher>,
    algorithms: Vec<ChecksumAlgorithm>,
    size_bytes: u64,
}

/// How much is digested by one algorithm before the next one reads it: well inside the second-level cache.
const CACHE_BLOCK_BYTES: usize = 128 * 1024;

/// Wraps a body: verifies what is `expected`, and keeps the checksum of `keep`.
pub(crate) fn verified(
    inner: Body,
    expected: Option<ExpectedDigests>,
    keep: Option<ChecksumAlgorithm>,
) -> (Body, Seen) {
    let seen = Seen::default();
    let length_bytes = inner.length_bytes();
    let mut algorithms = vec![ChecksumAlgorithm::Crc32c];
    let named = expected.as_ref().and_then(|expected| match expected.checksum {
        ExpectedChecksum::Default => None,
        _ => Some(expected.checksum.algorithm()),
    });
    for algorithm in keep.into_iter().chain(named) {
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    // The kept one is told apart by its place.
    let kept = keep.and_then(|keep| algorithms.iter().position(|algorithm| *algorithm == keep));
    let running = Running {
        hashers: algorithms.iter().map(|algorithm| Hasher::new(*algorithm)).collect(),
        algorithms,
        size_bytes: 0,
    };
    let stream = Stream {
        verified: Verified { inner, running: Some(running), expected, trailer: None, seen: seen.clone() },
        kept,
    };
    (Body::new(stream, length_bytes), seen)
}

struct Stream {
    verified: Verified,
    kept: Option<usize>,
}

impl Running {
    fn update(&mut self, data: &[u8]) {
        for block in data.chunks(CACHE_BLOCK_BYTES) {
            for hasher in &mut self.hashers {
                hasher.update(block);
            }
        }
        self.size_bytes += data.len() as u64;
    }
}

impl Verified {
    fn finish(&mut self, kept: Option<usize>) -> Result<(), BodyErrorKind> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let checksums: Vec<Checksum> = running.hashers.into_iter().map(Hasher::finish).collect();
        if let Some(expected) = &self.expected {
            let of = |algorithm: ChecksumAlgorithm| {
                let place = running.algorithms.iter().position(|known| *known == algorithm);
                place.map(|place| checksums[place])
            };
            hold(expected.checksum, self.trailer, of)?;
        }
        let crc32c: [u8; 4] = checksums[0].value.as_bytes().try_into().unwrap_or_default();
        let kept = kept.map(|place| checksums[place]);
        // Set once: the digests were taken above.
        let _ = self.seen.0.set(Digests { kept, crc32c, size_bytes: running.size_bytes });
        Ok(())
    }
}

/// Holds the checksums computed to the one expected.
fn hold(
    expected: ExpectedChecksum,
    trailer: Option<Checksum>,
    computed: impl Fn(ChecksumAlgorithm) -> Option<Checksum>,
) -> Result<(), BodyErrorKind> {
    let wanted = match expected {
        ExpectedChecksum::Value(value) => Some(value),
        ExpectedChecksum::Trailer(algorithm) => {
            let trailer = trailer.filter(|trailer| trailer.algorithm == algorithm);
            Some(trailer.ok_or(BodyErrorKind::TrailerMissing(algorithm))?)
        }
        ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => trailer,
    };
    let Some(wanted) = wanted else { return Ok(()) };
    match computed(wanted.algorithm) {
        Some(computed) if computed.value == wanted.value => Ok(()),
        Some(_) => Err(BodyErrorKind::DigestMismatch(Some(wanted.algorithm))),
        None => Err(BodyErrorKind::TrailerMissing(wanted.algorithm)),
    }
}

impl BodyStream for Stream {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let Self { verified, kept } = &mut *self;
        loop {
            match ready!(verified.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => {
                    if let Some(running) = &mut verified.running {
                        running.update(&data);
                    }
                    return Poll::Ready(Some(Ok(Frame::Data(data))));
                }
                Some(Ok(Frame::Trailer(checksum))) => verified.trailer = Some(checksum),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(verified.finish(*kept).err().map(|kind| Err(kind.into()))),
            }
        }
    }
}
