use hash::Hasher;
use store::{Bucket, ObjectInfo};
use types::{ChecksumAlgorithm, ObjectKey, VersionId};

use crate::options::DigestHeader;

/// What something in the cache is known by: the first 128 bits of a SHA-256 over its names, so that nobody who chooses keys
/// can make two things one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u128);

impl Id {
    /// The id of a thing of some kind with these names, in their order.
    pub(crate) fn of(kind: &str, names: &[&[u8]]) -> Self {
        let mut hasher = Hasher::new(ChecksumAlgorithm::Sha256);
        for name in std::iter::once(&kind.as_bytes()).chain(names) {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name);
        }
        let digest = hasher.finish();
        let first = digest.value.as_bytes().first_chunk().expect("a SHA-256 has 32 bytes");
        Self(u128::from_le_bytes(*first))
    }

    /// A number that spreads evenly, for choosing one of many shards.
    pub(crate) fn spread(self) -> usize {
        self.0 as usize
    }
}

/// A key in a bucket that was made once: made again under its name, it is another.
pub(crate) fn key_id(store: &str, bucket: &Bucket, key: &ObjectKey) -> Id {
    let handle = bucket.handle.to_le_bytes();
    Id::of("key", &[store.as_bytes(), bucket.name.as_str().as_bytes(), &handle, key.as_bytes()])
}

/// A bucket by its name.
pub(crate) fn bucket_id(store: &str, name: &str) -> Id {
    Id::of("bucket", &[store.as_bytes(), name.as_bytes()])
}

/// What an object's blocks are known by: its content's digest where it tells one, else its key with version and tag. The
/// sizes of the object and of its blocks belong to it, so that blocks of one id always lie alike.
pub(crate) fn object_id(
    store: &str,
    bucket: &Bucket,
    key: &ObjectKey,
    info: &ObjectInfo,
    geometry: (u64, Option<&DigestHeader>),
) -> Id {
    let (block_bytes, header) = geometry;
    let (store, name) = (store.as_bytes(), bucket.name.as_str().as_bytes());
    let (size, block) = (info.size_bytes.to_le_bytes(), block_bytes.to_le_bytes());
    if let Some((header, digest)) = header.and_then(|header| Some((header, header.of(&info.metadata.user)?)))
    {
        let header = header.name().as_bytes();
        return Id::of("digest", &[store, name, header, digest.as_bytes(), &size, &block]);
    }
    let version = info.version_id.as_ref().map_or("", VersionId::as_str).as_bytes();
    let etag = info.etag.as_str().as_bytes();
    Id::of("object", &[store, name, key.as_bytes(), version, etag, &size, &block])
}
