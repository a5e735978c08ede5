use remote::UploadRecord;
use store::{Bucket, CreateUploadOptions, StoreError, UploadId};
use types::{Context, ObjectKey};

use super::staging::{Mode, note, note_name, whole_of};
use crate::names::require_storable;
use crate::store::GcsStore;

impl GcsStore {
    pub(super) async fn create(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        require_storable(key.as_str(), "begin an upload")?;
        let initiated_at = self.clock.now();
        let id = UploadRecord::issue_id(initiated_at, &*self.random);
        let mode = self.begin_mode(cx, bucket, &id).await?;
        let record = UploadRecord {
            bucket: bucket.name.clone(),
            key: key.clone(),
            id: id.clone(),
            initiated_at,
            metadata: options.metadata,
            checksum: options.checksum,
            provider: mode.write(),
        };
        self.ledger.put_value(&note_name(&bucket.name, &id), &note(&record)).await?;
        self.ledger.create_upload(&record).await?;
        Ok(id)
    }

    /// Begins the service's own upload, where it has such.
    async fn begin_mode(&self, cx: &Context, bucket: &Bucket, id: &UploadId) -> Result<Mode, StoreError> {
        if !self.uploads.composes() {
            if let Some(upload) = self.create_xml(cx, bucket.name.as_str(), &whole_of(id)).await? {
                return Ok(Mode::Xml(upload));
            }
            tracing::info!("the endpoint has no uploads in parts of its own; parts are composed");
            self.uploads.compose_from_now_on();
        }
        Ok(Mode::Compose)
    }
}
