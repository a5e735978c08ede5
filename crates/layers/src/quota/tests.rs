use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{
    BucketUpdate, CompleteOptions, CompletedPart, CreateUploadOptions, Missing, PartOptions, PutOptions,
    StoreErrorKind, UploadId, UploadRef, Versioning,
};
use tokio::sync::Notify;
use types::{Body, CanonicalId, Ceiling, Context, ObjectKey, Owner, Random, TagSet};

use super::*;
use crate::StoreOperation;

struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// A store that lists nothing; why.
struct Unlisted(fn() -> StoreErrorKind);

impl Hook for Unlisted {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        match call.operation {
            StoreOperation::List => Err(StoreError::with_source((self.0)(), "list", "by its own account")),
            _ => run(sent).await,
        }
    }
}

/// A store that keeps the answers to one operation back.
struct Late {
    operation: StoreOperation,
    has_done: Notify,
    goes_on: Notify,
}

impl Hook for Late {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let answer = run(sent).await;
        if call.operation == self.operation {
            self.has_done.notify_one();
            self.goes_on.notified().await;
        }
        answer
    }
}

fn native() -> SharedStore {
    let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
    Arc::new(NativeStore::new(Arc::new(meta), Arc::new(blobs), NativeOptions::new(Arc::new(Zeros))))
}

async fn make_bucket(store: &SharedStore) -> Bucket {
    let name = BucketName::new("bucket").unwrap();
    let owner = Owner { id: CanonicalId::from_text("00"), display_name: "o".into() };
    store.create_bucket(&Context::background(), &name, &owner, &TagSet::default()).await.unwrap()
}

async fn put_refused(why: fn() -> StoreErrorKind) -> StoreError {
    let unlisted = Hooked::shared(native(), Arc::new(Unlisted(why)));
    let options = QuotaOptions { bytes: Some(1), objects: None };
    let store = Quota::new(options).unwrap().wrap(unlisted);
    let (cx, bucket) = (Context::background(), make_bucket(&store).await);
    let (key, body) = (ObjectKey::new("k").unwrap(), Body::from_bytes(vec![7].into()));
    store.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap_err()
}

#[tokio::test]
async fn a_write_is_told_why_its_bucket_cannot_be_counted() {
    let denied = put_refused(|| StoreErrorKind::Denied).await;
    assert!(matches!(denied.kind, StoreErrorKind::Denied), "{denied}");
    let unsupported = put_refused(|| StoreErrorKind::Unsupported("no listings")).await;
    assert!(matches!(unsupported.kind, StoreErrorKind::Unsupported("no listings")), "{unsupported}");
    for why in [|| StoreErrorKind::Internal, || StoreErrorKind::Unavailable] {
        let passing = put_refused(why).await;
        assert!(matches!(passing.kind, StoreErrorKind::Unavailable), "{passing}");
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(&passing);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        assert_eq!(causes.len(), 2, "{causes:?}");
        assert_eq!(causes[1], "by its own account");
    }
}

/// An upload with a part of 100 bytes, to a store that keeps answers back.
struct Uploaded {
    late: Arc<Late>,
    quota: Quota,
    store: SharedStore,
    bucket: Bucket,
    key: ObjectKey,
    id: UploadId,
    parts: Vec<CompletedPart>,
}

impl Uploaded {
    async fn new(versioning: Versioning, operation: StoreOperation) -> Self {
        let late = Arc::new(Late { operation, has_done: Notify::new(), goes_on: Notify::new() });
        let quota = Quota::new(QuotaOptions { bytes: Some(100), objects: None }).unwrap();
        let store = quota.wrap(Hooked::shared(native(), late.clone()));
        let (cx, key) = (Context::background(), ObjectKey::new("k").unwrap());
        let mut bucket = make_bucket(&store).await;
        if versioning != Versioning::Off {
            let update = BucketUpdate::Versioning(versioning);
            bucket = store.update_bucket(&cx, &bucket, update).await.unwrap();
        }
        let id = store.create_upload(&cx, &bucket, &key, CreateUploadOptions::default()).await.unwrap();
        let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
        let (body, options) = (Body::from_bytes(vec![7; 100].into()), PartOptions::default());
        let part = store.put_part(&cx, upload, 1, body, options).await.unwrap();
        let parts = vec![CompletedPart { number: 1, etag: part.etag, checksum: part.checksum }];
        Self { late, quota, store, bucket, key, id, parts }
    }

    fn upload(&self) -> UploadRef<'_> {
        UploadRef { bucket: &self.bucket, key: &self.key, id: &self.id }
    }

    async fn complete(&self) {
        let (cx, options) = (Context::background(), CompleteOptions::default());
        self.store.complete_upload(&cx, self.upload(), self.parts.clone(), options).await.unwrap();
    }
}

#[tokio::test]
async fn an_abort_between_a_completion_and_its_answer_takes_nothing_from_the_account() {
    for versioning in [Versioning::Off, Versioning::Enabled] {
        let uploaded = Uploaded::new(versioning, StoreOperation::CompleteUpload).await;
        let aborting = async {
            uploaded.late.has_done.notified().await;
            let aborted = uploaded.store.abort_upload(&Context::background(), uploaded.upload()).await;
            let aborted = aborted.unwrap_err();
            assert!(matches!(aborted.kind, StoreErrorKind::Missing(Missing::Upload)), "{aborted}");
            uploaded.late.goes_on.notify_one();
        };
        tokio::join!(uploaded.complete(), aborting);
        assert_eq!(uploaded.quota.usage()[0].1, Usage { bytes: 100, objects: 1 });
    }
}

#[tokio::test]
async fn a_completion_whose_client_left_is_counted_when_it_is_repeated() {
    for versioning in [Versioning::Off, Versioning::Enabled] {
        let uploaded = Uploaded::new(versioning, StoreOperation::CompleteUpload).await;
        tokio::select! {
            () = uploaded.complete() => panic!("its answer is kept back"),
            () = uploaded.late.has_done.notified() => {}
        }
        uploaded.late.goes_on.notify_one();
        uploaded.complete().await;
        let used = uploaded.quota.usage()[0].1;
        assert!(used.bytes >= 100 && used.objects >= 1, "{used:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_abort_whose_client_left_gives_room_back_when_it_matters() {
    let uploaded = Uploaded::new(Versioning::Off, StoreOperation::AbortUpload).await;
    let (cx, store) = (Context::background(), &uploaded.store);
    tokio::select! {
        _ = store.abort_upload(&cx, uploaded.upload()) => panic!("its answer is kept back"),
        () = uploaded.late.has_done.notified() => {}
    }
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let (body, options) = (Body::from_bytes(vec![7; 100].into()), PutOptions::default());
    store.put(&cx, &uploaded.bucket, &uploaded.key, body, options).await.unwrap();
    assert_eq!(uploaded.quota.usage()[0].1, Usage { bytes: 100, objects: 1 });
}
