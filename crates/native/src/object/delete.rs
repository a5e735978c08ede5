use std::borrow::Cow;

use meta::{Commit, MetaRead};
use store::{
    Bucket, DeleteOptions, DeleteOutcome, Missing, StoreError, StoreErrorKind, Versioning, WriteCondition,
};
use types::{ObjectKey, VersionId};

use crate::change::{KeyChange, decide};
use crate::find::version_name;
use crate::keys::{self, Family};
use crate::native::Native;
use crate::publish::{ATTEMPTS_MAX, bucket_check, shown};
use crate::record::VersionRecord;

pub(super) const OPERATION: &str = "delete object";

impl Native {
    pub(crate) async fn delete(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let row = keys::plain(Family::Current, bucket, key);
        let mut bucket = Cow::Borrowed(bucket);
        for attempt in 0..ATTEMPTS_MAX {
            let _turn = self.contention.turn(attempt, &row).await;
            let current = bucket.clone();
            let mut change = KeyChange::load(&*self.meta, &current, key).await?;
            let outcome = self.delete_in(&*self.meta, &mut change, &options).await?;
            let mut commit = Commit::default();
            commit.check(bucket_check(&current));
            change.finish(&mut commit);
            if self.commit_change(commit, OPERATION).await? {
                return Ok(outcome);
            }
            self.renew_bucket(&mut bucket, OPERATION).await?;
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Makes a delete part of a change of its key.
    pub(super) async fn delete_in(
        &self,
        meta: &dyn MetaRead,
        change: &mut KeyChange<'_>,
        options: &DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        if let Some(version) = &options.version_id {
            return delete_version(meta, change, version, &options.condition).await;
        }
        change.require(&options.condition)?;
        let (now, bucket) = (self.now(), change.bucket());
        if bucket.versioning == Versioning::Off && change.current().is_none() {
            return Ok(DeleteOutcome::default());
        }
        let version = change.next_version(now, self.options.random.next_u64());
        let marker = change.put_marker(meta, version, now).await?;
        let version_id = marker.and_then(|marker| shown(bucket, marker.version));
        Ok(DeleteOutcome { version_id, delete_marker: marker.is_some() })
    }
}

/// Removes a version for good. One that is not there is no error, unless a condition asks for it.
async fn delete_version(
    meta: &dyn MetaRead,
    change: &mut KeyChange<'_>,
    version_id: &VersionId,
    condition: &WriteCondition,
) -> Result<DeleteOutcome, StoreError> {
    let found = match version_name(version_id) {
        Some(name) => change.find_version(meta, name).await?,
        None => None,
    };
    let mut outcome = DeleteOutcome { version_id: Some(version_id.clone()), delete_marker: false };
    let Some(found) = found else {
        return match condition {
            WriteCondition::Always | WriteCondition::IfAbsent => Ok(outcome),
            _ => Err(StoreError::missing(Missing::Version, OPERATION)),
        };
    };
    match &found {
        VersionRecord::Object(object) => decide(condition, Some(object), OPERATION)?,
        VersionRecord::Marker(_) => {
            decide(condition, None, OPERATION)?;
            outcome.delete_marker = true;
        }
    }
    change.remove_version(meta, found.version()).await?;
    Ok(outcome)
}
