//! Each layer does what its name says on every path of the port.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use layers::{
    Bandwidth, BandwidthOptions, Fault, FaultOptions, Limit, LimitOptions, Observe, Prefix, ReadOnly, Retry,
    RetryOptions, StoreOperation as Op,
};
use store::{Layer, ListEntry, ListObjects, OpenOptions, PutOptions, StoreError, StoreErrorKind};
use support::{Called, Client, Counting, SIZE, content, cx, is_write};
use types::{Body, ByteRange, Context, RequestId};

const SECOND: Duration = Duration::from_secs(1);

fn is_unavailable(call: &Called) -> bool {
    matches!(&call.outcome, Err(error) if matches!(error.kind, StoreErrorKind::Unavailable))
}

#[tokio::test]
async fn a_client_without_layers_is_served_everything() {
    for call in Client::over(support::native(), |below| below).await.call_everything().await {
        assert!(call.outcome.is_ok(), "{:?}: {:?}", call.operation, call.outcome);
    }
}

#[tokio::test]
async fn the_observer_counts_every_call() {
    let observe = Observe::new();
    Client::behind(&observe).await.call_everything().await;
    for (operation, name) in Op::ALL {
        assert_eq!(observe.stats().of(operation).done.get(), 1, "{name}");
    }
}

#[tokio::test]
async fn read_only_serves_every_look_and_refuses_every_change() {
    let client = Client::behind(&ReadOnly::new()).await;
    let below = client.below.clone();
    for call in client.call_everything().await {
        let is_refused =
            matches!(&call.outcome, Err(error) if matches!(error.kind, StoreErrorKind::Forbidden(_)));
        assert_eq!(is_refused, is_write(call.operation), "{:?}: {:?}", call.operation, call.outcome);
        assert!(is_refused || call.outcome.is_ok(), "{:?}: {:?}", call.operation, call.outcome);
    }
    // What the client prepared below is all that is there.
    let kept = content(&below).await;
    assert!(kept.contains("there") && !kept.contains("copied") && !kept.contains("name: \"made\""), "{kept}");
}

#[tokio::test]
async fn a_refused_write_takes_no_byte_of_its_body() {
    let client = Client::behind(&ReadOnly::new()).await;
    let before = content(&client.below).await;
    let options = PutOptions::default();
    let put =
        client.store.put(&cx(), &client.bucket, &support::key("there"), support::body(1), options).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Forbidden(_)));
    assert_eq!(content(&client.below).await, before);
}

#[tokio::test]
async fn below_a_prefix_every_key_is_the_stores_with_the_prefix() {
    let below = support::native();
    let observed = Observe::new();
    let client = Client::over(below, |below| {
        // The client's own object is brought below the prefix by the layer under test.
        Prefix::new("p/").unwrap().wrap(observed.wrap(below))
    })
    .await;
    let (store, below, bucket) = (client.store.clone(), client.below.clone(), client.bucket.clone());
    support::put(&store, &bucket, "a", 10).await;
    support::put(&below, &bucket, "outside", 10).await;
    let keys = |page: store::ListPage| -> Vec<String> {
        let shown = |entry| match entry {
            ListEntry::Object(object) => object.key.to_string(),
            ListEntry::Prefix(prefix) => prefix,
        };
        page.entries.into_iter().map(shown).collect()
    };
    let all = || ListObjects { limit: 10, ..ListObjects::default() };
    assert_eq!(keys(store.list(&cx(), &bucket, all()).await.unwrap()), ["a"]);
    assert_eq!(keys(below.list(&cx(), &bucket, all()).await.unwrap()), ["outside", "p/a", "there"]);
}

