//! How a miss is fetched: once, for all, in whatever way requests end.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cache::{BLOCK_MIN_BYTES, Cache, LayerOptions, Mode};
use common::far::{Far, Fault};
use common::{Desk, HandClock, MIB, Native, Near, cached, eager, key, options, pattern, said};
use store::{ListObjects, OpenOptions, PutOptions, SharedStore, StoreError, StoreErrorKind};
use tokio::time::Instant;
use types::CacheStatus::{Bypass, Hit, Miss, Revalidated, Stale};
use types::{Body, BodyErrorKind, ByteRange, Context, ETag, Frame, Notes, RangeSpec};

const MODES: [Mode; 4] = [Mode::Strict, Mode::Ttl, Mode::Immutable, Mode::Offline];

struct World {
    near: Near,
    far: Arc<Far>,
    cache: Cache,
    desk: Desk,
    behind: Desk,
}

impl World {
    async fn new(options: LayerOptions) -> Self {
        Self::on(Near::new(Arc::<HandClock>::default()), options).await
    }

    async fn on(near: Near, options: LayerOptions) -> Self {
        let native: SharedStore = Native::default().open();
        let (far, middle) = Far::around(&native);
        let cache = near.open();
        let desk = Desk::over(cached(&cache, options, &middle), &native).await;
        let behind = desk.through(native);
        Self { near, far, cache, desk, behind }
    }

    fn fails(&self, faults: &[Fault]) {
        self.far.faults.lock().extend(faults);
    }
}

