use s3_model::{ReadConditions, S3Error, WriteCondition};
use store::{Missing, ObjectInfo, OpenOptions, StoreError, StoreErrorKind};
use types::Context;

use crate::admit::Source;
use crate::conditions::{self, Verdict};
use crate::subject::Subject;
use crate::{Admitted, Service};

/// A copy's source as it was seen: what is copied is this or nothing.
pub(crate) struct SeenSource {
    pub(crate) info: ObjectInfo,
    pub(crate) pinned: store::CopySource,
}

impl Service {
    /// Looks at a copy's source and weighs the conditions on it; every failure of one is 412. Source: CopyObject in the
    /// API reference.
    pub(crate) async fn look_at_source(
        &self,
        cx: &Context,
        admitted: &Admitted,
        source_conditions: &ReadConditions,
    ) -> Result<SeenSource, S3Error> {
        let source = admitted.source()?;
        let options = OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() };
        let info = self.store.head(cx, &source.bucket, &source.key, options).await;
        let info = info.map_err(|error| source_error(cx, admitted, source, error))?;
        match conditions::weigh(source_conditions, &info.etag, info.modified_at) {
            Verdict::Holds => {}
            Verdict::NotModified(condition) | Verdict::Failed(condition) => {
                return Err(conditions::failed(condition.source_header()));
            }
        }
        let pinned = store::CopySource {
            bucket: source.bucket.clone(),
            key: source.key.clone(),
            version_id: source.version_id.clone(),
            etag: info.etag.clone(),
        };
        Ok(SeenSource { info, pinned })
    }
}

fn source_error(cx: &Context, admitted: &Admitted, source: &Source, error: StoreError) -> S3Error {
    if let StoreErrorKind::DeleteMarker { named: true, .. } = error.kind {
        return S3Error::invalid_request(
            "The source of a copy request may not specifically refer to a delete marker by version id.",
        );
    }
    Subject::new(admitted.operation())
        .bucket(&source.bucket.name)
        .key(&source.key)
        .version(source.version_id.as_ref())
        .error(cx, error)
}

/// Whether a copy lost a race, so that the source has to be looked at again: it changed, or went away since. Without an
/// `If-Match` on the target nothing but the source can be missing.
pub(crate) fn is_race(error: &StoreError, condition: &WriteCondition) -> bool {
    match error.kind {
        StoreErrorKind::Conflict => true,
        StoreErrorKind::Missing(Missing::Key | Missing::Version) | StoreErrorKind::DeleteMarker { .. } => {
            matches!(condition, WriteCondition::Always | WriteCondition::IfAbsent)
        }
        _ => false,
    }
}
