use std::sync::Arc;

use meta::MetaStore;

/// One metadata store and its past.
pub trait MetaWorld: Send + Sync {
    /// Opens the store, empty at first. Opened again, the former one having been dropped, it holds what was committed.
    fn open(&self) -> Arc<dyn MetaStore>;
}
