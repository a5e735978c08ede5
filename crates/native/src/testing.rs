//! What this crate's own tests share.

use store::{Bucket, Versioning};
use types::{BucketName, CanonicalId, Owner, TagSet, Timestamp};

/// A bucket that exists nowhere.
pub(crate) fn bucket_of_handle(handle: u64) -> Bucket {
    Bucket {
        name: BucketName::new("bucket").unwrap(),
        owner: Owner { id: CanonicalId::from_text("00"), display_name: "owner".into() },
        created_at: Timestamp::default(),
        versioning: Versioning::Off,
        tags: TagSet::default(),
        handle,
        revision: 1,
    }
}
