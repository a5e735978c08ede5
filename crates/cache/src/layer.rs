use std::sync::Arc;

use store::{Layer, SharedStore, Slot};

use crate::cache::Core;
use crate::options::LayerOptions;
use crate::store_impl::Cached;

/// Keeps near what is read of a store far away, and answers from there for as long as its mode allows.
pub struct CacheLayer {
    core: Arc<Core>,
    options: LayerOptions,
}

impl CacheLayer {
    pub(crate) fn new(core: Arc<Core>, options: LayerOptions) -> Self {
        Self { core, options }
    }

    /// How this layer uses its cache.
    #[must_use]
    pub fn options(&self) -> &LayerOptions {
        &self.options
    }
}

impl Layer for CacheLayer {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn slot(&self) -> Slot {
        Slot::Place
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Arc::new(Cached::new(self.core.clone(), &self.options, inner))
    }
}
