//! Requests per second and bytes per second, in time and shared evenly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use layers::{Bandwidth, BandwidthOptions, Limit, LimitOptions};
use store::{OpenOptions, PutOptions, StoreErrorKind};
use support::{Client, cx, key};
use tokio::time::{Instant, timeout};
use types::{Body, ByteRange, Context, RequestId};

const SECOND: Duration = Duration::from_secs(1);
const MIB: u64 = 1 << 20;

fn limit(requests: u32, wait: Duration) -> Limit {
    Limit::new(LimitOptions { requests_per_second: Some(requests), concurrency: None, wait }).unwrap()
}

fn of_request(number: u64) -> Context {
    Context { request_id: RequestId::from_u64(number), ..Context::background() }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_asks_at_once_counts_once() {
    let client = Client::behind(&limit(1, SECOND * 100)).await;
    let begun = Instant::now();
    for request in 1..=5 {
        let cx = of_request(request);
        let bucket = client.store.bucket(&cx, &client.bucket.name).await.unwrap();
        let opened = client.store.open(&cx, &bucket, &key("there"), OpenOptions::default()).await.unwrap();
        opened.content.read(ByteRange { start: 0, end: 1 }).await.unwrap();
    }
    // Five requests, the first at once.
    assert_eq!(begun.elapsed().as_secs(), 4);
    // A look at the bucket alone counts too, and so does whatever comes after the first call.
    for request in 6..=10 {
        client.store.bucket(&of_request(request), &client.bucket.name).await.unwrap();
        client.store.bucket(&of_request(11), &client.bucket.name).await.unwrap();
    }
    assert_eq!(begun.elapsed().as_secs(), 4 + 5 + 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_turn_is_too_far_is_refused_at_once() {
    let limit = limit(1, SECOND * 3);
    let client = Client::behind(&limit).await;
    let begun = Instant::now();
    let call = async || client.store.bucket(&cx(), &client.bucket.name).await;
    let (first, second, third, fourth, fifth) = tokio::join!(call(), call(), call(), call(), async {
        let refused = call().await.unwrap_err();
        (refused, begun.elapsed())
    });
    assert!([first, second, third, fourth].iter().all(Result::is_ok));
    assert!(matches!(fifth.0.kind, StoreErrorKind::Unavailable), "{}", fifth.0);
    assert!(fifth.1 < SECOND);
    assert_eq!((begun.elapsed().as_secs(), limit.stats().refused.get()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_leaves_costs_nobody_a_turn() {
    let client = Client::behind(&limit(1, SECOND * 100)).await;
    let call = async || client.store.bucket(&cx(), &client.bucket.name).await.map(drop);
    call().await.unwrap();
    for _ in 0..50 {
        assert!(timeout(SECOND / 100, call()).await.is_err());
    }
    let begun = Instant::now();
    call().await.unwrap();
    assert!(begun.elapsed() <= SECOND, "{:?}", begun.elapsed());
}

/// Reads `size` bytes as frames of `frame` and tells when it was done.
async fn write_in_frames(client: &Client, name: &str, size: u64, frame: u64) -> Instant {
    let frames = (0..size / frame).map(|_| Bytes::from(vec![7; frame as usize])).collect();
    let (body, options) = (Body::from_frames(frames), PutOptions::default());
    client.store.put(&cx(), &client.bucket, &key(name), body, options).await.unwrap();
    Instant::now()
}

fn writing(bytes: u64) -> Bandwidth {
    let write_bytes_per_second = Some(bytes);
    Bandwidth::new(BandwidthOptions { write_bytes_per_second, ..BandwidthOptions::default() }).unwrap()
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_at_the_rate() {
    let client = Client::behind(&writing(MIB)).await;
    let begun = Instant::now();
    let done = write_in_frames(&client, "k", 16 * MIB, MIB).await;
    let took = done - begun;
    assert!(took >= SECOND * 14 && took <= SECOND * 16, "{took:?}");
    // What the last frame had beyond what was paid, the next body waits for.
    let done = write_in_frames(&client, "k", 16 * MIB, MIB).await;
    let took = done - begun;
    assert!(took >= SECOND * 30 && took <= SECOND * 32, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn small_objects_pass_at_the_rate_too() {
    let client = Client::behind(&writing(100_000)).await;
    let begun = Instant::now();
    for number in 0..100 {
        write_in_frames(&client, &number.to_string(), 10_000, 10_000).await;
    }
    let took = begun.elapsed();
    assert!(took >= SECOND * 9 && took <= SECOND * 10, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn bodies_share_evenly_whatever_their_frames() {
    let client = Client::behind(&writing(MIB)).await;
    let begun = Instant::now();
    let (large, small) = tokio::join!(
        write_in_frames(&client, "large", 8 * MIB, MIB),
        write_in_frames(&client, "small", 8 * MIB, 16 << 10),
    );
    let (large, small) = (large - begun, small - begun);
    assert!(large >= SECOND * 12 && small >= SECOND * 14, "{large:?} {small:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_asks_for_holds_nobody_up() {
    let read_bytes_per_second = Some(MIB);
    let options = BandwidthOptions { read_bytes_per_second, ..BandwidthOptions::default() };
    let client = Client::behind(&Bandwidth::new(options).unwrap()).await;
    let opened =
        client.store.open(&cx(), &client.bucket, &key("there"), OpenOptions::default()).await.unwrap();
    let whole = ByteRange::whole(support::SIZE as u64);
    let mut idle = opened.content.read(whole).await.unwrap();
    let mut busy = opened.content.read(whole).await.unwrap();
    busy.next_frame().await.unwrap().unwrap();
    // The idle one has asked for its turn once, and then is not polled any more.
    assert!(timeout(Duration::ZERO, idle.next_frame()).await.is_err());
    let read = timeout(SECOND, busy.collect(support::SIZE)).await;
    assert!(read.is_ok_and(|read| read.is_ok()));
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let refused = |requests_per_second, concurrency| {
        let options = LimitOptions { requests_per_second, concurrency, ..LimitOptions::default() };
        options.validate().map_err(|error| error.option)
    };
    assert_eq!(refused(Some(0), None), Err("requests"));
    assert_eq!(refused(Some(1), Some(1)), Err("concurrency"));
    assert_eq!(refused(Some(1), Some(2)), Ok(()));
    let options = BandwidthOptions { read_bytes_per_second: Some(1), write_bytes_per_second: Some(0) };
    assert_eq!(options.validate().unwrap_err().option, "write");
}
