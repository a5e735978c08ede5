use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use remote::{Authorize, Payload, RemoteError, RemoteErrorKind, Replay};
use stubs::faults::{Fault, Matcher};
use types::Timestamp;

use crate::harness::{MIB, World, client, cx, kind, limits, noise, stream};

/// Tokens that get a new number each time that one is refused.
#[derive(Default)]
struct Tokens {
    number: AtomicUsize,
    dates: parking_lot::Mutex<Vec<Timestamp>>,
}

#[async_trait]
impl Authorize for Tokens {
    async fn authorize(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError> {
        self.dates.lock().push(now);
        let token = format!("token-{}", self.number.load(Ordering::Relaxed));
        assert!(!parts.headers.contains_key("authorization"), "each attempt begins with the caller's head");
        parts.headers.insert("authorization", HeaderValue::from_str(&token).unwrap());
        Ok(())
    }

    fn refused(&self, _: StatusCode) -> bool {
        self.number.fetch_add(1, Ordering::Relaxed);
        true
    }
}

fn refuse(world: &World, token: &str) {
    let matcher = Matcher::any().header("authorization", token);
    world.faults.always(matcher, Fault::status(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn stale_credentials_are_replaced_once() {
    let world = World::start();
    let client = client(limits());
    let tokens = Tokens::default();
    refuse(&world, "token-0");
    let request = world.put(Payload::Bytes(Bytes::from_static(b"x")), Replay::Unsent);
    let response = client.send(&cx(), request, &tokens).await.unwrap();
    assert_eq!((response.status, world.puts()), (StatusCode::OK, 1));

    refuse(&world, "token-1");
    refuse(&world, "token-2");
    let response = client.send(&cx(), world.get(), &tokens).await.unwrap();
    assert_eq!(response.status, StatusCode::FORBIDDEN, "the answer to the second one is the outcome");
    assert_eq!(tokens.number.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let world = World::start();
    let client = client(limits());
    let tokens = Tokens::default();
    world.faults.next(Matcher::any(), Fault::status(StatusCode::INTERNAL_SERVER_ERROR));
    client.send(&cx(), world.get(), &tokens).await.unwrap();
    let dates = tokens.dates.lock();
    assert!(dates.len() == 2 && dates[0] < dates[1]);
}

#[tokio::test]
async fn stale_credentials_are_dropped_even_where_the_request_cannot_be_repeated() {
    let world = World::start();
    let client = client(limits());
    let tokens = Tokens::default();
    world.faults.next(Matcher::any(), Fault::status_after_effect(StatusCode::FORBIDDEN));
    let request = world.put(stream(&noise(2 * MIB)), Replay::Unsent);
    let response = client.send(&cx(), request, &tokens).await.unwrap();
    assert_eq!((response.status, world.puts()), (StatusCode::FORBIDDEN, 1));
    assert_eq!(tokens.number.load(Ordering::Relaxed), 1);
}

/// Credentials that cannot be had.
struct NoCredentials;

#[async_trait]
impl Authorize for NoCredentials {
    async fn authorize(&self, _: &mut Parts, _: Timestamp) -> Result<(), RemoteError> {
        Err(RemoteErrorKind::Credentials.into())
    }

    fn refused(&self, _: StatusCode) -> bool {
        false
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let world = World::start();
    let outcome = client(limits()).send(&cx(), world.request(Method::GET, "/"), &NoCredentials).await;
    assert!(matches!(kind(outcome), RemoteErrorKind::Credentials));
    assert_eq!(world.requests(), 0);
}
