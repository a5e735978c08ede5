use store::{Bucket, StoreError, WriteCondition};
use types::Context;

use super::core::Core;
use super::epochs::OwnObject;

/// How far the wrapping of a bucket's epoch keys has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewrapEvent {
    /// So many epoch keys are looked at, for this primary key.
    Begun {
        /// How many.
        total: u64,
        /// The key that they will be wrapped with.
        primary: String,
    },
    /// One epoch key is done.
    Epoch {
        /// How many are done with it.
        done: u64,
        /// How many there are.
        total: u64,
        /// The key that it was wrapped with before; `None` where it was the primary key already.
        from: Option<String>,
    },
}

/// What wrapping a bucket's epoch keys came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewrapReport {
    /// Epoch keys of the bucket, with that of encrypted names.
    pub epochs: u64,
    /// Those that were wrapped again.
    pub rewrapped: u64,
    /// Older versions of them that were removed.
    pub versions_removed: u64,
}

impl Core {
    /// The primary key, and all that is wrapped. No key is made meanwhile; one that is made later is under that primary key,
    /// or one after it.
    async fn wrapped(&self, cx: &Context, bucket: &Bucket) -> Result<(String, Vec<OwnObject>), StoreError> {
        let _closed = self.gates.close(&bucket.name).await;
        Ok((self.epochs.primary().await?, self.epochs.all(cx, bucket).await?))
    }

    /// Wraps what is not wrapped with the primary key, one after the other. Older versions go only once all of that is done.
    pub(super) async fn rewrap(
        &self,
        cx: &Context,
        bucket: &Bucket,
        events: &mut (dyn FnMut(RewrapEvent) + Send),
    ) -> Result<RewrapReport, StoreError> {
        let (primary, stored) = self.wrapped(cx, bucket).await?;
        let total = stored.len() as u64;
        events(RewrapEvent::Begun { total, primary: primary.clone() });
        let mut report = RewrapReport { epochs: total, ..RewrapReport::default() };
        for (done, own) in (1..).zip(stored) {
            let epoch = own.epoch()?;
            let old = epoch.record.key_id.clone();
            let from = (old != primary).then_some(old);
            if from.is_some() {
                let secret = self.epochs.unwrap(bucket, &epoch.record).await?;
                let record = self.epochs.wrap(bucket, epoch.record.id, &primary, &secret).await?;
                let condition = match self.inner.capabilities(bucket).conditional_put.is_yes() {
                    true => WriteCondition::IfMatch(epoch.etag),
                    false => WriteCondition::Always,
                };
                self.epochs.store(cx, bucket, &epoch.key, &record, condition).await?;
                report.rewrapped += 1;
            }
            events(RewrapEvent::Epoch { done, total, from });
        }
        report.versions_removed = self.remove_older(cx, bucket).await?;
        self.epochs.forget(bucket);
        Ok(report)
    }
}
