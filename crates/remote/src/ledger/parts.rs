use store::{ListParts, StoreError};

use super::{Ledger, PartRecord, UploadRecord};

impl Ledger {
    /// Records a part and returns the one of that number that it replaces.
    ///
    /// # Errors
    /// `Missing(Upload)` where the upload is gone; failures of the engine.
    pub async fn put_part(
        &self,
        _upload: &UploadRecord,
        _part: &PartRecord,
    ) -> Result<Option<PartRecord>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Parts in order of number, and whether there are more.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn parts(
        &self,
        _upload: &UploadRecord,
        _page: ListParts,
    ) -> Result<(Vec<PartRecord>, bool), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Parts of these numbers, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn parts_numbered(
        &self,
        _upload: &UploadRecord,
        _numbers: &[u32],
    ) -> Result<Vec<Option<PartRecord>>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }
}
