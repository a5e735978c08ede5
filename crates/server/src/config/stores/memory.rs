use std::path::PathBuf;
use std::time::Duration;

use crate::config::ConfigError;
use crate::config::section::Section;

/// A store in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MemoryStoreSettings {
    pub(crate) max_size_bytes: Option<u64>,
    pub(crate) snapshot: Option<PathBuf>,
    pub(crate) snapshot_every: Option<Duration>,
}

impl MemoryStoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let settings = Self {
            max_size_bytes: section.size("max_size")?,
            snapshot: section.path("snapshot")?,
            snapshot_every: section.duration("snapshot_every")?,
        };
        if settings.snapshot_every.is_some() && settings.snapshot.is_none() {
            return Err(ConfigError::new(
                section.setting("snapshot_every"),
                "needs snapshot, the file to write",
            ));
        }
        Ok(settings)
    }
}
