//! One fault at a time, and what the mirror makes of it.

use std::sync::Arc;
use std::time::Duration;

use mirror::{
    Agreement, Depth, ReadPolicy, Remedy, Seen, Start, VerifyCounts, VerifyEvent, VerifyOptions, WritePolicy,
};
use store::{
    Bucket, BucketUpdate, DeleteOptions, ListEntry, OpenOptions, PutOptions, SharedStore, Versioning,
};
use tokio::time::Instant;
use types::{Body, ByteRange, TagSet};

use crate::faults::Mood;
use crate::life::Life;
use crate::look::{self, Look, key};
use crate::model::Content;
use crate::play::{Act, Client};
use crate::world::{Nature, Process, World, bucket_name, cx, owner};

mod filling;
mod leftovers;
mod lost;
mod repairs;
mod suspended;
mod takeover;

const CONTENT: Content = Content { number: 7, size_bytes: 9_000 };
/// One frame of a target.
const SMALL: Content = Content { number: 8, size_bytes: 600 };

fn world(write: WritePolicy) -> World {
    World::new(Nature { seed: 1, targets: 2, write, read: ReadPolicy::Order, hedge: None, versioned: false })
}

async fn begin(world: &World) -> (Process, Bucket) {
    let process = world.begin(Life::long()).await.unwrap();
    let bucket = world.make_bucket(&process).await;
    (process, bucket)
}

async fn put(store: &SharedStore, bucket: &Bucket, name: &str, content: Content) {
    let body = Body::from_bytes(content.bytes());
    store.put(&cx(), bucket, &key(name), body, PutOptions::default()).await.unwrap();
}

async fn content(store: &SharedStore, bucket: &Bucket, name: &str) -> Option<Content> {
    match look::look(store, bucket, name, None).await {
        Look::Found(state, _) => state,
        Look::Failed(why) => panic!("{name:?}: {why}"),
    }
}

async fn drained(process: &Process) {
    while process.owed_operations().await > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_goes_on_at_another_target_at_the_byte() {
    let world = world(WritePolicy::All);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "k", CONTENT).await;
    for mood in [Mood::Breaking, Mood::Short] {
        world.targets[0].faults.set(mood);
        for range in [(0, 9_000), (1, 8_999), (700, 1_400), (8_999, 9_000)] {
            let opened = process.store.open(&cx(), &bucket, &key("k"), OpenOptions::default()).await.unwrap();
            let range = ByteRange { start: range.0, end: range.1 };
            let (bytes, error) = look::drain(opened.content.read(range).await.unwrap()).await;
            assert!(error.is_none(), "{mood:?}, {range:?}: {error:?}");
            assert!(bytes == CONTENT.bytes()[range.start as usize..range.end as usize]);
        }
    }
    assert!(process.mirror.stats().read_switches.get() >= 8);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_byte_is_never_served_as_a_whole_object() {
    let world = world(WritePolicy::All);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "small", SMALL).await;
    put(&process.store, &bucket, "large", CONTENT).await;
    world.targets[0].faults.set(Mood::Lying);
    assert_eq!(content(&process.store, &bucket, "small").await, Some(SMALL), "read elsewhere");
    match look::look(&process.store, &bucket, "large", None).await {
        Look::Failed(_) => {}
        Look::Found(..) => panic!("bytes that were given cannot be taken back, so the body must not end"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_not_read_from_a_target_that_owes_it() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "replaced", SMALL).await;
    put(&process.store, &bucket, "removed", SMALL).await;
    world.targets[0].faults.set(Mood::Down);
    put(&process.store, &bucket, "replaced", CONTENT).await;
    put(&process.store, &bucket, "new", CONTENT).await;
    process.store.delete(&cx(), &bucket, &key("removed"), DeleteOptions::default()).await.unwrap();
    // Back, and behind: its debts are not worked off, since its breaker is still open.
    world.targets[0].faults.set(Mood::Well);
    let expected = [("new", Some(CONTENT)), ("removed", None), ("replaced", Some(CONTENT))];
    for (name, state) in expected {
        assert_eq!(content(&process.store, &bucket, name).await, state, "{name}");
    }
    let listed = look::list(&process.store, &bucket, None, 1).await.unwrap();
    assert_eq!(listed.iter().map(look::name).collect::<Vec<_>>(), ["new", "replaced"]);
    let before = heads(&process, &bucket).await;
    drained(&process).await;
    world.targets[1].faults.set(Mood::Down);
    assert_eq!(heads(&process, &bucket).await, before, "shown alike whichever target answers");
    for (name, state) in expected {
        assert_eq!(content(&process.store, &bucket, name).await, state, "{name}, from the other target");
    }
}

async fn heads(process: &Process, bucket: &Bucket) -> Vec<(store::ObjectInfo, ListEntry)> {
    let mut heads = Vec::new();
    for entry in look::list(&process.store, bucket, None, 100).await.unwrap() {
        let key = key(look::name(&entry));
        heads.push((process.store.head(&cx(), bucket, &key, OpenOptions::default()).await.unwrap(), entry));
    }
    heads
}

#[tokio::test(start_paused = true)]
async fn a_target_that_fails_is_taken_out_and_comes_back() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "k", SMALL).await;
    world.targets[0].faults.set(Mood::Down);
    for _ in 0..mirror::FAILURES_TO_OPEN {
        assert_eq!(content(&process.store, &bucket, "k").await, Some(SMALL));
    }
    assert!(process.mirror.health().is_out(0) && !process.mirror.health().is_out(1));
    world.targets[0].faults.set(Mood::Well);
    tokio::time::sleep(mirror::PROBE_AFTER_MAX * 2).await;
    assert!(!process.mirror.health().is_out(0), "{:?}", process.mirror.health());
}

