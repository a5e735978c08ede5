use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use types::Counter;

/// What the service takes a minute, until it says otherwise.
pub(crate) const CALLS_PER_MINUTE: u32 = 2_000;
const MINUTE: Duration = Duration::from_secs(60);
/// The longest that a refusal holds everything up.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What a limiter has done.
#[derive(Debug, Default)]
pub(crate) struct LimiterStats {
    /// Calls that had to wait for their turn.
    pub(crate) waits: Counter,
    /// Refusals by the service all the same.
    pub(crate) refusals: Counter,
}

/// Lets calls through so that no minute has more than the account may have, and lets the lanes that wait take turns.
///
/// A quarter of a minute's calls may come at once; the rest comes evenly, so that any minute stays under the limit.
#[derive(Clone)]
pub(crate) struct Limiter(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    stats: LimiterStats,
}

struct State {
    per_minute: u32,
    tokens: f64,
    filled_at: Instant,
    paused_until: Option<Instant>,
    lanes: VecDeque<Waiting>,
    is_pumping: bool,
}

struct Waiting {
    lane: u64,
    calls: VecDeque<oneshot::Sender<()>>,
}

impl State {
    fn burst(&self) -> f64 {
        (f64::from(self.per_minute) / 4.0).max(1.0)
    }

    fn per_second(&self) -> f64 {
        (f64::from(self.per_minute) - self.burst()).max(1.0) / MINUTE.as_secs_f64()
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second()).min(self.burst());
        self.filled_at = now;
    }

    fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let may = self.tokens >= 1.0 && self.paused_until.is_none_or(|until| until <= now);
        if may {
            self.tokens -= 1.0;
        }
        may
    }

    /// How long until the next call may go.
    fn wait(&self, now: Instant) -> Duration {
        let for_token = ((1.0 - self.tokens).max(0.0) / self.per_second()).min(MINUTE.as_secs_f64());
        let for_pause =
            self.paused_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        Duration::from_secs_f64(for_token).max(for_pause).max(Duration::from_millis(1))
    }

    /// The call whose turn it is: of the lane that has waited longest since its last one.
    fn next(&mut self) -> Option<oneshot::Sender<()>> {
        let mut lane = self.lanes.pop_front()?;
        let call = lane.calls.pop_front();
        if !lane.calls.is_empty() {
            self.lanes.push_back(lane);
        }
        call
    }

    fn enqueue(&mut self, lane: u64) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        match self.lanes.iter_mut().find(|waiting| waiting.lane == lane) {
            Some(waiting) => waiting.calls.push_back(sender),
            None => self.lanes.push_back(Waiting { lane, calls: VecDeque::from([sender]) }),
        }
        receiver
    }
}

impl Limiter {
    pub(crate) fn new(per_minute: u32) -> Self {
        let mut state = State {
            per_minute: per_minute.max(1),
            tokens: 0.0,
            filled_at: Instant::now(),
            paused_until: None,
            lanes: VecDeque::new(),
            is_pumping: false,
        };
        state.tokens = state.burst();
        Self(Arc::new(Shared { state: Mutex::new(state), stats: LimiterStats::default() }))
    }

    pub(crate) fn stats(&self) -> &LimiterStats {
        &self.0.stats
    }

    /// Waits for the turn of a call in `lane`.
    ///
    /// # Cancel safety
    /// A dropped call gives its place up.
    pub(crate) async fn turn(&self, lane: u64) {
        let receiver = {
            let mut state = self.0.state.lock();
            if state.lanes.is_empty() && state.take(Instant::now()) {
                return;
            }
            let receiver = state.enqueue(lane);
            if !state.is_pumping {
                state.is_pumping = true;
                tokio::spawn(self.clone().pump());
            }
            receiver
        };
        self.0.stats.waits.add(1);
        // The pump answers every call that waits; it ends only when none is left.
        let _ = receiver.await;
    }

    async fn pump(self) {
        loop {
            let pause = {
                let mut state = self.0.state.lock();
                let now = Instant::now();
                if state.lanes.is_empty() {
                    state.is_pumping = false;
                    return;
                }
                if state.take(now) {
                    let taken = state.next().is_some_and(|call| call.send(()).is_ok());
                    if !taken {
                        state.tokens += 1.0;
                    }
                    continue;
                }
                state.wait(now)
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// What the service says about its limit beside an answer.
    pub(crate) fn told(&self, limit: Option<u32>, remaining: Option<u32>) {
        let mut state = self.0.state.lock();
        state.fill(Instant::now());
        if let Some(limit) = limit.filter(|limit| *limit > 0 && *limit != state.per_minute) {
            state.per_minute = limit;
            state.tokens = state.tokens.min(state.burst());
        }
        if let Some(remaining) = remaining {
            state.tokens = state.tokens.min(f64::from(remaining));
        }
    }

    /// The service has refused a call for its limit: all wait for so long.
    pub(crate) fn refused(&self, retry_after: Option<Duration>) {
        self.0.stats.refusals.add(1);
        let mut state = self.0.state.lock();
        let until = Instant::now() + retry_after.unwrap_or(Duration::from_secs(1)).min(PAUSE_MAX);
        state.tokens = 0.0;
        state.paused_until = Some(state.paused_until.map_or(until, |before| before.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets `count` calls of a lane wait, and tells their order.
    fn wait(limiter: &Limiter, lane: u64, count: usize, order: &Arc<Mutex<Vec<u64>>>) {
        for _ in 0..count {
            let (limiter, order) = (limiter.clone(), order.clone());
            tokio::spawn(async move {
                limiter.turn(lane).await;
                order.lock().push(lane);
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_calls_than_the_limit() {
        let limiter = Limiter::new(120);
        let begun = Instant::now();
        let mut moments = Vec::new();
        for _ in 0..400 {
            limiter.turn(0).await;
            moments.push(begun.elapsed());
        }
        for (place, moment) in moments.iter().enumerate() {
            let within = moments[place..].iter().filter(|later| **later < *moment + MINUTE).count();
            assert!(within <= 120, "{within} calls in the minute from {moment:?}");
        }
        assert!(moments[399] < Duration::from_secs(300), "the limit is used: {:?}", moments[399]);
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_take_turns() {
        let limiter = Limiter::new(60);
        for _ in 0..15 {
            limiter.turn(0).await;
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        wait(&limiter, 1, 20, &order);
        tokio::task::yield_now().await;
        wait(&limiter, 2, 3, &order);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let order = order.lock();
        assert_eq!(order.len(), 23);
        assert_eq!(order.iter().take(8).filter(|lane| **lane == 2).count(), 3, "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_service_says_counts() {
        let limiter = Limiter::new(2_000);
        limiter.told(Some(2_000), Some(1));
        let begun = Instant::now();
        limiter.turn(0).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        limiter.turn(0).await;
        assert!(begun.elapsed() > Duration::ZERO);
        limiter.refused(Some(Duration::from_secs(7)));
        let begun = Instant::now();
        limiter.turn(0).await;
        assert!(begun.elapsed() >= Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_gives_its_place_up() {
        let limiter = Limiter::new(4);
        limiter.turn(0).await;
        let waiting = tokio::time::timeout(Duration::from_millis(5), limiter.turn(0));
        assert!(waiting.await.is_err());
        let begun = Instant::now();
        limiter.turn(0).await;
        assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    }
}
