use std::sync::Arc;

use store::{Layer, SharedStore, Slot, StoreError};

use super::ObserveStats;
use super::body::{Way, counted};
use crate::wrap::{Answer, Call, Hook, Hooked, Sent};

/// Counts and times every call by operation and outcome, and the bytes of bodies as they stream. It changes nothing, and
/// what the store below can do, it can do.
#[derive(Debug, Clone, Default)]
pub struct Observe {
    stats: Arc<ObserveStats>,
}

impl Observe {
    /// A layer that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What it has seen, in all stores that it is wrapped around.
    #[must_use]
    pub fn stats(&self) -> &Arc<ObserveStats> {
        &self.stats
    }
}

impl Layer for Observe {
    fn name(&self) -> &'static str {
        "observe"
    }

    fn slot(&self) -> Slot {
        Slot::Observe
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, Arc::new(self.clone()))
    }
}

impl Hook for Observe {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let sent = sent.with_body(|body| counted(body, &self.stats, Way::In));
        let answer = self.stats.watch(call.operation, run(sent)).await?;
        Ok(answer.with_body(|body| counted(body, &self.stats, Way::Out)))
    }
}