#[tokio::test(start_paused = true)]
async fn a_slow_target_is_raced_and_a_hanging_one_left() {
    for (mood, hedge, at_most) in [
        (Mood::Slow(Duration::from_millis(400)), Some(Duration::from_millis(50)), Duration::from_millis(60)),
        (Mood::Hanging, None, Duration::from_secs(6)),
    ] {
        let world = World::new(Nature { hedge, ..world(WritePolicy::All).nature });
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", SMALL).await;
        world.targets[0].faults.set(mood);
        let began = Instant::now();
        assert_eq!(content(&process.store, &bucket, "k").await, Some(SMALL));
        assert!(began.elapsed() <= at_most, "{mood:?} took {:?}", began.elapsed());
    }
}

/// A bucket with data at the first target, made before there was a mirror.
async fn bucket_before(world: &World, count: u64) {
    let target = &world.targets[0].store;
    let bucket = target.create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default()).await.unwrap();
    for number in 0..count {
        put(target, &bucket, &format!("{}/{number}", number % 3), Content { number, size_bytes: 40 }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_joins_is_filled_while_the_mirror_serves() {
    let world = world(WritePolicy::Any);
    bucket_before(&world, 250).await;
    let process = world.begin(Life::long()).await.unwrap();
    let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    let listed = look::list(&process.store, &bucket, None, 7).await.unwrap();
    assert_eq!(listed.len(), 250);
    put(&process.store, &bucket, "1/new", SMALL).await;
    put(&process.store, &bucket, "2/2", CONTENT).await;
    process.store.delete(&cx(), &bucket, &key("0/3"), DeleteOptions::default()).await.unwrap();
    let shown = heads(&process, &bucket).await;
    assert_eq!(shown.len(), 250);
    filled(&process).await;
    world.targets[0].faults.set(Mood::Down);
    let now = heads(&process, &bucket).await;
    for (before, now) in shown.iter().zip(&now) {
        assert_eq!((&before.0.etag, before.0.modified_at), (&now.0.etag, now.0.modified_at));
    }
    assert_eq!(content(&process.store, &bucket, "2/2").await, Some(CONTENT));
    assert_eq!(content(&process.store, &bucket, "0/3").await, None);
    world.heal();
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert!(counts.is_clean() && counts.compared == 250, "{counts:?}");
}

/// Waits until every target has all that the first one has.
async fn filled(process: &Process) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    while process.mirror.stats().filled.get() < 250 || process.owed_operations().await > 0 {
        assert!(Instant::now() < deadline, "{:?}", process.mirror.status().await);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_goes_on_after_the_process_ended_at_any_step() {
    for steps in [40, 120, 400, 900, 1700] {
        let world = world(WritePolicy::Any);
        bucket_before(&world, 250).await;
        let life = Life::of(steps);
        if let Some(process) = world.begin(life.clone()).await {
            let _ended = process
                .within(async {
                    process.store.bucket(&cx(), &bucket_name()).await.unwrap();
                    tokio::time::sleep(Duration::from_secs(900)).await;
                })
                .await;
            process.kill();
        }
        let process = world.begin(Life::long()).await.unwrap();
        process.store.bucket(&cx(), &bucket_name()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(900)).await;
        let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
        assert!(counts.is_clean() && counts.compared == 250, "after {steps} steps: {counts:?}");
    }
}

async fn verify(
    process: &Process,
    depth: Depth,
    start: Start,
    remedy: Remedy,
    mut each: impl FnMut(&VerifyEvent),
) -> VerifyCounts {
    let options = VerifyOptions { bucket: bucket_name(), depth, start, remedy };
    let mut audit = process.mirror.verify(options).await.unwrap();
    let mut counts = None;
    while let Some(event) = audit.next().await {
        let event = event.unwrap();
        each(&event);
        if let VerifyEvent::Ended(ended) = event {
            counts = Some(ended);
        }
    }
    counts.expect("an audit ends")
}

#[tokio::test(start_paused = true)]
async fn an_audit_tells_what_differs_and_repairs_what_is_proven() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    for name in ["changed", "lost", "same", "owed"] {
        put(&process.store, &bucket, name, SMALL).await;
    }
    let (behind, other) = (&world.targets[1].store, Content { number: 9, ..SMALL });
    let there = behind.bucket(&cx(), &bucket_name()).await.unwrap();
    put(behind, &there, "changed", other).await;
    put(behind, &there, "stray", other).await;
    behind.delete(&cx(), &there, &key("lost"), DeleteOptions::default()).await.unwrap();
    world.targets[1].faults.set(Mood::Down);
    put(&process.store, &bucket, "owed", CONTENT).await;
    world.targets[1].faults.set(Mood::Well);
    for depth in [Depth::Shallow, Depth::Deep] {
        let mut found = Vec::new();
        verify(&process, depth, Start::Anew, Remedy::Report, |event| {
            if let VerifyEvent::Found(finding) = event {
                found.push((finding.key.as_str().to_owned(), finding.agreement));
            }
        })
        .await;
        let expected = [
            ("changed", Agreement::Differs),
            ("lost", Agreement::OnlyOn),
            ("owed", Agreement::Owed),
            ("same", Agreement::Same),
            ("stray", Agreement::OnlyOn),
        ];
        let found: Vec<_> = found.iter().map(|(key, agreement)| (key.as_str(), *agreement)).collect();
        assert_eq!(found, expected, "{depth:?}");
    }
    drained(&process).await;
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Repair, |_| {}).await;
    assert_eq!((counts.repaired, counts.differs, counts.only_on), (2, 1, 2));
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert_eq!((counts.same, counts.only_on), (4, 1), "what nobody asked for is only told: {counts:?}");
}

#[tokio::test(start_paused = true)]
async fn only_a_deep_audit_sees_a_wrong_byte_and_says_whose() {
    let world = world(WritePolicy::All);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "k", CONTENT).await;
    world.targets[1].faults.set(Mood::Lying);
    assert!(verify(&process, Depth::Shallow, Start::Anew, Remedy::Report, |_| {}).await.is_clean());
    let mut right = Vec::new();
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |event| {
        if let VerifyEvent::Found(finding) = event {
            right.extend(finding.targets.iter().map(|at| match &at.seen {
                Seen::Object { expected, sha256, .. } => (*expected, sha256.is_some()),
                other => panic!("{other:?}"),
            }));
        }
    })
    .await;
    assert_eq!((counts.differs, right), (1, vec![(Some(true), true), (Some(false), true)]));
}

