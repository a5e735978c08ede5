use meta::{Commit, Record};
use store::StoreError;
use types::{BucketName, ObjectKey};

use super::error::Sound;
use super::{IdentityRecord, Ledger, error, keys};

/// The longest name that a provider gives to a version, in bytes.
const VERSION_MAX_BYTES: usize = 1024;
/// The most bytes of a provider's own beside an identity: a table of 10,000 parts with their checksums fits.
pub const IDENTITY_PROVIDER_MAX_BYTES: usize = 1024 * 1024;

impl Ledger {
    /// Keeps an object's identity under the provider's version of it, at most 1,024 bytes of text, replacing that of an
    /// earlier version.
    ///
    /// # Errors
    /// `Internal` past the limits; failures of the engine.
    pub async fn put_identity(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        provider_version: &str,
        record: &IdentityRecord,
    ) -> Result<(), StoreError> {
        if provider_version.len() > VERSION_MAX_BYTES || record.provider.len() > IDENTITY_PROVIDER_MAX_BYTES {
            return Err(error::misuse("an identity is over its limit"));
        }
        let (value, apart) = record.encode(provider_version);
        let mut commit = Commit::default();
        commit.put(keys::identity(bucket, key), value);
        match apart {
            Some(apart) => commit.put(keys::identity_apart(bucket, key), apart),
            None => commit.delete(keys::identity_apart(bucket, key)),
        };
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
        let rows = self.rows(&[keys::identity(bucket, key), keys::identity_apart(bucket, key)]).await?;
        let [Some(row), apart] = &rows[..] else { return Ok(None) };
        let apart = apart.as_ref().map(|apart| &*apart.value);
        IdentityRecord::decode(&row.value, apart, provider_version).sound()
    }

    /// As [`Ledger::identity`] for many keys with their versions, in their order, for listings: `provider` is left out where
    /// it is larger than 256 bytes.
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
        let decode = |(row, (_, version)): (&Option<Record>, &(ObjectKey, String))| match row {
            Some(row) => Ok(IdentityRecord::decode(&row.value, None, version).sound()?),
            None => Ok(None),
        };
        rows.iter().zip(objects).map(decode).collect()
    }

    /// Forgets an object's identity.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_identity(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.delete(keys::identity(bucket, key)).delete(keys::identity_apart(bucket, key));
        self.commit(commit).await
    }
}
