use store::{Bucket, Missing, OpenOptions, StoreError, StoreErrorKind, WriteCondition};
use types::{Context, ObjectKey};

use super::stored::own_key;
use super::{BucketKeys, Epochs, NAMES_ID, Writing, enter, locked};
use crate::format::{Id, Secret};
use crate::layer::gate::Gate;

impl Epochs {
    /// Looks whether the key that is written with still stands in the store, and that of names with it, and puts back what
    /// does not: objects need it that were written since.
    pub(super) async fn see(
        &self,
        cx: &Context,
        bucket: &Bucket,
        (keys, gate): (&BucketKeys, &Gate),
        writing: Writing,
    ) -> Result<(String, Id, Secret), StoreError> {
        let Writing { mut key_id, id, secret, .. } = writing;
        if !self.stands(cx, bucket, &own_key(&self.reserved.epoch(&id))?).await? {
            key_id = self.put_back(cx, bucket, gate, (id, &secret)).await?;
        }
        let names = locked(&keys.known).get(&NAMES_ID).cloned();
        if let Some(names) = names
            && !self.stands(cx, bucket, &own_key(&self.reserved.names())?).await?
        {
            self.put_back(cx, bucket, gate, (NAMES_ID, &names)).await?;
        }
        Ok((key_id, id, secret))
    }

    /// Whether a key of the layer's own is there.
    async fn stands(&self, cx: &Context, bucket: &Bucket, key: &ObjectKey) -> Result<bool, StoreError> {
        match self.inner.head(cx, bucket, key, OpenOptions::default()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.kind {
                StoreErrorKind::Missing(Missing::Key) | StoreErrorKind::DeleteMarker { .. } => Ok(false),
                _ => Err(error),
            },
        }
    }

    /// Stores a key that is known and is not there any more, unless somebody else just has; what it is wrapped with now.
    async fn put_back(
        &self,
        cx: &Context,
        bucket: &Bucket,
        gate: &Gate,
        (id, secret): (Id, &Secret),
    ) -> Result<String, StoreError> {
        let _inside = enter(gate).await?;
        let primary = self.primary().await?;
        let record = self.wrap(bucket, id, &primary, secret).await?;
        // The number of an epoch stands for one secret; that of names for whichever was made first.
        let (name, condition) = match id {
            NAMES_ID => (self.reserved.names(), WriteCondition::IfAbsent),
            id => (self.reserved.epoch(&id), WriteCondition::Always),
        };
        match self.store(cx, bucket, &own_key(&name)?, &record, condition).await {
            Err(error) if !matches!(error.kind, StoreErrorKind::ConditionFailed) => Err(error),
            _ => Ok(primary),
        }
    }
}
