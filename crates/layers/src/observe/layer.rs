use std::sync::Arc;

use store::{Layer, SharedStore, Slot};

use super::stats::ObserveStats;
use super::store::Observed;

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
        Arc::new(Observed { inner, stats: self.stats.clone() })
    }
}