#[tokio::test(start_paused = true)]
async fn an_audit_goes_on_where_it_was_broken_off() {
    let world = world(WritePolicy::All);
    let (process, bucket) = begin(&world).await;
    for number in 0..450 {
        put(&process.store, &bucket, &format!("{number:04}"), Content { number, size_bytes: 20 }).await;
    }
    let options = VerifyOptions {
        bucket: bucket_name(),
        depth: Depth::Deep,
        start: Start::Resume,
        remedy: Remedy::Report,
    };
    let mut audit = process.mirror.verify(options).await.unwrap();
    while !matches!(audit.next().await.unwrap().unwrap(), VerifyEvent::Progress(_)) {}
    // The mark is durable once the next event is asked for.
    audit.next().await.unwrap().unwrap();
    drop(audit);
    process.kill();
    let process = world.begin(Life::long()).await.unwrap();
    let (mut behind, mut told) = (None, 0);
    let counts = verify(&process, Depth::Deep, Start::Resume, Remedy::Report, |event| match event {
        VerifyEvent::Began { behind: last } => behind = last.clone(),
        VerifyEvent::Found(_) => told += 1,
        VerifyEvent::Progress(_) | VerifyEvent::Ended(_) => {}
    })
    .await;
    assert_eq!(behind, Some(key("0199")));
    assert_eq!((counts.compared, counts.same, told), (450, 450, 250));
}

