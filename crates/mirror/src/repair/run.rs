use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use types::Timestamp;

use crate::core::{Core, Mirror};

/// How long a worker rests when there is nothing to do; it is woken when there is.
const REST: Duration = Duration::from_secs(5);
/// How soon it is looked whether a target that was out is in again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The first pause after a pass with failures; each further one is twice as long.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How often outcomes of completed uploads are looked through.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

impl Mirror {
    /// Settles what an earlier process left open and works off what targets owe, until `stop`. Each target has its own pace:
    /// one that fails is tried again after a pause that grows, with some chance in it.
    ///
    /// # Cancel safety
    /// It may be dropped at any moment; what is owed stays in the journal.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let mut workers = JoinSet::new();
        workers.spawn(settler(self.0.clone()));
        let (probing, filling) = (self.0.clone(), self.0.clone());
        workers.spawn(async move { probing.keep_probing().await });
        workers.spawn(async move { filling.keep_filling().await });
        for place in 0..self.0.targets.len() {
            workers.spawn(worker(self.0.clone(), place));
        }
        stop.await;
        workers.shutdown().await;
    }
}

/// Settles what was left open, and forgets what was kept long enough.
async fn settler(core: Arc<Core>) {
    let (mut pause, mut tidied) = (BACKOFF_FIRST, Timestamp::default());
    loop {
        // A failing journal is tried again as well.
        let left = core.settle_all().await.unwrap_or(1);
        let enrolled = core.enroll().await.is_ok();
        if core.now().since(tidied) > TIDY_EVERY && core.journal.forget_finished(core.now()).await.is_ok() {
            tidied = core.now();
        }
        pause = if left == 0 && enrolled { BACKOFF_FIRST } else { (pause * 2).min(BACKOFF_MAX) };
        rest(&core, if left == 0 && enrolled { REST } else { jittered(&core, pause) }).await;
    }
}

/// Works off what a target owes.
async fn worker(core: Arc<Core>, place: usize) {
    let mut pause = BACKOFF_FIRST;
    loop {
        if core.health.is_out(place) {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        let report = core.repair_target(place, &mut |_| {}).await;
        let is_done = report.as_ref().is_ok_and(|report| report.failed == 0);
        if is_done {
            pause = BACKOFF_FIRST;
            rest(&core, REST).await;
        } else {
            // Not woken earlier: what is new is no reason to hurry a target that fails.
            tokio::time::sleep(jittered(&core, pause)).await;
            pause = (pause * 2).min(BACKOFF_MAX);
        }
    }
}

async fn rest(core: &Core, time: Duration) {
    let _ = tokio::time::timeout(time, core.work.notified()).await;
}

/// Between half and one and a half times the pause.
fn jittered(core: &Core, pause: Duration) -> Duration {
    const STEPS: u64 = 1024;
    pause / 2 + pause * (core.random.next_u64() % STEPS) as u32 / STEPS as u32
}
