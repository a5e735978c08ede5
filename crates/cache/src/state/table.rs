use parking_lot::Mutex;
use store::ObjectInfo;
use types::ObjectKey;

use super::{Known, Variant};
use crate::name::Id;
use crate::pool::Pool;

/// How many locks the table is spread over.
const SHARDS: usize = 16;
/// The most variants kept of one key.
const VARIANTS_MAX: usize = 16;
/// What an entry takes beside its texts, in bytes.
const ENTRY_BYTES: u64 = 768;

/// What is known about keys, bounded in memory; the least useful goes first.
pub(crate) struct Table(Box<[Mutex<Pool<Id, Keyed>>]>);

/// A key by its names.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) id: Id,
    /// The store's name and the bucket's as one.
    pub(crate) bucket_id: Id,
    pub(crate) key: ObjectKey,
}

struct Keyed {
    bucket_id: Id,
    key: ObjectKey,
    variants: Vec<(Variant, Known)>,
}

impl Table {
    /// A table that takes at most about `max_bytes`.
    pub(crate) fn new(max_bytes: u64) -> Self {
        Self((0..SHARDS).map(|_| Mutex::new(Pool::new(max_bytes / SHARDS as u64))).collect())
    }

    fn shard(&self, id: Id) -> &Mutex<Pool<Id, Keyed>> {
        &self.0[(id.0 >> 64) as usize % SHARDS]
    }

    pub(crate) fn get(&self, id: Id, variant: &Variant) -> Option<Known> {
        let mut shard = self.shard(id).lock();
        let keyed = shard.get(&id)?;
        keyed.variants.iter().find(|(known, _)| known == variant).map(|(_, known)| known.clone())
    }

    /// Whether the current object of a key is known to be this.
    pub(crate) fn knows(&self, id: Id, info: &ObjectInfo) -> bool {
        matches!(self.get(id, &Variant::CURRENT), Some(Known::Object(state)) if state.info == *info)
    }

    /// Puts what is known in the place of what was, where `holds` says so once nobody can take it out meanwhile.
    pub(crate) fn put(
        &self,
        place: &Place,
        variant: Variant,
        known: Known,
        holds: impl FnOnce() -> bool,
    ) -> bool {
        let mut shard = self.shard(place.id).lock();
        if !holds() {
            return false;
        }
        let mut variants =
            shard.get(&place.id).map(|keyed| std::mem::take(&mut keyed.variants)).unwrap_or_default();
        variants.retain(|(other, _)| *other != variant);
        if variants.len() >= VARIANTS_MAX {
            variants.remove(0);
        }
        variants.push((variant, known));
        let key_bytes = place.key.as_str().len() as u64;
        let weights = variants.iter().map(|(variant, known)| weight(variant, known, key_bytes));
        let weight = key_bytes + weights.sum::<u64>();
        let keyed = Keyed { bucket_id: place.bucket_id, key: place.key.clone(), variants };
        shard.put(place.id, keyed, weight);
        true
    }

    pub(crate) fn forget(&self, id: Id) {
        self.shard(id).lock().remove(&id);
    }

    /// Forgets what is known of one variant of a key, and keeps the others.
    pub(crate) fn forget_variant(&self, id: Id, variant: &Variant) {
        if let Some(keyed) = self.shard(id).lock().get(&id) {
            keyed.variants.retain(|(other, _)| other != variant);
        }
    }

    /// Forgets the keys of a bucket, of every bucket where none is named, that begin so.
    pub(crate) fn forget_prefix(&self, bucket_id: Option<Id>, prefix: &str) {
        let gone = |_: &Id, keyed: &Keyed| {
            bucket_id.is_none_or(|bucket| bucket == keyed.bucket_id) && keyed.key.as_str().starts_with(prefix)
        };
        self.0.iter().for_each(|shard| shard.lock().remove_where(gone));
    }

