use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartsPage, PutOutcome, StoreError, UploadId,
    UploadPage, UploadRef,
};
use types::{Body, Context, ExpectedChecksum, ExpectedDigests, ObjectKey};

use crate::{Router, copy};

#[async_trait]
impl MultipartStore for Router {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.home(&bucket.name).create_upload(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.home(&upload.bucket.name).put_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let target = self.home(&upload.bucket.name);
        if self.are_together(&source.bucket.name, &upload.bucket.name) {
            return target.copy_part(cx, source, upload, number, options).await;
        }
        let begun = target.list_parts(cx, upload, ListParts { after: 0, limit: 0 }).await?.upload;
        let checksum = begun
            .checksum
            .map_or(ExpectedChecksum::Default, |checksum| ExpectedChecksum::Compute(checksum.algorithm));
        let body = copy::open_range(cx, self.home(&source.bucket.name), source, options.range).await?;
        let expected = ExpectedDigests { content_md5: None, checksum };
        target.put_part(cx, upload, number, body, PartOptions { expected }).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.home(&upload.bucket.name).complete_upload(cx, upload, parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.home(&upload.bucket.name).abort_upload(cx, upload).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.home(&bucket.name).list_uploads(cx, bucket, options).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.home(&upload.bucket.name).list_parts(cx, upload, page).await
    }
}
