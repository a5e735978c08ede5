//! `[store.NAME]`, one kind a file.

mod azure;
mod drime;
mod gcs;
mod local;
mod memory;
mod mirror;
mod s3;

use std::fmt;

use super::ConfigError;
use super::layers::{LayerSettings, read_layers};
use super::section::Section;
use super::table::{
    STORE_AZURE, STORE_DRIME, STORE_GCS, STORE_LOCAL, STORE_MEMORY, STORE_MIRROR, STORE_S3, Table,
};

pub(crate) use azure::{AzureKeys, AzureStoreSettings};
pub(crate) use drime::{DrimeConditional, DrimeRoot, DrimeStoreSettings};
pub(crate) use gcs::{GcsKeys, GcsStoreSettings};
pub(super) use local::DEFAULT_INLINE_MAX_BYTES;
pub(crate) use local::LocalStoreSettings;
pub(crate) use memory::MemoryStoreSettings;
pub(crate) use mirror::{MirrorRead, MirrorSettings, MirrorWrite, TargetSettings};
pub(crate) use s3::{S3Conditional, S3Keys, S3StoreSettings};

/// What kind of store it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Local(LocalStoreSettings),
    Memory(MemoryStoreSettings),
    S3(S3StoreSettings),
    Gcs(GcsStoreSettings),
    Azure(AzureStoreSettings),
    Drime(DrimeStoreSettings),
    Mirror(MirrorSettings),
}

impl StoreKind {
    /// The kind, as settings name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::Memory(_) => "memory",
            Self::S3(_) => "s3",
            Self::Gcs(_) => "gcs",
            Self::Azure(_) => "azure",
            Self::Drime(_) => "drime",
            Self::Mirror(_) => "mirror",
        }
    }

    /// Whether such a store works on this machine alone. A mirror is what its targets are, and any of them may be away.
    pub(crate) fn is_here(&self) -> bool {
        match self {
            Self::Local(_) | Self::Memory(_) => true,
            Self::S3(_) | Self::Gcs(_) | Self::Azure(_) | Self::Drime(_) | Self::Mirror(_) => false,
        }
    }

    /// The targets of a mirror; none of any other store.
    pub(crate) fn targets(&self) -> &[TargetSettings] {
        match self {
            Self::Mirror(mirror) => &mirror.targets,
            _ => &[],
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(local) => write!(f, "local in {}", local.path.display()),
            Self::Memory(MemoryStoreSettings { snapshot: Some(path), .. }) => {
                write!(f, "memory, snapshots in {}", path.display())
            }
            Self::Memory(_) => f.write_str("memory"),
            Self::S3(s3) => write!(f, "s3 at {}", s3.endpoint.as_deref().unwrap_or("Amazon")),
            Self::Gcs(gcs) => write!(f, "gcs at {}", gcs.endpoint.as_deref().unwrap_or("Google")),
            Self::Azure(azure) => match (&azure.endpoint, &azure.account) {
                (Some(endpoint), _) => write!(f, "azure at {endpoint}"),
                (None, Some(account)) => write!(f, "azure, account {account}"),
                (None, None) => f.write_str("azure, as the connection string says"),
            },
            Self::Drime(drime) => write!(f, "drime at {}", drime.endpoint),
            Self::Mirror(mirror) => {
                let names: Vec<&str> = mirror.targets.iter().map(|target| target.name.as_str()).collect();
                write!(f, "mirror of {}, write = {}", names.join(", "), mirror.write.name())
            }
        }
    }
}

/// One `[store.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreSettings {
    pub(crate) name: String,
    pub(crate) kind: StoreKind,
    /// The outermost first.
    pub(crate) layers: Vec<LayerSettings>,
}

const KINDS: [(&str, &Table); 7] = [
    ("local", &STORE_LOCAL),
    ("memory", &STORE_MEMORY),
    ("s3", &STORE_S3),
    ("gcs", &STORE_GCS),
    ("azure", &STORE_AZURE),
    ("drime", &STORE_DRIME),
    ("mirror", &STORE_MIRROR),
];

/// The settings that a kind has.
pub(super) fn table_of(store: &toml::Table, path: &str) -> Result<&'static Table, ConfigError> {
    let setting = format!("{path}.kind");
    let kinds = || KINDS.map(|(kind, _)| format!("\"{kind}\"")).join(", ");
    let Some(kind) = store.get("kind") else {
        return Err(ConfigError::new(setting, format!("is missing; one of {}", kinds())));
    };
    let kind = kind.as_str().unwrap_or("?");
    let found = KINDS.iter().find(|(known, _)| *known == kind);
    found.map(|(_, table)| *table).ok_or_else(|| {
        let message = format!("\"{kind}\" is not a kind of store of this version: one of {}", kinds());
        ConfigError::new(setting, message)
    })
}

impl StoreSettings {
    pub(super) fn read(name: &str, section: &Section<'_>) -> Result<Self, ConfigError> {
        check_name(name)?;
        let kind = match section.required("kind")? {
            "local" => StoreKind::Local(LocalStoreSettings::read(section)?),
            "memory" => StoreKind::Memory(MemoryStoreSettings::read(section)?),
            "s3" => StoreKind::S3(S3StoreSettings::read(section)?),
            "gcs" => StoreKind::Gcs(GcsStoreSettings::read(section)?),
            "azure" => StoreKind::Azure(AzureStoreSettings::read(section)?),
            "drime" => StoreKind::Drime(DrimeStoreSettings::read(section)?),
            _ => StoreKind::Mirror(MirrorSettings::read(section)?),
        };
        Ok(Self { name: name.to_owned(), kind, layers: read_layers(section)? })
    }
}

/// A store's name is a directory's in the state directory, and a label in the metrics.
fn check_name(name: &str) -> Result<(), ConfigError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=64).contains(&name.len()) && name.bytes().all(legal) {
        return Ok(());
    }
    let message = "a store's name is 1 to 64 ASCII letters, digits, '-' and '_'";
    Err(ConfigError::new(format!("store.\"{name}\""), message))
}
