use http::Method;
use remote::IdentityRecord;
use serde_json::json;
use store::{Bucket, OpenOptions, StoreError, StoreErrorKind};
use types::{Context, ObjectKey, ObjectMetadata, TagSet, VersionId};

use crate::api::{Query, failed, object_path};
use crate::facts::{Facts, NAME, Rest};
use crate::guard::Guard;
use crate::identity::Known;
use crate::read::missing;
use crate::store::GcsStore;

const TAG: &str = "tag an object";
/// How often a change is made again that another one came before.
const CHANGES_MAX: usize = 64;

impl GcsStore {
    /// Replaces the tags, which are part of the object's own metadata: the one value that Sluice keeps there is written
    /// again, on the condition that nobody has changed the metadata since.
    pub(crate) async fn set_object_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version: Option<VersionId>,
        tags: &TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let options = OpenOptions { version_id: version.clone(), ..OpenOptions::default() };
        for _ in 0..CHANGES_MAX {
            let (known, info) = self.head_object(cx, bucket, key, &options).await?;
            let said = ObjectMetadata { tags: tags.clone(), ..known.said.clone() };
            let facts = Facts { modified_at: Some(known.modified_at()), ..known.facts.clone() };
            let (written, rest) = facts.write(&said);
            let found = &known.found;
            let query = Guard::exactly(found.generation, found.metageneration).apply(Query::new());
            let query = query.with("generation", found.generation);
            let document = json!({ "metadata": { NAME: written.get(NAME) } });
            let path = object_path(bucket.name.as_str(), key.as_str());
            let request = self.api.with_json(Method::PATCH, &path, &query, &document);
            let request = request.map_err(|error| failed(error, TAG))?;
            if rest == Rest::Ledger {
                self.keep(bucket, key, &known, &said).await?;
            }
            match self.api.ask_nothing(cx, request).await.map_err(|error| failed(error, TAG))? {
                Ok(()) => return Ok(info.version_id),
                Err(refusal) if refusal.is_condition() => {}
                Err(refusal) if refusal.is_missing() => return Err(missing(version.as_ref(), TAG)),
                Err(refusal) => return Err(refusal.into_store(TAG)),
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, TAG))
    }

    /// Keeps all that the client said in the ledger.
    async fn keep(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        known: &Known,
        said: &ObjectMetadata,
    ) -> Result<(), StoreError> {
        let provider = if known.parts.is_empty() {
            Vec::new()
        } else {
            known.parts.write(remote::IDENTITY_PROVIDER_MAX_BYTES)
        };
        let record = IdentityRecord {
            etag: known.etag.clone(),
            checksum: known.checksum,
            part_sizes: Vec::new(),
            metadata: Some(said.clone()),
            provider,
        };
        self.ledger.put_identity(&bucket.name, key, &known.found.generation.to_string(), &record).await
    }
}
