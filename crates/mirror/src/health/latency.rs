use std::time::Duration;

use types::Timestamp;

/// How much of the estimate a new measurement is, in percent.
const NEW_PERCENT: f64 = 20.0;
/// How long it takes until half of an estimate is forgotten. A target that is not asked looks faster and faster until it is
/// asked again: so one that was slow once is not left for good.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// The recent time to an answer of one target: an exponentially weighted moving average that fades.
#[derive(Default)]
pub(super) struct Latency {
    seconds: Option<f64>,
    measured_at: Timestamp,
}

impl Latency {
    pub(super) fn took(&mut self, took: Duration, now: Timestamp) {
        let new = took.as_secs_f64();
        self.seconds = Some(match self.seconds {
            None => new,
            Some(old) => {
                let kept = (1.0 - NEW_PERCENT / 100.0) * self.left(now);
                old * kept + new * (1.0 - kept)
            }
        });
        self.measured_at = now;
    }

    /// The estimate for the choice of a target: zero where there is none, so that every target is asked once.
    pub(super) fn estimate(&self, now: Timestamp) -> Duration {
        Duration::from_secs_f64(self.seconds.unwrap_or(0.0) * self.left(now))
    }

    /// The last estimate, unfaded: for people.
    pub(super) fn last(&self) -> Option<Duration> {
        self.seconds.map(Duration::from_secs_f64)
    }

    /// How much of the estimate is left.
    fn left(&self, now: Timestamp) -> f64 {
        (-now.since(self.measured_at).as_secs_f64() / HALF_LIFE.as_secs_f64()).exp2()
    }
}
