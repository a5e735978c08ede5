use remote::IdentityRecord;
use store::{Bucket, Missing, StoreError, StoreErrorKind};
use types::{Context, ObjectKey, TagSet, VersionId};

use crate::api::{Failure, Seen};
use crate::encode::{PartTable, is_storable};
use crate::store::Azure;

/// An object with what the ledger knows of it.
pub(crate) struct KnownObject {
    pub(crate) seen: Seen,
    /// Its parts, where it was uploaded in parts and they are known.
    pub(crate) table: Option<PartTable>,
}

/// Adds what the ledger keeps of a blob's identity.
pub(crate) fn add_record(seen: &mut Seen, record: &IdentityRecord) {
    if let Some(facts) = &mut seen.facts {
        facts.checksum = facts.checksum.or(record.checksum);
    }
}

/// A version can be named only as the null version, there being no others.
pub(crate) fn hold_version(
    version_id: Option<&VersionId>,
    operation: &'static str,
) -> Result<(), StoreError> {
    match version_id {
        None | Some(VersionId::Null) => Ok(()),
        Some(VersionId::Id(_)) => Err(StoreError::missing(Missing::Version, operation)),
    }
}

/// A blob that was not found, as a store says it.
pub(crate) fn not_found(
    failure: Failure,
    version_id: Option<&VersionId>,
    operation: &'static str,
) -> StoreError {
    let mut error = failure.into_store(operation);
    if version_id.is_some() && matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) {
        error.kind = StoreErrorKind::Missing(Missing::Version);
    }
    error
}

impl Azure {
    /// Looks at an object: one request, and one more for tags where it has any.
    pub(crate) async fn look(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<&VersionId>,
        operation: &'static str,
    ) -> Result<KnownObject, StoreError> {
        hold_version(version_id, operation)?;
        if !is_storable(key) {
            return Err(StoreError::missing(Missing::Key, operation));
        }
        let found = self.api.head(cx, bucket.name.as_str(), key.as_str()).await;
        let seen = found.map_err(|failure| {
            self.note_missing(bucket, &failure);
            not_found(failure, version_id, operation)
        })?;
        self.complete_look(cx, bucket, key, seen, operation).await
    }

    /// Adds to a blob's headers what does not stand in them.
    pub(crate) async fn complete_look(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        mut seen: Seen,
        operation: &'static str,
    ) -> Result<KnownObject, StoreError> {
        if seen.tag_count > 0 {
            seen.metadata.tags = self.read_tags(cx, bucket, key, operation).await?;
        }
        let mut table = seen.facts.as_ref().and_then(|facts| facts.parts.clone());
        if seen.has_more() {
            let record = self.ledger.identity(&bucket.name, key, &seen.azure_etag).await?;
            if let Some(record) = record {
                add_record(&mut seen, &record);
                table = PartTable::from_bytes(&record.provider, seen.size_bytes).or(table);
            }
        }
        Ok(KnownObject { seen, table })
    }

    /// Tags of whom nobody lets us read them are shown as none.
    async fn read_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<TagSet, StoreError> {
        match self.api.tags(cx, bucket.name.as_str(), key.as_str()).await {
            Ok(tags) => Ok(tags),
            Err(failure) => match failure.into_store(operation) {
                StoreError { kind: StoreErrorKind::Denied, .. } => Ok(TagSet::default()),
                error => Err(error),
            },
        }
    }

    /// A container that another tool has removed is looked for again.
    pub(crate) fn note_missing(&self, bucket: &Bucket, failure: &Failure) {
        if failure.is_container_missing() {
            self.known.forget(&bucket.name);
        }
    }
}
