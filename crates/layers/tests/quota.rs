//! A quota counts what a bucket holds, exactly, whatever happens side by side.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use layers::{Fault, FaultOptions, Quota, QuotaOptions, Usage};
use store::{
    Bucket, BucketUpdate, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions,
    DeleteOptions, DeleteTarget, Layer, OpenOptions, PartOptions, PutOptions, SharedStore, StoreError,
    StoreErrorKind, UploadId, UploadRef, Versioning,
};
use support::{Counting, as_it_is, body, cx, key, native};
use types::{Body, BodyError, BodyStream, Frame, Random, VersionId};

const PLENTY: QuotaOptions = QuotaOptions { bytes: Some(1 << 40), objects: Some(1 << 40) };

struct World {
    below: SharedStore,
    store: SharedStore,
    quota: Quota,
    bucket: Bucket,
}

impl World {
    async fn with(options: QuotaOptions) -> Self {
        let below = native();
        let quota = Quota::new(options).unwrap();
        let store = quota.wrap(below.clone());
        let bucket = support::bucket(&store, "bucket").await;
        Self { below, store, quota, bucket }
    }

    async fn set(&mut self, versioning: Versioning) {
        let update = BucketUpdate::Versioning(versioning);
        self.bucket = self.store.update_bucket(&cx(), &self.bucket, update).await.unwrap();
    }

    async fn try_put(&self, name: &str, size: usize) -> Result<(), StoreError> {
        let options = PutOptions::default();
        self.store.put(&cx(), &self.bucket, &key(name), body(size), options).await.map(drop)
    }

    async fn put(&self, name: &str, size: usize) {
        self.try_put(name, size).await.unwrap();
    }

    async fn delete(&self, name: &str, version_id: Option<VersionId>) {
        let options = DeleteOptions { version_id, ..DeleteOptions::default() };
        self.store.delete(&cx(), &self.bucket, &key(name), options).await.unwrap();
    }

    async fn begin(&self, name: &str) -> UploadId {
        let options = CreateUploadOptions::default();
        self.store.create_upload(&cx(), &self.bucket, &key(name), options).await.unwrap()
    }

    async fn part(&self, name: &str, id: &UploadId, number: u32, size: usize) -> CompletedPart {
        let (name, options) = (key(name), PartOptions::default());
        let upload = UploadRef { bucket: &self.bucket, key: &name, id };
        let part = self.store.put_part(&cx(), upload, number, body(size), options).await.unwrap();
        CompletedPart { number, etag: part.etag, checksum: part.checksum }
    }

    async fn complete(&self, name: &str, id: &UploadId, parts: &[CompletedPart]) {
        let name = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &name, id };
        let options = CompleteOptions::default();
        self.store.complete_upload(&cx(), upload, parts.to_vec(), options).await.unwrap();
    }

    async fn source(&self, name: &str) -> CopySource {
        let (bucket, name) = (Arc::new(self.bucket.clone()), key(name));
        let etag = self.below.head(&cx(), &bucket, &name, OpenOptions::default()).await.unwrap().etag;
        CopySource { bucket, key: name, version_id: None, etag }
    }

    fn used(&self) -> Usage {
        used(&self.quota)
    }

    /// What the account says, held against what a listing says.
    async fn checked(&self) -> (u64, u64) {
        let used = self.used();
        assert_eq!(used, recount(&self.below, &self.bucket).await);
        (used.bytes, used.objects)
    }
}

fn used(quota: &Quota) -> Usage {
    quota.usage().into_iter().find(|(name, _)| name.as_str() == "bucket").unwrap().1
}

/// What another quota counts that sees the bucket for the first time.
async fn recount(below: &SharedStore, bucket: &Bucket) -> Usage {
    let quota = Quota::new(PLENTY).unwrap();
    let store = quota.wrap(below.clone());
    let (name, id) = (key("none"), UploadId::from_text("none"));
    let upload = UploadRef { bucket, key: &name, id: &id };
    store.abort_upload(&cx(), upload).await.unwrap_err();
    used(&quota)
}

