use layers::{BandwidthOptions, FaultOptions, LimitOptions, OptionError, QuotaOptions, RetryOptions};

use crate::config::ConfigError;
use crate::config::section::Section;

pub(super) fn limit(section: &Section<'_>) -> Result<LimitOptions, ConfigError> {
    let default = LimitOptions::default();
    let options = LimitOptions {
        requests_per_second: small(section, "requests")?,
        concurrency: small(section, "concurrency")?,
        wait: section.duration("wait")?.unwrap_or(default.wait),
    };
    let is_one = options.requests_per_second.is_some() || options.concurrency.is_some();
    either(section, is_one, "requests", "concurrency")?;
    valid(section, options, LimitOptions::validate)
}

pub(super) fn bandwidth(section: &Section<'_>) -> Result<BandwidthOptions, ConfigError> {
    let options = BandwidthOptions {
        read_bytes_per_second: section.size("read")?,
        write_bytes_per_second: section.size("write")?,
    };
    let is_one = options.read_bytes_per_second.is_some() || options.write_bytes_per_second.is_some();
    either(section, is_one, "read", "write")?;
    valid(section, options, BandwidthOptions::validate)
}

pub(super) fn retry(section: &Section<'_>) -> Result<RetryOptions, ConfigError> {
    let default = RetryOptions::default();
    let options = RetryOptions {
        timeout: section.duration("timeout")?.unwrap_or(default.timeout),
        attempts: small(section, "attempts")?.unwrap_or(default.attempts),
    };
    valid(section, options, RetryOptions::validate)
}

pub(super) fn quota(section: &Section<'_>) -> Result<QuotaOptions, ConfigError> {
    let options = QuotaOptions { bytes: section.size("bytes")?, objects: section.count("objects")? };
    either(section, options.bytes.is_some() || options.objects.is_some(), "bytes", "objects")?;
    valid(section, options, QuotaOptions::validate)
}

pub(super) fn fault(section: &Section<'_>) -> Result<FaultOptions, ConfigError> {
    let share = |name| Ok(section.share(name)?.unwrap_or(0.0));
    let options = FaultOptions {
        latency: section.duration_or_none("latency")?.unwrap_or_default(),
        jitter: section.duration_or_none("jitter")?.unwrap_or_default(),
        errors: share("errors")?,
        lost: share("lost")?,
        cuts: share("cuts")?,
        stalls: share("stalls")?,
        seed: section.count("seed")?,
    };
    valid(section, options, FaultOptions::validate)
}

/// What all keys begin with inside a prefix layer.
pub(super) fn prefix(section: &Section<'_>) -> Result<String, ConfigError> {
    section.required("prefix")?;
    Ok(section.prefix()?.unwrap_or_default())
}

fn small(section: &Section<'_>, name: &str) -> Result<Option<u32>, ConfigError> {
    let Some(count) = section.count(name)? else { return Ok(None) };
    let refused = |_| ConfigError::new(section.setting(name), "must be at most 4294967295");
    u32::try_from(count).map(Some).map_err(refused)
}

fn either(section: &Section<'_>, has_one: bool, left: &str, right: &str) -> Result<(), ConfigError> {
    if has_one {
        return Ok(());
    }
    Err(ConfigError::new(section.setting(left), format!("is missing: set {left}, {right} or both")))
}

/// The layer's own word on its options.
fn valid<T>(
    section: &Section<'_>,
    options: T,
    validate: impl FnOnce(&T) -> Result<(), OptionError>,
) -> Result<T, ConfigError> {
    match validate(&options) {
        Ok(()) => Ok(options),
        Err(error) => Err(ConfigError::new(section.setting(error.option), error.problem)),
    }
}
