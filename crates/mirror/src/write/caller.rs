use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{StoreError, StoreErrorKind};

/// Whether somebody still waits for a write.
#[derive(Debug, Clone)]
pub(crate) struct Wanted(Arc<AtomicBool>);

/// Whoever waits: dropped when the request is.
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Wanted {
    /// A write that is done whatever becomes of anybody.
    pub(crate) fn always() -> Self {
        Self(Arc::default())
    }

    /// The last look before something changes.
    ///
    /// # Errors
    /// `Unavailable` where nobody waits any more; nobody hears of it.
    pub(crate) fn still(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.0.load(Ordering::Acquire) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, operation));
        }
        Ok(())
    }
}

/// Does a write in a task of its own, so that what has begun to change comes to its end whatever becomes of the request. The
/// work looks whether it is still wanted before it changes anything: a request that was given up has no effect later.
pub(crate) async fn to_its_end<T, F>(
    operation: &'static str,
    work: impl FnOnce(Wanted) -> F,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let gone = Arc::<AtomicBool>::default();
    let caller = Caller(gone.clone());
    let ended = tokio::spawn(work(Wanted(gone))).await;
    drop(caller);
    ended.map_err(|error| StoreError::with_source(StoreErrorKind::Internal, operation, error))?
}
