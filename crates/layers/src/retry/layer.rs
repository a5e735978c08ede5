use std::sync::Arc;
use std::time::Duration;

use store::{Content, Layer, SharedStore, Slot, StoreError, StoreErrorKind};
use tokio::time::{Instant, sleep};
use types::{Counter, Random};

use super::content::Resuming;
use super::progress::Progress;
use crate::OptionError;
use crate::wrap::{Answer, Call, Hook, Hooked, Repeat, Sent};

/// The most times that a call is made.
const ATTEMPTS_MAX: u32 = 10;
/// The longest pause before the second attempt; it doubles from one to the next.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause of all.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long a store may take, and how often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryOptions {
    /// How long a call may take, and how long a body may stand still: until its first byte and between frames. Time during
    /// which the store waits for the sender of a body does not count.
    pub timeout: Duration,
    /// How often a call is made at most, 1 to 10, where it fails in passing and doing it twice is doing it once.
    pub attempts: u32,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), attempts: 3 }
    }
}

impl RetryOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), OptionError> {
        if self.timeout.is_zero() {
            return Err(OptionError::new("timeout", "must be longer than nothing"));
        }
        if !(1..=ATTEMPTS_MAX).contains(&self.attempts) {
            return Err(OptionError::new("attempts", "must be 1 to 10"));
        }
        Ok(())
    }
}

/// What a [`Retry`] has counted.
#[derive(Debug, Default)]
pub struct RetryStats {
    /// Calls, and waits for a frame of a body, that took too long.
    pub timed_out: Counter,
    /// Calls made again.
    pub retried: Counter,
    /// Reads that broke off and went on at the byte reached.
    pub resumed: Counter,
}

/// Gives up calls and bodies that stand still, and makes calls again that failed in passing. A body that is sent is gone, so
/// a call with one is never made again; a read that breaks off goes on at the byte reached, on the version that was opened.
#[derive(Clone)]
pub struct Retry(Arc<Patience>);

pub(super) struct Patience {
    pub(super) options: RetryOptions,
    random: Arc<dyn Random>,
    pub(super) stats: Arc<RetryStats>,
}

impl Retry {
    /// Time-outs and repetitions; `random` spreads these.
    ///
    /// # Errors
    /// As [`RetryOptions::validate`].
    pub fn new(options: RetryOptions, random: Arc<dyn Random>) -> Result<Self, OptionError> {
        options.validate()?;
        Ok(Self(Arc::new(Patience { options, random, stats: Arc::default() })))
    }

    /// What it has counted.
    #[must_use]
    pub fn stats(&self) -> &Arc<RetryStats> {
        &self.0.stats
    }
}

impl Layer for Retry {
    fn name(&self) -> &'static str {
        "retry"
    }

    fn slot(&self) -> Slot {
        Slot::Bound
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, Arc::new(self.clone()))
    }
}

impl Hook for Retry {
    const REPEATS: bool = true;

    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        mut sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            let again = sent.again().filter(|_| call.repeat == Repeat::Safe);
            let progress = Progress::begin(self.0.options.timeout);
            let running = run(sent.with_body(|body| progress.of(body)));
            let outcome = match progress.bound(running).await {
                Some(outcome) => outcome,
                None => Err(self.0.timed_out(call)),
            };
            let Some(pause) = outcome.as_ref().err().and_then(|error| self.0.pause(call, error, attempt))
            else {
                return outcome;
            };
            let Some(next) = again else { return outcome };
            sleep(pause).await;
            self.0.stats.retried.add(1);
            (sent, attempt) = (next, attempt + 1);
        }
    }

    fn content(&self, content: Box<dyn Content>) -> Box<dyn Content> {
        Box::new(Resuming::new(content, self.0.clone()))
    }
}

impl Patience {
    fn timed_out(&self, call: &Call<'_>) -> StoreError {
        self.stats.timed_out.add(1);
        StoreError::with_source(StoreErrorKind::Unavailable, call.operation.name(), "the store took too long")
    }

    /// How long to wait before the next attempt; `None` where there is none.
    fn pause(&self, call: &Call<'_>, error: &StoreError, attempt: u32) -> Option<Duration> {
        if attempt >= self.options.attempts || !matches!(error.kind, StoreErrorKind::Unavailable) {
            return None;
        }
        let pause = self.pause_after(attempt);
        let deadline = call.cx.deadline.map(Instant::from_std);
        deadline.is_none_or(|deadline| Instant::now() + pause < deadline).then_some(pause)
    }

    /// By chance up to a bound that doubles.
    pub(super) fn pause_after(&self, attempt: u32) -> Duration {
        let bound = PAUSE.saturating_mul(1 << (attempt - 1).min(16)).min(PAUSE_MAX);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.next_u64() % nanos.saturating_add(1))
    }
}
