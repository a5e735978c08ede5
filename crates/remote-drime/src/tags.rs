use std::sync::Arc;

use remote::IdentityRecord;
use store::{Bucket, OpenOptions, StoreError, StoreErrorKind};
use types::{Context, ObjectKey, ObjectMetadata, TagSet, VersionId};

use crate::drive::Drive;
use crate::identity::Known;
use crate::open::hold_version;

const OPERATION: &str = "set tags";
/// Why a folder bears no tags.
const MARKER: &str = "an empty folder that was not made through Sluice has no room for tags";

impl Drive {
    pub(crate) async fn set_tags(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        hold_version(&OpenOptions { version_id, ..OpenOptions::default() }, OPERATION)?;
        let place = self.place(bucket, key);
        let _turn = self.keys.hold((place.folder, place.key.clone())).await;
        let known = self.known(cx, &place, OPERATION).await?;
        if known.entry.is_folder {
            return Err(StoreError::new(StoreErrorKind::Unsupported(MARKER), OPERATION));
        }
        let metadata = ObjectMetadata { tags, ..known.metadata() };
        let record = known.with_metadata(metadata);
        self.ledger.put_identity(&place.bucket.name, &place.key, &known.entry.version(), &record).await?;
        Ok(None)
    }
}

impl Known {
    /// What is to be recorded of the same bytes with other metadata.
    pub(crate) fn with_metadata(&self, metadata: ObjectMetadata) -> IdentityRecord {
        let unknown = || IdentityRecord {
            etag: self.etag(),
            checksum: None,
            part_sizes: Vec::new(),
            metadata: None,
            provider: Vec::new(),
        };
        let record = self.identity.clone().unwrap_or_else(unknown);
        IdentityRecord { metadata: Some(metadata), ..record }
    }
}
