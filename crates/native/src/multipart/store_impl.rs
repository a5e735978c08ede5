use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartsPage, PutOutcome, StoreError, UploadId,
    UploadPage, UploadRef,
};
use types::{Body, Context, ObjectKey};

use crate::NativeStore;

#[async_trait]
impl MultipartStore for NativeStore {
    async fn create_upload(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.0.create_upload(bucket, key, options).await
    }

    async fn put_part(
        &self,
        _: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.put_part(upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        _: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.copy_part(source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        _: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.complete_upload(upload, &parts, &options).await
    }

    async fn abort_upload(&self, _: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.0.abort_upload(upload).await
    }

    async fn list_uploads(
        &self,
        _: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.0.list_uploads(bucket, options).await
    }

    async fn list_parts(
        &self,
        _: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.0.list_parts(upload, page).await
    }
}
