use std::sync::Arc;

use remote::UploadRecord;
use store::{Bucket, CreateUploadOptions, StoreError, UploadId};
use types::{Context, ObjectKey};

use super::{UploadState, write};
use crate::api::NewFile;
use crate::drive::Drive;

const OPERATION: &str = "create upload";

impl Drive {
    /// Begins an upload. Its folders are made when it is completed, so that one that is given up leaves none behind.
    pub(crate) async fn create_upload(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        let place = self.place(bucket, key);
        let (_, segment) = crate::tree::split(key.as_str());
        let name = crate::names::steps(segment).pop().map(|step| step.name).unwrap_or_default();
        let file = NewFile { parent: place.folder, name: &name, size_bytes: 0 };
        let begun = self.api.begin(cx, place.lane, file).await;
        let drive = self.or_missing_bucket(cx, &place, begun, OPERATION).await?;
        let initiated_at = self.now();
        let record = UploadRecord {
            bucket: bucket.name.clone(),
            key: key.clone(),
            id: UploadRecord::issue_id(initiated_at, &*self.random),
            initiated_at,
            metadata: options.metadata,
            checksum: options.checksum,
            provider: write(&UploadState { drive: drive.clone(), completing: None }, OPERATION)?,
        };
        if let Err(error) = self.ledger.create_upload(&record).await {
            self.give_up(cx, &place, &drive).await;
            return Err(error);
        }
        Ok(record.id)
    }
}
