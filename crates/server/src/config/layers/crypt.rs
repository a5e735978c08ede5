use std::path::PathBuf;

use crate::config::section::Section;
use crate::config::table::VAULT;
use crate::config::{ConfigError, Secret};

/// Encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CryptSettings {
    pub(crate) keys: CryptKeys,
    pub(crate) algorithm: CryptAlgorithm,
    pub(crate) names: CryptNames,
    pub(crate) foreign: Foreign,
}

/// Where the keys are that wrap those of buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CryptKeys {
    /// In a text that is kept here.
    Keyring(KeyringSource),
    /// With a service.
    Vault(VaultSettings),
}

/// Where the text of a keyring is, so that it can be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyringSource {
    File(PathBuf),
    Variable { name: String, text: Secret },
}

/// A service that speaks as Vault's Transit engine does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultSettings {
    pub(crate) address: String,
    pub(crate) token: Secret,
    pub(crate) key: String,
    pub(crate) mount: String,
    pub(crate) namespace: Option<String>,
}

/// What new objects are encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CryptAlgorithm {
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// Whether keys of objects are encrypted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CryptNames {
    Plain,
    Encrypted,
}

/// What becomes of objects that Sluice did not encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    Refuse,
    Pass,
}

const DEFAULT_MOUNT: &str = "transit";

impl CryptSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let algorithms = [
            ("aes-256-gcm", CryptAlgorithm::Aes256Gcm),
            ("chacha20-poly1305", CryptAlgorithm::ChaCha20Poly1305),
        ];
        let names = [("plain", CryptNames::Plain), ("encrypted", CryptNames::Encrypted)];
        let foreign = [("refuse", Foreign::Refuse), ("pass", Foreign::Pass)];
        Ok(Self {
            keys: keys(section)?,
            algorithm: section.choice("algorithm", &algorithms, CryptAlgorithm::Aes256Gcm)?,
            names: section.choice("names", &names, CryptNames::Plain)?,
            foreign: section.choice("foreign", &foreign, Foreign::Refuse)?,
        })
    }
}

fn keys(section: &Section<'_>) -> Result<CryptKeys, ConfigError> {
    match (section.has("keyring"), section.has("vault")) {
        (true, false) => Ok(CryptKeys::Keyring(keyring(section)?)),
        (false, true) => Ok(CryptKeys::Vault(vault(section)?)),
        (true, true) => {
            Err(ConfigError::new(section.setting("vault"), "is set, but keyring is too; use one of them"))
        }
        (false, false) => {
            let message = "is missing; \"file:PATH\" of a file that `sluice crypt keygen PATH` makes";
            Err(ConfigError::new(section.setting("keyring"), message))
        }
    }
}

/// A keyring is a reference: in the configuration itself it would be copied with it.
fn keyring(section: &Section<'_>) -> Result<KeyringSource, ConfigError> {
    let reference = section.required("keyring")?;
    if reference.strip_prefix("file:").is_some_and(|path| !path.is_empty()) {
        return Ok(KeyringSource::File(section.file("keyring")?));
    }
    match reference.strip_prefix("env:") {
        Some(name) if !name.is_empty() => {
            Ok(KeyringSource::Variable { name: name.to_owned(), text: section.secret("keyring")? })
        }
        _ => Err(ConfigError::new(section.setting("keyring"), "must be \"file:PATH\" or \"env:NAME\"")),
    }
}

fn vault(section: &Section<'_>) -> Result<VaultSettings, ConfigError> {
    let section = section.table("vault", &VAULT)?;
    let address = section.url("address")?;
    Ok(VaultSettings {
        address: address.ok_or_else(|| ConfigError::new(section.setting("address"), "is missing"))?,
        token: section.secret("token")?,
        key: path_segment(&section, "key", None)?,
        mount: path_segment(&section, "mount", Some(DEFAULT_MOUNT))?,
        namespace: section.text("namespace")?.map(str::to_owned),
    })
}

/// A part of the service's paths.
fn path_segment(section: &Section<'_>, name: &str, default: Option<&str>) -> Result<String, ConfigError> {
    let text = match (section.text(name)?, default) {
        (Some(text), _) => text,
        (None, Some(default)) => default,
        (None, None) => section.required(name)?,
    };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    if text.bytes().all(legal) && !text.starts_with('/') && !text.ends_with('/') {
        return Ok(text.to_owned());
    }
    let message = format!("\"{text}\" has other characters than letters, digits, '-', '_', '.' and '/'");
    Err(ConfigError::new(section.setting(name), message))
}
