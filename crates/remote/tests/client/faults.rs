use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use remote::{Anonymous, Limits, Payload, RemoteErrorKind, Replay, Request, RetryLimits};
use stubs::faults::{Fault, Matcher};
use types::{BodyErrorKind, ByteRange};

use crate::harness::{MIB, World, client, cx, kind, limits, ms, noise, stream};

fn small() -> Payload {
    Payload::Bytes(Bytes::from_static(b"small"))
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_unreachable() {
    let client = client(limits());
    let request = Request::new(Method::GET, "http://service.invalid/".parse().unwrap());
    assert!(matches!(kind(client.send(&cx(), request, &Anonymous).await), RemoteErrorKind::Unreachable));
    assert_eq!(client.stats().requests.get(), 0);
    assert_eq!(client.stats().connections_failed.get(), 3, "each attempt asks again");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable_and_leaves_the_body_untouched() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = client(limits());
    let mut request = Request::new(Method::PUT, format!("http://{port}/x").parse().unwrap());
    request.body = stream(&noise(MIB));
    request.replay = Replay::Unsent;
    assert!(matches!(kind(client.send(&cx(), request, &Anonymous).await), RemoteErrorKind::Unreachable));
    assert_eq!(client.stats().connections_failed.get(), 3, "nothing was sent: it is tried again");
}

#[tokio::test]
async fn a_reset_before_the_answer_is_tried_again_where_that_does_no_harm() {
    let world = World::start();
    let client = client(limits());
    world.faults.next(Matcher::method(Method::PUT), Fault::ResetBeforeResponse);
    let response = client.send(&cx(), world.put(small(), Replay::Safe), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(world.puts(), 2);

    world.faults.next(Matcher::method(Method::PUT), Fault::ResetBeforeResponse);
    let error = client.send(&cx(), world.put(small(), Replay::Unsent), &Anonymous).await.unwrap_err();
    assert!(matches!(error.kind, RemoteErrorKind::Reset) && error.is_ambiguous());
    assert_eq!(world.puts(), 3, "it took effect once and was not repeated");
}

#[tokio::test]
async fn a_stream_that_was_begun_is_never_repeated() {
    let world = World::start();
    let client = client(limits());
    let bytes = noise(512 * 1024);
    world.faults.next(Matcher::any(), Fault::ResetAfterRequestBytes(100_000));
    let error = client.send(&cx(), world.put(stream(&bytes), Replay::Safe), &Anonymous).await.unwrap_err();
    assert!(matches!(error.kind, RemoteErrorKind::Reset));
    assert_eq!((world.requests(), world.puts()), (1, 0));
}

#[tokio::test]
async fn a_stream_that_is_small_is_taken_whole_and_repeated() {
    let world = World::start();
    let client = client(limits());
    let bytes = noise(64 * 1024);
    world.faults.next(Matcher::any(), Fault::ResetAfterRequestBytes(10_000));
    client.send(&cx(), world.put(stream(&bytes), Replay::Safe), &Anonymous).await.unwrap();
    assert_eq!(*world.kept.lock(), bytes);
    assert_eq!(client.stats().retries.get(), 1);
}

#[tokio::test]
async fn a_reset_inside_an_answer_is_an_error_and_resumed_it_is_not() {
    let world = World::start();
    let client = client(limits());
    let bytes = world.keep(3 * MIB);
    for fault in [Fault::ResetAfterResponseBytes(100_000), Fault::Truncate(100_000)] {
        world.faults.next(Matcher::any(), fault.clone());
        let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
        assert_eq!(response.status, StatusCode::OK);
        assert_eq!(response.body.length_bytes(), Some(bytes.len() as u64));
        let error = response.body.collect(usize::MAX).await.unwrap_err();
        assert_eq!(error.kind, BodyErrorKind::Storage, "never a clean end");

        world.faults.next(Matcher::any(), fault.clone());
        world.faults.next(Matcher::any(), fault);
        let first = client.send(&cx(), world.get(), &Anonymous).await.unwrap().body;
        let (again, url) = (client.clone(), world.get().uri);
        let body = remote::resume(first, ByteRange::whole(bytes.len() as u64), 2, move |range| {
            let (client, mut request) = (again.clone(), Request::new(Method::GET, url.clone()));
            async move {
                let range = HeaderValue::from_str(&format!("bytes={}-", range.start)).unwrap();
                request.headers.insert("range", range);
                let response = client.send(&cx(), request, &Anonymous).await;
                response.map(|response| response.body).map_err(remote::RemoteError::into_body)
            }
        });
        assert_eq!(body.collect(usize::MAX).await.unwrap(), bytes);
        assert_eq!(world.faults.pending(), 0);
    }
}

#[tokio::test]
async fn a_collected_answer_that_breaks_off_is_a_reset() {
    let world = World::start();
    world.keep(10_000);
    world.faults.next(Matcher::any(), Fault::Truncate(5_000));
    let response = client(limits()).send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert!(matches!(kind(response.collect(MIB).await), RemoteErrorKind::Reset));
}

#[tokio::test]
async fn a_refusal_is_waited_out_as_the_service_asks() {
    let world = World::start();
    let client = client(limits());
    let cases = [
        (StatusCode::TOO_MANY_REQUESTS, Replay::Safe),
        (StatusCode::TOO_MANY_REQUESTS, Replay::Unsent),
        (StatusCode::SERVICE_UNAVAILABLE, Replay::Safe),
    ];
    for (code, replay) in cases {
        world.faults.next(Matcher::any(), Fault::retry_after(code, "1"));
        let begun = Instant::now();
        let response = client.send(&cx(), world.put(small(), replay), &Anonymous).await.unwrap();
        assert_eq!(response.status, StatusCode::OK);
        assert!(begun.elapsed() >= ms(1_000));
    }
    assert_eq!(world.puts(), 3, "a refused request takes effect once");
    world.faults.next(Matcher::any(), Fault::retry_after(StatusCode::SERVICE_UNAVAILABLE, "3600"));
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE, "too late to wait for");
}

#[tokio::test]
async fn what_may_have_taken_effect_is_not_repeated_behind_its_callers_back() {
    let world = World::start();
    let client = client(limits());
    world.faults.next(Matcher::any(), Fault::status_after_effect(StatusCode::SERVICE_UNAVAILABLE));
    let response = client.send(&cx(), world.put(small(), Replay::Unsent), &Anonymous).await.unwrap();
    assert_eq!((response.status, world.puts()), (StatusCode::SERVICE_UNAVAILABLE, 1));
}

#[tokio::test]
async fn the_last_answer_comes_back_after_all_attempts() {
    let world = World::start();
    let client = client(limits());
    world.faults.always(Matcher::any(), Fault::status(StatusCode::SERVICE_UNAVAILABLE));
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.requests(), 3);
}

