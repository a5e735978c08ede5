use std::sync::Arc;

use async_trait::async_trait;
use store::{Bucket, BucketPage, BucketStore, BucketUpdate, ListBuckets, StoreError, StoreErrorKind};
use types::{BucketName, Context, Owner, TagSet};

use crate::home::Entry;
use crate::{Home, Router};

#[async_trait]
impl BucketStore for Router {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        if !self.homes.contains_key(name) && self.is_taken(name) {
            return Err(StoreError::new(StoreErrorKind::BucketExists, "create bucket"));
        }
        let Entry { home, port } = self.home(name)?;
        let owner = home.owner.as_ref().unwrap_or(owner);
        let made = port.create_bucket(cx, home.remote_name(name), owner, tags).await?;
        Ok(home.outward(name, made))
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        let Entry { home, port } = self.home(name)?;
        let found = home.outward(name, port.bucket(cx, home.remote_name(name)).await?);
        self.remember(&found);
        Ok(found)
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        let at = self.place(bucket)?;
        let updated = at.port().update_bucket(cx, &at.bucket, update).await?;
        Ok(at.entry.home.outward(&bucket.name, updated))
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let at = self.place(bucket)?;
        at.port().delete_bucket(cx, &at.bucket).await?;
        self.seen.lock().remove(&bucket.name);
        Ok(())
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        let mut after = options.after.clone();
        loop {
            let page = ListBuckets { after: after.clone(), ..options.clone() };
            let page = self.others.port.list_buckets(cx, page).await?;
            let last = page.buckets.last().map(|bucket| bucket.name.as_str().to_owned());
            // Behind the last of a page that has a next one, further buckets of `others` may stand before a home.
            let end = if page.more { last.as_deref() } else { None };
            let mut buckets = self.homes_between(cx, &options, after.as_deref(), end).await?;
            buckets.extend(page.buckets.into_iter().filter(|bucket| self.is_other(&bucket.name)));
            buckets.sort_by(|left, right| left.name.cmp(&right.name));
            let more = page.more || buckets.len() > options.limit;
            buckets.truncate(options.limit);
            if !buckets.is_empty() || !more || options.limit == 0 {
                return Ok(BucketPage { buckets, more });
            }
            after = last;
        }
    }
}

impl Router {
    /// Whether a bucket of the store of all others is one of ours under its own name.
    fn is_other(&self, name: &BucketName) -> bool {
        !self.is_taken(name) && self.homes.get(name).is_none_or(|entry| self.is_plainly_other(&entry.home))
    }

    /// Whether a home is a bucket of the store of all others as that store lists it.
    pub(crate) fn is_plainly_other(&self, home: &Home) -> bool {
        let is_plain = home.remote.is_none() && home.owner.is_none() && !home.is_part();
        is_plain && Arc::ptr_eq(&home.store, &self.others.home.store)
    }
}
