//! Copies whose bytes pass through here, over a store that takes few calls at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use layers::{Fault, FaultOptions, Limit, LimitOptions, Observe};
use router::{Home, Router};
use store::{
    Bucket, BucketStore, CopyOptions, CopyPartOptions, CopySource, CreateUploadOptions, Directive, Layer,
    MultipartStore, ObjectStore, PutOptions, StoreError, UploadRef, WriteCondition,
};
use support::{cx, key, memory, name, owner};
use types::{Body, Context, ETag, RequestId, TagSet};

/// More than a frame, so that a body is under way while it is written.
const SIZE: usize = 3 << 20;

struct World {
    router: Router,
    from: Bucket,
    to: Bucket,
    etag: ETag,
}

impl World {
    /// Two buckets with layers of their own in one store that takes two calls at once.
    async fn new() -> Self {
        let wait = Duration::from_secs(1);
        let options = LimitOptions { concurrency: Some(2), requests_per_second: None, wait };
        // Every call takes a while, so that each copy has its source open before the first one writes.
        let slow = FaultOptions { latency: Duration::from_millis(1), ..FaultOptions::default() };
        let slow = Fault::new(slow, support::random()).unwrap().wrap(memory());
        let base = Limit::new(options).unwrap().wrap(slow);
        let home = |bucket: &str| {
            let home = Home { base: base.clone(), ..Home::new(Observe::new().wrap(base.clone())) };
            (name(bucket), home)
        };
        let router = Router::new(BTreeMap::from([home("from"), home("into")]), base.clone());
        let make = async |bucket| {
            router.create_bucket(&cx(), &name(bucket), &owner("ann"), &TagSet::default()).await.unwrap()
        };
        let (from, to) = (make("from").await, make("into").await);
        let body = Body::from_bytes(Bytes::from(vec![7; SIZE]));
        let put = router.put(&cx(), &from, &key("there"), body, PutOptions::default()).await;
        Self { etag: put.unwrap().etag, router, from, to }
    }

    fn source(&self) -> CopySource {
        let (bucket, etag) = (Arc::new(self.from.clone()), self.etag.clone());
        CopySource { bucket, key: key("there"), version_id: None, etag }
    }

    async fn copy(&self, number: u64) -> Result<(), StoreError> {
        let options = CopyOptions {
            metadata: Directive::Copy,
            storage_class: None,
            tags: Directive::Copy,
            checksum: None,
            condition: WriteCondition::Always,
        };
        let at = key(&number.to_string());
        self.router.copy(&of_request(number), &self.source(), &self.to, &at, options).await.map(drop)
    }

    async fn copy_part(&self, number: u64) -> Result<(), StoreError> {
        let (cx, at) = (of_request(number), key(&number.to_string()));
        let id = self.router.create_upload(&cx, &self.to, &at, CreateUploadOptions::default()).await?;
        let upload = UploadRef { bucket: &self.to, key: &at, id: &id };
        self.router.copy_part(&cx, &self.source(), upload, 1, CopyPartOptions::default()).await.map(drop)
    }
}

fn of_request(number: u64) -> Context {
    Context { request_id: RequestId::from_u64(number), ..Context::background() }
}

#[tokio::test(start_paused = true)]
async fn copies_at_once_do_not_wait_for_each_others_places() {
    let world = World::new().await;
    let (one, two, three) = tokio::join!(world.copy(1), world.copy(2), world.copy(3));
    for copied in [one, two, three] {
        copied.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nor_do_copies_of_parts() {
    let world = World::new().await;
    let (one, two, three) = tokio::join!(world.copy_part(1), world.copy_part(2), world.copy_part(3));
    for copied in [one, two, three] {
        copied.unwrap();
    }
}
