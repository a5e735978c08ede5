use std::sync::Arc;

use store::{Layer, SharedStore, Slot, StoreError, StoreErrorKind};

use crate::wrap::{Answer, Call, Hook, Hooked, Sent};

const REASON: &str = "This bucket is read-only here.";

/// Refuses every call that would change something: buckets, objects, tags, uploads.
///
/// What the store below can do stays what it shows: a store that can is told apart from one that is told not to.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnly;

impl ReadOnly {
    /// The layer, which has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Layer for ReadOnly {
    fn name(&self) -> &'static str {
        "read_only"
    }

    fn slot(&self) -> Slot {
        Slot::Guard
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, Arc::new(*self))
    }
}

impl Hook for ReadOnly {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        if call.only_looks() {
            return run(sent).await;
        }
        Err(StoreError::new(StoreErrorKind::Forbidden(REASON), call.operation.name()))
    }
}
