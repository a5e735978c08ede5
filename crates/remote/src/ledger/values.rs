use store::StoreError;

use super::Ledger;

impl Ledger {
    /// A value of the provider's own: what a probe found, work to be done.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn value(&self, _name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Keeps a value under a name of at most 2,048 bytes.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn put_value(&self, _name: &str, _value: Vec<u8>) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Forgets a value.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_value(&self, _name: &str) -> Result<(), StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }

    /// Values whose names begin with `prefix` and lie behind `after`, at most `limit`, in byte order of names.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn values(
        &self,
        _prefix: &str,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Err(store::StoreError::new(store::StoreErrorKind::Internal, "ledger"))
    }
}
