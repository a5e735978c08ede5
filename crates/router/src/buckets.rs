use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, ListBuckets, Missing, StoreError, StoreErrorKind,
};
use types::{BucketName, Context, Owner, TagSet};

use crate::Router;

#[async_trait]
impl BucketStore for Router {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.home(name).create_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.home(name).bucket(cx, name).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.home(&bucket.name).update_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.home(&bucket.name).delete_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        let mut after = options.after.clone();
        loop {
            let page =
                self.others.list_buckets(cx, ListBuckets { after: after.clone(), ..options.clone() }).await?;
            let last = page.buckets.last().map(|bucket| bucket.name.as_str().to_owned());
            // Behind the last of a page that has a next one, further buckets of `others` may stand before a home.
            let end = if page.more { last.as_deref() } else { None };
            let mut buckets = self.homes_between(cx, &options, after.as_deref(), end).await?;
            // A bucket that is at home elsewhere is not one of ours in `others`.
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
    fn is_other(&self, name: &BucketName) -> bool {
        self.homes.get(name).is_none_or(|home| Arc::ptr_eq(home, &self.others))
    }

    /// The buckets at home elsewhere with names above `after`, up to and with `end`.
    async fn homes_between(
        &self,
        cx: &Context,
        options: &ListBuckets,
        after: Option<&str>,
        end: Option<&str>,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut found = Vec::new();
        for (name, home) in &self.homes {
            let text = name.as_str();
            let is_wanted = text.starts_with(&options.prefix)
                && after.is_none_or(|after| text > after)
                && end.is_none_or(|end| text <= end)
                && !self.is_other(name);
            // One past the limit is enough to know that there are more.
            if !is_wanted || found.len() > options.limit {
                continue;
            }
            match home.bucket(cx, name).await {
                Ok(bucket) => found.push(bucket),
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
