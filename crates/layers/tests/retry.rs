//! Time-outs, repetitions and resumed reads.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::pin::Pin;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use bytes::Bytes;
use layers::{Fault, FaultOptions, Retry, RetryOptions};
use store::{Layer, OpenOptions, PutOptions, StoreErrorKind};
use support::{Client, Counting, SIZE, cx, key};
use tokio::time::{Instant, Sleep, sleep};
use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Context, Frame};

const SECOND: Duration = Duration::from_secs(1);

fn retry(attempts: u32) -> Retry {
    Retry::new(RetryOptions { timeout: SECOND, attempts }, Counting::from(2)).unwrap()
}

/// Frames with a pause before each.
struct Slow {
    frames: usize,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

fn slow(frames: usize, pause: Duration) -> Body {
    Body::new(Slow { frames, pause, sleep: None }, Some(frames as u64 * 10))
}

impl BodyStream for Slow {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let pause = self.pause;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(pause)));
        std::task::ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        if self.frames == 0 {
            return Poll::Ready(None);
        }
        self.frames -= 1;
        Poll::Ready(Some(Ok(Frame::Data(Bytes::from_static(&[7; 10])))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_may_take_longer_than_the_store() {
    let retry = retry(1);
    let client = Client::behind(&retry).await;
    let body = slow(10, SECOND * 60);
    client.store.put(&cx(), &client.bucket, &key("slow"), body, PutOptions::default()).await.unwrap();
    assert_eq!(retry.stats().timed_out.get(), 0);
}

/// Reads an object through a store with faults.
async fn read_through(faults: FaultOptions, retry: &Retry) -> (Result<Bytes, BodyError>, u64) {
    let fault = Fault::new(faults, Counting::from(1)).unwrap();
    let client = Client::over(support::native(), |below| retry.wrap(fault.wrap(below))).await;
    let opened =
        client.store.open(&cx(), &client.bucket, &key("there"), OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange { start: 5, end: SIZE as u64 }).await.unwrap();
    let read = body.collect(SIZE).await;
    (read, fault.stats().cuts.get())
}

#[tokio::test(start_paused = true)]
async fn a_read_that_breaks_off_goes_on_at_the_byte_reached() {
    let mut broken = 0;
    for seed in 0..20 {
        let retry = retry(10);
        let faults = FaultOptions { cuts: 0.5, seed: Some(seed), ..FaultOptions::default() };
        let (read, cuts) = read_through(faults, &retry).await;
        assert_eq!(read.unwrap(), vec![7; SIZE - 5]);
        assert_eq!(retry.stats().resumed.get(), cuts);
        broken += cuts;
    }
    assert!(broken > 0, "no read broke off");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_stands_still_goes_on_at_the_byte_reached() {
    let mut stood_still = 0;
    for seed in 0..20 {
        let (retry, begun) = (retry(10), Instant::now());
        let faults = FaultOptions { stalls: 0.5, seed: Some(seed), ..FaultOptions::default() };
        let (read, _) = read_through(faults, &retry).await;
        assert_eq!(read.unwrap(), vec![7; SIZE - 5]);
        let stalls = retry.stats().timed_out.get();
        assert_eq!(retry.stats().resumed.get(), stalls);
        assert!(begun.elapsed() >= SECOND * stalls as u32);
        stood_still += stalls;
    }
    assert!(stood_still > 0, "no read stood still");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_gets_no_further_ends() {
    let retry = retry(3);
    let faults = FaultOptions { cuts: 1.0, seed: Some(1), ..FaultOptions::default() };
    let (read, _) = read_through(faults, &retry).await;
    assert_eq!(read.unwrap_err().kind, BodyErrorKind::Storage);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_stands_still_is_not_the_stores_fault() {
    let fault =
        Fault::new(FaultOptions { stalls: 1.0, ..FaultOptions::default() }, Counting::from(1)).unwrap();
    let retry = retry(1);
    let client = Client::over(support::native(), |below| fault.wrap(retry.wrap(below))).await;
    let (cx, name) = (cx(), key("k"));
    let put = client.store.put(&cx, &client.bucket, &name, support::body(10), PutOptions::default());
    // The sender stands still here, not the store: that is not this layer's to judge.
    assert!(tokio::time::timeout(SECOND * 60, put).await.is_err());
    assert_eq!(retry.stats().timed_out.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_not_made_again_past_its_deadline() {
    let fault =
        Fault::new(FaultOptions { errors: 1.0, ..FaultOptions::default() }, Counting::from(1)).unwrap();
    let (retry, below) = (retry(10), support::native());
    let client = Client::over(below, |below| retry.wrap(fault.wrap(below))).await;
    let deadline = Some(Instant::now().into_std());
    let cx = Context { deadline, ..Context::background() };
    let head = client.store.head(&cx, &client.bucket, &key("there"), OpenOptions::default()).await;
    assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert_eq!(fault.stats().errors.get(), 1);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let refused =
        |timeout, attempts| RetryOptions { timeout, attempts }.validate().map_err(|error| error.option);
    assert_eq!(refused(Duration::ZERO, 1), Err("timeout"));
    assert_eq!(refused(SECOND, 0), Err("attempts"));
    assert_eq!(refused(SECOND, 11), Err("attempts"));
    assert_eq!(refused(SECOND, 10), Ok(()));
}
