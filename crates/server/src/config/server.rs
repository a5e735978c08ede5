use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::section::Section;

/// What an acknowledged write means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// On stable storage.
    Strict,
    /// Written; a power cut may take the last seconds.
    Relaxed,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The least important line that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Whether Signature Version 2 is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SigV2 {
    On,
    Off,
}

/// Certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// The `[server]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) data: Option<PathBuf>,
    pub(crate) region: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) tls: Option<TlsSettings>,
    pub(crate) durability: Durability,
    pub(crate) max_object_size_bytes: u64,
    pub(crate) memory_budget_bytes: usize,
    pub(crate) max_connections: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) log_level: LogLevel,
    pub(crate) log_format: LogFormat,
    pub(crate) sigv2: SigV2,
}

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9000);
const DEFAULT_ADMIN_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9001);
const DEFAULT_MAX_OBJECT_SIZE_BYTES: u64 = 50 << 40;
const DEFAULT_MEMORY_BUDGET_BYTES: u64 = 128 << 20;
/// Sixteen of the largest frames: less would make single requests wait for themselves.
const MIN_MEMORY_BUDGET_BYTES: u64 = 16 << 20;
const DEFAULT_MAX_CONNECTIONS: u64 = 2048;

impl ServerSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let address = "an address with a port, such as 127.0.0.1:9000";
        let seconds = |name, default| Ok(section.duration(name)?.unwrap_or(Duration::from_secs(default)));
        let settings = Self {
            listen: section.parsed("listen", address)?.unwrap_or(DEFAULT_LISTEN),
            admin_listen: section.parsed("admin_listen", address)?.unwrap_or(DEFAULT_ADMIN_LISTEN),
            data: section.path("data")?,
            region: region(section)?,
            domains: domains(section)?,
            tls: tls(section)?,
            durability: section.choice(
                "durability",
                &[("strict", Durability::Strict), ("relaxed", Durability::Relaxed)],
                Durability::Strict,
            )?,
            max_object_size_bytes: section.size("max_object_size")?.unwrap_or(DEFAULT_MAX_OBJECT_SIZE_BYTES),
            memory_budget_bytes: memory_budget(section)?,
            max_connections: max_connections(section)?,
            header_timeout: seconds("header_timeout", 15)?,
            idle_timeout: seconds("idle_timeout", 60)?,
            shutdown_timeout: seconds("shutdown_timeout", 30)?,
            log_level: log_level(section)?,
            log_format: section.choice(
                "log_format",
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
                LogFormat::Text,
            )?,
            sigv2: section.choice("sigv2", &[("on", SigV2::On), ("off", SigV2::Off)], SigV2::On)?,
        };
        settings.check(section)?;
        Ok(settings)
    }

    fn check(&self, section: &Section<'_>) -> Result<(), ConfigError> {
        if self.tls.is_none() && !self.admin_listen.ip().is_loopback() {
            return Err(ConfigError::new(
                section.setting("admin_listen"),
                format!("{} lies beyond loopback and needs TLS: set tls_cert and tls_key", self.admin_listen),
            ));
        }
        if self.listen == self.admin_listen && self.listen.port() != 0 {
            return Err(ConfigError::new(section.setting("admin_listen"), "is the same address as listen"));
        }
        Ok(())
    }
}

/// A region by the characters that names of regions have.
pub(super) fn region(section: &Section<'_>) -> Result<Option<String>, ConfigError> {
    let Some(region) = section.text("region")? else { return Ok(None) };
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.len() > 64 || !region.bytes().all(legal) {
        let message = format!("\"{region}\" is not a region: letters a-z, digits and '-'");
        return Err(ConfigError::new(section.setting("region"), message));
    }
    Ok(Some(region.to_owned()))
}

fn domains(section: &Section<'_>) -> Result<Vec<String>, ConfigError> {
    let domains = section.texts("domains")?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match domains.iter().find(|domain| domain.is_empty() || !domain.bytes().all(legal)) {
        Some(wrong) => Err(ConfigError::new(
            section.setting("domains"),
            format!("\"{wrong}\" is not a domain, such as s3.example.org (no port, no scheme)"),
        )),
        None => Ok(domains.into_iter().map(|domain| domain.to_ascii_lowercase()).collect()),
    }
}

fn tls(section: &Section<'_>) -> Result<Option<TlsSettings>, ConfigError> {
    match (section.path("tls_cert")?, section.path("tls_key")?) {
        (Some(cert), Some(key)) => Ok(Some(TlsSettings { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::new(section.setting("tls_cert"), "needs tls_key beside it")),
        (None, Some(_)) => Err(ConfigError::new(section.setting("tls_key"), "needs tls_cert beside it")),
    }
}

fn memory_budget(section: &Section<'_>) -> Result<usize, ConfigError> {
    let bytes = section.size("memory_budget")?.unwrap_or(DEFAULT_MEMORY_BUDGET_BYTES);
    match usize::try_from(bytes) {
        Ok(budget) if bytes >= MIN_MEMORY_BUDGET_BYTES => Ok(budget),
        _ => Err(ConfigError::new(section.setting("memory_budget"), "must be at least 16MiB")),
    }
}

fn max_connections(section: &Section<'_>) -> Result<usize, ConfigError> {
    let count = section.count("max_connections")?.unwrap_or(DEFAULT_MAX_CONNECTIONS);
    match usize::try_from(count) {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        _ => Err(ConfigError::new(section.setting("max_connections"), "must be 1 to 1000000")),
    }
}

fn log_level(section: &Section<'_>) -> Result<LogLevel, ConfigError> {
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    section.choice("log_level", &levels, LogLevel::Info)
}
