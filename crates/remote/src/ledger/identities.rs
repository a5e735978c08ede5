use meta::Commit;
use store::StoreError;
use types::{BucketName, ObjectKey};

use super::rows::check_provider;
use super::{IdentityRecord, Ledger, error, keys};

/// The longest name that a provider gives to a version, in bytes.
const VERSION_MAX_BYTES: usize = 1024;

impl Ledger {
    /// Keeps an object's identity under the provider's version of it, at most 1,024 bytes of text, replacing that of an
    /// earlier version.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn put_identity(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        provider_version: &str,
        record: &IdentityRecord,
    ) -> Result<(), StoreError> {
        check_provider(&record.provider)?;
        if provider_version.len() > VERSION_MAX_BYTES {
            return Err(error::misuse("a provider's version is over its limit"));
        }
        let mut commit = Commit::default();
        commit.put(keys::identity(bucket, key), record.encode(provider_version));
        self.commit(commit).await
    }

    /// The identity of an object, if it is of this version: `None` where the object was changed behind our back.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn identity(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        provider_version: &str,
    ) -> Result<Option<IdentityRecord>, StoreError> {
        match self.row(&keys::identity(bucket, key)).await? {
            Some(row) => Ok(IdentityRecord::decode(&row.value, provider_version)?),
            None => Ok(None),
        }
    }

    /// As [`Ledger::identity`] for many keys with their versions, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn identities(
        &self,
        bucket: &BucketName,
        objects: &[(ObjectKey, String)],
    ) -> Result<Vec<Option<IdentityRecord>>, StoreError> {
        let keys: Vec<_> = objects.iter().map(|(key, _)| keys::identity(bucket, key)).collect();
        let rows = self.rows(&keys).await?;
        rows.iter()
            .zip(objects)
            .map(|(row, (_, version))| match row {
                Some(row) => Ok(IdentityRecord::decode(&row.value, version)?),
                None => Ok(None),
            })
            .collect()
    }

    /// Forgets an object's identity.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_identity(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.delete(keys::identity(bucket, key));
        self.commit(commit).await
    }
}
