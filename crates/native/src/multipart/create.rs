use std::borrow::Cow;

use meta::{Check, Commit};
use store::{Bucket, CreateUploadOptions, StoreError, StoreErrorKind, UploadId};
use types::ObjectKey;

use crate::ids::UploadNumber;
use crate::keys;
use crate::native::Native;
use crate::publish::{ATTEMPTS_MAX, bucket_check};
use crate::record::{UploadRecord, UploadState};

const OPERATION: &str = "create upload";

impl Native {
    pub(crate) async fn create_upload(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        let number =
            UploadNumber { initiated_nanos: self.now().as_nanos(), random: self.options.random.next_u64() };
        let row = keys::upload(bucket, key.as_str(), number);
        let record = UploadRecord {
            parts: self.new_id(),
            state: UploadState::Open,
            checksum: options.checksum,
            metadata: options.metadata,
        };
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..ATTEMPTS_MAX {
            let mut commit = Commit::default();
            commit.check(bucket_check(&bucket)).check(Check::Absent(row.clone()));
            commit.put(row.clone(), record.encode());
            if self.commit_change(commit, OPERATION).await? {
                return Ok(number.id());
            }
            self.renew_bucket(&mut bucket, OPERATION).await?;
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }
}