#[tokio::test(start_paused = true)]
async fn status_tells_what_is_owed_and_since_when() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    world.targets[1].faults.set(Mood::Down);
    put(&process.store, &bucket, "a", SMALL).await;
    put(&process.store, &bucket, "b", CONTENT).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    let status = process.mirror.status().await.unwrap();
    let [well, behind] = &status.targets[..] else { panic!("two targets") };
    assert_eq!((well.owed_operations, well.lag), (0, Duration::ZERO));
    let bytes = (SMALL.size_bytes + CONTENT.size_bytes) as u64;
    assert_eq!((behind.owed_keys, behind.owed_bytes), (2, bytes));
    assert!(
        behind.lag >= Duration::from_secs(100) && behind.lag < Duration::from_secs(110),
        "{:?}",
        behind.lag
    );
    assert_eq!((well.health.state.name(), behind.health.state.name()), ("in", "out"));
    world.heal();
    drained(&process).await;
    assert_eq!(process.mirror.status().await.unwrap().targets[1].lag, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_race_of_a_write_and_reads_shows_one_or_the_other_whole() {
    let world = world(WritePolicy::All);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "k", SMALL).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(300)));
    let (store, at) = (process.store.clone(), Arc::new(bucket.clone()));
    let writer = tokio::spawn(async move { put(&store, &at, "k", CONTENT).await });
    let mut seen = Vec::new();
    while !writer.is_finished() {
        seen.extend(content(&process.store, &bucket, "k").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    writer.await.unwrap();
    assert!(seen.iter().all(|content| [SMALL, CONTENT].contains(content)), "{seen:?}");
    assert!(
        seen.is_sorted_by_key(|content| *content == CONTENT),
        "what was seen once is not unseen: {seen:?}"
    );
    assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT));
}