fn is_full<T>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError { kind: StoreErrorKind::Full(_), .. }))
}

#[tokio::test]
async fn objects_take_room_and_give_it_back() {
    let world = World::with(PLENTY).await;
    world.put("a", 100).await;
    world.put("b", 50).await;
    assert_eq!(world.checked().await, (150, 2));
    world.put("a", 10).await;
    assert_eq!(world.checked().await, (60, 2));
    world.delete("a", None).await;
    world.delete("nothing", None).await;
    world.delete("b", Some(VersionId::from_text("another"))).await;
    assert_eq!(world.checked().await, (50, 1));
    world.store.copy(&cx(), &world.source("b").await, &world.bucket, &key("c"), as_it_is()).await.unwrap();
    assert_eq!(world.checked().await, (100, 2));
    let target = |name| DeleteTarget { key: key(name), options: DeleteOptions::default() };
    let targets = ["b", "c", "b", "nothing"].map(target).to_vec();
    world.store.delete_many(&cx(), &world.bucket, targets).await.unwrap();
    assert_eq!(world.checked().await, (0, 0));
}

#[tokio::test]
async fn versions_take_room_and_markers_none() {
    let mut world = World::with(PLENTY).await;
    world.put("a", 1).await;
    world.set(Versioning::Enabled).await;
    world.put("a", 10).await;
    world.put("a", 100).await;
    world.delete("a", None).await;
    assert_eq!(world.checked().await, (111, 3));
    world.delete("a", Some(VersionId::Null)).await;
    assert_eq!(world.checked().await, (110, 2));
    world.set(Versioning::Suspended).await;
    world.put("a", 1000).await;
    world.put("a", 2000).await;
    assert_eq!(world.checked().await, (2110, 3));
    world.delete("a", None).await;
    world.delete("a", None).await;
    assert_eq!(world.checked().await, (110, 2));
    world.delete("a", Some(VersionId::Null)).await;
    assert_eq!(world.checked().await, (110, 2));
}

#[tokio::test]
async fn parts_take_room_while_they_are_uploaded() {
    let world = World::with(PLENTY).await;
    world.put("made", 7).await;
    let id = world.begin("made").await;
    let parts = [world.part("made", &id, 1, 100).await, world.part("made", &id, 2, 10).await];
    world.part("made", &id, 3, 5000).await;
    world.part("made", &id, 3, 1000).await;
    assert_eq!(world.checked().await, (1117, 1));
    let (name, source) = (key("made"), world.source("made").await);
    let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
    world.store.copy_part(&cx(), &source, upload, 4, CopyPartOptions::default()).await.unwrap();
    assert_eq!(world.checked().await, (1124, 1));
    world.complete("made", &id, &parts).await;
    assert_eq!(world.checked().await, (110, 1));
    world.complete("made", &id, &parts).await;
    assert_eq!(world.checked().await, (110, 1));
    let id = world.begin("dropped").await;
    world.part("dropped", &id, 1, 100).await;
    let upload = UploadRef { bucket: &world.bucket, key: &key("dropped"), id: &id };
    world.store.abort_upload(&cx(), upload).await.unwrap();
    assert_eq!(world.checked().await, (110, 1));
}

#[tokio::test]
async fn a_completion_repeated_adds_no_version() {
    let mut world = World::with(PLENTY).await;
    world.set(Versioning::Enabled).await;
    let id = world.begin("made").await;
    let parts = [world.part("made", &id, 1, 100).await];
    world.complete("made", &id, &parts).await;
    world.complete("made", &id, &parts).await;
    assert_eq!(world.checked().await, (100, 1));
}

