use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use store::Bucket;
use types::{BucketName, Timestamp};

/// How long a bucket's record is believed without asking the service: every request reads it, and what matters of it is
/// decided by the service again.
const FRESH: Duration = Duration::from_secs(5);
/// How many buckets are remembered.
const MAX_BUCKETS: usize = 4096;

/// Records of buckets as the service told them a moment ago, each state with a number of its own.
#[derive(Default)]
pub(super) struct BucketCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    buckets: HashMap<BucketName, (Timestamp, Bucket)>,
    revisions: u64,
}

impl BucketCache {
    /// A record that is believed.
    pub(super) fn get(&self, name: &BucketName, now: Timestamp) -> Option<Bucket> {
        let kept = self.0.lock();
        let (at, bucket) = kept.buckets.get(name)?;
        (now.since(*at) < FRESH && *at <= now).then(|| bucket.clone())
    }

    /// Takes a record that the service has told and numbers it: as before where nothing has changed.
    pub(super) fn told(&self, mut bucket: Bucket, now: Timestamp) -> Bucket {
        let mut kept = self.0.lock();
        let before = kept.buckets.get(&bucket.name).map(|(_, before)| before.revision);
        let same = before.filter(|revision| {
            bucket.revision = *revision;
            kept.buckets.get(&bucket.name).is_some_and(|(_, before)| *before == bucket)
        });
        if same.is_none() {
            kept.revisions += 1;
            bucket.revision = kept.revisions;
        }
        if kept.buckets.len() >= MAX_BUCKETS {
            kept.buckets.clear();
        }
        kept.buckets.insert(bucket.name.clone(), (now, bucket.clone()));
        bucket
    }

    /// Takes a record that was changed here.
    pub(super) fn changed(&self, bucket: Bucket, now: Timestamp) -> Bucket {
        self.remove(&bucket.name);
        self.told(bucket, now)
    }

    /// Forgets a record.
    pub(super) fn remove(&self, name: &BucketName) {
        self.0.lock().buckets.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use store::Versioning;
    use types::{CanonicalId, Owner, TagSet};

    use super::*;

    fn bucket(versioning: Versioning) -> Bucket {
        let owner = Owner { id: CanonicalId::from_text("x"), display_name: "x".into() };
        Bucket {
            name: BucketName::new("bucket").unwrap(),
            owner,
            created_at: Timestamp::default(),
            versioning,
            tags: TagSet::default(),
            handle: 1,
            revision: 0,
        }
    }

    #[test]
    fn a_record_is_believed_for_a_moment() {
        let (cache, begun) = (BucketCache::default(), Timestamp::from_secs(100));
        let told = cache.told(bucket(Versioning::Off), begun);
        assert_eq!(cache.get(&told.name, begun.plus(FRESH / 2)).as_ref(), Some(&told));
        assert_eq!(cache.get(&told.name, begun.plus(FRESH)), None);
        assert_eq!(cache.get(&told.name, Timestamp::from_secs(99)), None, "the clock went back");
        cache.remove(&told.name);
        assert_eq!(cache.get(&told.name, begun), None);
    }

    #[test]
    fn a_state_keeps_its_number_and_another_gets_another() {
        let (cache, now) = (BucketCache::default(), Timestamp::from_secs(100));
        let first = cache.told(bucket(Versioning::Off), now);
        assert_eq!(cache.told(bucket(Versioning::Off), now).revision, first.revision);
        let second = cache.told(bucket(Versioning::Enabled), now);
        assert_ne!(second.revision, first.revision);
        assert_ne!(cache.changed(bucket(Versioning::Enabled), now).revision, second.revision);
    }
}
