use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartsPage, PutOutcome, StoreError, UploadId,
    UploadPage, UploadRef,
};
use types::{Body, Context, ExpectedChecksum, ExpectedDigests, ObjectKey};

use crate::objects::inward;
use crate::router::Place;
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
        let at = self.place(bucket)?;
        at.port().create_upload(cx, &at.bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let at = self.place(upload.bucket)?;
        at.port().put_part(cx, at.upload(upload), number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let (from, at) = (self.place(&source.bucket)?, self.place(upload.bucket)?);
        let source = inward(&from, source);
        if let Some(store) = from.shared_store(&at) {
            let (source, key) = (from.space().source(&source)?, at.space().to_write(upload.key)?);
            let upload = UploadRef { bucket: &at.bucket, key: &key, id: upload.id };
            return store.copy_part(cx, &source, upload, number, options).await;
        }
        let (target, upload) = (at.port(), at.upload(upload));
        let begun = target.list_parts(cx, upload, ListParts { after: 0, limit: 0 }).await?.upload;
        let checksum = begun
            .checksum
            .map_or(ExpectedChecksum::Default, |checksum| ExpectedChecksum::Compute(checksum.algorithm));
        let _running = self.copies.acquire().await.expect("the semaphore is never closed");
        let body = copy::open_range(cx, from.port(), &source, options.range).await?;
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
        let at = self.place(upload.bucket)?;
        at.port().complete_upload(cx, at.upload(upload), parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        let at = self.place(upload.bucket)?;
        at.port().abort_upload(cx, at.upload(upload)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let at = self.place(bucket)?;
        at.port().list_uploads(cx, &at.bucket, options).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let at = self.place(upload.bucket)?;
        at.port().list_parts(cx, at.upload(upload), page).await
    }
}

impl Place<'_> {
    /// An upload as the store of its bucket knows it.
    fn upload<'a>(&'a self, upload: UploadRef<'a>) -> UploadRef<'a> {
        UploadRef { bucket: &self.bucket, ..upload }
    }
}
