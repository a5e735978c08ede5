use meta::Commit;
use store::StoreError;

use super::error::Sound;
use super::keys::{self, KeyRange};
use super::record::{decode_value, encode_value};
use super::rows::check_provider;
use super::{Ledger, error};

/// The longest name of a value, in bytes.
const NAME_MAX_BYTES: usize = 2048;

impl Ledger {
    /// A value of the provider's own: what a probe found, work to be done.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn value(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.row(&keys::value(name)).await? {
            Some(row) => Ok(Some(decode_value(&row.value).sound()?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps a value of at most [`super::PROVIDER_RECORD_MAX_BYTES`] under a name of at most 2,048 bytes.
    ///
    /// # Errors
    /// `Internal` past these limits; failures of the engine.
    pub async fn put_value(&self, name: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_provider(value)?;
        if name.len() > NAME_MAX_BYTES {
            return Err(error::misuse("the name of a value is over its limit"));
        }
        let mut commit = Commit::default();
        commit.put(keys::value(name), encode_value(value));
        self.commit(commit).await
    }

    /// Forgets a value.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_value(&self, name: &[u8]) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.delete(keys::value(name));
        self.commit(commit).await
    }

    /// Values whose names begin with `prefix` and lie behind `after`, at most `limit`, in byte order of names.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn values(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let mut range = KeyRange::of_prefix(&keys::value(prefix));
        if let Some(after) = after {
            range = range.starting(keys::behind_key(&keys::value(after)));
        }
        let (rows, _) = self.scan(range, limit).await?;
        rows.iter()
            .map(|row| Ok((row.key[1..].to_vec(), decode_value(&row.value).sound()?.to_vec())))
            .collect()
    }
}
