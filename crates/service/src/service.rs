use std::fmt;

use s3_model::{ErrorCode, S3Error};
use store::SharedStore;

use crate::ServiceSettings;

/// S3's operations over a store. Cheap to share behind an `Arc`; holds no state of its own.
pub struct Service {
    pub(crate) store: SharedStore,
    pub(crate) settings: ServiceSettings,
}

impl Service {
    /// A service over `store`.
    #[must_use]
    pub fn new(store: SharedStore, settings: ServiceSettings) -> Self {
        Self { store, settings }
    }

    /// What the configuration says.
    #[must_use]
    pub fn settings(&self) -> &ServiceSettings {
        &self.settings
    }

    /// Refuses a size above `max_bytes`, before any byte of it is read.
    pub(crate) fn limit_size(size_bytes: u64, max_bytes: u64) -> Result<(), S3Error> {
        if size_bytes <= max_bytes {
            return Ok(());
        }
        Err(S3Error::new(ErrorCode::EntityTooLarge)
            .detail("ProposedSize", size_bytes.to_string())
            .detail("MaxSizeAllowed", max_bytes.to_string()))
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("settings", &self.settings).finish_non_exhaustive()
    }
}