/// Objects of before and after versioning, markers, parts and tags.
async fn fill_bucket(process: &Process, versioned: bool) -> Bucket {
    let bucket =
        process.store.create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default()).await.unwrap();
    put(&process.store, &bucket, "before", SMALL).await;
    put(&process.store, &bucket, "replaced", SMALL).await;
    put(&process.store, &bucket, "removed", SMALL).await;
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    let bucket = match versioned {
        true => process.store.update_bucket(&cx(), &bucket, enabled).await.unwrap(),
        false => bucket,
    };
    for number in 0..3 {
        put(&process.store, &bucket, "replaced", Content { number, size_bytes: 300 }).await;
    }
    put(&process.store, &bucket, "tagged", CONTENT).await;
    let tags = TagSet::new(vec![("k".into(), "v".into())], 10).unwrap();
    process.store.set_tags(&cx(), &bucket, &key("tagged"), None, tags).await.unwrap();
    process.store.delete(&cx(), &bucket, &key("removed"), DeleteOptions::default()).await.unwrap();
    let client = Client {
        store: process.store.clone(),
        bucket: Arc::new(bucket.clone()),
        patience: Duration::from_secs(60),
        trusting: true,
    };
    client.act(&Act::Parts { key: "parts".into(), content: Content { number: 4, size_bytes: 3000 } }).await;
    bucket
}

/// What an emptied target is like when the mirror meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emptied {
    WithoutTheBucket,
    WithAnEmptyBucket,
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_was_replaced_gets_everything_back() {
    for versioned in [false, true] {
        for emptied in [Emptied::WithoutTheBucket, Emptied::WithAnEmptyBucket] {
            let mut world = world(WritePolicy::Any);
            let process = world.begin(Life::long()).await.unwrap();
            let bucket = fill_bucket(&process, versioned).await;
            drained(&process).await;
            process.stop().await;
            world.replace_disk(1);
            if emptied == Emptied::WithAnEmptyBucket {
                let there = &world.targets[1].store;
                let made =
                    there.create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default()).await.unwrap();
                if versioned {
                    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
                    there.update_bucket(&cx(), &made, enabled).await.unwrap();
                }
            }
            let process = world.begin(Life::long()).await.unwrap();
            let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Repair, |_| {}).await;
            let what = format!("{emptied:?}, versioned: {versioned}");
            assert_eq!(counts.same, 0, "{what}: {counts:?}");
            if emptied == Emptied::WithAnEmptyBucket {
                assert_eq!(counts.repaired, counts.compared, "{what}: {counts:?}");
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
            let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
            assert!(counts.is_clean() && counts.compared > 0, "{what}: {counts:?}");
            let expected = heads(&process, &bucket).await;
            world.targets[0].faults.set(Mood::Down);
            assert_eq!(heads(&process, &bucket).await, expected, "{what}");
            let state = content(&process.store, &bucket, "replaced").await;
            assert_eq!(state, Some(Content { number: 2, size_bytes: 300 }), "{what}");
            assert_eq!(content(&process.store, &bucket, "tagged").await, Some(CONTENT), "{what}");
            let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
            assert_eq!(there.versioning == Versioning::Enabled, versioned, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_taken_out_owes_nothing_and_is_filled_when_it_comes_back() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "kept", SMALL).await;
    put(&process.store, &bucket, "replaced", SMALL).await;
    drained(&process).await;
    world.targets[1].faults.set(Mood::Down);
    put(&process.store, &bucket, "owed", SMALL).await;
    assert!(process.owed_operations().await > 0);
    process.stop().await;
    let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
    put(&alone.store, &bucket, "replaced", CONTENT).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    alone.stop().await;
    world.heal();
    let process = world.begin(Life::long()).await.unwrap();
    for name in ["kept", "replaced", "owed"] {
        let expected = if name == "replaced" { CONTENT } else { SMALL };
        assert_eq!(content(&process.store, &bucket, name).await, Some(expected));
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    let status = process.mirror.status().await.unwrap();
    assert!(status.targets.iter().all(|target| target.owed_operations == 0), "{status:?}");
    assert!(status.targets.iter().all(|target| target.filling.is_empty()), "{status:?}");
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert!(counts.is_clean() && counts.compared == 3, "{counts:?}");
    world.targets[0].faults.set(Mood::Down);
    assert_eq!(content(&process.store, &bucket, "replaced").await, Some(CONTENT));
}
