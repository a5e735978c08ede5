use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartsPage, PutOutcome, StoreError, UploadId,
    UploadPage, UploadRef,
};
use types::{Body, Context, ObjectKey};

use super::Cached;

#[async_trait]
impl MultipartStore for Cached {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.0.pass(cx, self.0.inner.create_upload(cx, bucket, key, options)).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.pass(cx, self.0.inner.put_part(cx, upload, number, body, options)).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.pass(cx, self.0.inner.copy_part(cx, source, upload, number, options)).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let completing = self.0.inner.complete_upload(cx, upload, parts, options);
        self.0.write(cx, upload.bucket, &[upload.key], completing).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.0.pass(cx, self.0.inner.abort_upload(cx, upload)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.0.pass(cx, self.0.inner.list_uploads(cx, bucket, options)).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.0.pass(cx, self.0.inner.list_parts(cx, upload, page)).await
    }
}
