use store::{Bucket, Missing, StoreError};
use types::{Context, ObjectKey, TagSet, VersionId};

use super::look::{hold_version, not_found};
use crate::encode::is_storable;
use crate::store::Azure;

impl Azure {
    /// Azure's own tags of blobs: changing them changes neither the blob's tag nor its time.
    pub(crate) async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: &TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        const OPERATION: &str = "set tags";
        hold_version(version_id.as_ref(), OPERATION)?;
        if !is_storable(key) {
            return Err(StoreError::missing(Missing::Key, OPERATION));
        }
        let set = self.api.set_tags(cx, (bucket.name.as_str(), key.as_str()), tags).await;
        set.map_err(|failure| not_found(failure, version_id.as_ref(), OPERATION))?;
        Ok(None)
    }
}
