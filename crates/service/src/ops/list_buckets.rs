use s3_model::limits::BUCKET_PAGE_MAX;
use s3_model::{ErrorCode, ListBucketsInput, ListBucketsOutput, ListedBucket, S3Error};
use store::{Bucket, ListBuckets};
use types::Context;

use crate::limits::BUCKET_STEP;
use crate::{Admitted, Service};

impl Service {
    /// ListBuckets: those that the caller may see, in order of name.
    pub(crate) async fn list_buckets(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListBucketsInput,
    ) -> Result<ListBucketsOutput, S3Error> {
        let owner = admitted.who().owner().ok_or(ErrorCode::AccessDenied)?.clone();
        let shown_region = self.settings.shown_region();
        let paged = input.max_buckets.is_some() || input.bucket_region.is_some();
        let max = input.max_buckets.unwrap_or(BUCKET_PAGE_MAX).min(BUCKET_PAGE_MAX) as usize;
        let mut visible = match &input.bucket_region {
            Some(region) if region != shown_region => Vec::new(),
            _ => self.visible_buckets(cx, admitted, &input, max).await?,
        };
        let more = visible.len() > max;
        visible.truncate(max);
        let next_after =
            if more { visible.last().map(|bucket| bucket.name.as_str().to_owned()) } else { None };
        let buckets = visible
            .into_iter()
            .map(|bucket| ListedBucket { name: bucket.name, created_at: bucket.created_at })
            .collect();
        let region = paged.then(|| shown_region.to_owned());
        Ok(ListBucketsOutput { owner, buckets, prefix: input.prefix, region, next_after })
    }

    /// The first `max` buckets that the caller may see, and one more where there is one.
    async fn visible_buckets(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &ListBucketsInput,
        max: usize,
    ) -> Result<Vec<Bucket>, S3Error> {
        let mut visible = Vec::new();
        let mut after = input.after.clone();
        loop {
            let prefix = input.prefix.clone().unwrap_or_default();
            let options = ListBuckets { prefix, after, limit: BUCKET_STEP };
            let page = self.store.list_buckets(cx, options).await;
            let page = page.map_err(|error| admitted.subject().error(cx, error))?;
            after = page.buckets.last().map(|bucket| bucket.name.as_str().to_owned());
            let seen =
                page.buckets.into_iter().filter(|bucket| iam::lists_bucket(admitted.who(), &bucket.owner));
            visible.extend(seen.take(max + 1 - visible.len()));
            if visible.len() > max || !page.more || after.is_none() {
                return Ok(visible);
            }
        }
    }
}
