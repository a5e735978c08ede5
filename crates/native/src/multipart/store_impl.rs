use crate::NativeStore;
use async_trait::async_trait;
use store::*;
use types::{Body, Context, ObjectKey};

#[async_trait]
impl MultipartStore for NativeStore {
    async fn create_upload(
        &self,
        _: &Context,
        _b: &Bucket,
        _k: &ObjectKey,
        _o: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        Err(soon())
    }
    async fn put_part(
        &self,
        _: &Context,
        _u: UploadRef<'_>,
        _n: u32,
        _b: Body,
        _o: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        Err(soon())
    }
    async fn copy_part(
        &self,
        _: &Context,
        _s: &CopySource,
        _u: UploadRef<'_>,
        _n: u32,
        _o: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        Err(soon())
    }
    async fn complete_upload(
        &self,
        _: &Context,
        _u: UploadRef<'_>,
        _p: Vec<CompletedPart>,
        _o: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        Err(soon())
    }
    async fn abort_upload(&self, _: &Context, _u: UploadRef<'_>) -> Result<(), StoreError> {
        Err(soon())
    }
    async fn list_uploads(
        &self,
        _: &Context,
        _b: &Bucket,
        _o: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        Err(soon())
    }
    async fn list_parts(
        &self,
        _: &Context,
        _u: UploadRef<'_>,
        _p: ListParts,
    ) -> Result<PartsPage, StoreError> {
        Err(soon())
    }
}
fn soon() -> StoreError {
    StoreError::new(StoreErrorKind::Unsupported("uploads in parts"), "upload")
}