#[tokio::test]
async fn a_bucket_that_was_there_is_counted_at_the_first_write() {
    let below = native();
    let bucket = support::bucket(&below, "bucket").await;
    for number in 0..1100 {
        support::put(&below, &bucket, &format!("{number:04}"), 3).await;
    }
    let begun = below.create_upload(&cx(), &bucket, &key("u"), CreateUploadOptions::default()).await.unwrap();
    let (name, options) = (key("u"), PartOptions::default());
    let upload = UploadRef { bucket: &bucket, key: &name, id: &begun };
    below.put_part(&cx(), upload, 1, body(40), options).await.unwrap();
    let quota = Quota::new(QuotaOptions { bytes: Some(3350), objects: None }).unwrap();
    let store = quota.wrap(below.clone());
    let put = async |size| store.put(&cx(), &bucket, &key("more"), body(size), PutOptions::default()).await;
    assert!(is_full(put(11).await));
    assert_eq!(used(&quota), Usage { bytes: 3340, objects: 1100 });
    put(10).await.unwrap();
    store.abort_upload(&cx(), upload).await.unwrap();
    assert_eq!(used(&quota), recount(&below, &bucket).await);
}

#[tokio::test]
async fn the_limit_fits_and_one_past_it_does_not() {
    let world = World::with(QuotaOptions { bytes: Some(100), objects: Some(3) }).await;
    world.put("a", 60).await;
    assert!(is_full(world.try_put("b", 41).await));
    world.put("b", 40).await;
    // What is replaced makes room for what replaces it.
    world.put("a", 60).await;
    assert!(is_full(world.try_put("a", 61).await));
    world.put("empty", 0).await;
    assert!(is_full(world.try_put("another", 0).await));
    assert_eq!(world.quota.stats().refused.get(), 3);
    assert_eq!(world.checked().await, (100, 3));
    let source = world.source("empty").await;
    assert!(is_full(world.store.copy(&cx(), &source, &world.bucket, &key("d"), as_it_is()).await));
    let id = world.begin("a").await;
    let upload = UploadRef { bucket: &world.bucket, key: &key("a"), id: &id };
    assert!(is_full(world.store.put_part(&cx(), upload, 1, body(1), PartOptions::default()).await));
    world.delete("b", None).await;
    world.part("a", &id, 1, 40).await;
    assert_eq!(world.checked().await, (100, 2));
}

struct Unknown(Vec<usize>);

