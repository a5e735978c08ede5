use std::sync::atomic::Ordering;

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions,
    CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome, DeleteTarget,
    ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage, PutOptions,
    PutOutcome, StoreError, Support, UploadId, UploadPage, UploadRef, VersionPage, Versioning,
};
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

use crate::S3Store;
use crate::probe::Trait;
use crate::store::buckets::{NO_BUCKET_TAGS, NO_VERSIONING};
use crate::store::parts::NO_PART_LISTING;

const NO_ODD_KEYS: &str = "the service that holds the data refuses some keys that S3 takes";
const NO_CLASSES: &str = "the service that holds the data does not know every storage class";
const NO_CHECKSUMS: &str = "the service that holds the data does not keep checksums of every algorithm";
const HEADERS_ONLY: &str = "the service that holds the data takes metadata as HTTP headers";
const NOT_PINNED: &str = "without versions an object that is replaced is gone";
const SECONDS: &str = "a service tells the time of a write only when the object is read, in whole seconds";
const OWN_IDENTITY: &str = "a service computes identities itself";
const NAMES_ONLY: &str = "a service knows buckets by their names only";
const NOT_REPEATED: &str = "a service need not answer a completion twice";

#[async_trait]
impl BucketStore for S3Store {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.0.create_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.0.bucket(cx, name).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.0.update_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.0.delete_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.0.list_buckets(cx, options).await
    }
}

fn unless(lacks: bool, why: &'static str) -> Support {
    if lacks { Support::No(why) } else { Support::Yes }
}

#[async_trait]
impl ObjectStore for S3Store {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let lacks = &self.0.lacks;
        let [conditional_put, conditional_copy, conditional_delete] =
            self.0.supports_conditions(&bucket.name);
        Capabilities {
            conditional_put,
            conditional_copy,
            conditional_delete,
            versioning: unless(lacks.versioning.load(Ordering::Relaxed), NO_VERSIONING),
            any_key: unless(self.0.probes.lacks(Trait::OddKeys), NO_ODD_KEYS),
            storage_classes: unless(self.0.probes.lacks(Trait::Classes), NO_CLASSES),
            checksums: unless(!self.0.probes.keeps_checksums(), NO_CHECKSUMS),
            any_metadata: Support::No(HEADERS_ONLY),
            bucket_tags: unless(lacks.bucket_tags.load(Ordering::Relaxed), NO_BUCKET_TAGS),
            open_outlives_overwrite: unless(bucket.versioning != Versioning::Enabled, NOT_PINNED),
            exact_times: Support::No(SECONDS),
            supplied_identity: Support::No(OWN_IDENTITY),
            part_listing: Support::No(NO_PART_LISTING),
            bucket_identity: Support::No(NAMES_ONLY),
            repeated_completion: Support::No(NOT_REPEATED),
            ..Capabilities::ALL
        }
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.put(cx, bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.0.open(cx, bucket, key, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.0.head(cx, bucket, key, options).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.0.parts(cx, bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.0.delete(cx, bucket, key, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.0.delete_many(cx, bucket, targets).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.copy(cx, source, bucket, key, options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.0.set_tags(cx, bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.0.list(cx, bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.0.list_versions(cx, bucket, options).await
    }
}

#[async_trait]
impl MultipartStore for S3Store {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.0.create_upload(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.put_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.copy_part(cx, source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.complete_upload(cx, upload, parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.0.abort_upload(cx, upload).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.0.list_uploads(cx, bucket, options).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.0.list_parts(cx, upload, page).await
    }
}
