use bytes::Bytes;
use parking_lot::Mutex;

use crate::disk::Source;
use crate::name::Id;
use crate::object::Object;
use crate::pool::Pool;

/// The largest object that is kept in memory, in bytes.
pub(crate) const SMALL_MAX_BYTES: u64 = 64 * 1024;
/// What an object takes beside its bytes and its names, in bytes.
const ENTRY_BYTES: u64 = 256;
/// How many locks the objects are spread over.
const SHARDS: usize = 16;

type Shard = Mutex<Pool<Id, (Source, Bytes)>>;

/// Small objects that are read often, whole in memory. They were verified when they were read from disk.
pub(crate) struct Small {
    shards: Option<Box<[Shard]>>,
}

impl Small {
    /// A memory of `max_bytes`; none at 0.
    pub(crate) fn new(max_bytes: u64) -> Self {
        let shard = || Mutex::new(Pool::new(max_bytes / SHARDS as u64));
        Self { shards: (max_bytes > 0).then(|| (0..SHARDS).map(|_| shard()).collect()) }
    }

    fn shard(&self, id: Id) -> Option<&Shard> {
        self.shards.as_ref().map(|shards| &shards[(id.0 >> 64) as usize % SHARDS])
    }

    /// Whether an object is of the size that is kept.
    pub(crate) fn takes(&self, object: &Object) -> bool {
        self.shards.is_some() && (1..=SMALL_MAX_BYTES).contains(&object.geometry.size_bytes)
    }

    pub(crate) fn get(&self, object: &Object) -> Option<Bytes> {
        let shard = self.shard(object.id).filter(|_| self.takes(object))?;
        shard.lock().get(&object.id).map(|(_, bytes)| bytes.clone())
    }

    /// Keeps an object's bytes, all of them.
    pub(crate) fn put(&self, object: &Object, bytes: &[u8]) {
        let shard = self.shard(object.id).filter(|_| bytes.len() as u64 == object.geometry.size_bytes);
        let Some(shard) = shard.filter(|_| self.takes(object)) else { return };
        // A copy: the bytes at hand count in the budget for as long as anybody holds them.
        let bytes = Bytes::copy_from_slice(bytes);
        let weight = bytes.len() as u64 + object.source.names_bytes() + ENTRY_BYTES;
        shard.lock().put(object.id, (object.source.clone(), bytes), weight);
    }

    /// Drops the objects of a store's bucket whose keys begin so; of all where none is named.
    pub(crate) fn forget(&self, store: Option<&str>, bucket: Option<&str>, prefix: &str) {
        let gone = |_: &Id, (source, _): &(Source, Bytes)| {
            let names = source.names();
            store.is_none_or(|store| store == names.store)
                && bucket.is_none_or(|bucket| bucket == names.bucket)
                && names.key.starts_with(prefix)
        };
        self.shards.iter().flatten().for_each(|shard| shard.lock().remove_where(gone));
    }

    /// How many objects there are, and their bytes.
    pub(crate) fn size(&self) -> (usize, u64) {
        self.shards.iter().flatten().fold((0, 0), |(objects, bytes), shard| {
            let shard = shard.lock();
            (objects + shard.len(), bytes + shard.weight())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{BlockKind, Names};
    use crate::fill::Geometry;

    #[test]
    fn names_count_in_what_is_taken() {
        let small = Small::new(1 << 20);
        let key = "k".repeat(1000);
        for number in 0..10_000_u64 {
            let tag = number.to_string();
            let names = Names { store: "far", bucket: "b", key: &key, tag: &tag };
            let source = Source::new(BlockKind::Data, names, 1 << 20).unwrap();
            let geometry = Geometry { size_bytes: 1, block_bytes: 1 << 20 };
            let id = Id(u128::from(number) << 64);
            small.put(&Object { id, source, geometry }, b"x");
        }
        let (objects, bytes) = small.size();
        assert!(bytes <= 1 << 20);
        assert!(objects as u64 <= bytes / (key.len() as u64 + ENTRY_BYTES), "{objects} in {bytes}");
        assert!(objects > 700, "{objects}");
    }
}
