use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response as Answer, StatusCode};
use parking_lot::Mutex;
use remote::{
    BreakerLimits, Client, ClientOptions, Limits, Payload, RemoteErrorKind, Replay, Request, RetryLimits,
    Roots,
};
use stubs::faults::Faults;
use stubs::server::Server;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Budget, Context, Frame, Random, SystemClock};

pub(crate) const MIB: usize = 1024 * 1024;

/// No jitter worth waiting for.
pub(crate) struct Least;

impl Random for Least {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

pub(crate) const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Limits for a service on this machine.
pub(crate) fn limits() -> Limits {
    Limits {
        connect: ms(2_000),
        first_byte: ms(300),
        idle: ms(300),
        attempts: 3,
        queue: ms(100),
        retry: RetryLimits { first_pause: ms(2), max_pause: ms(4), ..RetryLimits::default() },
        breaker: BreakerLimits { failures: 4, open: ms(100), max_open: ms(400), successes: 1 },
        ..Limits::default()
    }
}

pub(crate) fn client(limits: Limits) -> Client {
    client_with(limits, Budget::new(16 * MIB), Roots::System)
}

pub(crate) fn client_with(limits: Limits, budget: Budget, roots: Roots) -> Client {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(Least));
    Client::new(ClientOptions { name: "test".to_owned(), budget, clock, random, limits, roots }).unwrap()
}

pub(crate) fn cx() -> Context {
    Context::background()
}

/// A service that keeps what is put and gives what was kept, behind a server of faults.
pub(crate) struct World {
    pub(crate) faults: Faults,
    pub(crate) kept: Arc<Mutex<Bytes>>,
    /// Requests that took effect.
    pub(crate) puts: Arc<AtomicUsize>,
    _service: Server,
}

pub(crate) fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

impl World {
    pub(crate) fn start() -> Self {
        let (kept, puts) = (Arc::<Mutex<Bytes>>::default(), Arc::<AtomicUsize>::default());
        let (shared, counted) = (kept.clone(), puts.clone());
        let service = Server::start(free_port(), move |request| {
            let (kept, puts) = (shared.clone(), counted.clone());
            async move {
                let (parts, body) = request.into_parts();
                if parts.method == Method::PUT {
                    *kept.lock() = body;
                    puts.fetch_add(1, Ordering::Relaxed);
                    return Answer::new(Bytes::new());
                }
                ranged(&parts, &kept.lock())
            }
        });
        let service = service.unwrap();
        let faults = Faults::start(service.address()).unwrap();
        Self { faults, kept, puts, _service: service }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, format!("{}{path}", self.faults.url()).parse().unwrap())
    }

    pub(crate) fn get(&self) -> Request {
        self.request(Method::GET, "/object")
    }

    pub(crate) fn put(&self, body: Payload, replay: Replay) -> Request {
        Request { body, replay, ..self.request(Method::PUT, "/object") }
    }

    pub(crate) fn puts(&self) -> usize {
        self.puts.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> usize {
        self.faults.seen().requests.len()
    }

    /// Keeps pseudo-random bytes and returns them.
    pub(crate) fn keep(&self, size: usize) -> Bytes {
        let bytes = noise(size);
        *self.kept.lock() = bytes.clone();
        bytes
    }
}

fn ranged(parts: &http::request::Parts, kept: &Bytes) -> Answer<Bytes> {
    let range = parts.headers.get("range").and_then(|range| range.to_str().ok());
    let Some(start) = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')) else {
        return Answer::new(kept.clone());
    };
    let mut answer = Answer::new(kept.slice(start.parse::<usize>().unwrap()..));
    *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    answer
}

/// Bytes that differ from place to place.
pub(crate) fn noise(size: usize) -> Bytes {
    (0..size as u64).map(|place| (place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

/// A stream of frames of 64 KiB.
pub(crate) fn stream(bytes: &Bytes) -> Payload {
    let frames = (0..bytes.len()).step_by(64 * 1024);
    let frames = frames.map(|start| bytes.slice(start..(start + 64 * 1024).min(bytes.len())));
    Payload::Stream { body: Body::from_frames(frames.collect()), length_bytes: bytes.len() as u64 }
}

/// A body that fails once all its bytes have come, as one whose digest is wrong does.
pub(crate) struct Wrong(pub(crate) std::vec::IntoIter<Bytes>);

impl BodyStream for Wrong {
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame, BodyError>>> {
        std::task::Poll::Ready(Some(match self.0.next() {
            Some(bytes) => Ok(Frame::Data(bytes)),
            None => Err(BodyErrorKind::DigestMismatch(None).into()),
        }))
    }
}

/// The kind of error that a request ended with.
pub(crate) fn kind<T>(outcome: Result<T, remote::RemoteError>) -> RemoteErrorKind {
    match outcome {
        Ok(_) => panic!("an answer where there was to be none"),
        Err(error) => error.kind,
    }
}
