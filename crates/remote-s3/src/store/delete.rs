use http::{HeaderMap, Method};
use store::{
    Bucket, DeleteOptions, DeleteOutcome, Missing, StoreError, StoreErrorKind, Versioning, WriteCondition,
};
use types::{Context, ObjectKey, VersionId};

use crate::headers;
use crate::probe::Condition;
use crate::store::Inner;
use crate::wire::{Call, Failure, Seen};

const OPERATION: &str = "delete an object";
const IF_ABSENT: &str = "S3 has no delete of what is not there";

impl Inner {
    pub(super) async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        if options.condition == WriteCondition::IfAbsent {
            return Err(StoreError::new(StoreErrorKind::Unsupported(IF_ABSENT), OPERATION));
        }
        let version = options.version_id.as_ref();
        let told = self.tell(cx, bucket, key, (&options.condition, version), Condition::Delete).await?;
        let mut call = Call::object(Method::DELETE, bucket.name.as_str(), key.as_str())
            .with_some("versionId", version.map(VersionId::as_str));
        told.write(&mut call.headers)?;
        // Deleting twice is deleting once, unless each time makes a marker or the tag is looked at again.
        if told.is_some() || (version.is_none() && bucket.versioning != Versioning::Off) {
            call = call.once();
        }
        let seen = Seen { version: version.is_some(), ..Seen::default() };
        match self.wire.plain(cx, call).await {
            Ok(answer) => Ok(outcome(bucket, &answer, options.version_id)),
            Err(failure) if told.is_some() && failure.is_ambiguous() => {
                self.after_failed_delete(cx, bucket, key, &options, failure).await
            }
            Err(failure) => {
                let error = told.explain(failure.into_store(seen, OPERATION));
                match error.kind {
                    // What is not there is deleted already.
                    StoreErrorKind::Missing(Missing::Key | Missing::Version) if !told.is_some() => {
                        Ok(DeleteOutcome { version_id: options.version_id, delete_marker: false })
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// A conditional delete of unknown outcome. Where the object is gone it has taken effect, or another's has: both left
    /// what was asked for. A marker that was made cannot be told from another's.
    async fn after_failed_delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &DeleteOptions,
        failure: Failure,
    ) -> Result<DeleteOutcome, StoreError> {
        let version = options.version_id.as_ref();
        let seen = Seen { version: version.is_some(), ..Seen::default() };
        let is_final = version.is_some() || bucket.versioning == Versioning::Off;
        let looked = self.head_now(cx, bucket.name.as_str(), key, version).await;
        match looked.map_err(|failure| failure.into_store(seen, OPERATION).kind) {
            Err(StoreErrorKind::Missing(Missing::Key | Missing::Version)) if is_final => {
                Ok(DeleteOutcome { version_id: options.version_id.clone(), delete_marker: false })
            }
            _ => Err(failure.into_store(seen, OPERATION)),
        }
    }
}

fn outcome(bucket: &Bucket, answer: &HeaderMap, named: Option<VersionId>) -> DeleteOutcome {
    let delete_marker = headers::text(answer, "x-amz-delete-marker") == Some("true");
    let null = || (delete_marker && bucket.versioning == Versioning::Suspended).then_some(VersionId::Null);
    DeleteOutcome { version_id: headers::version_id(answer).or(named).or_else(null), delete_marker }
}
