use std::sync::Arc;

use store::{Bucket, Content, OpenOptions, SharedStore, StoreError, StoreErrorKind};
use types::{ByteRange, Context, ETag, ObjectKey, RangeSpec, VersionId};

const OPERATION: &str = "read object";

/// Where the bytes of one version of an object come from.
pub(crate) struct Origin {
    pub(crate) inner: SharedStore,
    pub(crate) cx: Context,
    pub(crate) bucket: Bucket,
    pub(crate) key: ObjectKey,
    pub(crate) version_id: Option<VersionId>,
    pub(crate) etag: ETag,
    pub(crate) size_bytes: u64,
}

impl Origin {
    /// Whether two are of the same version of the same object.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.bucket.name, &self.key, &self.version_id, &self.etag)
            == (&other.bucket.name, &other.key, &other.version_id, &other.etag)
    }

    /// Opens the version, so that what is read of it is pinned to it.
    ///
    /// # Errors
    /// `Conflict` where it is not there any more.
    pub(crate) async fn open(&self, range: ByteRange) -> Result<Arc<dyn Content>, StoreError> {
        let version_id = self.version_id.clone();
        let range_hint = Some(RangeSpec::FromTo { first: range.start, last: range.end.saturating_sub(1) });
        let options = OpenOptions { version_id, part_number: None, range_hint };
        let opened = self.inner.open(&self.cx, &self.bucket, &self.key, options).await.map_err(gone)?;
        if opened.info.etag != self.etag || opened.info.size_bytes != self.size_bytes {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        Ok(opened.content.into())
    }
}

/// What was there has gone: a read of it cannot go on.
fn gone(error: StoreError) -> StoreError {
    match error.kind {
        StoreErrorKind::Missing(_) | StoreErrorKind::DeleteMarker { .. } => {
            StoreError::with_source(StoreErrorKind::Conflict, OPERATION, error)
        }
        _ => error,
    }
}
