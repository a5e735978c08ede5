use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::section::Section;
use super::table::{STORE_LOCAL, STORE_MEMORY, Table};

/// A store of files in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalStoreSettings {
    pub(crate) path: PathBuf,
    pub(crate) inline_max_bytes: u64,
}

/// A store in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MemoryStoreSettings {
    pub(crate) max_size_bytes: Option<u64>,
    pub(crate) snapshot: Option<PathBuf>,
    pub(crate) snapshot_every: Option<Duration>,
}

/// What kind of store it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Local(LocalStoreSettings),
    Memory(MemoryStoreSettings),
}

/// One `[store.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreSettings {
    pub(crate) name: String,
    pub(crate) kind: StoreKind,
}

pub(super) const DEFAULT_INLINE_MAX_BYTES: u64 = 64 << 10;
/// An inline object is one value of a metadata commit, of which many share one transaction.
const INLINE_MAX_BYTES: u64 = 256 << 10;

/// The settings that a kind has.
pub(super) fn table_of(kind: &toml::Table, path: &str) -> Result<&'static Table, ConfigError> {
    let setting = format!("{path}.kind");
    match kind.get("kind").map(|kind| kind.as_str()) {
        Some(Some("local")) => Ok(&STORE_LOCAL),
        Some(Some("memory")) => Ok(&STORE_MEMORY),
        None => Err(ConfigError::new(setting, "is missing; \"local\" or \"memory\"")),
        Some(other) => Err(ConfigError::new(
            setting,
            format!(
                "\"{}\" is not a kind of store of this version: \"local\" or \"memory\"",
                other.unwrap_or("?")
            ),
        )),
    }
}

impl StoreSettings {
    pub(super) fn read(name: &str, section: &Section<'_>) -> Result<Self, ConfigError> {
        refuse_layers(section)?;
        let kind = match section.required("kind")? {
            "local" => StoreKind::Local(local(section)?),
            _ => StoreKind::Memory(memory(section)?),
        };
        Ok(Self { name: name.to_owned(), kind })
    }
}

fn local(section: &Section<'_>) -> Result<LocalStoreSettings, ConfigError> {
    section.required("path")?;
    let path = section.path("path")?.unwrap_or_default();
    let inline_max_bytes = section.size("inline_max")?.unwrap_or(DEFAULT_INLINE_MAX_BYTES);
    if inline_max_bytes > INLINE_MAX_BYTES {
        return Err(ConfigError::new(section.setting("inline_max"), "must be at most 256KiB"));
    }
    Ok(LocalStoreSettings { path, inline_max_bytes })
}

fn memory(section: &Section<'_>) -> Result<MemoryStoreSettings, ConfigError> {
    let settings = MemoryStoreSettings {
        max_size_bytes: section.size("max_size")?,
        snapshot: section.path("snapshot")?,
        snapshot_every: section.duration("snapshot_every")?,
    };
    if settings.snapshot_every.is_some() && settings.snapshot.is_none() {
        return Err(ConfigError::new(section.setting("snapshot_every"), "needs snapshot, the file to write"));
    }
    Ok(settings)
}

pub(super) fn refuse_layers(section: &Section<'_>) -> Result<(), ConfigError> {
    if section.has_items("layers") {
        let message = "this version has no layer that can be configured; leave the list out or empty";
        return Err(ConfigError::new(section.setting("layers"), message));
    }
    Ok(())
}
