use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use store::{Bucket, Layer, SharedStore, Slot, StoreError};
use types::{BucketName, Counter};

use crate::OptionError;
use crate::usage::{Account, Below, Limits, Usage, Write};
use crate::wrap::{Answer, Call, Change, Hook, Hooked, Sent};

/// How much each bucket may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuotaOptions {
    /// Bytes of objects, their versions, and parts of unfinished uploads; no limit where `None`.
    pub bytes: Option<u64>,
    /// Objects and their versions, delete markers aside; no limit where `None`.
    pub objects: Option<u64>,
}

impl QuotaOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first one that makes no sense; today each does: with 0 a bucket stays empty.
    pub fn validate(&self) -> Result<(), OptionError> {
        Ok(())
    }
}

/// What a [`Quota`] has counted.
#[derive(Debug, Default)]
pub struct QuotaStats {
    /// Writes refused because there was no room.
    pub refused: Counter,
}

/// Bounds what each bucket holds. A bucket is counted by listing it when it is first written to; from then on own writes are counted exactly as they happen, side by side: overwriting and deleting gives room back,
/// versions and parts of unfinished uploads take room. What others change behind the layer is seen at the next count.
#[derive(Debug, Clone)]
pub struct Quota(Arc<Accounts>);

#[derive(Debug)]
struct Accounts {
    limits: Limits,
    buckets: Mutex<HashMap<BucketName, Arc<Account>>>,
    stats: Arc<QuotaStats>,
}

impl Quota {
    /// A quota of each bucket that it is wrapped around.
    ///
    /// # Errors
    /// As [`QuotaOptions::validate`].
    pub fn new(options: QuotaOptions) -> Result<Self, OptionError> {
        options.validate()?;
        let limits = Limits { bytes: options.bytes, objects: options.objects };
        let (buckets, stats) = (Mutex::default(), Arc::default());
        Ok(Self(Arc::new(Accounts { limits, buckets, stats })))
    }

    /// What it has counted.
    #[must_use]
    pub fn stats(&self) -> &Arc<QuotaStats> {
        &self.0.stats
    }

    /// What each bucket may hold.
    #[must_use]
    pub fn options(&self) -> QuotaOptions {
        let Limits { bytes, objects } = self.0.limits;
        QuotaOptions { bytes, objects }
    }

    /// What each bucket holds that has been counted, writes under way included.
    #[must_use]
    pub fn usage(&self) -> Vec<(BucketName, Usage)> {
        let buckets = self.0.buckets.lock();
        let known = |(name, account): (&BucketName, &Arc<Account>)| Some((name.clone(), account.used()?));
        buckets.iter().filter_map(known).collect()
    }
}

impl Layer for Quota {
    fn name(&self) -> &'static str {
        "quota"
    }

    fn slot(&self) -> Slot {
        Slot::Guard
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        match self.0.limits {
            Limits { bytes: None, objects: None } => inner,
            _ => Hooked::shared(inner.clone(), Arc::new(Kept { accounts: self.0.clone(), inner })),
        }
    }
}

/// One store whose buckets are held to their quota.
struct Kept {
    accounts: Arc<Accounts>,
    inner: SharedStore,
}

impl Hook for Kept {
    const NEEDS_TARGETS: bool = true;

    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        match &call.change {
            Change::Nothing | Change::Settings | Change::Tags => run(sent).await,
            Change::NewBucket | Change::NoBucket => {
                let answer = run(sent).await?;
                self.forget(call);
                Ok(answer)
            }
            Change::NewUpload { bucket, key } => self.write(call, bucket).begin_upload(key, sent, run).await,
            Change::Abort(upload) => self.write(call, upload.bucket).abort(*upload, sent, run).await,
            Change::Completion(upload) => self.write(call, upload.bucket).complete(*upload, sent, run).await,
            Change::Object { bucket, key, bytes } => {
                self.write(call, bucket).put(key, *bytes, sent, run).await
            }
            Change::Part { upload, number, bytes } => {
                self.write(call, upload.bucket).put_part(*upload, *number, *bytes, sent, run).await
            }
            Change::Delete { bucket, key, version_id } => {
                self.write(call, bucket).delete(key, *version_id, sent, run).await
            }
            Change::Deletes { bucket, targets } => {
                self.write(call, bucket).delete_many(targets, sent, run).await
            }
        }
    }
}

impl Kept {
    /// A bucket that was made or removed is another one than before. Some services answer the making of a bucket that is
    /// there as if it had just been made, so it is counted like any other.
    fn forget(&self, call: &Call<'_>) {
        if let Some(name) = call.bucket {
            self.accounts.buckets.lock().remove(name);
        }
    }

    fn write(&self, call: &Call<'_>, bucket: &Bucket) -> Write<'_> {
        let mut buckets = self.accounts.buckets.lock();
        let unknown = || Account::unknown(self.accounts.limits);
        let account = buckets.entry(bucket.name.clone()).or_insert_with(unknown).clone();
        let below = Below { store: self.inner.clone(), bucket: bucket.clone(), cx: call.cx.clone() };
        Write { account, below, refused: &self.accounts.stats.refused }
    }
}

#[cfg(test)]
mod tests;
