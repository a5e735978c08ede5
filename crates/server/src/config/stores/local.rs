use std::path::PathBuf;

use crate::config::ConfigError;
use crate::config::section::Section;

/// A store of files in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalStoreSettings {
    pub(crate) path: PathBuf,
    pub(crate) inline_max_bytes: u64,
}

pub(in crate::config) const DEFAULT_INLINE_MAX_BYTES: u64 = 64 << 10;
/// An inline object is one value of a metadata commit, of which many share one transaction.
const INLINE_MAX_BYTES: u64 = 256 << 10;

impl LocalStoreSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.required("path")?;
        let path = section.path("path")?.unwrap_or_default();
        let inline_max_bytes = section.size("inline_max")?.unwrap_or(DEFAULT_INLINE_MAX_BYTES);
        if inline_max_bytes > INLINE_MAX_BYTES {
            return Err(ConfigError::new(section.setting("inline_max"), "must be at most 256KiB"));
        }
        Ok(Self { path, inline_max_bytes })
    }
}
