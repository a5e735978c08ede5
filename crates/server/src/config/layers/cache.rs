use std::path::PathBuf;
use std::time::Duration;

use crate::config::ConfigError;
use crate::config::section::Section;

/// A cache on a local directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheSettings {
    pub(crate) path: PathBuf,
    pub(crate) size_bytes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) block_bytes: u64,
    pub(crate) mode: CacheMode,
    pub(crate) ttl: Duration,
    pub(crate) negative_ttl: Duration,
    /// `None` leaves it to the kind of store.
    pub(crate) list_ttl: Option<Duration>,
    /// The user metadata that holds a digest of the content, without `x-amz-meta-`.
    pub(crate) digest: Option<String>,
}

/// How long what is cached is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheMode {
    Strict,
    Ttl,
    Immutable,
    Offline,
}

impl CacheMode {
    /// Whether what is cached is believed for a time.
    pub(crate) fn is_timed(self) -> bool {
        matches!(self, Self::Ttl | Self::Offline)
    }

    /// The mode, as settings name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Ttl => "ttl",
            Self::Immutable => "immutable",
            Self::Offline => "offline",
        }
    }
}

/// Eight of the default blocks: less evicts what was just fetched.
const SIZE_MIN_BYTES: u64 = 64 << 20;
const DEFAULT_BLOCK_BYTES: u64 = 8 << 20;
const BLOCK_MIN_BYTES: u64 = 64 << 10;
const BLOCK_MAX_BYTES: u64 = 64 << 20;
const DEFAULT_TTL: Duration = Duration::from_secs(30);
const METADATA_PREFIX: &str = "x-amz-meta-";

impl CacheSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.required("path")?;
        let modes = [CacheMode::Strict, CacheMode::Ttl, CacheMode::Immutable, CacheMode::Offline];
        let mode = section.choice("mode", &modes.map(|mode| (mode.name(), mode)), CacheMode::Strict)?;
        check_times(section, mode)?;
        Ok(Self {
            path: section.path("path")?.unwrap_or_default(),
            size_bytes: size(section)?,
            memory_bytes: section.size("memory")?.unwrap_or(0),
            block_bytes: block(section)?,
            mode,
            ttl: section.duration("ttl")?.unwrap_or(DEFAULT_TTL),
            negative_ttl: section.duration_or_none("negative_ttl")?.unwrap_or_default(),
            list_ttl: section.duration_or_none("list_ttl")?,
            digest: digest(section)?,
        })
    }
}

/// A time that the mode has no use for was meant for another mode.
fn check_times(section: &Section<'_>, mode: CacheMode) -> Result<(), ConfigError> {
    let (unused, wanted): (&[&str], _) = match mode {
        CacheMode::Ttl | CacheMode::Offline => (&[], ""),
        CacheMode::Immutable => (&["ttl"], "\"ttl\" or \"offline\""),
        CacheMode::Strict => (&["ttl", "negative_ttl", "list_ttl"], "\"ttl\" or \"offline\""),
    };
    match unused.iter().find(|name| section.has(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("means nothing in mode \"{}\"; set mode = {wanted}", mode.name());
            Err(ConfigError::new(section.setting(name), message))
        }
    }
}

fn size(section: &Section<'_>) -> Result<u64, ConfigError> {
    match section.size("size")? {
        Some(size) if size >= SIZE_MIN_BYTES => Ok(size),
        Some(_) => Err(ConfigError::new(section.setting("size"), "must be at least 64MiB")),
        None => Err(ConfigError::new(section.setting("size"), "is missing; how large the cache may grow")),
    }
}

fn block(section: &Section<'_>) -> Result<u64, ConfigError> {
    let block = section.size("block")?.unwrap_or(DEFAULT_BLOCK_BYTES);
    if block.is_multiple_of(BLOCK_MIN_BYTES) && (BLOCK_MIN_BYTES..=BLOCK_MAX_BYTES).contains(&block) {
        return Ok(block);
    }
    Err(ConfigError::new(section.setting("block"), "must be a multiple of 64KiB, at most 64MiB"))
}

fn digest(section: &Section<'_>) -> Result<Option<String>, ConfigError> {
    let Some(text) = section.text("digest")? else { return Ok(None) };
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let text = text.to_ascii_lowercase();
    match text.strip_prefix(METADATA_PREFIX) {
        Some(name) if !name.is_empty() && name.bytes().all(legal) => Ok(Some(name.to_owned())),
        _ => {
            let message = format!("\"{text}\" is no user metadata, such as x-amz-meta-sha224");
            Err(ConfigError::new(section.setting("digest"), message))
        }
    }
}
