use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use store::Bucket;
use types::{BucketName, Timestamp};

/// How long a bucket's record is taken as it was: every request begins by reading it, and what another tool changes (the
/// versions, the bucket's being there) is seen this much later.
const FRESH: Duration = Duration::from_secs(10);
/// How many buckets are remembered.
const BUCKETS_MAX: usize = 1024;

/// Records of buckets that were read a moment ago.
#[derive(Default)]
pub(crate) struct BucketCache(Mutex<HashMap<BucketName, (Bucket, Timestamp)>>);

impl BucketCache {
    /// The record, if it was read a moment ago.
    pub(crate) fn get(&self, name: &BucketName, now: Timestamp) -> Option<Bucket> {
        let kept = self.0.lock();
        let (bucket, read_at) = kept.get(name)?;
        // A clock that went back makes nothing fresh.
        (*read_at <= now && now.since(*read_at) < FRESH).then(|| bucket.clone())
    }

    /// Remembers a record.
    pub(crate) fn put(&self, bucket: &Bucket, now: Timestamp) {
        let mut kept = self.0.lock();
        if kept.len() >= BUCKETS_MAX {
            kept.retain(|_, (_, read_at)| now.since(*read_at) < FRESH);
        }
        if kept.len() < BUCKETS_MAX {
            kept.insert(bucket.name.clone(), (bucket.clone(), now));
        }
    }

    /// Forgets a record that may be wrong.
    pub(crate) fn remove(&self, name: &BucketName) {
        self.0.lock().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use store::Versioning;
    use types::{CanonicalId, Owner, TagSet};

    use super::*;

    fn bucket(name: &str) -> Bucket {
        Bucket {
            name: BucketName::new(name).unwrap(),
            owner: Owner { id: CanonicalId::from_text("id"), display_name: "root".into() },
            created_at: Timestamp::default(),
            versioning: Versioning::Off,
            tags: TagSet::default(),
            handle: 1,
            revision: 0,
        }
    }

    #[test]
    fn a_record_is_fresh_for_a_moment() {
        let (cache, begun) = (BucketCache::default(), Timestamp::from_secs(100));
        let bucket = bucket("bucket");
        cache.put(&bucket, begun);
        assert_eq!(cache.get(&bucket.name, begun.plus(FRESH / 2)).as_ref(), Some(&bucket));
        assert_eq!(cache.get(&bucket.name, begun.plus(FRESH)), None);
        assert_eq!(cache.get(&bucket.name, Timestamp::from_secs(99)), None, "the clock went back");
        cache.remove(&bucket.name);
        assert_eq!(cache.get(&bucket.name, begun), None);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let (cache, begun) = (BucketCache::default(), Timestamp::from_secs(100));
        for n in 0..=BUCKETS_MAX {
            cache.put(&bucket(&format!("bucket-{n}")), begun);
        }
        assert_eq!(cache.0.lock().len(), BUCKETS_MAX);
        cache.put(&bucket("late"), begun.plus(FRESH));
        assert_eq!(cache.0.lock().len(), 1, "stale ones make room");
    }
}
