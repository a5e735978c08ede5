use store::StoreError;
use types::{BucketName, ObjectKey};

use super::{IdentityRecord, Ledger};

impl Ledger {
    /// Keeps an object's identity under the provider's version of it, at most 1,024 bytes of text, replacing that of an earlier version.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn put_identity(
        &self,
        _bucket: &BucketName,
        _key: &ObjectKey,
        _provider_version: &str,
        _record: &IdentityRecord,
    ) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// The identity of an object, if it is of this version: `None` where the object was changed behind our back.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn identity(
        &self,
        _bucket: &BucketName,
        _key: &ObjectKey,
        _provider_version: &str,
    ) -> Result<Option<IdentityRecord>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// As [`Ledger::identity`] for many keys with their versions, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn identities(
        &self,
        _bucket: &BucketName,
        _objects: &[(ObjectKey, String)],
    ) -> Result<Vec<Option<IdentityRecord>>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Forgets an object's identity.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_identity(&self, _bucket: &BucketName, _key: &ObjectKey) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }
}