#[tokio::test(start_paused = true)]
async fn every_call_takes_its_turn() {
    let options =
        LimitOptions { requests_per_second: Some(1), wait: SECOND * 100, ..LimitOptions::default() };
    let limit = Limit::new(options).unwrap();
    let client = Client::behind(&limit).await;
    // The first turn has no other before it.
    client.store.bucket(&cx(), &client.bucket.name).await.unwrap();
    for call in client.call_everything().await {
        assert!(call.outcome.is_ok(), "{:?}: {:?}", call.operation, call.outcome);
        // A first read is a part of the opening.
        let turns = u32::from(call.operation != Op::Read);
        let (least, most) = (SECOND * turns, SECOND * turns + Duration::from_millis(10));
        assert!((least..=most).contains(&call.took), "{:?} took {:?}", call.operation, call.took);
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_waits_for_a_place_among_those_under_way() {
    let options = LimitOptions { concurrency: Some(2), wait: SECOND, ..LimitOptions::default() };
    let limit = Limit::new(options).unwrap();
    let client = Client::behind(&limit).await;
    let (store, bucket, there) = (client.store.clone(), client.bucket.clone(), support::key("there"));
    let opened = store.open(&cx(), &bucket, &there, OpenOptions::default()).await.unwrap();
    let mut bodies = Vec::new();
    for _ in 0..2 {
        bodies.push(opened.content.read(ByteRange::whole(SIZE as u64)).await.unwrap());
    }
    for call in client.call_everything().await {
        let was_asked = call.operation != Op::Read;
        assert!(!was_asked || is_unavailable(&call), "{:?}: {:?}", call.operation, call.outcome);
        assert!(!was_asked || call.took >= SECOND, "{:?} took {:?}", call.operation, call.took);
    }
    // A body that has ended gives its place back, and so does one that is dropped.
    bodies.pop().unwrap().collect(SIZE).await.unwrap();
    store.bucket(&cx(), &bucket.name).await.unwrap();
    drop(bodies);
    for call in Client::over(client_below(), |below| limit.wrap(below)).await.call_everything().await {
        assert!(call.outcome.is_ok(), "{:?}: {:?}", call.operation, call.outcome);
    }
}

/// A body of the client's object, read for a request.
async fn read_for(client: &Client, cx: &Context) -> Result<Body, StoreError> {
    let opened =
        client.store.open(cx, &client.bucket, &support::key("there"), OpenOptions::default()).await?;
    opened.content.read(ByteRange::whole(SIZE as u64)).await
}

#[tokio::test(start_paused = true)]
async fn each_body_of_a_request_takes_a_place_and_its_writes_take_none() {
    let options = LimitOptions { concurrency: Some(2), wait: SECOND, ..LimitOptions::default() };
    let client = Client::behind(&Limit::new(options).unwrap()).await;
    let of_request = |number| Context { request_id: RequestId::from_u64(number), ..cx() };
    let (one, other) = (of_request(1), of_request(2));
    let (first, second) = (read_for(&client, &one).await.unwrap(), read_for(&client, &one).await.unwrap());
    let is_refused = |outcome: Result<Body, StoreError>| matches!(outcome, Err(error) if matches!(error.kind, StoreErrorKind::Unavailable));
    assert!(is_refused(read_for(&client, &one).await));
    // One that waits has the place of the first that ends.
    let ending = async {
        tokio::time::sleep(SECOND / 2).await;
        drop(first);
    };
    let (first, ()) = tokio::join!(read_for(&client, &one), ending);
    // Whichever body is left, what the request writes goes in its place.
    drop(second);
    let others = read_for(&client, &other).await.unwrap();
    assert!(is_refused(read_for(&client, &one).await));
    let (key, body) = (support::key("new"), support::body(1));
    client.store.put(&one, &client.bucket, &key, body, PutOptions::default()).await.unwrap();
    drop((first, others));
    read_for(&client, &one).await.unwrap();
}

fn client_below() -> store::SharedStore {
    support::native()
}

#[tokio::test(start_paused = true)]
async fn every_body_keeps_to_the_pace() {
    let rate = Some(SIZE as u64);
    let options = BandwidthOptions { read_bytes_per_second: rate, write_bytes_per_second: rate };
    let bandwidth = Bandwidth::new(options).unwrap();
    let client = Client::behind(&bandwidth).await;
    let calls = client.call_everything().await;
    // Each of the two bodies that come in is one frame, which passes at once; what it owes, the next one waits for.
    let took = |operation| calls.iter().find(|call| call.operation == operation).unwrap().took;
    assert!(took(Op::PutPart) >= SECOND - SECOND / 8, "{:?}", took(Op::PutPart));
    assert_eq!(bandwidth.stats().written_bytes.get(), 2 * SIZE as u64);
    assert_eq!(bandwidth.stats().read_bytes.get(), SIZE as u64);
}

#[tokio::test(start_paused = true)]
async fn every_call_is_slow_and_fails_as_asked() {
    let options = FaultOptions { latency: SECOND, errors: 1.0, ..FaultOptions::default() };
    let fault = Fault::new(options, Counting::from(1)).unwrap();
    let client = Client::behind(&fault).await;
    for call in client.call_everything().await.iter().filter(|call| call.operation != Op::Read) {
        assert!(is_unavailable(call), "{:?}: {:?}", call.operation, call.outcome);
        assert!(call.took >= SECOND, "{:?} took {:?}", call.operation, call.took);
    }
    assert_eq!(fault.stats().errors.get(), 22);
}

#[tokio::test]
async fn a_lost_answer_is_that_of_a_call_that_was_done() {
    let fault = Fault::new(FaultOptions { lost: 1.0, ..FaultOptions::default() }, Counting::from(1)).unwrap();
    let client = Client::behind(&fault).await;
    let below = client.below.clone();
    for call in client.call_everything().await.iter().filter(|call| call.operation != Op::Read) {
        assert!(is_unavailable(call), "{:?}: {:?}", call.operation, call.outcome);
    }
    let done = content(&below).await;
    assert!(done.contains("made") && !done.contains("there") && !done.contains("dropped"), "{done}");
}

#[tokio::test]
async fn bodies_are_cut_both_ways() {
    let fault = Fault::new(FaultOptions { cuts: 1.0, ..FaultOptions::default() }, Counting::from(1)).unwrap();
    let client = Client::behind(&fault).await;
    let below = client.below.clone();
    for call in client.call_everything().await {
        let has_body = matches!(call.operation, Op::Put | Op::PutPart | Op::Read);
        let is_cut = matches!(&call.outcome, Err(error) if matches!(error.kind, StoreErrorKind::Body(_)));
        assert_eq!(is_cut, has_body, "{:?}: {:?}", call.operation, call.outcome);
    }
    assert_eq!(fault.stats().cuts.get(), 3);
    drop(below);
}

#[tokio::test(start_paused = true)]
async fn what_can_be_repeated_is_made_again_and_nothing_else() {
    let fault =
        Fault::new(FaultOptions { errors: 1.0, ..FaultOptions::default() }, Counting::from(1)).unwrap();
    let retry = Retry::new(RetryOptions::default(), Counting::from(2)).unwrap();
    let client = Client::over(support::native(), |below| retry.wrap(fault.wrap(below))).await;
    let calls = client.call_everything().await;
    assert!(calls.iter().all(|call| call.outcome.is_err()));
    // Looks but the read, which was never opened; and what leaves the same behind however often it is done.
    let again = [
        Op::UpdateBucket,
        Op::Copy,
        Op::SetTags,
        Op::CopyPart,
        Op::CompleteUpload,
        Op::Delete,
        Op::DeleteMany,
    ];
    let repeated = 9 + again.len() as u64;
    let once = Op::ALL.len() as u64 - 1 - repeated;
    assert_eq!(retry.stats().retried.get(), 2 * repeated);
    assert_eq!(fault.stats().errors.get(), 3 * repeated + once);
}

#[tokio::test(start_paused = true)]
async fn every_call_that_stands_still_is_given_up() {
    let fault =
        Fault::new(FaultOptions { latency: SECOND * 3600, ..FaultOptions::default() }, Counting::from(1));
    let retry = Retry::new(RetryOptions { timeout: SECOND, attempts: 1 }, Counting::from(2)).unwrap();
    let client = Client::over(support::native(), |below| retry.wrap(fault.unwrap().wrap(below))).await;
    for call in client.call_everything().await.iter().filter(|call| call.operation != Op::Read) {
        assert!(is_unavailable(call), "{:?}: {:?}", call.operation, call.outcome);
        assert!(call.took >= SECOND && call.took < 2 * SECOND, "{:?} took {:?}", call.operation, call.took);
    }
    assert_eq!(retry.stats().timed_out.get(), 22);
}
