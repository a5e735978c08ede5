use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use store::{Layer, SharedStore, Slot, StoreError, StoreErrorKind};
use types::{Body, BodyError, BodyErrorKind, BodyStream, Counter, Frame, Random};

use crate::OptionError;
use crate::wrap::{Answer, Call, Hook, Hooked, Sent};

const INJECTED: &str = "a fault that was asked for";
/// Where a body of unknown length is cut at the latest.
const CUT_MAX_BYTES: u64 = 1024 * 1024;

/// Which faults a store is to show, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultOptions {
    /// How much later every call begins.
    pub latency: Duration,
    /// How much later still at the most, by chance.
    pub jitter: Duration,
    /// The share of calls, 0 to 1, that fail as `Unavailable` before anything is done.
    pub errors: f64,
    /// The share of calls, 0 to 1, that are done and fail as `Unavailable` all the same: the answer is lost.
    pub lost: f64,
    /// The share of bodies, 0 to 1, in each direction, that break off somewhere.
    pub cuts: f64,
    /// The share of bodies, 0 to 1, in each direction, that stand still somewhere and never go on.
    pub stalls: f64,
    /// Makes the same faults again for the same calls in the same order; by chance where `None`.
    pub seed: Option<u64>,
}

impl FaultOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), OptionError> {
        let shares =
            [("errors", self.errors), ("lost", self.lost), ("cuts", self.cuts), ("stalls", self.stalls)];
        for (option, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return Err(OptionError::new(option, "must be a share from 0 to 1"));
            }
        }
        Ok(())
    }
}

/// What a [`Fault`] has done.
#[derive(Debug, Default)]
pub struct FaultStats {
    /// Calls that failed before anything was done.
    pub errors: Counter,
    /// Calls that were done and failed all the same.
    pub lost: Counter,
    /// Bodies that broke off.
    pub cuts: Counter,
    /// Bodies that stood still.
    pub stalls: Counter,
}

/// Makes a store slow and faulty, for tests of programs that use it. A body that comes in and breaks off is not stored, as
/// when its sender goes away; one that goes out ends with an error, as when the store fails.
#[derive(Clone)]
pub struct Fault(Arc<Chaos>);

struct Chaos {
    options: FaultOptions,
    random: Arc<dyn Random>,
    stats: Arc<FaultStats>,
}

impl Fault {
    /// Faults by `random`, where no seed is set.
    ///
    /// # Errors
    /// As [`FaultOptions::validate`].
    pub fn new(options: FaultOptions, random: Arc<dyn Random>) -> Result<Self, OptionError> {
        options.validate()?;
        let random = match options.seed {
            Some(seed) => Arc::new(Seeded(AtomicU64::new(seed))),
            None => random,
        };
        Ok(Self(Arc::new(Chaos { options, random, stats: Arc::default() })))
    }

    /// What it has done.
    #[must_use]
    pub fn stats(&self) -> &Arc<FaultStats> {
        &self.0.stats
    }
}

impl Layer for Fault {
    fn name(&self) -> &'static str {
        "fault"
    }

    fn slot(&self) -> Slot {
        Slot::Target
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, self.0.clone())
    }
}

impl Hook for Chaos {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let injected =
            || StoreError::with_source(StoreErrorKind::Unavailable, call.operation.name(), INJECTED);
        let late = self.options.latency + self.options.jitter.mul_f64(self.chance());
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        if self.happens(self.options.errors) {
            self.stats.errors.add(1);
            return Err(injected());
        }
        let answer = run(sent.with_body(|body| self.cut(body, BodyErrorKind::Incomplete))).await?;
        if self.happens(self.options.lost) {
            self.stats.lost.add(1);
            return Err(injected());
        }
        Ok(answer.with_body(|body| self.cut(body, BodyErrorKind::Storage)))
    }
}

impl Chaos {
    /// A number from 0 up to but not 1.
    fn chance(&self) -> f64 {
        const BITS: u32 = f64::MANTISSA_DIGITS;
        (self.random.next_u64() >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }

    fn happens(&self, share: f64) -> bool {
        share > 0.0 && self.chance() < share
    }

    /// The body, or one that ends before its end.
    fn cut(&self, inner: Body, broken: BodyErrorKind) -> Body {
        let length_bytes = inner.length_bytes();
        if length_bytes == Some(0) {
            return inner;
        }
        let end = if self.happens(self.options.cuts) {
            self.stats.cuts.add(1);
            Some(broken)
        } else if self.happens(self.options.stalls) {
            self.stats.stalls.add(1);
            None
        } else {
            return inner;
        };
        let left_bytes = self.random.next_u64() % length_bytes.unwrap_or(CUT_MAX_BYTES);
        Body::new(Cut { inner, left_bytes, end }, length_bytes)
    }
}

/// A body that breaks off or stands still.
struct Cut {
    inner: Body,
    left_bytes: u64,
    /// How it breaks off; it stands still where `None`.
    end: Option<BodyErrorKind>,
}

impl Cut {
    fn ended(&self) -> Poll<Option<Result<Frame, BodyError>>> {
        match &self.end {
            Some(kind) => Poll::Ready(Some(Err(BodyError::with_source(kind.clone(), INJECTED)))),
            None => Poll::Pending,
        }
    }
}

impl BodyStream for Cut {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if self.left_bytes == 0 {
            return self.ended();
        }
        match ready!(self.inner.poll_frame(cx)) {
            Some(Ok(Frame::Data(mut data))) => {
                data.truncate(usize::try_from(self.left_bytes).unwrap_or(usize::MAX));
                self.left_bytes -= data.len() as u64;
                Poll::Ready(Some(Ok(Frame::Data(data))))
            }
            Some(Ok(Frame::Trailer(_))) | None => {
                self.left_bytes = 0;
                self.ended()
            }
            failed => Poll::Ready(failed),
        }
    }
}

/// Numbers that repeat for a seed: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
            let mut word = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}
