use hash::Hasher;
use store::{OpenOptions, StoreError};
use tokio::time::timeout;
use types::{
    BodyErrorKind, BucketName, ByteRange, Checksum, ChecksumAlgorithm, Context, ETag, Frame, ObjectKey,
    VersionId,
};

use crate::core::Core;
use crate::read::{ANSWER_LIMIT, FRAME_PATIENCE};

/// What the bytes of a target turned out to be.
pub(super) struct Digest {
    pub(super) sha256: [u8; 32],
    pub(super) size_bytes: u64,
    pub(super) etag: ETag,
    /// Whether they have the checksum that the journal knows; `None` where it knows none.
    pub(super) expected: Option<bool>,
}

/// How the bytes of one version are known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Proof {
    /// By a checksum of all of them.
    Checksum(Checksum),
    /// By their MD5.
    Md5([u8; 16]),
}

impl Proof {
    const fn algorithm(self) -> ChecksumAlgorithm {
        match self {
            Self::Checksum(checksum) => checksum.algorithm,
            Self::Md5(_) => ChecksumAlgorithm::Md5,
        }
    }

    /// Whether the bytes are the right ones. A tag that looks like an MD5 and is none proves nothing.
    fn holds(self, found: &Checksum) -> Option<bool> {
        match self {
            Self::Checksum(checksum) => Some(checksum == *found),
            Self::Md5(md5) => (found.value.as_bytes() == md5).then_some(true),
        }
    }
}

/// Reads a version at a target to its end.
///
/// # Errors
/// Why it could not be read.
pub(super) async fn digest(
    core: &Core,
    place: usize,
    (bucket, key): (&BucketName, &ObjectKey),
    version_id: Option<VersionId>,
    proof: Option<Proof>,
) -> Result<Digest, String> {
    let cx = Context::background();
    let opening = async {
        let at = core.target_bucket(place, bucket).await?;
        let options = OpenOptions { version_id, ..OpenOptions::default() };
        let opened = core.targets[place].store.open(&cx, &at, key, options).await?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        Ok::<_, StoreError>((opened, body))
    };
    let opened = timeout(ANSWER_LIMIT, opening).await.map_err(|_| "no answer in time".to_owned())?;
    let (opened, mut body) = opened.map_err(|error| error.to_string())?;
    let mut sha256 = Hasher::new(ChecksumAlgorithm::Sha256);
    let mut known = proof.map(|proof| Hasher::new(proof.algorithm()));
    let mut size_bytes = 0;
    loop {
        match timeout(FRAME_PATIENCE, body.next_frame()).await {
            Err(_) => return Err(types::BodyError::from(BodyErrorKind::TimedOut).to_string()),
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(error.to_string()),
            Ok(Some(Ok(Frame::Trailer(_)))) => {}
            Ok(Some(Ok(Frame::Data(data)))) => {
                size_bytes += data.len() as u64;
                sha256.update(&data);
                if let Some(known) = &mut known {
                    known.update(&data);
                }
            }
        }
    }
    let sha256 = sha256.finish().value.as_bytes().try_into().expect("a SHA-256 has 32 bytes");
    let expected = known.zip(proof).and_then(|(known, proof)| proof.holds(&known.finish()));
    Ok(Digest { sha256, size_bytes, etag: opened.info.etag, expected })
}
