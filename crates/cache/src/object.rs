use std::fmt;
use std::sync::OnceLock;

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

/// What is cached of an object, once it has been named: to name it takes two hashes and allocates, and every read needs it.
///
/// It follows from what it stands beside, so it makes no two of these different, and a copy begins without it.
#[derive(Default)]
pub(crate) struct Naming(OnceLock<Named>);

struct Named {
    header: Option<DigestHeader>,
    object: Object,
}

impl Naming {
    /// What is cached of the object in such blocks; `name` says it where that is not known yet.
    pub(crate) fn object(
        &self,
        (block_bytes, header): (u64, Option<&DigestHeader>),
        name: impl FnOnce() -> Option<Object>,
    ) -> Option<Object> {
        let Some(named) = self.0.get() else {
            let object = name()?;
            let named = Named { header: header.cloned(), object: object.clone() };
            // Who has named it meanwhile has named it just so, or for another layer.
            let _ = self.0.set(named);
            return Some(object);
        };
        // Layers of one directory that differ in this may read one bucket.
        match named.object.geometry.block_bytes == block_bytes && named.header.as_ref() == header {
            true => Some(named.object.clone()),
            false => name(),
        }
    }
}

impl Clone for Naming {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Naming {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Naming {}

impl fmt::Debug for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Naming").field(&self.0.get().map(|named| &named.object)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_for_its_blocks_and_its_header_only_and_is_not_copied() {
        let source = |block_bytes| {
            let names = Names { store: "far", bucket: "b", key: "k", tag: "t" };
            Source::new(BlockKind::Data, names, block_bytes).unwrap()
        };
        let object = |id, block_bytes: u32| Object {
            id: Id(id),
            source: source(block_bytes),
            geometry: Geometry { size_bytes: 1, block_bytes: u64::from(block_bytes) },
        };
        let (one, other) = (DigestHeader::new("sha"), DigestHeader::new("md5"));
        let naming = Naming::default();
        let id = |naming: &Naming, geometry, id, block_bytes| {
            naming.object(geometry, || Some(object(id, block_bytes))).unwrap().id.0
        };
        assert!(naming.object((8, Some(&one)), || None).is_none());
        assert_eq!(id(&naming, (8, Some(&one)), 1, 8), 1);
        assert_eq!(id(&naming, (8, Some(&one)), 2, 8), 1);
        assert_eq!(id(&naming, (16, Some(&one)), 3, 16), 3);
        assert_eq!(id(&naming, (8, Some(&other)), 4, 8), 4);
        assert_eq!(id(&naming, (8, None), 5, 8), 5);
        assert_eq!(id(&naming.clone(), (8, Some(&one)), 6, 8), 6);
        assert_eq!(id(&naming, (8, Some(&one)), 7, 8), 1);
    }
}