#[tokio::test]
async fn a_failure_after_the_effect_is_repeated_only_where_that_does_no_harm() {
    let world = World::start();
    let client = client(limits());
    let fault = Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR);
    world.faults.next(Matcher::any(), fault.clone());
    let response = client.send(&cx(), world.put(small(), Replay::Safe), &Anonymous).await.unwrap();
    assert_eq!((response.status, world.puts()), (StatusCode::OK, 2));
    world.faults.next(Matcher::any(), fault);
    let response = client.send(&cx(), world.put(small(), Replay::Unsent), &Anonymous).await.unwrap();
    assert_eq!((response.status, world.puts()), (StatusCode::INTERNAL_SERVER_ERROR, 3));
}

#[tokio::test]
async fn a_slow_answer_comes_whole_and_one_that_stands_still_is_given_up() {
    let world = World::start();
    let client = client(limits());
    let bytes = world.keep(40_000);
    world.faults.next(Matcher::any(), Fault::SlowRead { bytes_per_second: 80_000 });
    let begun = Instant::now();
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert_eq!(response.collect(MIB).await.unwrap(), bytes);
    assert!(begun.elapsed() > limits().idle, "longer than any pause in it may be");

    world.faults.next(Matcher::any(), Fault::HangAfterResponseBytes(10_000));
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    let error = response.body.collect(MIB).await.unwrap_err();
    assert_eq!(error.kind, BodyErrorKind::Storage);
    assert_eq!(client.stats().time_outs.get(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let world = World::start();
    let client = client(Limits { attempts: 2, ..limits() });
    world.faults.always(Matcher::any(), Fault::Hang);
    let begun = Instant::now();
    let error = client.send(&cx(), world.get(), &Anonymous).await.unwrap_err();
    assert!(matches!(error.kind, RemoteErrorKind::TimedOut) && error.is_ambiguous());
    assert_eq!(world.requests(), 2);
    assert!(begun.elapsed() < ms(3_000));
}

#[tokio::test]
async fn a_late_answer_is_an_answer() {
    let world = World::start();
    world.faults.next(Matcher::any(), Fault::Delay(ms(100)));
    let response = client(limits()).send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
}

#[tokio::test]
async fn retries_end_when_their_budget_is_spent() {
    let world = World::start();
    let retry = RetryLimits { budget: 3, ..limits().retry };
    let client = client(Limits { retry, ..limits() });
    world.faults.always(Matcher::any(), Fault::status(StatusCode::INTERNAL_SERVER_ERROR));
    for _ in 0..10 {
        let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(world.requests(), 13, "ten requests and three retries, not thirty");
    assert!(client.stats().retries_denied.get() > 0);
}

#[tokio::test]
async fn a_service_that_hangs_is_left_alone_until_it_answers_again() {
    let world = World::start();
    let client = client(Limits { attempts: 1, first_byte: ms(50), ..limits() });
    world.faults.always(Matcher::any(), Fault::Hang);
    for _ in 0..4 {
        let outcome = client.send(&cx(), world.get(), &Anonymous).await;
        assert!(matches!(kind(outcome), RemoteErrorKind::TimedOut));
    }
    let begun = Instant::now();
    for _ in 0..100 {
        let outcome = client.send(&cx(), world.get(), &Anonymous).await;
        assert!(matches!(kind(outcome), RemoteErrorKind::BreakerOpen));
    }
    assert!(begun.elapsed() < ms(50), "refused at once");
    assert_eq!(world.requests(), 4);
    assert_eq!(client.stats().breaker_openings.get(), 1);
    world.faults.clear();
    tokio::time::sleep(ms(110)).await;
    let response = client.send(&cx(), world.get(), &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
}
