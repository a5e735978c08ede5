use store::{ListUploads, StoreError, UploadPage, UploadRef};
use types::{BucketName, Timestamp};

use super::{Ledger, UploadRecord};

impl Ledger {
    /// Records an upload.
    ///
    /// # Errors
    /// `Internal` where the id is not one that [`UploadRecord::issue_id`] gave for that moment; failures of the engine.
    pub async fn create_upload(&self, _record: &UploadRecord) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// An upload.
    ///
    /// # Errors
    /// `Missing(Upload)`; failures of the engine.
    pub async fn upload(&self, _upload: UploadRef<'_>) -> Result<UploadRecord, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Replaces an upload's record if it still is `expected`; says whether it was.
    ///
    /// # Errors
    /// `Missing(Upload)`; failures of the engine.
    pub async fn replace_upload(
        &self,
        _expected: &UploadRecord,
        _record: &UploadRecord,
    ) -> Result<bool, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Forgets an upload and its parts. Nothing happens where there is none.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_upload(&self, _record: &UploadRecord) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Forgets an upload and its parts, and keeps `outcome`, the provider's own, under its id for a day, so that repeating the completion can be answered.
    ///
    /// # Errors
    /// `Missing(Upload)` where it is gone already; failures of the engine.
    pub async fn finish_upload(&self, _record: &UploadRecord, _outcome: Vec<u8>) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// What [`Ledger::finish_upload`] kept of an upload.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn finished_upload(&self, _upload: UploadRef<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// One page of unfinished uploads, by key in byte order, then oldest first.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn list_uploads(
        &self,
        _bucket: &BucketName,
        _options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Uploads of all buckets begun before `moment`, at most `limit`.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn uploads_older_than(
        &self,
        _moment: Timestamp,
        _limit: usize,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Ends what was interrupted: rows of uploads that were removed, outcomes past their day. For starts and now and then.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn tidy(&self, _now: Timestamp) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }
}
