//! The observing layer sees every call, its outcome and its bytes.

use std::sync::Arc;

use blob::MemoryBlobs;
use layers::{Observe, StoreOperation};
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{Layer, OpenOptions, PutOptions, SharedStore, WriteCondition};
use types::{
    Body, BodyError, BodyStream, BucketName, ByteRange, CanonicalId, Ceiling, Context, Frame, ObjectKey,
    Owner, Random, TagSet,
};

struct Zero;

impl Random for Zero {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

struct Stalled;

impl BodyStream for Stalled {
    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame, BodyError>>> {
        std::task::Poll::Pending
    }
}

fn counts(observe: &Observe, operation: StoreOperation) -> [u64; 4] {
    let stats = observe.stats().of(operation);
    [&stats.done, &stats.refused, &stats.failed, &stats.dropped].map(types::Counter::get)
}

#[tokio::test]
async fn calls_are_counted_by_operation_and_outcome() {
    let blobs = MemoryBlobs::new(Ceiling::unlimited());
    let options = NativeOptions::new(Arc::new(Zero));
    let inner: SharedStore =
        Arc::new(NativeStore::new(Arc::new(MemoryMeta::default()), Arc::new(blobs), options));
    let observe = Observe::new();
    let (store, cx) = (observe.wrap(inner), Context::background());
    let (name, key) = (BucketName::new("bucket").unwrap(), ObjectKey::new("k").unwrap());
    let owner = Owner { id: CanonicalId::from_text("00"), display_name: "o".into() };
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    let body = || Body::from_bytes(vec![7; 100_000].into());
    store.put(&cx, &bucket, &key, body(), PutOptions::default()).await.unwrap();
    let refused = PutOptions { condition: WriteCondition::IfAbsent, ..PutOptions::default() };
    store.put(&cx, &bucket, &key, body(), refused).await.unwrap_err();
    let mut stalled = store.put(&cx, &bucket, &key, Body::new(Stalled, None), PutOptions::default());
    std::future::poll_fn(|cx| {
        assert!(stalled.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(stalled);
    assert_eq!(counts(&observe, StoreOperation::Put), [1, 1, 0, 1]);
    assert_eq!(observe.stats().bytes_written.get(), 200_000);
    let opened = store.open(&cx, &bucket, &key, OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange { start: 10, end: 70_010 }).await.unwrap();
    assert_eq!(observe.stats().bytes_read.get(), 0);
    body.collect(100_000).await.unwrap();
    assert_eq!(observe.stats().bytes_read.get(), 70_000);
    assert_eq!(counts(&observe, StoreOperation::Open), [1, 0, 0, 0]);
    assert_eq!(counts(&observe, StoreOperation::Read), [1, 0, 0, 0]);
    assert_eq!(counts(&observe, StoreOperation::Head), [0, 0, 0, 0]);
    let durations = observe.stats().of(StoreOperation::Put).durations.snapshot();
    assert_eq!(durations.buckets.iter().sum::<u64>(), 3);
}
