use store::{Bucket, ObjectInfo};
use types::{ByteRange, ObjectKey};

use crate::disk::{BlockKey, BlockKind, Names, Source};
use crate::fill::Geometry;
use crate::name::{Id, object_id};
use crate::options::DigestHeader;

/// Tags of blocks longer than this are replaced by what they hash to.
const TAG_MAX_BYTES: usize = 512;

/// What is cached of one version of an object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) id: Id,
    pub(crate) source: Source,
    pub(crate) geometry: Geometry,
}

impl Object {
    /// `None` where the object cannot be kept: its names are too long, or it has more blocks than can be numbered.
    pub(crate) fn new(
        store: &str,
        bucket: &Bucket,
        key: &ObjectKey,
        info: &ObjectInfo,
        (block_bytes, header): (u64, Option<&DigestHeader>),
    ) -> Option<Self> {
        let geometry = Geometry { size_bytes: info.size_bytes, block_bytes };
        u32::try_from(info.size_bytes.div_ceil(block_bytes)).ok()?;
        let id = object_id(store, bucket, key, info, (block_bytes, header));
        let digest = header.and_then(|header| header.of(&info.metadata.user));
        let (kind, tag) = match digest {
            Some(_) => (BlockKind::Content, format!("{:032x}", id.0)),
            None => (BlockKind::Data, tag(info, id)),
        };
        let names = Names { store, bucket: bucket.name.as_str(), key: key.as_str(), tag: &tag };
        let source = Source::new(kind, names, u32::try_from(block_bytes).ok()?)?;
        Some(Self { id, source, geometry })
    }

    pub(crate) fn block(&self, number: u32) -> BlockKey {
        BlockKey::new(&self.source, number)
    }

    /// Whether all blocks of a range are there.
    pub(crate) fn is_cached(&self, disk: &crate::disk::BlockStore, range: ByteRange) -> bool {
        range.is_empty() || self.geometry.blocks(range).all(|number| disk.contains(&self.block(number)))
    }
}

/// Version, tag and size as one text.
fn tag(info: &ObjectInfo, id: Id) -> String {
    let version = info.version_id.as_ref().map_or("", |version| version.as_str());
    let tag = format!("{version} {} {}", info.etag, info.size_bytes);
    if tag.len() > TAG_MAX_BYTES { format!("{:032x}", id.0) } else { tag }
}
