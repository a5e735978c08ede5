use std::time::Instant;

use http::StatusCode;
use remote::{Anonymous, Limits, RemoteErrorKind};
use stubs::faults::{Fault, Matcher};
use types::Context;

use crate::harness::{MIB, World, client, cx, kind, limits, ms};

#[tokio::test]
async fn requests_beyond_the_limit_wait_for_a_bounded_time() {
    let world = World::start();
    let client = client(Limits { max_in_flight: 2, ..limits() });
    world.keep(8 * MIB);
    let first = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    let second = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    let outcome = client.send(&cx(), world.get(), &Anonymous).await;
    assert!(matches!(kind(outcome), RemoteErrorKind::Overloaded), "two answers are being read");
    drop(first);
    client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    second.collect(usize::MAX).await.unwrap();
}

#[tokio::test]
async fn one_that_waits_gets_its_turn() {
    let world = World::start();
    let client = client(Limits { max_in_flight: 1, queue: ms(2_000), ..limits() });
    world.keep(100_000);
    let requests = (0..8).map(|_| async {
        let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
        response.collect(MIB).await.unwrap().len()
    });
    let lengths = futures_util::future::join_all(requests).await;
    assert_eq!(lengths, [100_000; 8]);
    assert_eq!(client.stats().connections.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_run_on_any_thread() {
    let world = World::start();
    let client = client(limits());
    let bytes = world.keep(100_000);
    let request = world.get();
    let spawned =
        tokio::spawn(
            async move { client.send(&cx(), request, &Anonymous).await.unwrap().collect(MIB).await },
        );
    assert_eq!(spawned.await.unwrap().unwrap(), bytes);
}

#[tokio::test]
async fn a_deadline_ends_all_attempts() {
    let world = World::start();
    let client = client(Limits { first_byte: ms(10_000), ..limits() });
    world.faults.always(Matcher::any(), Fault::Hang);
    let begun = Instant::now();
    let cx = Context { deadline: Some(begun + ms(100)), ..cx() };
    assert!(matches!(kind(client.send(&cx, world.get(), &Anonymous).await), RemoteErrorKind::TimedOut));
    assert!(begun.elapsed() < ms(2_000));
    assert_eq!(client.stats().time_outs.get(), 1);
}

#[tokio::test]
async fn idle_connections_are_bounded_in_number_and_age() {
    let world = World::start();
    let client = client(Limits { max_idle: 2, keep_idle: ms(100), ..limits() });
    let both = || async {
        let requests = (0..3).map(|_| async { client.send(&cx(), world.get(), &Anonymous).await });
        for response in futures_util::future::join_all(requests).await {
            assert_eq!(response.unwrap().status, StatusCode::OK);
        }
    };
    world.faults.always(Matcher::any(), Fault::Delay(ms(20)));
    both().await;
    assert_eq!(client.stats().connections.get(), 3);
    both().await;
    assert_eq!(client.stats().connections.get(), 4, "two were kept");
    tokio::time::sleep(ms(120)).await;
    both().await;
    assert_eq!(client.stats().connections.get(), 7, "none was kept for so long");
}