    /// How many keys are known, and about how many bytes that takes.
    pub(crate) fn size(&self) -> (usize, u64) {
        self.0.iter().fold((0, 0), |(keys, bytes), shard| {
            let shard = shard.lock();
            (keys + shard.len(), bytes + shard.weight())
        })
    }
}

/// What is known of a key of so many bytes takes. Its blocks and its record are known by the key too, and its blocks by version
/// and tag.
fn weight(variant: &Variant, known: &Known, key_bytes: u64) -> u64 {
    let named = variant.version_id.as_ref().map_or(0, |version| version.as_str().len());
    let told = match known {
        Known::Absent(..) => 0,
        Known::Object(state) => {
            let (metadata, headers) = (&state.info.metadata, &state.info.metadata.headers);
            let headers = [
                &headers.cache_control,
                &headers.content_disposition,
                &headers.content_encoding,
                &headers.content_language,
                &headers.content_type,
                &headers.expires,
                &headers.website_redirect_location,
            ];
            let headers: usize = headers.into_iter().flatten().map(String::len).sum();
            let user: usize = metadata.user.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
            let tags: usize = metadata.tags.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
            let version = state.info.version_id.as_ref().map_or(0, |version| version.as_str().len());
            let names = 2 * (key_bytes as usize + version + state.info.etag.as_str().len());
            headers + user + tags + names
        }
    };
    ENTRY_BYTES + (named + told) as u64
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::super::Absence;
    use super::*;

    fn place(number: u128, key: &str) -> Place {
        Place { id: Id(number), bucket_id: Id(9), key: ObjectKey::new(key).unwrap() }
    }

    fn absent() -> Known {
        Known::Absent(Absence::Key, Timestamp::default())
    }

    #[test]
    fn what_no_longer_holds_is_not_kept() {
        let table = Table::new(1 << 20);
        assert!(!table.put(&place(1, "k"), Variant::CURRENT, absent(), || false));
        assert!(table.get(Id(1), &Variant::CURRENT).is_none());
        assert!(table.put(&place(1, "k"), Variant::CURRENT, absent(), || true));
        assert!(table.get(Id(1), &Variant::CURRENT).is_some());
    }

    #[test]
    fn a_key_keeps_so_many_variants_and_no_more() {
        let table = Table::new(1 << 20);
        let part = |number| Variant { version_id: None, part_number: Some(number) };
        for number in 0..=VARIANTS_MAX as u32 {
            table.put(&place(1, "k"), part(number), absent(), || true);
        }
        assert!(table.get(Id(1), &part(0)).is_none());
        assert!((1..=VARIANTS_MAX as u32).all(|number| table.get(Id(1), &part(number)).is_some()));
        table.forget_variant(Id(1), &part(3));
        assert!(table.get(Id(1), &part(3)).is_none() && table.get(Id(1), &part(4)).is_some());
    }

    #[test]
    fn long_keys_count_for_what_they_take() {
        let fits = |key: &str| {
            let table = Table::new(SHARDS as u64 * 64 * 1024);
            for number in 0..10_000_u128 {
                table.put(&place(number << 64, key), Variant::CURRENT, absent(), || true);
            }
            table.size()
        };
        let (keys, bytes) = fits(&"k".repeat(1024));
        assert!(keys as u64 * 1024 < bytes && bytes <= SHARDS as u64 * 64 * 1024, "{keys} keys in {bytes}");
        assert!(fits("k").0 > 2 * keys);
    }

    #[test]
    fn a_prefix_is_forgotten_and_memory_is_bounded() {
        let table = Table::new(SHARDS as u64 * (ENTRY_BYTES + "a/b".len() as u64) * 4);
        for number in 0..10_000_u128 {
            table.put(&place(number << 64, "a/b"), Variant::CURRENT, absent(), || true);
        }
        assert_eq!(table.size().0, SHARDS * 4);
        table.forget_prefix(Some(Id(8)), "");
        table.forget_prefix(None, "a/c");
        assert_eq!(table.size().0, SHARDS * 4);
        table.forget_prefix(Some(Id(9)), "a/");
        assert_eq!(table.size(), (0, 0));
    }
}