fn in_blocks(mode: Mode, block_bytes: u64) -> LayerOptions {
    LayerOptions { block_bytes, ..options(mode) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_readers_of_one_cold_object_fetch_each_block_once() {
    for mode in MODES {
        for block_bytes in [BLOCK_MIN_BYTES, MIB, 8 * MIB] {
            let world = World::new(in_blocks(mode, block_bytes)).await;
            let size = 10 * MIB + 12_345;
            let bytes = pattern(7, size as usize);
            world.behind.put("k", bytes.clone()).await;
            let readers: Vec<_> = (0..32)
                .map(|_| {
                    let desk = world.desk.clone();
                    let bytes = bytes.clone();
                    tokio::spawn(async move { verified(&desk, "k", &bytes).await })
                })
                .collect();
            for reader in readers {
                assert_eq!(reader.await.unwrap(), size);
            }
            assert_eq!(world.far.sent("k", size), (1, 1), "{mode:?} in blocks of {block_bytes}");
            let (opens, heads) = world.far.requests();
            assert_eq!(opens, 1);
            assert_eq!(heads, if mode == Mode::Strict { 31 } else { 0 });
        }
    }
}

#[tokio::test]
async fn a_cold_read_is_one_open_and_what_it_needs_of_requests() {
    let world = World::new(options(Mode::Strict)).await;
    let size = 20 * MIB;
    world.behind.put("small", pattern(1, 4096)).await;
    world.behind.put("large", pattern(2, size as usize)).await;
    world.behind.put("empty", "").await;
    assert_eq!(world.desk.get("small").await.1.0, Miss);
    assert_eq!((world.far.requests(), world.far.reads.load(Ordering::SeqCst)), ((1, 0), 1));
    assert_eq!(world.desk.get("large").await.1.0, Miss);
    assert_eq!((world.far.requests(), world.far.reads.load(Ordering::SeqCst)), ((2, 0), 4));
    assert_eq!(world.desk.get("empty").await, ("".into(), (Miss, None)));
    assert_eq!(world.desk.get("empty").await, ("".into(), (Revalidated, None)));
    assert_eq!((world.far.requests(), world.far.reads.load(Ordering::SeqCst)), ((3, 1), 4));
}

#[tokio::test]
async fn ranges_of_every_shape_are_exactly_their_bytes_and_fetch_only_their_blocks() {
    let world = World::new(in_blocks(Mode::Ttl, MIB)).await;
    let size = 3 * MIB + 777;
    let bytes = pattern(3, size as usize);
    let edges = [0, 1, 65_535, 65_536, MIB - 1, MIB, MIB + 70_000, 2 * MIB, 3 * MIB, size - 1];
    let mut name = 0;
    for first in edges {
        for last in edges.into_iter().filter(|last| *last >= first) {
            name += 1;
            let name = format!("k{name}");
            world.behind.put(&name, bytes.clone()).await;
            for expected in [Miss, Hit] {
                let (read, said) = world.desk.get_range(&name, first, last).await;
                assert!(read == bytes[first as usize..=last as usize], "{first}-{last}");
                settled(&world, &name, first, last).await;
                assert_eq!(said.0, expected, "{first}-{last}");
            }
            let blocks = ByteRange { start: first / MIB * MIB, end: ((last / MIB + 1) * MIB).min(size) };
            let pieces = |range: ByteRange| range.len().div_ceil(65_536);
            let sent = world.cache.stats().bytes_fetched.get();
            assert_eq!(world.far.sent(&name, size).1, 1);
            assert!(sent > 0 && pieces(blocks) > 0);
        }
    }
}

/// Waits until the blocks of a range are whole: their rest comes in the background.
async fn settled(world: &World, name: &str, first: u64, last: u64) {
    for _ in 0..100_000 {
        let pieces = first / MIB * 16..((last / MIB + 1) * 16).min((3 * MIB + 777).div_ceil(65_536));
        if world.cache.memory_use().fills == 0 {
            return;
        }
        let _ = (name, &pieces);
        tokio::task::yield_now().await;
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    panic!("a fill does not come to its end");
}

#[tokio::test]
async fn suffixes_and_open_ends_are_one_open_too() {
    let world = World::new(options(Mode::Ttl)).await;
    let bytes = pattern(4, 100_001);
    for (name, hint, start) in [
        ("suffix", RangeSpec::Suffix(10), 99_991),
        ("long", RangeSpec::Suffix(1 << 40), 0),
        ("from", RangeSpec::From(99_000), 99_000),
        ("past", RangeSpec::FromTo { first: 5, last: u64::MAX }, 5),
    ] {
        world.behind.put(name, bytes.clone()).await;
        let before = world.far.requests().0;
        let options = OpenOptions { range_hint: Some(hint), ..OpenOptions::default() };
        let (read, said) = world.desk.get_with(name, options.clone()).await;
        assert!(read.unwrap() == bytes[start..], "{name}");
        assert_eq!((said.0, world.far.requests().0), (Miss, before + 1), "{name}");
    }
    let nothing = OpenOptions { range_hint: Some(RangeSpec::From(200_000)), ..OpenOptions::default() };
    let cx = Context::background();
    let opened = world.desk.store.open(&cx, &world.desk.bucket, &key("from"), nothing).await.unwrap();
    assert_eq!(opened.info.size_bytes, 100_001);
    let opened = world.desk.store.open(&cx, &world.desk.bucket, &key("from"), OpenOptions::default()).await;
    let content = opened.unwrap().content;
    for range in [ByteRange { start: 0, end: 0 }, ByteRange { start: 100_001, end: 100_001 }] {
        assert!(content.read(range).await.unwrap().collect(1).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_request_that_fails_is_sent_again_for_who_waits() {
    let size = 3 * MIB;
    for fault in [
        Fault::Refused,
        Fault::BreaksAfter(0),
        Fault::BreaksAfter(100_000),
        Fault::BreaksAfter(2 * MIB),
        Fault::EndsAfter(0),
        Fault::EndsAfter(70_000),
        Fault::TooMany,
        Fault::WrongByte,
    ] {
        let world = World::new(in_blocks(Mode::Strict, MIB)).await;
        let bytes = pattern(5, size as usize);
        world.behind.put("k", bytes.clone()).await;
        world.fails(&[fault]);
        let first = world.desk.get_with("k", OpenOptions::default()).await.0;
        match fault {
            // A wrong byte is found when its checksum is: what came before is given up.
            Fault::WrongByte => assert!(first.is_err()),
            _ => assert!(first.unwrap() == bytes, "{fault:?}"),
        }
        let again = world.desk.get("k").await;
        assert!(again.0 == bytes, "{fault:?}");
    }
}

#[tokio::test]
async fn a_store_that_goes_on_failing_fails_the_read_and_no_more() {
    let world = World::new(in_blocks(Mode::Ttl, MIB)).await;
    let bytes = pattern(6, 2 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    world.fails(&[Fault::Refused; 20]);
    let (read, _) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(read.unwrap_err().kind, StoreErrorKind::Unavailable));
    world.far.faults.lock().clear();
    assert!(world.desk.get("k").await.0 == bytes);
}

#[tokio::test]
async fn a_wrong_byte_of_a_small_object_is_never_served() {
    for size in [1, 4096, 65_536] {
        let world = World::new(options(Mode::Ttl)).await;
        let bytes = pattern(8, size);
        world.behind.put("k", bytes.clone()).await;
        world.fails(&[Fault::WrongByte]);
        if let Ok(read) = world.desk.get_with("k", OpenOptions::default()).await.0 {
            assert!(read == bytes, "size {size}");
        }
        assert!(world.desk.get("k").await.0 == bytes, "size {size}");
        assert!(world.cache.stats().wrong_objects.get() > 0, "size {size}");
    }
}

#[tokio::test]
async fn a_wrong_byte_anywhere_in_a_large_object_never_makes_it_whole() {
    let size = 20 * MIB + 5;
    let bytes = pattern(9, size as usize);
    for chunk in 0..3 {
        let world = World::new(options(Mode::Ttl)).await;
        world.behind.put("k", bytes.clone()).await;
        world.fails(&vec![Fault::BreaksAfter(u64::MAX); chunk]);
        world.fails(&[Fault::WrongByte]);
        let (read, _) = world.desk.get_with("k", OpenOptions::default()).await;
        let StoreErrorKind::Body(error) = read.unwrap_err().kind else { panic!("the body fails") };
        assert_eq!(error.kind, BodyErrorKind::Corrupt);
        assert!(world.desk.get("k").await.0 == bytes);
        assert!(world.desk.get("k").await == (bytes.clone(), (Hit, Some(0))));
    }
}

#[tokio::test]
async fn an_object_that_turns_into_another_ends_the_read_and_never_mixes() {
    let world = World::new(in_blocks(Mode::Ttl, MIB)).await;
    let bytes = pattern(10, 4 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    assert!(world.desk.get_range("k", 0, 10).await.0 == bytes[..=10]);
    settled(&world, "k", 0, 10).await;
    // The first block is cached; a reader of it goes on into blocks that are fetched from what is another object by now.
    let cx = Context::background();
    let hint =
        OpenOptions { range_hint: Some(RangeSpec::FromTo { first: 0, last: 10 }), ..OpenOptions::default() };
    let opened = world.desk.store.open(&cx, &world.desk.bucket, &key("k"), hint).await.unwrap();
    world.behind.put("k", pattern(11, 4 * MIB as usize)).await;
    let mut body = opened.content.read(ByteRange::whole(4 * MIB)).await.unwrap();
    let mut read = Vec::new();
    let ended = loop {
        match body.next_frame().await {
            Some(Ok(Frame::Data(data))) => read.extend_from_slice(&data),
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Err(error)) => break Err(error.kind),
            None => break Ok(()),
        }
    };
    assert_eq!(ended, Err(BodyErrorKind::Storage));
    assert!(read == bytes[..MIB as usize]);
    *world.far.wrong_etag.lock() = Some(ETag::from_text("another"));
    let (read, _) = world.desk.get_range("k", 0, 10).await;
    assert!(read == bytes[..=10]);
}

#[tokio::test]
async fn a_reader_that_leaves_cancels_nothing_for_the_others() {
    let world = World::new(in_blocks(Mode::Strict, MIB)).await;
    let bytes = pattern(12, 6 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    let held = world.far.gate.write().await;
    let reader = |desk: Desk| tokio::spawn(async move { desk.get("k").await });
    let first = reader(world.desk.clone());
    while world.far.requests().0 == 0 {
        tokio::task::yield_now().await;
    }
    let second = reader(world.desk.clone());
    while world.far.requests().1 == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    drop(held);
    assert!(second.await.unwrap().0 == bytes);
    assert_eq!((world.far.sent("k", 6 * MIB), world.far.requests().0), ((1, 1), 1));
}

#[tokio::test]
async fn what_a_reader_that_left_had_begun_is_there_for_the_next() {
    let world = World::new(options(Mode::Immutable)).await;
    let bytes = pattern(13, 3 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    let cx = Context::background();
    let opened =
        world.desk.store.open(&cx, &world.desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    let mut body = opened.content.read(ByteRange { start: 0, end: 10 }).await.unwrap();
    assert!(matches!(body.next_frame().await, Some(Ok(Frame::Data(_)))));
    drop((body, opened));
    settled(&world, "k", 0, 10).await;
    assert!(world.desk.get("k").await == (bytes, (Hit, Some(0))));
    assert_eq!(world.far.sent("k", 3 * MIB), (1, 1));
}

#[tokio::test]
async fn a_block_that_turns_out_bad_is_fetched_again_at_that_byte() {
    let world = World::new(in_blocks(Mode::Immutable, MIB)).await;
    let bytes = pattern(14, 4 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    world.desk.get("k").await;
    settled(&world, "k", 0, 10).await;
    let mut damaged = 0;
    for entry in files(world.near.directory.path()) {
        let mut content = std::fs::read(&entry).unwrap();
        // Where the third block's bytes stand, wherever that is.
        let wanted = &bytes[2 * MIB as usize + 300_000..][..64];
        if let Some(place) = content.windows(64).position(|window| window == wanted) {
            content[place] ^= 1;
            std::fs::write(&entry, content).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 1);
    let (read, said) = world.desk.get("k").await;
    assert!(read == bytes);
    assert_eq!(said.0, Hit);
    assert_eq!(world.cache.stats().refetches.get(), 1);
    settled(&world, "k", 0, 10).await;
    assert!(world.desk.get("k").await.0 == bytes);
    assert_eq!(world.cache.stats().refetches.get(), 1);
}

fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_cache_smaller_than_an_object_serves_it_all_the_same() {
    let near = Near { size_bytes: 2 * MIB, ..Near::new(Arc::<HandClock>::default()) };
    let world = World::on(near, in_blocks(Mode::Immutable, MIB)).await;
    let bytes = pattern(15, 20 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    for _ in 0..2 {
        assert!(world.desk.get("k").await.0 == bytes);
        let stats = world.cache.disk_stats();
        assert!(stats.used_bytes <= stats.ceiling_bytes);
    }
    // Blocks larger than the cache: nothing can be kept.
    let near = Near { size_bytes: MIB, ..Near::new(Arc::<HandClock>::default()) };
    let world = World::on(near, in_blocks(Mode::Immutable, 8 * MIB)).await;
    world.behind.put("k", bytes.clone()).await;
    let (read, said) = world.desk.get("k").await;
    assert!(read == bytes);
    assert!(matches!(said.0, Miss | Bypass));
    assert!(world.cache.stats().refused.get() > 0);
}

#[tokio::test]
async fn a_small_memory_budget_holds_nobody_up() {
    let near = Near { budget: types::Budget::new(1 << 20), ..Near::new(Arc::<HandClock>::default()) };
    let world = World::on(near, in_blocks(Mode::Strict, MIB)).await;
    let bytes = pattern(16, 5 * MIB as usize);
    for name in 0..6 {
        world.behind.put(&format!("k{name}"), bytes.clone()).await;
    }
    let readers: Vec<_> = (0..24)
        .map(|reader| {
            let (desk, bytes) = (world.desk.clone(), bytes.clone());
            tokio::spawn(async move { verified(&desk, &format!("k{}", reader % 6), &bytes).await })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 5 * MIB);
    }
}

/// Reads an object, which must be these bytes, and holds no frame while it waits for the next.
async fn verified(desk: &Desk, name: &str, bytes: &[u8]) -> u64 {
    let cx = Context::background();
    let opened = desk.store.open(&cx, &desk.bucket, &key(name), OpenOptions::default()).await.unwrap();
    let mut body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
    let mut count = 0;
    while let Some(frame) = body.next_frame().await {
        if let Frame::Data(data) = frame.unwrap() {
            assert!(data == bytes[count..count + data.len()]);
            count += data.len();
        }
    }
    count as u64
}

#[tokio::test]
async fn small_objects_that_are_read_again_are_served_from_memory() {
    let near = Near { memory_bytes: MIB, ..Near::new(Arc::<HandClock>::default()) };
    let world = World::on(near, options(Mode::Immutable)).await;
    let bytes = pattern(17, 4096);
    world.behind.put("k", bytes.clone()).await;
    for expected in [0, 0, 1, 2] {
        assert!(world.desk.get("k").await.0 == bytes);
        assert_eq!(world.cache.stats().memory_hits.get(), expected);
    }
    assert!(world.desk.get_range("k", 10, 20).await.0 == bytes[10..=20]);
    world.desk.put("k", pattern(18, 4096)).await;
    assert!(world.desk.get("k").await.0 == pattern(18, 4096));
}

#[tokio::test]
async fn a_checksum_that_an_answer_left_out_is_asked_for_behind_the_readers_back() {
    let world = World::new(options(Mode::Ttl)).await;
    world.far.hides_checksums.store(true, Ordering::SeqCst);
    world.behind.put("k", pattern(19, 20 * MIB as usize)).await;
    assert!(world.desk.get("k").await.0 == pattern(19, 20 * MIB as usize));
    world.cache.run(std::future::ready(())).await;
    let cx = Context::background();
    let head =
        world.desk.store.head(&cx, &world.desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    assert!(head.checksum.is_some());
    assert_eq!(world.far.requests(), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_who_come_at_one_moment_open_a_cold_object_once() {
    for mode in MODES {
        let world = World::new(in_blocks(mode, BLOCK_MIN_BYTES)).await;
        let bytes = pattern(20, 1000);
        for round in 1..=100 {
            let name = format!("k{round}");
            world.behind.put(&name, bytes.clone()).await;
            let start = Arc::new(tokio::sync::Barrier::new(8));
            let readers: Vec<_> = (0..8)
                .map(|_| {
                    let (desk, name, start) = (world.desk.clone(), name.clone(), start.clone());
                    tokio::spawn(async move {
                        start.wait().await;
                        desk.get(&name).await.0
                    })
                })
                .collect();
            for reader in readers {
                assert!(reader.await.unwrap() == bytes);
            }
            assert_eq!(world.far.requests().0, round, "{mode:?}");
        }
    }
}

/// Begins a read, and waits until so many opens and heads have been sent in all.
async fn begun(world: &World, requests: (u64, u64)) -> tokio::task::JoinHandle<Result<Bytes, StoreError>> {
    let desk = world.desk.clone();
    let reader = tokio::spawn(async move { desk.get_with("k", OpenOptions::default()).await.0 });
    while world.far.requests() != requests {
        tokio::task::yield_now().await;
    }
    reader
}

#[tokio::test]
async fn a_failed_open_is_sent_again_once_for_all_who_waited() {
    for mode in MODES {
        let world = World::new(options(mode)).await;
        let bytes = pattern(21, 100_000);
        world.behind.put("k", bytes.clone()).await;
        world.far.call_faults.lock().extend([Fault::Refused]);
        // Those who wait are vouched for before the open comes to its end.
        let held = world.far.gate.write().await;
        let leader = begun(&world, (1, 0)).await;
        let mut waiters = Vec::new();
        for waiter in 1..=7 {
            let heads = if mode == Mode::Strict { waiter } else { 0 };
            waiters.push(begun(&world, (1, heads)).await);
        }
        while world.cache.stats().joined.get() < 7 {
            tokio::task::yield_now().await;
        }
        drop(held);
        assert!(leader.await.unwrap().is_err(), "{mode:?}");
        for waiter in waiters {
            assert!(waiter.await.unwrap().unwrap() == bytes, "{mode:?}");
        }
        assert_eq!(world.far.requests().0, 2, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_that_is_never_answered_holds_nobody_up_for_ever() {
    for mode in MODES {
        let world = World::new(options(mode)).await;
        let bytes = pattern(22, 100_000);
        world.behind.put("k", bytes.clone()).await;
        world.far.call_faults.lock().extend([Fault::Hangs]);
        let first = begun(&world, (1, 0)).await;
        let second = begun(&world, (1, u64::from(mode == Mode::Strict))).await;
        let error = first.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{mode:?}");
        assert!(second.await.unwrap().unwrap() == bytes, "{mode:?}");
        assert_eq!(world.far.requests().0, 2, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn heads_and_listings_that_are_never_answered_hold_nobody_up_for_ever() {
    let world = World::new(LayerOptions { list_ttl: Duration::from_secs(30), ..options(Mode::Ttl) }).await;
    world.behind.put("k", pattern(23, 10)).await;
    let cx = Context::background();
    let Desk { store, bucket } = world.desk.clone();
    let name = key("k");
    let head = || store.head(&cx, &bucket, &name, OpenOptions::default());
    let list = || store.list(&cx, &bucket, ListObjects { limit: 10, ..ListObjects::default() });
    world.far.call_faults.lock().extend([Fault::Hangs]);
    let (first, second) = tokio::join!(head(), head());
    assert!(matches!(first.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert_eq!(second.unwrap().size_bytes, 10);
    world.far.call_faults.lock().extend([Fault::Hangs]);
    let (first, second) = tokio::join!(list(), list());
    assert!(matches!(first.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert_eq!(second.unwrap().entries.len(), 1);
}

/// What a store answers after it has waited and asked again by itself.
const LATE: Duration = Duration::from_secs(61);

#[tokio::test(start_paused = true)]
async fn who_began_an_open_waits_for_as_long_as_the_store_tries() {
    for mode in MODES {
        let world = World::new(options(mode)).await;
        let bytes = pattern(26, 100_000);
        world.behind.put("k", bytes.clone()).await;
        world.far.call_faults.lock().extend([Fault::Late(LATE)]);
        let began_at = Instant::now();
        assert!(world.desk.get("k").await.0 == bytes, "{mode:?}");
        assert!(began_at.elapsed() >= LATE, "{mode:?}");
        assert_eq!(world.far.requests().0, 1, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_an_open_for_too_long_share_another() {
    for mode in MODES {
        let world = World::new(options(mode)).await;
        let bytes = pattern(27, 100_000);
        world.behind.put("k", bytes.clone()).await;
        world.far.call_faults.lock().extend([Fault::Late(2 * LATE)]);
        let began_at = Instant::now();
        let first = begun(&world, (1, 0)).await;
        let heads = |waiter| if mode == Mode::Strict { waiter } else { 0 };
        let (second, third) = (begun(&world, (1, heads(1))).await, begun(&world, (1, heads(2))).await);
        assert!(second.await.unwrap().unwrap() == bytes, "{mode:?}");
        assert!(third.await.unwrap().unwrap() == bytes, "{mode:?}");
        assert!(began_at.elapsed() <= LATE, "{mode:?}");
        assert_eq!(world.far.requests().0, 2, "{mode:?}");
        assert!(first.await.unwrap().unwrap() == bytes, "{mode:?}");
        assert!(began_at.elapsed() >= 2 * LATE, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_began_a_head_or_a_page_waits_for_as_long_as_the_store_tries() {
    let world = World::new(LayerOptions { list_ttl: Duration::from_secs(30), ..options(Mode::Ttl) }).await;
    world.behind.put("k", pattern(28, 10)).await;
    let (cx, Desk { store, bucket }) = (Context::background(), world.desk.clone());
    world.far.call_faults.lock().extend([Fault::Late(LATE), Fault::Late(LATE)]);
    assert_eq!(store.head(&cx, &bucket, &key("k"), OpenOptions::default()).await.unwrap().size_bytes, 10);
    let page = store.list(&cx, &bucket, ListObjects { limit: 10, ..ListObjects::default() }).await;
    assert_eq!(page.unwrap().entries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_answered_offline_once_the_store_was_silent_for_a_minute() {
    let clock = Arc::<HandClock>::default();
    let world = World::on(Near::new(clock.clone()), eager(Mode::Offline)).await;
    world.behind.put("k", pattern(29, 100_000)).await;
    let Desk { store, bucket } = world.desk.clone();
    let ask = async |number: u32| {
        let (cx, name) = (Context { notes: Notes::kept(), ..Context::background() }, key("k"));
        match number {
            0 => return world.desk.get("k").await.1.0,
            1 => drop(store.head(&cx, &bucket, &name, OpenOptions::default()).await.unwrap()),
            _ => {
                drop(store.list(&cx, &bucket, ListObjects { limit: 10, ..Default::default() }).await.unwrap())
            }
        }
        said(&cx).0
    };
    assert_eq!((ask(0).await, ask(1).await, ask(2).await), (Miss, Hit, Miss));
    for number in 0..3 {
        clock.forward(Duration::from_secs(31));
        world.far.call_faults.lock().extend([Fault::Late(2 * LATE)]);
        let began_at = Instant::now();
        assert_eq!(ask(number).await, Stale, "{number}");
        assert!(began_at.elapsed() <= LATE, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_stop_coming_are_asked_for_again() {
    for fault in
        [Fault::Hangs, Fault::StallsAfter(0), Fault::StallsAfter(100_000), Fault::StallsAfter(2 * MIB)]
    {
        let world = World::new(in_blocks(Mode::Strict, MIB)).await;
        let bytes = pattern(24, 3 * MIB as usize);
        world.behind.put("k", bytes.clone()).await;
        world.fails(&[fault]);
        assert!(world.desk.get("k").await.0 == bytes, "{fault:?}");
    }
}

#[tokio::test]
async fn a_request_sent_a_moment_after_a_reader_came_is_shared_with_it() {
    let clock = Arc::<HandClock>::default();
    let settings = LayerOptions { list_ttl: Duration::from_secs(30), ..options(Mode::Ttl) };
    clock.forward(Duration::from_secs(60));
    let world = World::on(Near::new(clock.clone()), settings).await;
    world.behind.put("k", pattern(25, 100_000)).await;
    let (cx, Desk { store, bucket }) = (Context::background(), world.desk.clone());
    let name = key("k");
    // Who comes second looked at the clock before the first did.
    let earlier = || clock.back(Duration::from_nanos(1));
    let head = || async { store.head(&cx, &bucket, &name, OpenOptions::default()).await.unwrap() };
    let list =
        || async { store.list(&cx, &bucket, ListObjects { limit: 10, ..Default::default() }).await.unwrap() };
    let open = || world.desk.get("k");
    tokio::join!(head(), async {
        earlier();
        head().await
    });
    tokio::join!(list(), async {
        earlier();
        list().await
    });
    assert_eq!((world.far.requests(), world.far.lists.load(Ordering::SeqCst)), ((0, 1), 1));
    clock.forward(Duration::from_secs(60));
    tokio::join!(open(), async {
        earlier();
        open().await
    });
    assert_eq!(world.far.requests(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_whole_object_is_not_read_from_its_blocks_before_it_is_verified() {
    let world = World::new(in_blocks(Mode::Ttl, MIB)).await;
    let bytes = pattern(26, 20 * MIB as usize);
    world.behind.put("k", bytes.clone()).await;
    // Three requests, one of them with a wrong byte; the fourth, which tells whether the object is so, takes its time.
    world.fails(&[Fault::BreaksAfter(u64::MAX), Fault::BreaksAfter(u64::MAX), Fault::WrongByte, Fault::Held]);
    let held = world.far.hold.write().await;
    let first = begun(&world, (1, 0)).await;
    while world.far.reads.load(Ordering::SeqCst) < 4 {
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    let desk = world.desk.clone();
    let mut second = Box::pin(desk.get_with("k", OpenOptions::default()));
    // Time passes where nothing else goes on.
    let early = tokio::time::timeout(Duration::from_secs(1), &mut second).await;
    assert!(early.is_err(), "read before it was verified");
    let (range, said) = world.desk.get_range("k", 0, 10).await;
    assert_eq!((range, said.0), (bytes.slice(0..11), Hit));
    drop(held);
    let (second, said) = second.await;
    assert!(first.await.unwrap().is_err() && second.is_err());
    assert_eq!(said.0, Miss);
    assert!(world.desk.get("k").await.0 == bytes);
    assert_eq!(world.desk.get("k").await, (bytes, (Hit, Some(0))));
}

/// Two objects of one digest, of 20 MiB.
async fn twins() -> (World, Bytes) {
    let settings = LayerOptions { digest: Some("sha".into()), ..in_blocks(Mode::Ttl, MIB) };
    let (world, cx) = (World::new(settings).await, Context::background());
    let bytes = pattern(27, 20 * MIB as usize);
    for name in ["k", "other"] {
        let mut put = PutOptions::default();
        put.metadata.user.push(("sha".into(), "ab".repeat(32)));
        let body = Body::from_bytes(bytes.clone());
        world.behind.store.put(&cx, &world.behind.bucket, &key(name), body, put).await.unwrap();
    }
    (world, bytes)
}

#[tokio::test(start_paused = true)]
async fn bytes_of_another_object_of_the_same_digest_that_are_wrong_end_the_read() {
    let (world, bytes) = twins().await;
    world.fails(&[Fault::BreaksAfter(u64::MAX), Fault::BreaksAfter(u64::MAX), Fault::WrongByte, Fault::Held]);
    let held = world.far.hold.write().await;
    let one = begun(&world, (1, 0)).await;
    while world.far.reads.load(Ordering::SeqCst) < 4 {
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    let desk = world.desk.clone();
    let mut other = Box::pin(desk.get_with("other", OpenOptions::default()));
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut other).await.is_err());
    drop(held);
    assert!(one.await.unwrap().is_err() && other.await.0.is_err());
    assert!(world.desk.get("other").await.0 == bytes);
}

#[tokio::test]
async fn a_reader_does_not_fail_with_another_object_of_the_same_digest() {
    let ((world, bytes), cx) = (twins().await, Context::background());
    // What the one asks for first waits, and meets nothing then; the other has joined it by that time.
    world.fails(&[Fault::Held, Fault::Held]);
    let held = world.far.hold.write().await;
    let one = begun(&world, (1, 0)).await;
    while world.far.reads.load(Ordering::SeqCst) < 2 {
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    let Desk { store, bucket } = &world.desk;
    let other = store.open(&cx, bucket, &key("other"), OpenOptions::default()).await.unwrap();
    *world.far.gone.lock() = Some("k".into());
    drop(held);
    assert!(matches!(one.await.unwrap().unwrap_err().kind, StoreErrorKind::Conflict));
    let body = other.content.read(ByteRange::whole(20 * MIB)).await.unwrap();
    assert!(body.collect(1 << 30).await.unwrap() == bytes);
    assert_eq!(world.desk.get("other").await, (bytes, (Hit, Some(0))));
}
