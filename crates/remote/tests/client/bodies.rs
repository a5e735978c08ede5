use bytes::Bytes;
use http::{Method, StatusCode};
use remote::{Anonymous, Payload, RemoteErrorKind, Replay, Roots};
use stubs::faults::{Fault, Matcher};
use types::{Body, BodyErrorKind, Budget, Frame};

use crate::harness::{MIB, World, Wrong, client, client_with, cx, kind, limits, noise, stream};

#[tokio::test]
async fn bodies_of_all_sizes_arrive_whole_over_one_connection() {
    let world = World::start();
    let client = client(limits());
    for size in [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB, 5 * MIB + 3] {
        let bytes = noise(size);
        client.send(&cx(), world.put(stream(&bytes), Replay::Unsent), &Anonymous).await.unwrap();
        assert_eq!(*world.kept.lock(), bytes, "{size}");
        let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
        assert_eq!(response.collect(usize::MAX).await.unwrap(), bytes, "{size}");
    }
    let stats = client.stats();
    assert_eq!((stats.connections.get(), stats.requests.get()), (1, 16));
    assert_eq!(stats.sent_bytes.get(), stats.received_bytes.get());
}

#[tokio::test]
async fn a_body_that_turns_out_wrong_never_completes() {
    let world = World::start();
    let client = client(limits());
    for size in [0, 1_000, 64 * 1024 + 1, 3 * MIB] {
        let frames: Vec<Bytes> = noise(size).chunks(256 * 1024).map(Bytes::copy_from_slice).collect();
        let body = Body::new(Wrong(frames.into_iter()), Some(size as u64));
        let request = world.put(Payload::Stream { body, length_bytes: size as u64 }, Replay::Unsent);
        let error = kind(client.send(&cx(), request, &Anonymous).await);
        assert!(
            matches!(&error, RemoteErrorKind::Body(body) if body.kind == BodyErrorKind::DigestMismatch(None)),
            "{size}: {error:?}"
        );
        assert_eq!(world.puts(), 0, "{size}");
    }
}

#[tokio::test]
async fn a_stream_of_another_length_fails_and_never_completes() {
    let world = World::start();
    let client = client(limits());
    for (size, length_bytes) in [(10, 11), (11, 10), (MIB, 2 * MIB), (2 * MIB, MIB)] {
        let Payload::Stream { body, .. } = stream(&noise(size)) else { unreachable!() };
        let request = world.put(Payload::Stream { body, length_bytes: length_bytes as u64 }, Replay::Safe);
        assert!(matches!(kind(client.send(&cx(), request, &Anonymous).await), RemoteErrorKind::Body(_)));
    }
    assert_eq!(world.puts(), 0);
}

#[tokio::test]
async fn a_refusal_costs_no_body() {
    let world = World::start();
    let client = client(limits());
    world.faults.next(Matcher::any(), Fault::status(StatusCode::FORBIDDEN));
    let request = world.put(stream(&noise(4 * MIB)), Replay::Unsent);
    let response = client.send(&cx(), request, &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(client.stats().sent_bytes.get(), 0);
    assert_eq!(world.faults.seen().request_body_bytes, 0);
}

#[tokio::test]
async fn a_large_stream_refused_unread_is_sent_again() {
    let world = World::start();
    let client = client(limits());
    let bytes = noise(2 * MIB);
    world.faults.next(Matcher::any(), Fault::status(StatusCode::SERVICE_UNAVAILABLE));
    let response = client.send(&cx(), world.put(stream(&bytes), Replay::Unsent), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(*world.kept.lock(), bytes);
}

#[tokio::test]
async fn answers_count_in_the_budget_while_they_are_held() {
    let world = World::start();
    let budget = Budget::new(4 * MIB);
    let client = client_with(limits(), budget.clone(), Roots::System);
    let bytes = world.keep(32 * MIB);
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    let (mut body, mut held, mut largest) = (response.body, Vec::new(), 0);
    let mut read = 0;
    while let Some(frame) = body.next_frame().await {
        let Frame::Data(data) = frame.unwrap() else { continue };
        assert_eq!(data, bytes[read..read + data.len()]);
        read += data.len();
        held.push(data);
        largest = largest.max(budget.used_bytes());
        if budget.used_bytes() >= 2 * MIB {
            held.clear();
        }
    }
    assert_eq!(read, bytes.len());
    assert!((2 * MIB..=4 * MIB).contains(&largest), "{largest}");
    held.clear();
    assert_eq!(budget.used_bytes(), 0);
}

#[tokio::test]
async fn a_large_answer_that_nobody_reads_costs_its_connection_and_nothing_else() {
    let world = World::start();
    let budget = Budget::new(4 * MIB);
    let client = client_with(limits(), budget.clone(), Roots::System);
    world.keep(8 * MIB);
    for connections in 1..=3 {
        let mut response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
        assert!(response.body.next_frame().await.is_some());
        drop(response);
        assert_eq!(client.stats().connections.get(), connections);
        assert_eq!(budget.used_bytes(), 0);
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_and_its_connection_goes_on() {
    let world = World::start();
    let client = client(limits());
    world.keep(1_000);
    for _ in 0..3 {
        let request = world.request(Method::HEAD, "/object");
        let response = client.send(&cx(), request, &Anonymous).await.unwrap();
        assert_eq!(response.header("content-length"), Some("1000"));
        assert_eq!(response.collect(0).await.unwrap().len(), 0);
    }
    assert_eq!(client.stats().connections.get(), 1);
}
