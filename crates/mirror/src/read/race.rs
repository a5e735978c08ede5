use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use store::{StoreError, StoreErrorKind};
use tokio::time::{Instant, Timeout, timeout, timeout_at};

use crate::health::{Attempt, Health, Verdict};

/// How long one target is waited for alone where no shorter time is set: then the next one is asked beside it.
pub(crate) const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer is waited for at all; a target that takes longer has failed.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Whether the error is about the target that gave it, so that another one may know better. All others are answers.
pub(crate) const fn is_of_the_target(kind: &StoreErrorKind) -> bool {
    match Verdict::of(kind) {
        Verdict::Answered => matches!(kind, StoreErrorKind::Unsupported(_)),
        Verdict::Failed | Verdict::Nothing => true,
    }
}

pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// One target that was asked and has not answered.
struct Runner<'a, T> {
    target: usize,
    asked: Pin<Box<Timeout<Asked<'a, T>>>>,
    attempt: Attempt<'a>,
    since: Instant,
}

/// Asks targets in order until one answers: the next one at once after a failure, and beside those that were asked after
/// `patience`. The first answer wins, with its target, and what is still asked is dropped.
///
/// # Errors
/// That of a target that failed, where none answers; `Unavailable` where there is none to ask.
pub(crate) async fn race<'a, T: Send + 'a>(
    health: &'a Health,
    order: &[usize],
    patience: Duration,
    ask: impl Fn(usize) -> Asked<'a, T> + Send,
) -> Result<(usize, Result<T, StoreError>), StoreError> {
    let mut waiting = order.iter().copied();
    let mut running: Vec<Runner<'a, T>> = Vec::new();
    let mut error = None;
    loop {
        if let Some(target) = waiting.next() {
            let asked = Box::pin(timeout(ANSWER_LIMIT, ask(target)));
            running.push(Runner { target, asked, attempt: health.begin(target), since: Instant::now() });
        } else if running.is_empty() {
            return Err(error.unwrap_or_else(nobody));
        }
        let next_at = (waiting.len() > 0).then(|| Instant::now() + patience);
        let Some((runner, answer)) = first(&mut running, next_at).await else { continue };
        match answer {
            Ok(answer) => {
                runner.attempt.answered();
                dismiss(running);
                return Ok((runner.target, Ok(answer)));
            }
            Err(refusal) => {
                runner.attempt.refused(&refusal.kind);
                if !is_of_the_target(&refusal.kind) {
                    dismiss(running);
                    return Ok((runner.target, Err(refusal)));
                }
                error = Some(milder(error, refusal));
            }
        }
    }
}

/// The first runner that has answered, taken out of the others; `None` where none has by then.
async fn first<'a, T>(
    running: &mut Vec<Runner<'a, T>>,
    until: Option<Instant>,
) -> Option<(Runner<'a, T>, Result<T, StoreError>)> {
    let answered = poll_fn(|cx| {
        for (place, runner) in running.iter_mut().enumerate() {
            if let Poll::Ready(answer) = runner.asked.as_mut().poll(cx) {
                return Poll::Ready((place, answer));
            }
        }
        Poll::Pending
    });
    let (place, answer) = match until {
        None => answered.await,
        Some(until) => timeout_at(until, answered).await.ok()?,
    };
    Some((running.swap_remove(place), answer.unwrap_or_else(|_| Err(silent()))))
}

/// Those that lost: one that was silent for long has failed, any other was only slower.
fn dismiss<T>(losers: Vec<Runner<'_, T>>) {
    for loser in losers {
        if loser.since.elapsed() >= ANSWER_PATIENCE {
            loser.attempt.failed();
        }
    }
}

/// Which of two errors to tell: that a target is away passes, so the caller may ask again.
fn milder(earlier: Option<StoreError>, later: StoreError) -> StoreError {
    match earlier {
        Some(earlier) if matches!(earlier.kind, StoreErrorKind::Unavailable) => earlier,
        _ => later,
    }
}

fn nobody() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "read of what every target within reach still owes")
}

fn silent() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "wait for a target's answer")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sim::SimClock;
    use store::Missing;

    use super::*;
    use crate::health::HealthOptions;

    fn answer(after_ms: u64, answer: Result<u32, StoreErrorKind>) -> Asked<'static, u32> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            answer.map_err(|kind| StoreError::new(kind, "answer"))
        })
    }

    fn health(count: usize) -> Health {
        Health::new(count, HealthOptions::default(), Arc::new(SimClock::default()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_is_asked_after_a_failure_at_once() {
        let began = Instant::now();
        let health = health(2);
        let ask = |target| match target {
            0 => answer(3, Err(StoreErrorKind::Unavailable)),
            _ => answer(4, Ok(7)),
        };
        let (target, won) = race(&health, &[0, 1], ANSWER_PATIENCE, ask).await.unwrap();
        assert_eq!((target, won.unwrap(), began.elapsed()), (1, 7, Duration::from_millis(7)));
        assert_eq!((health.of(0).failed, health.of(1).answered), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_is_raced_after_the_patience_and_may_still_win() {
        for (slow_ms, winner, took_ms) in [(200, 1, 90), (60, 0, 60)] {
            let began = Instant::now();
            let health = health(2);
            let ask = |target| if target == 0 { answer(slow_ms, Ok(0)) } else { answer(40, Ok(1)) };
            let (target, _) = race(&health, &[0, 1], Duration::from_millis(50), ask).await.unwrap();
            assert_eq!((target, began.elapsed()), (winner, Duration::from_millis(took_ms)));
            assert_eq!((health.of(0).failed, health.of(1).failed), (0, 0), "slower is not failed");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn that_a_key_is_not_there_is_an_answer() {
        let health = health(2);
        let ask = |target| match target {
            0 => answer(1, Err(StoreErrorKind::Missing(Missing::Key))),
            _ => answer(1, Ok(1)),
        };
        let (target, answer) = race(&health, &[0, 1], ANSWER_PATIENCE, ask).await.unwrap();
        assert!(target == 0 && matches!(answer.unwrap_err().kind, StoreErrorKind::Missing(Missing::Key)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_has_failed_and_absence_is_told_before_damage() {
        let health = health(3);
        let ask = |target| match target {
            0 => answer(3_600_000, Ok(0)),
            1 => answer(1, Err(StoreErrorKind::Unavailable)),
            _ => answer(2, Err(StoreErrorKind::Corrupt)),
        };
        let began = Instant::now();
        let error = race(&health, &[0, 1, 2], ANSWER_PATIENCE, ask).await.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
        assert_eq!(began.elapsed(), ANSWER_LIMIT);
        assert_eq!((health.of(0).failed, health.of(1).failed, health.of(2).failed), (1, 1, 0));
        let ask = |target| if target == 0 { answer(3_600_000, Ok(0)) } else { answer(1, Ok(1)) };
        assert_eq!(race(&health, &[0, 1], ANSWER_PATIENCE, ask).await.unwrap().0, 1);
        assert_eq!(health.of(0).failed, 2, "silent for as long as the patience");
        assert!(race(&health, &[], ANSWER_PATIENCE, ask).await.is_err());
    }
}
