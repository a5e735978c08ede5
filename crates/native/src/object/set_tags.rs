use std::borrow::Cow;

use meta::{Check, Commit};
use store::{Bucket, StoreError, StoreErrorKind};
use types::{ObjectKey, TagSet, VersionId};

use crate::keys::{self, Family};
use crate::native::Native;
use crate::publish::{ATTEMPTS_MAX, bucket_check, shown};

const OPERATION: &str = "set object tags";

impl Native {
    pub(crate) async fn set_tags(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let row = keys::plain(Family::Current, bucket, key);
        let mut bucket = Cow::Borrowed(bucket);
        for attempt in 0..ATTEMPTS_MAX {
            let _turn = self.contention.turn(attempt, &row).await;
            let mut found = self.find(&bucket, key, version_id.as_ref(), OPERATION).await?;
            found.object.metadata.tags = tags.clone();
            let mut commit = Commit::default();
            commit.check(bucket_check(&bucket));
            commit.check(Check::Equals(found.row.clone(), found.revision));
            commit.put(found.row, found.object.encode());
            if self.commit_change(commit, OPERATION).await? {
                return Ok(shown(&bucket, found.object.version));
            }
            self.renew_bucket(&mut bucket, OPERATION).await?;
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }
}
