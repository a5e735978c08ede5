//! A store in memory, and a client that calls every method of the port once.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use blob::MemoryBlobs;
use layers::StoreOperation as Op;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{
    Bucket, BucketUpdate, CompleteOptions, CompletedPart, CopyOptions, CopyPartOptions, CopySource,
    CreateUploadOptions, DeleteOptions, DeleteTarget, Directive, Layer, ListBuckets, ListObjects, ListParts,
    ListUploads, ListVersions, OpenOptions, PartOptions, PutOptions, SharedStore, StoreError, UploadId,
    UploadRef, WriteCondition,
};
use tokio::time::Instant;
use types::{
    Body, BucketName, ByteRange, CanonicalId, Ceiling, Context, ETag, ObjectKey, Owner, Random, TagSet,
};

/// The smallest part of an upload in these stores.
pub(crate) const PART_MIN_BYTES: u64 = 1;
/// The size of what is stored.
pub(crate) const SIZE: usize = 100_000;

/// Numbers that repeat.
pub(crate) struct Counting(AtomicU64);

impl Counting {
    pub(crate) fn from(start: u64) -> Arc<Self> {
        Arc::new(Self(start.into()))
    }
}

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        buffer.iter_mut().zip(number.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

pub(crate) fn native() -> SharedStore {
    let options = NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(Counting::from(1)) };
    let blobs = MemoryBlobs::new(Ceiling::unlimited());
    Arc::new(NativeStore::new(Arc::new(MemoryMeta::default()), Arc::new(blobs), options))
}

pub(crate) fn cx() -> Context {
    Context::background()
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub(crate) fn body(size: usize) -> Body {
    Body::from_bytes(vec![7; size].into())
}

pub(crate) fn owner() -> Owner {
    Owner { id: CanonicalId::from_text("00"), display_name: "o".into() }
}

pub(crate) async fn bucket(store: &SharedStore, name: &str) -> Bucket {
    let name = BucketName::new(name).unwrap();
    store.create_bucket(&cx(), &name, &owner(), &TagSet::default()).await.unwrap()
}

pub(crate) async fn put(store: &SharedStore, bucket: &Bucket, name: &str, size: usize) -> ETag {
    store.put(&cx(), bucket, &key(name), body(size), PutOptions::default()).await.unwrap().etag
}

/// A copy that keeps everything.
pub(crate) fn as_it_is() -> CopyOptions {
    CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    }
}

/// How a call went.
pub(crate) struct Called {
    pub(crate) operation: Op,
    pub(crate) outcome: Result<(), StoreError>,
    pub(crate) took: Duration,
}

/// A store below, and the same store behind a layer.
pub(crate) struct Client {
    pub(crate) below: SharedStore,
    pub(crate) store: SharedStore,
    pub(crate) bucket: Bucket,
    empty: Bucket,
    etag: ETag,
    done: Vec<Called>,
}

impl Client {
    pub(crate) async fn behind(layer: &dyn Layer) -> Self {
        Self::over(native(), |below| layer.wrap(below)).await
    }

    pub(crate) async fn over(below: SharedStore, wrap: impl FnOnce(SharedStore) -> SharedStore) -> Self {
        let (bucket, empty) = (bucket(&below, "bucket").await, bucket(&below, "empty").await);
        let etag = put(&below, &bucket, "there", SIZE).await;
        Self { store: wrap(below.clone()), below, bucket, empty, etag, done: Vec::new() }
    }

    pub(crate) fn source(&self) -> CopySource {
        CopySource {
            bucket: Arc::new(self.bucket.clone()),
            key: key("there"),
            version_id: None,
            etag: self.etag.clone(),
        }
    }

