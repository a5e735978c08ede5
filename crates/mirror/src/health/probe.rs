use std::time::Duration;

use futures_util::future::join_all;
use store::ListBuckets;
use tokio::time::{sleep, timeout};
use types::Context;

use super::Gate;
use crate::core::Core;

/// How often it is looked whether a target is due for a probe.
const TICK: Duration = Duration::from_secs(1);
/// How long a probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

impl Core {
    /// Probes targets that are out for as long as it is polled.
    pub(crate) async fn keep_probing(&self) {
        loop {
            let due = (0..self.targets.len()).filter(|place| self.health.gate(*place) == Gate::Probe);
            join_all(due.map(|place| self.probe(place))).await;
            sleep(TICK).await;
        }
    }

    /// Asks a target for one of its buckets: the least that shows that it answers.
    async fn probe(&self, place: usize) {
        let options = ListBuckets { prefix: String::new(), after: None, limit: 1 };
        let cx = Context::background();
        let attempt = self.health.begin(place);
        match timeout(PROBE_LIMIT, self.targets[place].store.list_buckets(&cx, options)).await {
            Ok(Ok(_)) => self.health.answered(place),
            Ok(Err(error)) => attempt.refused(&error.kind),
            Err(_) => attempt.failed(),
        }
    }
}
