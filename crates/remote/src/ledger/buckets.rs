use store::StoreError;
use types::BucketName;

use super::{BucketRecord, Ledger};

impl Ledger {
    /// What is known of a bucket; `None` where nothing was recorded.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn bucket_record(&self, _name: &BucketName) -> Result<Option<BucketRecord>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// As [`Ledger::bucket_record`] for many, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn bucket_records(
        &self,
        _names: &[BucketName],
    ) -> Result<Vec<Option<BucketRecord>>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Records a bucket, replacing what was recorded.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn put_bucket(&self, _name: &BucketName, _record: &BucketRecord) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Changes a bucket's record, beginning with `unrecorded` where there is none; returns the new one. Atomic: `change` is called again where another change came first.
    ///
    /// # Errors
    /// `Conflict` after many such races; failures of the engine.
    pub async fn update_bucket(
        &self,
        _name: &BucketName,
        _unrecorded: BucketRecord,
        _change: impl Fn(&mut BucketRecord) + Send,
    ) -> Result<BucketRecord, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Forgets a bucket with all identities, uploads and parts in it.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_bucket(&self, _name: &BucketName) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }
}