    async fn note<T>(
        &mut self,
        operation: Op,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<T> {
        let begun = Instant::now();
        let (value, outcome) = match call.await {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.done.push(Called { operation, outcome, took: begun.elapsed() });
        value
    }

    /// An upload begun below, with one part.
    async fn upload(&self, name: &str) -> (UploadId, Vec<CompletedPart>) {
        let options = CreateUploadOptions::default();
        let id = self.below.create_upload(&cx(), &self.bucket, &key(name), options).await.unwrap();
        let upload = UploadRef { bucket: &self.bucket, key: &key(name), id: &id };
        let part = self.below.put_part(&cx(), upload, 1, body(SIZE), PartOptions::default()).await.unwrap();
        (id, vec![CompletedPart { number: 1, etag: part.etag, checksum: part.checksum }])
    }

    /// Calls every method once, each with what makes it succeed.
    pub(crate) async fn call_everything(mut self) -> Vec<Called> {
        self.look().await;
        self.write_objects().await;
        self.write_uploads().await;
        self.change_buckets().await;
        self.remove().await;
        let mut called: Vec<_> = self.done.iter().map(|call| call.operation).collect();
        called.sort();
        assert_eq!(called, Op::ALL.map(|(operation, _)| operation), "every call of the port, once");
        self.done
    }

    async fn look(&mut self) {
        let (store, bucket, cx, there) = (self.store.clone(), self.bucket.clone(), cx(), key("there"));
        let buckets = ListBuckets { prefix: String::new(), after: None, limit: 10 };
        let (objects, versions) =
            (ListObjects { limit: 10, ..ListObjects::default() }, ListVersions::default());
        let page = ListParts { after: 0, limit: 10 };
        let (id, _) = self.upload("listed").await;
        let upload_key = key("listed");
        let upload = UploadRef { bucket: &bucket, key: &upload_key, id: &id };
        self.note(Op::Bucket, store.bucket(&cx, &bucket.name)).await;
        self.note(Op::ListBuckets, store.list_buckets(&cx, buckets)).await;
        self.note(Op::Head, store.head(&cx, &bucket, &there, OpenOptions::default())).await;
        self.note(Op::Parts, store.parts(&cx, &bucket, &there, OpenOptions::default(), page)).await;
        self.note(Op::List, store.list(&cx, &bucket, objects)).await;
        self.note(Op::ListVersions, store.list_versions(&cx, &bucket, versions)).await;
        self.note(Op::ListUploads, store.list_uploads(&cx, &bucket, ListUploads::default())).await;
        self.note(Op::ListParts, store.list_parts(&cx, upload, page)).await;
        let opening = store.open(&cx, &bucket, &there, OpenOptions::default());
        match self.note(Op::Open, opening).await {
            Some(opened) => {
                let read = async {
                    let body = opened.content.read(ByteRange::whole(SIZE as u64)).await?;
                    let read = body.collect(SIZE).await;
                    read.map_err(|error| StoreError::new(store::StoreErrorKind::Body(error), "read"))
                };
                self.note(Op::Read, read).await;
            }
            None => {
                let never_opened = StoreError::new(store::StoreErrorKind::Internal, "read");
                self.note(Op::Read, async { Err::<(), _>(never_opened) }).await;
            }
        }
    }

    async fn write_objects(&mut self) {
        let (store, bucket, cx, source) = (self.store.clone(), self.bucket.clone(), cx(), self.source());
        let (there, tags) = (key("there"), TagSet::new(vec![("a".into(), "b".into())], 10).unwrap());
        let putting = store.put(&cx, &bucket, &source.key, body(SIZE), PutOptions::default());
        self.note(Op::Put, putting).await;
        let copied = key("copied");
        self.note(Op::Copy, store.copy(&cx, &source, &bucket, &copied, as_it_is())).await;
        self.note(Op::SetTags, store.set_tags(&cx, &bucket, &there, None, tags)).await;
    }

    async fn write_uploads(&mut self) {
        let (store, bucket, cx, source) = (self.store.clone(), self.bucket.clone(), cx(), self.source());
        let (new, made, dropped) = (key("new"), key("made"), key("dropped"));
        let (made_id, parts) = self.upload("made").await;
        let (dropped_id, _) = self.upload("dropped").await;
        let upload = UploadRef { bucket: &bucket, key: &made, id: &made_id };
        let options = CreateUploadOptions::default();
        self.note(Op::CreateUpload, store.create_upload(&cx, &bucket, &new, options)).await;
        self.note(Op::PutPart, store.put_part(&cx, upload, 2, body(SIZE), PartOptions::default())).await;
        let copying = store.copy_part(&cx, &source, upload, 3, CopyPartOptions::default());
        self.note(Op::CopyPart, copying).await;
        let completing = store.complete_upload(&cx, upload, parts, CompleteOptions::default());
        self.note(Op::CompleteUpload, completing).await;
        let upload = UploadRef { bucket: &bucket, key: &dropped, id: &dropped_id };
        self.note(Op::AbortUpload, store.abort_upload(&cx, upload)).await;
    }

    async fn change_buckets(&mut self) {
        let (store, empty, cx) = (self.store.clone(), self.empty.clone(), cx());
        let (name, tags) = (BucketName::new("made").unwrap(), TagSet::default());
        let update = BucketUpdate::Tags(TagSet::new(vec![("a".into(), "b".into())], 10).unwrap());
        self.note(Op::CreateBucket, store.create_bucket(&cx, &name, &owner(), &tags)).await;
        self.note(Op::UpdateBucket, store.update_bucket(&cx, &empty, update)).await;
        let empty = self.below.bucket(&cx, &empty.name).await.unwrap();
        self.note(Op::DeleteBucket, store.delete_bucket(&cx, &empty)).await;
    }

    async fn remove(&mut self) {
        let (store, bucket, cx) = (self.store.clone(), self.bucket.clone(), cx());
        let copied = DeleteTarget { key: key("copied"), options: DeleteOptions::default() };
        let there = key("there");
        self.note(Op::Delete, store.delete(&cx, &bucket, &there, DeleteOptions::default())).await;
        self.note(Op::DeleteMany, store.delete_many(&cx, &bucket, vec![copied])).await;
    }
}

/// Whether an operation changes something.
pub(crate) fn is_write(operation: Op) -> bool {
    match operation {
        Op::Bucket
        | Op::ListBuckets
        | Op::Open
        | Op::Read
        | Op::Head
        | Op::Parts
        | Op::List
        | Op::ListVersions
        | Op::ListUploads
        | Op::ListParts => false,
        Op::CreateBucket
        | Op::UpdateBucket
        | Op::DeleteBucket
        | Op::Put
        | Op::Delete
        | Op::DeleteMany
        | Op::Copy
        | Op::SetTags
        | Op::CreateUpload
        | Op::PutPart
        | Op::CopyPart
        | Op::CompleteUpload
        | Op::AbortUpload => true,
    }
}

/// What a store holds, as text.
pub(crate) async fn content(store: &SharedStore) -> String {
    use std::fmt::Write;

    let mut text = String::new();
    let buckets = ListBuckets { prefix: String::new(), after: None, limit: 100 };
    for bucket in store.list_buckets(&cx(), buckets).await.unwrap().buckets {
        writeln!(text, "{bucket:?}").unwrap();
        let options = ListVersions { limit: 100, ..ListVersions::default() };
        for entry in store.list_versions(&cx(), &bucket, options).await.unwrap().entries {
            if let store::VersionEntry::Version(version) = &entry {
                let version_id = Some(version.version_id.clone());
                let options = OpenOptions { version_id, ..OpenOptions::default() };
                let head = store.head(&cx(), &bucket, &version.key, options).await;
                writeln!(text, "{entry:?} {head:?}").unwrap();
            }
        }
        let uploads = ListUploads { limit: 100, ..ListUploads::default() };
        for entry in store.list_uploads(&cx(), &bucket, uploads).await.unwrap().entries {
            if let store::UploadEntry::Upload(upload) = &entry {
                let reference = UploadRef { bucket: &bucket, key: &upload.key, id: &upload.upload_id };
                let page = ListParts { after: 0, limit: 100 };
                let parts = store.list_parts(&cx(), reference, page).await.unwrap();
                writeln!(text, "{entry:?} {parts:?}").unwrap();
            }
        }
    }
    text
}
