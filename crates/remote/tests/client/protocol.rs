use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, StatusCode};
use remote::{Anonymous, RemoteErrorKind, Replay, Request};
use stubs::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use types::BodyErrorKind;

use crate::harness::{MIB, client, cx, free_port, kind, limits, noise, stream};

/// What a service does with a connection after its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Keep,
    Close,
}

/// A service that gives this answer to every head that it reads.
struct Raw {
    server: Server,
    connections: Arc<AtomicUsize>,
}

impl Raw {
    fn start(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        let connections = Arc::<AtomicUsize>::default();
        let counted = connections.clone();
        let server = Server::accepting(free_port(), move |socket| {
            counted.fetch_add(1, Ordering::Relaxed);
            serve(socket, answer.clone(), then)
        });
        Self { server: server.unwrap(), connections }
    }

    fn request(&self) -> Request {
        Request::new(Method::GET, format!("http://{}/", self.server.address()).parse().unwrap())
    }
}

async fn serve(mut socket: TcpStream, answer: Arc<[u8]>, then: Then) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while let Ok(1) = socket.read(&mut byte).await {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            if socket.write_all(&answer).await.is_err() || then == Then::Close {
                return;
            }
        }
    }
}

async fn body(raw: &Raw) -> Result<String, BodyErrorKind> {
    let response = client(limits()).send(&cx(), raw.request(), &Anonymous).await.unwrap();
    let bytes = response.body.collect(MIB).await.map_err(|error| error.kind)?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_chunked_answer_is_taken_apart_and_its_connection_goes_on() {
    let raw = Raw::start(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Then::Keep,
    );
    let client = client(limits());
    for _ in 0..3 {
        let response = client.send(&cx(), raw.request(), &Anonymous).await.unwrap();
        assert_eq!(response.body.length_bytes(), None);
        assert_eq!(response.collect(5).await.unwrap(), "hello");
    }
    assert_eq!(raw.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_chunked_answer_without_its_end_is_an_error() {
    let raw = Raw::start("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Then::Close);
    assert_eq!(body(&raw).await, Err(BodyErrorKind::Storage));
    let raw = Raw::start(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n",
        Then::Keep,
    );
    assert_eq!(body(&raw).await, Err(BodyErrorKind::Storage));
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_connection() {
    let raw = Raw::start("HTTP/1.0 200 OK\r\n\r\nhello", Then::Close);
    assert_eq!(body(&raw).await.as_deref(), Ok("hello"));
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\
                  HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(body(&Raw::start(answer, Then::Keep)).await.as_deref(), Ok("ok"));
}

/// A service that is slow to say that it wants the body says so while the body is already on its way.
#[tokio::test]
async fn a_word_that_comes_late_does_not_stop_the_body() {
    async fn serve(mut socket: TcpStream) {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            socket.read_exact(&mut byte).await.unwrap();
            head.push(byte[0]);
        }
        socket.read_exact(&mut byte).await.unwrap();
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        socket.read_exact(&mut vec![0; 8 * MIB - 1]).await.unwrap();
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    }
    let server = Server::accepting(free_port(), serve).unwrap();
    let uri = format!("http://{}/", server.address()).parse().unwrap();
    let request = Request { body: stream(&noise(8 * MIB)), ..Request::new(Method::PUT, uri) };
    let response = client(limits()).send(&cx(), request, &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn connections_that_say_so_are_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        // Bytes that nobody asked for.
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
        // A length beside a coding is a sign of somebody in between.
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let raw = Raw::start(answer, Then::Keep);
        let client = client(limits());
        for _ in 0..2 {
            let response = client.send(&cx(), raw.request(), &Anonymous).await.unwrap();
            assert_eq!(response.collect(0).await.unwrap().len(), 0);
        }
        assert_eq!(raw.connections.load(Ordering::Relaxed), 2, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced_without_a_retry() {
    let raw = Raw::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Close);
    let client = client(limits());
    for _ in 0..5 {
        client.send(&cx(), raw.request(), &Anonymous).await.unwrap();
    }
    assert_eq!(client.stats().breaker_openings.get(), 0);
}

#[tokio::test]
async fn answers_that_are_none_are_malformed() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(70_000));
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        &"HTTP/1.1 102 Processing\r\n\r\n".repeat(40),
        long.as_str(),
    ] {
        let raw = Raw::start(answer, Then::Keep);
        let outcome = client(limits()).send(&cx(), raw.request(), &Anonymous).await;
        assert!(matches!(kind(outcome), RemoteErrorKind::Malformed(_)), "{:.60}", answer);
    }
}

#[tokio::test]
async fn a_service_that_refuses_and_closes_is_heard_out() {
    let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nConnection: close\r\n\r\nbecause";
    let refusal = &refusal[..refusal.len() - 1];
    let raw = Raw::start(refusal, Then::Keep);
    let mut request = raw.request();
    request.method = Method::PUT;
    request.replay = Replay::Unsent;
    request.body = stream(&noise(900 * 1024));
    let response = client(limits()).send(&cx(), request, &Anonymous).await.unwrap();
    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(response.collect(6).await.unwrap(), "becaus");
}

#[tokio::test]
async fn an_answer_over_its_limit_is_not_taken_in() {
    let raw = Raw::start("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret", Then::Keep);
    let client = client(limits());
    let response = client.send(&cx(), raw.request(), &Anonymous).await.unwrap();
    assert_eq!(response.collect(6).await.unwrap(), "secret");
    let response = client.send(&cx(), raw.request(), &Anonymous).await.unwrap();
    assert!(matches!(kind(response.collect(5).await), RemoteErrorKind::TooLarge));
}

#[tokio::test]
async fn a_small_answer_that_nobody_reads_leaves_its_connection_free() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nmissing",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nmissing\r\n0\r\n\r\n",
    ] {
        let raw = Raw::start(answer, Then::Keep);
        let client = client(limits());
        for _ in 0..3 {
            drop(client.send(&cx(), raw.request(), &Anonymous).await.unwrap());
        }
        assert_eq!(raw.connections.load(Ordering::Relaxed), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_service_that_takes_no_more_of_a_body_is_given_up() {
    let service = Server::accepting(free_port(), |socket| async move {
        let _unread = socket;
        std::future::pending().await
    });
    let service = service.unwrap();
    let mut request = Request::new(Method::PUT, format!("http://{}/", service.address()).parse().unwrap());
    request.replay = Replay::Unsent;
    request.body = stream(&noise(64 * MIB));
    let begun = std::time::Instant::now();
    let client = client(limits());
    assert!(matches!(kind(client.send(&cx(), request, &Anonymous).await), RemoteErrorKind::TimedOut));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(client.stats().sent_bytes.get() > 0, "it was begun");
}
