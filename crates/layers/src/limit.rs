use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use store::{Layer, SharedStore, Slot, StoreError, StoreErrorKind, Throttled};
use tokio::time::Instant;
use types::{Body, BodyError, BodyStream, Counter, DurationHistogram, Frame, RequestId};

use crate::pace::Pace;
use crate::places::{Place, Places};
use crate::wrap::{Answer, Call, Hook, Hooked, Sent};
use crate::{OptionError, StoreOperation};

/// How much of a second's requests may come at once after idleness.
const SLACK: Duration = Duration::from_millis(100);
/// Looks at buckets that are remembered until the request's next call; an older one is then counted on its own.
const LOOKS_MAX: usize = 1024;

/// How many requests a store is asked at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitOptions {
    /// Requests per second, at least 1; no limit where `None`.
    pub requests_per_second: Option<u32>,
    /// Requests under way at once, at least 2, since a copy may read and write at a time; no limit where `None`.
    pub concurrency: Option<u32>,
    /// How long a request waits for its turn before it is refused as `Unavailable`.
    pub wait: Duration,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self { requests_per_second: None, concurrency: None, wait: Duration::from_secs(10) }
    }
}

impl LimitOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), OptionError> {
        if self.requests_per_second == Some(0) {
            return Err(OptionError::new("requests", "must be at least 1 per second"));
        }
        if self.concurrency.is_some_and(|concurrency| concurrency < 2) {
            return Err(OptionError::new(
                "concurrency",
                "must be at least 2: a copy reads and writes at once",
            ));
        }
        Ok(())
    }
}

/// What a [`Limit`] has counted.
#[derive(Debug, Default)]
pub struct LimitStats {
    /// Requests refused because their turn did not come in time.
    pub refused: Counter,
    /// How long each request waited.
    pub waits: DurationHistogram,
}

/// Bounds requests per second and at once. A request waits for its turn, and is refused when that takes too long.
///
/// Every call counts, and a body that goes out is under way until its end; what the same request asks meanwhile, other bodies
/// aside, goes in its place. What one request of a client asks in a row counts once: a look at the bucket and the first call
/// after it, opening an object and its first read.
#[derive(Debug, Clone)]
pub struct Limit(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    wait: Duration,
    pace: Option<Pace>,
    places: Option<Arc<Places>>,
    /// Requests whose look at a bucket was counted, and nothing else yet.
    looks: Mutex<VecDeque<RequestId>>,
    stats: Arc<LimitStats>,
}

impl Limit {
    /// A limit of its own.
    ///
    /// # Errors
    /// As [`LimitOptions::validate`].
    pub fn new(options: LimitOptions) -> Result<Self, OptionError> {
        options.validate()?;
        let pace = options.requests_per_second.map(|requests| Pace::new(requests.into(), SLACK));
        let places = options.concurrency.map(Places::new);
        let (looks, stats) = (Mutex::default(), Arc::default());
        Ok(Self(Arc::new(Gate { wait: options.wait, pace, places, looks, stats })))
    }

    /// What it has counted.
    #[must_use]
    pub fn stats(&self) -> &Arc<LimitStats> {
        &self.0.stats
    }
}

impl Layer for Limit {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn slot(&self) -> Slot {
        Slot::Bound
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, self.0.clone())
    }
}

impl Hook for Gate {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let Some(place) = self.turn(call, begun).await else {
            self.stats.refused.add(1);
            return Err(StoreError::with_source(
                StoreErrorKind::Unavailable,
                call.operation.name(),
                Throttled,
            ));
        };
        self.stats.waits.observe(begun.elapsed());
        let answer = run(sent).await?;
        Ok(answer.with_body(|body| held(body, place)))
    }
}

impl Gate {
    /// Waits for a place among those under way, and for the turn; `None` where that takes too long.
    async fn turn(&self, call: &Call<'_>, begun: Instant) -> Option<Option<Arc<Place>>> {
        let deadline = call.cx.deadline.map(Instant::from_std);
        let until = begun.checked_add(self.wait).into_iter().chain(deadline).min();
        let place = match &self.places {
            Some(places) => {
                let beside =
                    if call.operation == StoreOperation::Read { None } else { places.beside(call.cx) };
                Some(match beside {
                    Some(place) => place,
                    None => places.take(call.cx, until).await?,
                })
            }
            None => None,
        };
        if let Some(pace) = &self.pace
            && !self.is_counted(call)
        {
            if !pace.take(1, until).await {
                return None;
            }
            self.remember(call);
        }
        Some(place)
    }

    /// Whether an earlier call of the same request was counted for this one too.
    fn is_counted(&self, call: &Call<'_>) -> bool {
        if call.is_first_read {
            return true;
        }
        let mut looks = self.looks.lock();
        let look = looks.iter().position(|look| *look == call.cx.request_id);
        look.and_then(|place| looks.remove(place)).is_some()
    }

    fn remember(&self, call: &Call<'_>) {
        if call.operation == StoreOperation::Bucket && call.cx.request_id.is_known() {
            let mut looks = self.looks.lock();
            if looks.len() == LOOKS_MAX {
                looks.pop_front();
            }
            looks.push_back(call.cx.request_id);
        }
    }
}

/// A body that holds a place until its end.
struct Held {
    inner: Body,
    place: Option<Arc<Place>>,
}

fn held(inner: Body, place: Option<Arc<Place>>) -> Body {
    let Some(place) = place else { return inner };
    place.reads();
    let length_bytes = inner.length_bytes();
    Body::new(Held { inner, place: Some(place) }, length_bytes)
}

impl BodyStream for Held {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = ready!(self.inner.poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.place = None;
        }
        Poll::Ready(frame)
    }
}
