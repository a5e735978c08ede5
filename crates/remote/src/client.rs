use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout, timeout_at};
use types::{BodyErrorKind, Context, Passage};

use crate::attempt::{Answered, Place, attempt, states_empty_body};
use crate::breaker::Breaker;
use crate::retry::{RetryBudget, retry_after};
use crate::transport::{Pool, Progress, Trust};
use crate::{
    Authorize, ClientOptions, Payload, RemoteError, RemoteErrorKind, Replay, Request, Response, Stats,
};

/// Streams of at most so many bytes are taken whole before they are sent, so that they can be sent again.
const WHOLE_MAX_BYTES: u64 = 64 * 1024;
/// The most of a refusal's text that is taken in before another attempt, in bytes.
const REFUSAL_MAX_BYTES: usize = 64 * 1024;
/// How long that may take.
const REFUSAL_WAIT: Duration = Duration::from_millis(100);
const AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

/// Sends requests to one service. Cloning shares its connections, limits and breaker.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) options: ClientOptions,
    pub(crate) stats: Arc<Stats>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) trust: Trust,
    breaker: Arc<Breaker>,
    retries: RetryBudget,
    places: Arc<Semaphore>,
}

impl Client {
    /// A client without connections.
    ///
    /// # Errors
    /// `Malformed` where the PEM text of the roots holds no certificate.
    pub fn new(options: ClientOptions) -> Result<Self, RemoteError> {
        let (limits, stats) = (options.limits, Arc::<Stats>::default());
        Ok(Self(Arc::new(Shared {
            pool: Arc::new(Pool::new(limits.max_idle, limits.keep_idle)),
            trust: Trust::new(options.roots.clone())?,
            breaker: Breaker::new(&options.name, limits.breaker, stats.clone()),
            retries: RetryBudget::new(limits.retry),
            places: Arc::new(Semaphore::new(limits.max_in_flight.clamp(1, Semaphore::MAX_PERMITS))),
            stats,
            options,
        })))
    }

    /// Sends a request and waits for the head of its answer, until the context's deadline at most. Passing failures are
    /// tried again as far as the request's replay allows; the last answer is returned whatever its status.
    ///
    /// # Errors
    /// [`RemoteError`] where there was no answer.
    ///
    /// # Cancel safety
    /// A dropped request may or may not have taken effect.
    pub async fn send(
        &self,
        cx: &Context,
        request: Request,
        auth: &dyn Authorize,
    ) -> Result<Response, RemoteError> {
        let sent = self.0.send(request, auth);
        match cx.deadline {
            None => sent.await,
            Some(deadline) => timeout_at(deadline.into(), sent).await.unwrap_or_else(|elapsed| {
                self.0.stats.time_outs.add(1);
                Err(RemoteError::with_source(RemoteErrorKind::TimedOut, elapsed))
            }),
        }
    }

    /// Waits to carry a body from the service back to a service: see [`types::Budget::passage`].
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub async fn passage(&self) -> Passage {
        self.0.options.budget.passage().await
    }

    /// What the client has done.
    #[must_use]
    pub fn stats(&self) -> Arc<Stats> {
        self.0.stats.clone()
    }
}

/// What is to be done after an attempt.
enum Verdict {
    /// It is the outcome.
    Done,
    /// Another one at once: the connection had been closed meanwhile, or the credentials were stale.
    Again,
    /// Another one after a pause; not before so long.
    Later(Option<Duration>),
}

/// Whether the request can be sent again, and whether that does no harm whatever became of it.
#[derive(Clone, Copy)]
struct Repeats {
    can: bool,
    does_no_harm: bool,
}

/// One request through all of its attempts.
struct Course<'a> {
    shared: &'a Shared,
    auth: &'a dyn Authorize,
    parts: Parts,
    payload: Payload,
    replay: Replay,
    /// Attempts made.
    attempts: u32,
    /// The credentials have been refused once.
    refused: bool,
    /// A connection had been closed meanwhile, once.
    stale: bool,
}

impl Shared {
    async fn send(&self, request: Request, auth: &dyn Authorize) -> Result<Response, RemoteError> {
        let payload = whole_if_small(request.body).await?;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        (parts.method, parts.uri, parts.headers) = (request.method, request.uri, request.headers);
        complete(&mut parts, payload.length_bytes())?;
        let replay = request.replay;
        let course =
            Course { shared: self, auth, parts, payload, replay, attempts: 0, refused: false, stale: false };
        course.run().await
    }

    /// Waits to be one of the requests under way.
    async fn place(&self) -> Result<Place, RemoteError> {
        let pass = self.breaker.pass().ok_or(RemoteErrorKind::BreakerOpen)?;
        let permit = timeout(self.options.limits.queue, self.places.clone().acquire_owned());
        let overloaded = |elapsed| RemoteError::with_source(RemoteErrorKind::Overloaded, elapsed);
        let permit = permit.await.map_err(overloaded)?.expect("the semaphore is never closed");
        Ok(Place::new(pass, permit))
    }
}

