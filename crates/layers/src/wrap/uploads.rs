use async_trait::async_trait;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    ListUploads, MultipartStore, PartOptions, PartOutcome, PartsPage, PutOutcome, StoreError, UploadId,
    UploadPage, UploadRef, WriteCondition,
};
use types::{Body, Context, ObjectKey};

use super::{Call, Change, Hook, Hooked, Once, Repeat, Size, StoreOperation as Operation};

/// A call on an upload.
fn calling<'a>(operation: Operation, cx: &'a Context, upload: UploadRef<'a>) -> Call<'a> {
    Call::looking(operation, cx, Some(&upload.bucket.name), Some(upload.key))
}

#[async_trait]
impl<H: Hook> MultipartStore for Hooked<H> {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        let at = self.hook.space().to_write(key)?;
        let call = Call::looking(Operation::CreateUpload, cx, Some(&bucket.name), Some(key));
        let call = call.changing(Change::NewUpload { bucket, key }, Repeat::Never);
        let mut options = Once::new(options);
        let run = |()| self.inner.create_upload(cx, bucket, &at, options.get::<H>());
        self.hook.around(&call, (), run).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let at = self.hook.space().to_write(upload.key)?;
        let below = UploadRef { key: &at, ..upload };
        let change = Change::Part { upload, number, bytes: Size::Sent(body.length_bytes()) };
        let call = calling(Operation::PutPart, cx, upload).changing(change, Repeat::Never);
        self.hook.around(&call, body, |body| self.inner.put_part(cx, below, number, body, options)).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let space = self.hook.space();
        let (from, at) = (space.source(source)?, space.to_write(upload.key)?);
        let below = UploadRef { key: &at, ..upload };
        let change = Change::Part { upload, number, bytes: Size::Copied(&from, options.range) };
        let call = calling(Operation::CopyPart, cx, upload).changing(change, Repeat::Safe);
        let run = |()| self.inner.copy_part(cx, &from, below, number, options);
        self.hook.around(&call, (), run).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let at = self.hook.space().to_write(upload.key)?;
        let below = UploadRef { key: &at, ..upload };
        let is_safe = options.condition == WriteCondition::Always
            && self.inner.capabilities(upload.bucket).repeated_completion.is_yes();
        let call = calling(Operation::CompleteUpload, cx, upload)
            .changing(Change::Completion(upload), Repeat::when(is_safe));
        let mut given = Once::new((parts, options));
        let run = |()| {
            let (parts, options) = given.get::<H>();
            self.inner.complete_upload(cx, below, parts, options)
        };
        self.hook.around(&call, (), run).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        let at = self.hook.space().to_write(upload.key)?;
        let below = UploadRef { key: &at, ..upload };
        let call = calling(Operation::AbortUpload, cx, upload);
        let call = call.changing(Change::Abort(upload), Repeat::Never);
        self.hook.around(&call, (), |()| self.inner.abort_upload(cx, below)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let space = self.hook.space();
        let call = Call::looking(Operation::ListUploads, cx, Some(&bucket.name), None);
        let after = space.position(&options.prefix, options.after);
        let mut options = Once::new(ListUploads { prefix: space.text(options.prefix), after, ..options });
        let run = |()| self.inner.list_uploads(cx, bucket, options.get::<H>());
        space.uploads(self.hook.around(&call, (), run).await?)
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let at = self.hook.space().to_write(upload.key)?;
        let below = UploadRef { key: &at, ..upload };
        let call = calling(Operation::ListParts, cx, upload);
        self.hook.around(&call, (), |()| self.inner.list_parts(cx, below, page)).await
    }
}