impl BodyStream for Unknown {
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame, BodyError>>> {
        let frame = self.0.pop().map(|size| Ok(Frame::Data(vec![7; size].into())));
        std::task::Poll::Ready(frame)
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_where_the_room_ends() {
    let world = World::with(QuotaOptions { bytes: Some(100), objects: None }).await;
    let put = async |frames: Vec<usize>| {
        let body = Body::new(Unknown(frames), None);
        world.store.put(&cx(), &world.bucket, &key("a"), body, PutOptions::default()).await
    };
    assert!(is_full(put(vec![40, 40, 40]).await));
    assert_eq!(world.checked().await, (0, 0));
    put(vec![50, 50]).await.unwrap();
    assert_eq!(world.checked().await, (100, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_writers_as_many_succeed_as_fit() {
    for options in [
        QuotaOptions { bytes: Some(10 * 64), objects: None },
        QuotaOptions { bytes: None, objects: Some(10) },
    ] {
        let world = Arc::new(World::with(options).await);
        let mut writers = Vec::new();
        for number in 0..32 {
            let world = world.clone();
            writers.push(tokio::spawn(async move { world.try_put(&number.to_string(), 64).await.is_ok() }));
        }
        let mut done = 0;
        for writer in writers {
            done += u64::from(writer.await.unwrap());
        }
        assert_eq!(done, 10);
        assert_eq!(world.checked().await, (640, 10));
    }
}

/// One random write on few keys; its outcome does not matter.
async fn scribble(world: &World, store: &SharedStore, random: &Counting, upload: &UploadId) {
    let pick = |below: u64| random.next_u64() % below;
    let name = format!("k{}", pick(3));
    let (object, bucket, upload_key) = (key(&name), &world.bucket, key("u"));
    let upload = UploadRef { bucket, key: &upload_key, id: upload };
    match pick(7) {
        0..=2 => {
            let body = body(pick(3000) as usize);
            drop(store.put(&cx(), bucket, &object, body, PutOptions::default()).await);
        }
        3 => drop(store.delete(&cx(), bucket, &object, DeleteOptions::default()).await),
        4 => {
            let options = DeleteOptions { version_id: Some(VersionId::Null), ..DeleteOptions::default() };
            let target = |name: &str| DeleteTarget { key: key(name), options: options.clone() };
            drop(store.delete_many(&cx(), bucket, vec![target("k0"), target(&name)]).await);
        }
        5 => {
            let body = body(pick(3000) as usize);
            let number = 1 + pick(3) as u32;
            drop(store.put_part(&cx(), upload, number, body, PartOptions::default()).await);
        }
        _ => {
            if let Ok(info) = world.below.head(&cx(), bucket, &object, OpenOptions::default()).await {
                let bucket = Arc::new(bucket.clone());
                let source = CopySource { bucket, key: object, version_id: None, etag: info.etag };
                drop(store.copy(&cx(), &source, &world.bucket, &key("k1"), as_it_is()).await);
            }
        }
    }
}

/// Says `lost` for some draws, and to all others that nothing happens.
struct Script(AtomicU64);

impl Random for Script {
    fn fill(&self, buffer: &mut [u8]) {
        let draws = self.0.load(Ordering::Relaxed);
        self.0.store(draws >> 1, Ordering::Relaxed);
        buffer.fill(if draws & 1 == 1 { 0 } else { u8::MAX });
    }
}

impl World {
    /// The same bucket, where answers are lost as scripted. A call that finds nothing draws its latency only; one that succeeds
    /// draws its latency, and then whether its answer is lost.
    fn losing(&self, draws: u64) -> SharedStore {
        let options = FaultOptions { lost: 0.5, ..FaultOptions::default() };
        let fault = Fault::new(options, Arc::new(Script(AtomicU64::new(draws)))).unwrap();
        self.quota.wrap(fault.wrap(self.below.clone()))
    }
}

/// The first call, which succeeds.
const FIRST: u64 = 0b10;
/// The second call, behind one that finds nothing.
const SECOND: u64 = 0b100;
/// The second call, behind one that finds nothing, and the third.
const SECOND_AND_THIRD: u64 = 0b1_0100;

#[tokio::test(start_paused = true)]
async fn a_completion_whose_answer_is_lost_is_not_counted_twice_for_good() {
    let world = World::with(QuotaOptions { bytes: Some(250), objects: None }).await;
    let id = world.begin("made").await;
    let part = world.part("made", &id, 1, 100).await;
    let (name, options) = (key("made"), CompleteOptions::default());
    let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
    // The first call looks at what is replaced.
    let lost = world.losing(SECOND).complete_upload(&cx(), upload, vec![part.clone()], options).await;
    assert!(matches!(lost.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert_eq!(world.used(), Usage { bytes: 200, objects: 1 });
    tokio::time::advance(Duration::from_secs(60)).await;
    world.put("another", 150).await;
    assert_eq!(world.checked().await, (250, 2));
    // Nor is it where the client asks again.
    world.delete("another", None).await;
    world.complete("made", &id, &[part]).await;
    assert_eq!(world.checked().await, (100, 1));
}

fn is_missing_upload<T>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError { kind: StoreErrorKind::Missing(store::Missing::Upload), .. }))
}

#[tokio::test(start_paused = true)]
async fn a_part_of_an_upload_that_has_ended_gives_its_room_back_when_it_matters() {
    for (versioning, losing) in [(Versioning::Off, SECOND), (Versioning::Enabled, FIRST)] {
        let mut world = World::with(QuotaOptions { bytes: Some(250), objects: None }).await;
        if versioning != Versioning::Off {
            world.set(versioning).await;
        }
        let id = world.begin("made").await;
        let part = world.part("made", &id, 1, 100).await;
        let (name, options) = (key("made"), CompleteOptions::default());
        let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
        world.losing(losing).complete_upload(&cx(), upload, vec![part], options).await.unwrap_err();
        let late = world.store.put_part(&cx(), upload, 2, body(10), PartOptions::default()).await;
        assert!(is_missing_upload(late));
        assert!(is_missing_upload(world.store.abort_upload(&cx(), upload).await));
        assert!(world.used().bytes >= 100 && world.used().objects >= 1, "{:?}", world.used());
        tokio::time::advance(Duration::from_secs(60)).await;
        world.put("another", 150).await;
        assert_eq!(world.checked().await, (250, 2));
    }
}

#[tokio::test]
async fn an_upload_asked_for_under_another_key_keeps_its_room() {
    for versioning in [Versioning::Off, Versioning::Enabled] {
        let mut world = World::with(PLENTY).await;
        if versioning != Versioning::Off {
            world.set(versioning).await;
        }
        let id = world.begin("a").await;
        let part = world.part("a", &id, 1, 100).await;
        let name = key("b");
        let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
        let late = world.store.put_part(&cx(), upload, 1, body(10), PartOptions::default()).await;
        assert!(is_missing_upload(late));
        assert_eq!(world.checked().await, (100, 0));
        let options = CompleteOptions::default();
        let completed = world.store.complete_upload(&cx(), upload, vec![part.clone()], options).await;
        assert!(is_missing_upload(completed));
        assert_eq!(world.checked().await, (100, 0));
        assert!(is_missing_upload(world.store.abort_upload(&cx(), upload).await));
        assert_eq!(world.checked().await, (100, 0));
        world.complete("a", &id, &[part]).await;
        assert_eq!(world.checked().await, (100, 1));
    }
}

#[tokio::test]
async fn a_completion_that_nobody_could_look_after_is_counted_when_it_is_repeated() {
    for (versioning, losing) in [(Versioning::Off, SECOND_AND_THIRD), (Versioning::Enabled, FIRST)] {
        let mut world = World::with(PLENTY).await;
        if versioning != Versioning::Off {
            world.set(versioning).await;
        }
        let id = world.begin("made").await;
        let part = world.part("made", &id, 1, 100).await;
        let (name, options) = (key("made"), CompleteOptions::default());
        let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
        let parts = vec![part.clone()];
        world.losing(losing).complete_upload(&cx(), upload, parts, options).await.unwrap_err();
        world.complete("made", &id, &[part]).await;
        let (used, there) = (world.used(), recount(&world.below, &world.bucket).await);
        assert_eq!(there, Usage { bytes: 100, objects: 1 });
        assert!(used.bytes >= there.bytes && used.objects >= there.objects, "{used:?} {there:?}");
    }
}

#[tokio::test]
async fn an_upload_that_was_begun_elsewhere_takes_room() {
    let world = World::with(QuotaOptions { bytes: Some(1000), objects: None }).await;
    world.put("a", 100).await;
    let (name, options) = (key("u"), CreateUploadOptions::default());
    let id = world.below.create_upload(&cx(), &world.bucket, &name, options).await.unwrap();
    let upload = UploadRef { bucket: &world.bucket, key: &name, id: &id };
    world.below.put_part(&cx(), upload, 1, body(200), PartOptions::default()).await.unwrap();
    world.part("u", &id, 1, 150).await;
    world.part("u", &id, 2, 400).await;
    assert_eq!(world.checked().await, (650, 1));
    assert!(is_full(world.store.put_part(&cx(), upload, 3, body(351), PartOptions::default()).await));
    let parts = [world.part("u", &id, 3, 350).await];
    world.complete("u", &id, &parts).await;
    assert_eq!(world.checked().await, (450, 2));
}

async fn scribble_side_by_side(world: &Arc<World>, store: &SharedStore, seed: u64) {
    let upload = world.begin("u").await;
    let mut writers = Vec::new();
    for writer in 0..6 {
        let (world, store, upload) = (world.clone(), store.clone(), upload.clone());
        writers.push(tokio::spawn(async move {
            let random = Counting::from(seed * 1_000_003 + writer * 10_007);
            for _ in 0..60 {
                scribble(&world, &store, &random, &upload).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_writes_side_by_side_the_account_is_what_a_listing_says() {
    for seed in 0..4 {
        for versioning in [Versioning::Off, Versioning::Enabled, Versioning::Suspended] {
            let mut world = World::with(PLENTY).await;
            if versioning == Versioning::Suspended {
                world.set(Versioning::Enabled).await;
            }
            if versioning != Versioning::Off {
                world.set(versioning).await;
            }
            let world = Arc::new(world);
            scribble_side_by_side(&world, &world.store, seed).await;
            world.checked().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_never_make_the_account_too_low() {
    for (seed, versioning) in [(1, Versioning::Off), (2, Versioning::Enabled)] {
        let mut world = World::with(PLENTY).await;
        if versioning != Versioning::Off {
            world.set(versioning).await;
        }
        let world = Arc::new(world);
        let options = FaultOptions { lost: 0.1, errors: 0.1, cuts: 0.1, ..FaultOptions::default() };
        let fault = Fault::new(options, Counting::from(seed)).unwrap();
        let store = world.quota.wrap(fault.wrap(world.below.clone()));
        scribble_side_by_side(&world, &store, seed).await;
        let (used, there) = (world.used(), recount(&world.below, &world.bucket).await);
        assert!(used.bytes >= there.bytes && used.objects >= there.objects, "{used:?} {there:?}");
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

async fn poll_once(future: std::pin::Pin<&mut (impl Future + ?Sized)>) -> bool {
    let mut future = future;
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

#[tokio::test(start_paused = true)]
async fn a_write_under_way_holds_its_room_and_one_that_left_is_looked_for_when_it_matters() {
    let world = World::with(QuotaOptions { bytes: Some(100), objects: None }).await;
    let stalled = Body::new(Stalled, Some(80));
    let (name, options) = (key("stalled"), PutOptions::default());
    let cx_of_it = cx();
    let mut put = world.store.put(&cx_of_it, &world.bucket, &name, stalled, options);
    for _ in 0..8 {
        assert!(!poll_once(put.as_mut()).await);
        tokio::task::yield_now().await;
    }
    assert!(is_full(world.try_put("a", 21).await));
    world.put("b", 20).await;
    drop(put);
    // Nobody can tell whether it took effect: its room is kept, until somebody needs it and the bucket is counted again.
    assert_eq!(world.used().bytes, 100);
    assert!(is_full(world.try_put("a", 80).await), "it was counted less than a minute ago");
    tokio::time::advance(Duration::from_secs(60)).await;
    world.put("a", 80).await;
    assert_eq!(world.checked().await, (100, 2));
}

#[tokio::test]
async fn a_bucket_made_again_is_empty() {
    let world = World::with(PLENTY).await;
    world.put("a", 10).await;
    world.delete("a", None).await;
    let id = world.begin("u").await;
    world.part("u", &id, 1, 100).await;
    world.store.delete_bucket(&cx(), &world.bucket).await.unwrap();
    assert!(world.quota.usage().is_empty());
    let missing = world.try_put("a", 1).await.unwrap_err();
    assert!(matches!(missing.kind, StoreErrorKind::Missing(store::Missing::Bucket)), "{missing}");
    let bucket = support::bucket(&world.store, "bucket").await;
    world.store.put(&cx(), &bucket, &key("a"), body(5), PutOptions::default()).await.unwrap();
    assert_eq!(world.used(), Usage { bytes: 5, objects: 1 });
}

#[tokio::test(start_paused = true)]
async fn writes_wait_for_the_count_and_not_for_ever() {
    let below = native();
    let bucket = support::bucket(&below, "bucket").await;
    let hour = FaultOptions { latency: Duration::from_secs(3600), ..FaultOptions::default() };
    let fault = Fault::new(hour, Counting::from(1)).unwrap();
    let store = Quota::new(PLENTY).unwrap().wrap(fault.wrap(below));
    let put = store.put(&cx(), &bucket, &key("a"), body(1), PutOptions::default()).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unavailable));
}