impl Course<'_> {
    async fn run(mut self) -> Result<Response, RemoteError> {
        loop {
            let mut parts = self.parts.clone();
            self.auth.authorize(&mut parts, self.shared.options.clock.now()).await?;
            let mut place = self.shared.place().await?;
            let mut progress = Progress::default();
            let outcome = attempt(self.shared, parts, &mut self.payload, &mut progress).await;
            self.attempts += 1;
            self.judge_service(&outcome, progress, &mut place);
            let pause = match self.verdict(&outcome, progress) {
                Verdict::Done => {
                    return outcome.map(|answered| answered.into_response(self.shared, place));
                }
                Verdict::Again => Some(Duration::ZERO),
                Verdict::Later(after) => self.pause(after),
            };
            let Some(pause) = pause else {
                return outcome.map(|answered| answered.into_response(self.shared, place));
            };
            self.shared.stats.retries.add(1);
            if let Ok(answered) = outcome {
                // What a refusal says is taken in, so that its connection can go on; then its place is free.
                let refusal = answered.into_response(self.shared, place).collect(REFUSAL_MAX_BYTES);
                let _ = timeout(REFUSAL_WAIT, refusal).await;
            } else {
                drop(place);
            }
            sleep(pause).await;
        }
    }

    /// What the attempt says about the service's health.
    fn judge_service(&self, outcome: &Result<Answered, RemoteError>, progress: Progress, place: &mut Place) {
        match outcome {
            Ok(answered) => match answered.head.status {
                StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => place.failed(),
                status => {
                    place.succeeded();
                    if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
                        self.shared.retries.earn();
                    }
                }
            },
            Err(error) => match error.kind {
                RemoteErrorKind::TimedOut => {
                    self.shared.stats.time_outs.add(1);
                    place.failed();
                }
                RemoteErrorKind::Reset if progress.reused => {}
                RemoteErrorKind::Reset | RemoteErrorKind::Unreachable | RemoteErrorKind::Malformed(_) => {
                    place.failed()
                }
                _ => {}
            },
        }
    }

    fn verdict(&mut self, outcome: &Result<Answered, RemoteError>, progress: Progress) -> Verdict {
        let can_repeat = !progress.taken;
        // A service cannot act on a body that it has no byte of.
        let unread = matches!(self.payload, Payload::Stream { .. }) && !progress.taken;
        match outcome {
            Ok(answered) => {
                let repeats =
                    Repeats { can: can_repeat, does_no_harm: can_repeat && (unread || self.is_safe()) };
                self.verdict_of_answer(answered.head.status, &answered.head.headers, repeats)
            }
            Err(error) => match error.kind {
                RemoteErrorKind::Reset
                    if progress.reused && !self.stale && can_repeat && (unread || self.is_safe()) =>
                {
                    self.stale = true;
                    Verdict::Again
                }
                RemoteErrorKind::Unreachable if !progress.sent => Verdict::Later(None),
                RemoteErrorKind::TimedOut | RemoteErrorKind::Reset
                    if can_repeat && (unread || self.is_safe()) =>
                {
                    Verdict::Later(None)
                }
                _ => Verdict::Done,
            },
        }
    }

    fn verdict_of_answer(&mut self, status: StatusCode, headers: &HeaderMap, repeats: Repeats) -> Verdict {
        match status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if !self.refused => {
                self.refused = true;
                // Asked in any case: what is stale is stale for the next request too.
                if self.auth.refused(status) && repeats.can { Verdict::Again } else { Verdict::Done }
            }
            StatusCode::TOO_MANY_REQUESTS if repeats.can => Verdict::Later(self.retry_after(headers)),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
                if repeats.does_no_harm =>
            {
                Verdict::Later(self.retry_after(headers))
            }
            _ => Verdict::Done,
        }
    }

    fn is_safe(&self) -> bool {
        self.replay == Replay::Safe
    }

    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let header = headers.get(RETRY_AFTER)?.to_str().ok()?;
        retry_after(header, self.shared.options.clock.now())
    }

    /// How long to wait for another attempt; `None` where there is to be none.
    fn pause(&self, after: Option<Duration>) -> Option<Duration> {
        let options = &self.shared.options;
        if self.attempts >= options.limits.attempts {
            return None;
        }
        let pause = options.limits.retry.pause(self.attempts + 1, after, &*options.random)?;
        if self.shared.retries.take() {
            return Some(pause);
        }
        self.shared.stats.retries_denied.add(1);
        None
    }
}

/// Adds the headers that are the client's own.
fn complete(parts: &mut Parts, length_bytes: u64) -> Result<(), RemoteError> {
    const MALFORMED: RemoteErrorKind = RemoteErrorKind::Malformed("the address of the service");
    if !parts.headers.contains_key(HOST) {
        let authority = parts.uri.authority().ok_or(MALFORMED)?;
        // What stands before `@` is no part of the host.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host = HeaderValue::from_str(host);
        parts.headers.insert(HOST, host.map_err(|error| RemoteError::with_source(MALFORMED, error))?);
    }
    if length_bytes > 0 || states_empty_body(&parts.method) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length_bytes));
    }
    parts.headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(())
}

/// Takes a small stream whole. An empty one too: its end may still say that it was wrong.
async fn whole_if_small(payload: Payload) -> Result<Payload, RemoteError> {
    match payload {
        Payload::Stream { body, length_bytes } if length_bytes <= WHOLE_MAX_BYTES => {
            let bytes = body.collect(length_bytes as usize).await;
            let bytes = bytes.map_err(|error| RemoteError::from(RemoteErrorKind::Body(error)))?;
            if bytes.len() as u64 == length_bytes {
                return Ok(Payload::Bytes(bytes));
            }
            Err(RemoteErrorKind::Body(BodyErrorKind::Incomplete.into()).into())
        }
        payload => Ok(payload),
    }
}
