use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use store::{Layer, SharedStore, Slot, StoreError};
use types::{Body, BodyError, BodyStream, Counter, Frame};

use crate::OptionError;
use crate::pace::Pace;
use crate::wrap::{Answer, Call, Hook, Hooked, Sent};

/// The most bytes that a body takes in one turn: small beside a second's worth, so that bodies share evenly.
const TURN_MAX_BYTES: u64 = 64 * 1024;
/// Turns in a second at the least, where the rate is low.
const TURNS_PER_SECOND: u64 = 16;

/// How fast bytes of objects may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BandwidthOptions {
    /// Bytes per second that go out, at least 1; no limit where `None`.
    pub read_bytes_per_second: Option<u64>,
    /// Bytes per second that come in, at least 1; no limit where `None`.
    pub write_bytes_per_second: Option<u64>,
}

impl BandwidthOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), OptionError> {
        for (option, rate) in [("read", self.read_bytes_per_second), ("write", self.write_bytes_per_second)] {
            if rate == Some(0) {
                return Err(OptionError::new(option, "must be at least 1 byte per second"));
            }
        }
        Ok(())
    }
}

/// What a [`Bandwidth`] has counted.
#[derive(Debug, Default)]
pub struct BandwidthStats {
    /// Bytes that went out at the pace.
    pub read_bytes: Counter,
    /// Bytes that came in at the pace.
    pub written_bytes: Counter,
    /// Turns that bodies took.
    pub turns: Counter,
}

/// Bounds the bytes per second of all bodies together, each way by itself. Bodies under way take turns of at most 64 KiB, so
/// they share evenly whatever the size of their frames. Bytes that a store copies by itself pass nowhere.
#[derive(Debug, Clone)]
pub struct Bandwidth(Arc<Ways>);

#[derive(Debug)]
struct Ways {
    read: Option<Arc<Pace>>,
    write: Option<Arc<Pace>>,
    stats: Arc<BandwidthStats>,
}

impl Bandwidth {
    /// A bound of its own.
    ///
    /// # Errors
    /// As [`BandwidthOptions::validate`].
    pub fn new(options: BandwidthOptions) -> Result<Self, OptionError> {
        options.validate()?;
        let pace = |rate: Option<u64>| rate.map(|rate| Arc::new(Pace::new(rate, Duration::ZERO)));
        let (read, write) = (pace(options.read_bytes_per_second), pace(options.write_bytes_per_second));
        Ok(Self(Arc::new(Ways { read, write, stats: Arc::default() })))
    }

    /// What it has counted.
    #[must_use]
    pub fn stats(&self) -> &Arc<BandwidthStats> {
        &self.0.stats
    }
}

impl Layer for Bandwidth {
    fn name(&self) -> &'static str {
        "bandwidth"
    }

    fn slot(&self) -> Slot {
        Slot::Bound
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, self.0.clone())
    }
}

impl Hook for Ways {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        _: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let answer = run(sent.with_body(|body| self.paced(body, Way::In))).await?;
        Ok(answer.with_body(|body| self.paced(body, Way::Out)))
    }
}

#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

impl Way {
    fn count(self, stats: &BandwidthStats, bytes: u64) {
        match self {
            Self::In => stats.written_bytes.add(bytes),
            Self::Out => stats.read_bytes.add(bytes),
        }
    }
}

impl Ways {
    fn paced(&self, inner: Body, way: Way) -> Body {
        let pace = match way {
            Way::In => &self.write,
            Way::Out => &self.read,
        };
        let Some(pace) = pace else { return inner };
        let length_bytes = inner.length_bytes();
        let (pace, stats) = (pace.clone(), self.stats.clone());
        let (paid_bytes, passed_bytes) = (0, 0);
        Body::new(Paced { inner, pace, stats, way, paid_bytes, passed_bytes, turn: None }, length_bytes)
    }
}

/// A body at a pace. It pays some bytes before it asks for a frame, and what the frame had beyond them before it asks for the
/// next: so it holds no memory while it waits.
struct Paced {
    inner: Body,
    pace: Arc<Pace>,
    stats: Arc<BandwidthStats>,
    way: Way,
    paid_bytes: u64,
    passed_bytes: u64,
    turn: Option<(u64, Turn)>,
}

type Turn = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Paced {
    /// What to pay in the next turn; nothing while what is paid has not all passed, or nothing more is to come.
    fn due_bytes(&self) -> u64 {
        let left =
            self.inner.length_bytes().map_or(u64::MAX, |length| length.saturating_sub(self.passed_bytes));
        if left == 0 || self.paid_bytes > self.passed_bytes {
            return 0;
        }
        let turn = (self.pace.per_second() / TURNS_PER_SECOND).clamp(1, TURN_MAX_BYTES);
        turn.min(left.saturating_add(self.passed_bytes - self.paid_bytes))
    }
}

impl BodyStream for Paced {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            if let Some((bytes, turn)) = &mut this.turn {
                ready!(turn.as_mut().poll(cx));
                this.paid_bytes += *bytes;
                this.turn = None;
            }
            let due_bytes = this.due_bytes();
            if due_bytes == 0 {
                break;
            }
            let pace = this.pace.clone();
            this.stats.turns.add(1);
            let turn = async move {
                pace.take(due_bytes, None).await;
            };
            this.turn = Some((due_bytes, Box::pin(turn)));
        }
        let frame = ready!(this.inner.poll_frame(cx));
        if let Some(Ok(Frame::Data(data))) = &frame {
            this.passed_bytes += data.len() as u64;
            this.way.count(&this.stats, data.len() as u64);
        }
        Poll::Ready(frame)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let (paid_bytes, passed_bytes) = (self.paid_bytes, self.passed_bytes);
        self.pace.passed(passed_bytes.saturating_sub(paid_bytes));
        self.pace.give_back(paid_bytes.saturating_sub(passed_bytes));
    }
}
