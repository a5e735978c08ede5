use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crypt::{KeyError, KeyErrorKind};
use types::{Clock, Timestamp};

use crate::failure::with_causes;

/// How long the newest version of a key is taken to be so.
const HOLDS: Duration = Duration::from_secs(60);

/// The newest version of a key that a service keeps, asked for once in a minute at most. What it said last holds while it cannot
/// be reached.
pub(super) struct Newest {
    clock: Arc<dyn Clock>,
    told: Mutex<Told>,
    /// Held while the service is asked.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Told {
    known: Option<Known>,
    /// How often it was forgotten: an answer from before that is not kept.
    forgotten: u64,
}

#[derive(Clone)]
struct Known {
    id: String,
    asked_at: Timestamp,
}

impl Newest {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, told: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> Option<String> {
        let known = self.told().known.clone()?;
        (self.clock.now().since(known.asked_at) < HOLDS).then_some(known.id)
    }

    /// Has it asked for when it is needed next.
    pub(super) fn forget(&self) {
        let mut told = self.told();
        *told = Told { known: None, forgotten: told.forgotten + 1 };
    }

    /// The id of the newest version, for which `ask` is polled where it is not known. Of several callers one asks, and the
    /// others wait for it.
    pub(super) async fn get(
        &self,
        ask: impl Future<Output = Result<String, KeyError>>,
    ) -> Result<String, KeyError> {
        if let Some(id) = self.fresh() {
            return Ok(id);
        }
        let _turn = self.turn.lock().await;
        if let Some(id) = self.fresh() {
            return Ok(id);
        }
        let (before, forgotten) = {
            let told = self.told();
            (told.known.clone(), told.forgotten)
        };
        let asked_at = self.clock.now();
        let now = match (ask.await, before) {
            (Ok(id), _) => Known { id, asked_at },
            // It is as long until it is asked again, so that not every write waits for what is away.
            (Err(error), Some(before)) if error.kind == KeyErrorKind::Unavailable => {
                tracing::warn!(
                    key = before.id,
                    error = with_causes(&error),
                    "the newest version is not known"
                );
                Known { asked_at: self.clock.now(), ..before }
            }
            (Err(error), _) => return Err(error),
        };
        let mut told = self.told();
        if told.forgotten == forgotten {
            told.known = Some(now.clone());
        }
        Ok(now.id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct Ticking(AtomicU64);

    impl Clock for Ticking {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(self.0.load(Ordering::Relaxed))
        }
    }

    /// The answers of a service, asked after so many seconds.
    struct World {
        clock: Arc<Ticking>,
        newest: Newest,
        asked: AtomicU64,
    }

    impl World {
        fn new() -> Self {
            let clock = Arc::new(Ticking(1_000_000_000_000.into()));
            Self { newest: Newest::new(clock.clone()), clock, asked: 0.into() }
        }

        fn pass(&self, seconds: u64) {
            self.clock.0.fetch_add(seconds * 1_000_000_000, Ordering::Relaxed);
        }

        async fn get(&self, answer: Result<&str, KeyErrorKind>) -> Result<String, KeyErrorKind> {
            let ask = async {
                self.asked.fetch_add(1, Ordering::Relaxed);
                answer.map(str::to_owned).map_err(|kind| KeyError::new(kind, "k"))
            };
            self.newest.get(ask).await.map_err(|error| error.kind)
        }

        fn asked(&self) -> u64 {
            self.asked.swap(0, Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn a_service_is_asked_for_the_newest_version_once_in_a_minute() {
        let world = World::new();
        for _ in 0..50 {
            assert_eq!(world.get(Ok("v1")).await, Ok("v1".to_owned()));
        }
        assert_eq!(world.asked(), 1);
        world.pass(59);
        assert_eq!(world.get(Ok("v2")).await, Ok("v1".to_owned()));
        world.pass(1);
        assert_eq!(world.get(Ok("v2")).await, Ok("v2".to_owned()));
        assert_eq!(world.asked(), 1);
        world.newest.forget();
        assert_eq!(world.get(Ok("v3")).await, Ok("v3".to_owned()));
    }

    #[tokio::test]
    async fn what_a_service_said_last_holds_while_it_is_away() {
        let world = World::new();
        assert_eq!(world.get(Err(KeyErrorKind::Unavailable)).await, Err(KeyErrorKind::Unavailable));
        world.get(Ok("v1")).await.unwrap();
        world.asked();
        world.pass(600);
        for _ in 0..50 {
            assert_eq!(world.get(Err(KeyErrorKind::Unavailable)).await, Ok("v1".to_owned()));
        }
        assert_eq!(world.asked(), 1, "not every write waits for it");
        world.pass(60);
        assert_eq!(world.get(Err(KeyErrorKind::Denied)).await, Err(KeyErrorKind::Denied));
        // Wrapping anew goes by what it says now.
        world.newest.forget();
        assert_eq!(world.get(Err(KeyErrorKind::Unavailable)).await, Err(KeyErrorKind::Unavailable));
    }

    #[tokio::test]
    async fn an_answer_from_before_it_was_forgotten_is_not_kept() {
        let world = World::new();
        let ask = async {
            world.newest.forget();
            Ok("v1".to_owned())
        };
        assert_eq!(world.newest.get(ask).await.unwrap(), "v1");
        assert_eq!(world.get(Ok("v2")).await, Ok("v2".to_owned()));
    }
}
