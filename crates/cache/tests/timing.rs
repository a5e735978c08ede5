//! How long a miss takes, by a clock that stands still while anything works: latencies and rates are those of the far store.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cache::{Cache, LayerOptions, Mode};
use common::far::Far;
use common::{Desk, HandClock, MIB, Native, Near, cached, key, options, pattern};
use store::{OpenOptions, SharedStore};
use tokio::time::Instant;
use types::{ByteRange, Context, Frame, RangeSpec};

const LATENCY: Duration = Duration::from_millis(50);
const RATE: u64 = 40_000_000;

struct World {
    /// Held for as long as it is used.
    _near: Near,
    far: Arc<Far>,
    cache: Cache,
    desk: Desk,
    /// The far store without a cache.
    direct: Desk,
    behind: Desk,
}

impl World {
    async fn new(options: LayerOptions) -> Self {
        let near = Near { size_bytes: 2 << 30, ..Near::new(Arc::<HandClock>::default()) };
        let native: SharedStore = Native::default().open();
        let (far, middle) = Far::around(&native);
        let cache = near.open();
        let desk = Desk::over(cached(&cache, options, &middle), &native).await;
        let (direct, behind) = (desk.through(middle), desk.through(native));
        *far.latency.lock() = LATENCY;
        *far.rate.lock() = Some(RATE);
        Self { _near: near, far, cache, desk, direct, behind }
    }
}

/// How long it takes to the first byte, and to the last one of so many.
async fn time(desk: &Desk, name: &str, range_hint: Option<RangeSpec>) -> (Duration, Duration) {
    let (began_at, cx) = (Instant::now(), Context::background());
    let options = OpenOptions { range_hint, ..OpenOptions::default() };
    let opened = desk.store.open(&cx, &desk.bucket, &key(name), options).await.unwrap();
    let size = opened.info.size_bytes;
    let range = range_hint.map_or(ByteRange::whole(size), |hint| hint.resolve(size).unwrap());
    let mut body = opened.content.read(range).await.unwrap();
    let (mut first, mut read) = (None, 0);
    while let Some(frame) = body.next_frame().await {
        first.get_or_insert_with(|| began_at.elapsed());
        if let Frame::Data(data) = frame.unwrap() {
            read += data.len() as u64;
        }
    }
    assert_eq!(read, range.len());
    (first.unwrap(), began_at.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_first_byte_of_a_miss_takes_at_most_1_3_of_what_it_takes_directly() {
    let world = World::new(options(Mode::Strict)).await;
    let mut ratios = Vec::new();
    for round in 0..50_u64 {
        let size = [4096, 65_536, 300_000, 20 * MIB][round as usize % 4];
        let name = format!("k{round}");
        world.behind.put(&name, pattern(round, size as usize)).await;
        let hint = [None, Some(RangeSpec::From(size / 2)), Some(RangeSpec::Suffix(100))][round as usize % 3];
        let direct = time(&world.direct, &name, hint).await.0;
        let cached = time(&world.desk, &name, hint).await.0;
        ratios.push(cached.as_secs_f64() / direct.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    assert!(ratios[25] <= 1.3, "the median is {}", ratios[25]);
    assert!(ratios[49] <= 1.3, "the slowest is {}", ratios[49]);
}

#[tokio::test(start_paused = true)]
async fn a_large_miss_is_at_least_five_times_as_fast_as_one_connection() {
    let world = World::new(options(Mode::Strict)).await;
    // A fifth of the object of the measured figure: ramping up weighs the more.
    let size = 192 * MIB;
    world.behind.put("k", pattern(1, size as usize)).await;
    let (_, direct) = time(&world.direct, "k", None).await;
    assert!(direct.as_secs_f64() >= size as f64 / RATE as f64);
    let (_, cached) = time(&world.desk, "k", None).await;
    let gain = direct.as_secs_f64() / cached.as_secs_f64();
    assert!(gain >= 5.0, "it is {gain:.2} times as fast");
    // It was fetched twice in all: by the direct read, and once into the cache.
    assert_eq!(world.far.sent("k", size), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_cached_costs_no_time_far_away_but_for_the_one_question_of_strict() {
    for (mode, expected) in
        [(Mode::Strict, LATENCY), (Mode::Ttl, Duration::ZERO), (Mode::Immutable, Duration::ZERO)]
    {
        let world = World::new(options(mode)).await;
        world.behind.put("k", pattern(2, 3 * MIB as usize)).await;
        time(&world.desk, "k", None).await;
        let (first, last) = time(&world.desk, "k", None).await;
        // Timers tell milliseconds.
        let slack = Duration::from_millis(2);
        assert!(first <= expected + slack && last <= expected + slack, "{mode:?}: {first:?}, {last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_in_the_middle_of_a_block_comes_first_and_the_rest_of_the_block_behind_it() {
    let world = World::new(options(Mode::Immutable)).await;
    world.behind.put("k", pattern(3, 8 * MIB as usize)).await;
    let hint = Some(RangeSpec::FromTo { first: 6 * MIB + 17, last: 6 * MIB + 1000 });
    let (first, _) = time(&world.desk, "k", hint).await;
    assert!(first <= LATENCY.mul_f64(1.3), "{first:?}");
    while world.cache.memory_use().fills > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.far.opens.load(Ordering::SeqCst), 1);
    assert_eq!(world.far.sent("k", 8 * MIB), (1, 1));
    let (_, last) = time(&world.desk, "k", None).await;
    assert!(last <= Duration::from_millis(2), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_reader_at_another_place_does_not_wait_for_the_first() {
    let world = World::new(options(Mode::Immutable)).await;
    world.behind.put("k", pattern(4, 100 * MIB as usize)).await;
    let first = {
        let desk = world.desk.clone();
        tokio::spawn(async move { time(&desk, "k", None).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let hint = Some(RangeSpec::FromTo { first: 90 * MIB, last: 90 * MIB + 10 });
    let (waited, _) = time(&world.desk, "k", hint).await;
    assert!(waited <= 6 * LATENCY, "{waited:?}");
    first.await.unwrap();
}
