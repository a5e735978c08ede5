use remote::UploadRecord;
use store::{Bucket, CreateUploadOptions, StoreError, StoreErrorKind, UploadId};
use types::{Context, ObjectKey};

use crate::encode::{Facts, METADATA_TOO_LARGE, describe, key_refusal};
use crate::store::Azure;

const OPERATION: &str = "create upload";

impl Azure {
    pub(crate) async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        if let Some(why) = key_refusal(key) {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        // What would be refused at the end is refused before the first part is sent.
        if describe(&options.metadata, &Facts::default()).is_none() {
            return Err(StoreError::new(StoreErrorKind::Unsupported(METADATA_TOO_LARGE), OPERATION));
        }
        let _writing = self.gates.write(&bucket.name).await;
        self.hold_bucket(bucket, OPERATION).await?;
        self.prepare_staging(cx).await.map_err(|failure| failure.into_store(OPERATION))?;
        let now = self.clock.now();
        let record = UploadRecord {
            bucket: bucket.name.clone(),
            key: key.clone(),
            id: UploadRecord::issue_id(now, &*self.random),
            initiated_at: now,
            metadata: options.metadata,
            checksum: options.checksum,
            provider: Vec::new(),
        };
        self.ledger.create_upload(&record).await?;
        Ok(record.id)
    }
}
