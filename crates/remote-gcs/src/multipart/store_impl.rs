use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartSummary, PartsPage, PutOutcome, StoreError,
    UploadId, UploadInfo, UploadPage, UploadRef,
};
use types::{Body, Context, ObjectKey};

use super::staging::Mode;
use crate::store::GcsStore;

impl GcsStore {
    pub(super) async fn abort(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        let _turn = self.uploads.turns.take(upload.id).await;
        let record = self.ledger.upload(upload).await?;
        let mode = Mode::read(&record.provider)?;
        self.ledger.remove_upload(&record).await?;
        self.clean(cx, &upload.bucket.name, upload.id, &mode).await;
        Ok(())
    }
}

#[async_trait]
impl MultipartStore for GcsStore {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.create(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.put_one_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.copy_one_part(cx, source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.complete(cx, upload, &parts, &options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.abort(cx, upload).await
    }

    async fn list_uploads(
        &self,
        _: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.ledger.list_uploads(&bucket.name, options).await
    }

    async fn list_parts(
        &self,
        _: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let (parts, more) = self.ledger.parts(&record, page).await?;
        let summary = |part: remote::PartRecord| PartSummary {
            number: part.number,
            size_bytes: part.size_bytes,
            outcome: PartOutcome { etag: part.etag, checksum: part.checksum, modified_at: part.modified_at },
        };
        let upload = UploadInfo {
            initiated_at: record.initiated_at,
            metadata: record.metadata,
            checksum: record.checksum,
        };
        Ok(PartsPage { upload, parts: parts.into_iter().map(summary).collect(), more })
    }
}
