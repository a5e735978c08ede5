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
        at.store().create_upload(cx, &at.bucket, &at.to_write(key)?, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let at = self.upload_place(upload)?;
        at.place.store().put_part(cx, at.upload(upload.id), number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let (from, at) = (self.place(&source.bucket)?, self.upload_place(upload)?);
        let source = inward(&from, source)?;
        let (target, upload) = (at.place.store(), at.upload(upload.id));
        if from.is_with(&at.place) {
            return target.copy_part(cx, &source, upload, number, options).await;
        }
        let begun = target.list_parts(cx, upload, ListParts { after: 0, limit: 0 }).await?.upload;
        let checksum = begun
            .checksum
            .map_or(ExpectedChecksum::Default, |checksum| ExpectedChecksum::Compute(checksum.algorithm));
        let _running = self.copies.acquire().await.expect("the semaphore is never closed");
        let body = copy::open_range(cx, from.store(), &source, options.range).await?;
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
        let at = self.upload_place(upload)?;
        at.place.store().complete_upload(cx, at.upload(upload.id), parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        let at = self.upload_place(upload)?;
        at.place.store().abort_upload(cx, at.upload(upload.id)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let at = self.place(bucket)?;
        let space = at.home.space();
        let after = space.position(&options.prefix, options.after);
        let options = ListUploads { prefix: space.text(&options.prefix), after, ..options };
        space.uploads(at.store().list_uploads(cx, &at.bucket, options).await?)
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let at = self.upload_place(upload)?;
        at.place.store().list_parts(cx, at.upload(upload.id), page).await
    }
}

/// Where an upload is, and its key there.
struct UploadPlace<'a> {
    place: Place<'a>,
    key: ObjectKey,
}

impl UploadPlace<'_> {
    fn upload<'a>(&'a self, id: &'a UploadId) -> UploadRef<'a> {
        UploadRef { bucket: &self.place.bucket, key: &self.key, id }
    }
}

impl Router {
    fn upload_place<'a>(&'a self, upload: UploadRef<'a>) -> Result<UploadPlace<'a>, StoreError> {
        let place = self.place(upload.bucket)?;
        let key = place.to_write(upload.key)?;
        Ok(UploadPlace { place, key })
    }
}
