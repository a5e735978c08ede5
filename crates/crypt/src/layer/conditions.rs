use store::{Bucket, Missing, ObjectInfo, OpenOptions, StoreError, StoreErrorKind, Support, WriteCondition};
use types::{Context, ETag, VersionId};

use super::core::{Core, Place};
use super::open::etag_of;

impl Core {
    /// A condition on the object that a put or a completion replaces, in the words of the store beneath.
    pub(super) async fn condition_of_put(
        &self,
        cx: &Context,
        at: (&Bucket, &Place),
        condition: WriteCondition,
        operation: &'static str,
    ) -> Result<WriteCondition, StoreError> {
        let support = self.inner.capabilities(at.0).conditional_put;
        self.condition(cx, at, (condition, None, support), operation).await
    }

    /// A condition in the words of the store beneath: a tag that callers see becomes the one that it stands for now. Whether
    /// that still holds at the moment of the write is decided there.
    ///
    /// # Errors
    /// `ConditionFailed`, `Missing(Key)`, `Missing(Version)` where the present object decides it already.
    pub(super) async fn condition(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        (condition, version_id, support): (WriteCondition, Option<VersionId>, Support),
        operation: &'static str,
    ) -> Result<WriteCondition, StoreError> {
        let WriteCondition::IfMatch(tag) = condition else { return Ok(condition) };
        if !support.is_yes() {
            // It is the store's to refuse.
            return Ok(WriteCondition::IfMatch(tag));
        }
        let named = version_id.is_some();
        let options = OpenOptions { version_id, ..OpenOptions::default() };
        let info = match self.inner.head(cx, bucket, &place.stored, options).await {
            Err(error) => match error.kind {
                StoreErrorKind::DeleteMarker { .. } if named => return Ok(WriteCondition::IfMatch(tag)),
                StoreErrorKind::DeleteMarker { .. } => {
                    return Err(StoreError::missing(Missing::Key, operation));
                }
                _ => return Err(error),
            },
            Ok(info) => info,
        };
        if self.shown_tag(cx, (bucket, place), &info, operation).await? == tag {
            Ok(WriteCondition::IfMatch(info.etag))
        } else {
            Err(StoreError::new(StoreErrorKind::ConditionFailed, operation))
        }
    }

    /// The entity tag that callers see of a stored object.
    pub(super) async fn shown_tag(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        info: &ObjectInfo,
        operation: &'static str,
    ) -> Result<ETag, StoreError> {
        if let Some(found) = self.known(cx, (bucket, place), info, operation).await? {
            return Ok(etag_of(&found.entry, &info.etag));
        }
        let options = OpenOptions { version_id: info.version_id.clone(), ..OpenOptions::default() };
        let opened = self.inner.open(cx, bucket, &place.stored, options).await?;
        if opened.info.etag != info.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, operation));
        }
        let found = self.look(cx, (bucket, place), &opened, operation).await?;
        Ok(etag_of(&found.entry, &info.etag))
    }
}
