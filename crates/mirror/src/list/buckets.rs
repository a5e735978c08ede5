use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use store::{Bucket, BucketPage, ListBuckets, StoreError, StoreErrorKind};
use tokio::time::timeout;
use types::{BucketName, Context};

use crate::core::Core;
use crate::read::ANSWER_PATIENCE;

impl Core {
    /// As [`store::BucketStore::list_buckets`].
    ///
    /// Buckets that the journal knows are listed whatever the targets say; those that were there before the mirror come
    /// from the targets that answer.
    pub(crate) async fn buckets_page(
        self: &Arc<Self>,
        cx: &Context,
        options: ListBuckets,
    ) -> Result<BucketPage, StoreError> {
        let (known, more) =
            self.journal.buckets(&options.prefix, options.after.as_deref(), options.limit.max(1)).await?;
        let last = known.last().filter(|_| more).map(|(name, _)| name.clone());
        let mut buckets: Vec<Bucket> = known.iter().map(|(name, record)| record.to_bucket(name)).collect();
        let (names, told_to) = self.names_at_targets(cx, &options).await;
        for name in names {
            if last.as_ref().is_some_and(|last| name > *last) {
                break;
            }
            if known.iter().all(|(known, _)| *known != name) && !self.is_removed_everywhere(&name).await? {
                match self.bucket_record(cx, &name).await {
                    Ok(bucket) => buckets.push(bucket),
                    Err(error) if cannot_be_taken_over(&error.kind) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        // Behind this a target may have buckets that it did not tell yet.
        buckets.retain(|bucket| told_to.as_ref().is_none_or(|last| bucket.name <= *last));
        buckets.sort_by(|one, other| one.name.cmp(&other.name));
        let more = more || told_to.is_some() || buckets.len() > options.limit;
        buckets.truncate(options.limit);
        Ok(BucketPage { buckets, more })
    }

    /// The names of buckets that targets have, in order, and up to which name all that answer have told theirs, where that
    /// is not all.
    async fn names_at_targets(
        &self,
        cx: &Context,
        options: &ListBuckets,
    ) -> (Vec<BucketName>, Option<BucketName>) {
        let options = &ListBuckets { limit: options.limit.max(1), ..options.clone() };
        let asked = (0..self.targets.len()).filter(|place| !self.health.is_out(*place));
        let asked = asked.map(|place| async move {
            let attempt = self.health.begin(place);
            match timeout(ANSWER_PATIENCE, self.targets[place].store.list_buckets(cx, options.clone())).await
            {
                Ok(Ok(page)) => {
                    attempt.answered();
                    Some(page)
                }
                Ok(Err(error)) => {
                    attempt.refused(&error.kind);
                    None
                }
                Err(_) => {
                    attempt.failed();
                    None
                }
            }
        });
        let pages: Vec<BucketPage> = join_all(asked).await.into_iter().flatten().collect();
        let told_to = pages.iter().filter(|page| page.more).filter_map(|page| page.buckets.last());
        let told_to = told_to.map(|bucket| bucket.name.clone()).min();
        let names = pages.into_iter().flat_map(|page| page.buckets).map(|bucket| bucket.name);
        let names: BTreeSet<BucketName> =
            names.filter(|name| told_to.as_ref().is_none_or(|last| name <= last)).collect();
        (names.into_iter().collect(), told_to)
    }

    /// Whether the mirror has removed the bucket and a target still owes that.
    async fn is_removed_everywhere(&self, name: &BucketName) -> Result<bool, StoreError> {
        for target in &self.targets {
            if self.journal.bucket_debt(target.number, name).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a bucket of a target is none of the mirror's for now: gone meanwhile, not to be taken over while a target before
/// that one is away, or not at all.
const fn cannot_be_taken_over(kind: &StoreErrorKind) -> bool {
    matches!(
        kind,
        StoreErrorKind::Missing(_)
            | StoreErrorKind::Unavailable
            | StoreErrorKind::Unsupported(_)
            | StoreErrorKind::Denied
            | StoreErrorKind::Forbidden(_)
    )
}
