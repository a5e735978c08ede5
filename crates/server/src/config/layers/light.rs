use std::time::Duration;

use crate::config::ConfigError;
use crate::config::section::Section;

/// The longest prefix.
const PREFIX_MAX_BYTES: usize = 512;
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_ATTEMPTS: u64 = 3;
/// More attempts would hold a client longer than any waits.
const ATTEMPTS_MAX: u64 = 20;

/// So many calls and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitSettings {
    pub(crate) requests_per_second: Option<u32>,
    pub(crate) concurrency: Option<u32>,
    /// How long a call waits for its turn.
    pub(crate) wait: Duration,
}

/// So many bytes a second and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BandwidthSettings {
    pub(crate) read_bytes_per_second: Option<u64>,
    pub(crate) write_bytes_per_second: Option<u64>,
}

/// How long a call may take, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetrySettings {
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
}

/// How much a bucket may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaSettings {
    pub(crate) bytes: Option<u64>,
    pub(crate) objects: Option<u64>,
}

/// How a store misbehaves, for tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FaultSettings {
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    /// The part of calls that fail before they do anything, 0 to 1.
    pub(crate) errors: f64,
    /// The part of calls that take effect and fail all the same.
    pub(crate) lost: f64,
    /// The part of bodies that break off.
    pub(crate) cuts: f64,
    /// Makes the same faults again.
    pub(crate) seed: Option<u64>,
}

impl LimitSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let (requests, concurrency) = (positive(section, "requests")?, positive(section, "concurrency")?);
        either(section, requests.is_some() || concurrency.is_some(), "requests", "concurrency")?;
        let wait = section.duration("wait")?.unwrap_or(DEFAULT_WAIT);
        Ok(Self { requests_per_second: requests, concurrency, wait })
    }
}

impl BandwidthSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let (read, write) = (positive_size(section, "read")?, positive_size(section, "write")?);
        either(section, read.is_some() || write.is_some(), "read", "write")?;
        Ok(Self { read_bytes_per_second: read, write_bytes_per_second: write })
    }
}

impl RetrySettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let attempts = section.count("attempts")?.unwrap_or(DEFAULT_ATTEMPTS);
        let attempts = u32::try_from(attempts).ok().filter(|_| (1..=ATTEMPTS_MAX).contains(&attempts));
        let refused = || ConfigError::new(section.setting("attempts"), "must be 1 to 20");
        Ok(Self {
            timeout: section.duration("timeout")?.unwrap_or(DEFAULT_TIMEOUT),
            attempts: attempts.ok_or_else(refused)?,
        })
    }
}

impl QuotaSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let (bytes, objects) = (section.size("bytes")?, section.count("objects")?);
        either(section, bytes.is_some() || objects.is_some(), "bytes", "objects")?;
        Ok(Self { bytes, objects })
    }
}

impl FaultSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let share = |name| Ok(section.share(name)?.unwrap_or(0.0));
        Ok(Self {
            latency: section.duration_or_none("latency")?.unwrap_or_default(),
            jitter: section.duration_or_none("jitter")?.unwrap_or_default(),
            errors: share("errors")?,
            lost: share("lost")?,
            cuts: share("cuts")?,
            seed: section.count("seed")?,
        })
    }
}

/// What all keys begin with inside a prefix layer.
pub(super) fn prefix(section: &Section<'_>) -> Result<String, ConfigError> {
    let prefix = section.required("prefix")?;
    if prefix.len() > PREFIX_MAX_BYTES {
        let message =
            "is too long: at most 512 bytes, so that keys have the other half of what a store takes";
        return Err(ConfigError::new(section.setting("prefix"), message));
    }
    Ok(prefix.to_owned())
}

fn positive(section: &Section<'_>, name: &str) -> Result<Option<u32>, ConfigError> {
    let Some(count) = section.count(name)? else { return Ok(None) };
    match u32::try_from(count) {
        Ok(count) if count > 0 => Ok(Some(count)),
        _ => Err(ConfigError::new(section.setting(name), "must be 1 to 4294967295")),
    }
}

fn positive_size(section: &Section<'_>, name: &str) -> Result<Option<u64>, ConfigError> {
    match section.size(name)? {
        Some(0) => Err(ConfigError::new(section.setting(name), "must be more than nothing")),
        size => Ok(size),
    }
}

fn either(section: &Section<'_>, has_one: bool, left: &str, right: &str) -> Result<(), ConfigError> {
    if has_one {
        return Ok(());
    }
    Err(ConfigError::new(section.setting(left), format!("is missing: set {left}, {right} or both")))
}
