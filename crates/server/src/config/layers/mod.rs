//! `layers = [ … ]` of a store or a bucket: what each layer is told, and whether they may stand in that order.

mod cache;
mod crypt;
mod light;

use ::layers::{BandwidthOptions, FaultOptions, LimitOptions, QuotaOptions, RetryOptions};
use store::{Slot, check_order};

use super::ConfigError;
use super::section::Section;
use super::table::{
    LAYER_BANDWIDTH, LAYER_CACHE, LAYER_CRYPT, LAYER_FAULT, LAYER_LIMIT, LAYER_LOG, LAYER_PREFIX,
    LAYER_QUOTA, LAYER_READ_ONLY, LAYER_RETRY, Table,
};

pub(crate) use cache::{CacheMode, CacheSettings};
pub(crate) use crypt::{
    CryptAlgorithm, CryptKeys, CryptNames, CryptSettings, Foreign, KeyringSource, VaultSettings,
};

/// Layers around one store; more would only be slow.
const LAYERS_MAX: usize = 16;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LayerSettings {
    Log,
    Limit(LimitOptions),
    Bandwidth(BandwidthOptions),
    Retry(RetryOptions),
    ReadOnly,
    Quota(QuotaOptions),
    /// What all keys begin with inside.
    Prefix(String),
    Crypt(CryptSettings),
    Cache(CacheSettings),
    Fault(FaultOptions),
}

// A fault's share is never NaN.
impl Eq for LayerSettings {}

/// Each kind with its slot and its settings.
const KINDS: [(&str, Slot, &Table); 10] = [
    ("log", Slot::Observe, &LAYER_LOG),
    ("limit", Slot::Bound, &LAYER_LIMIT),
    ("bandwidth", Slot::Bound, &LAYER_BANDWIDTH),
    ("retry", Slot::Bound, &LAYER_RETRY),
    ("read_only", Slot::Guard, &LAYER_READ_ONLY),
    ("quota", Slot::Guard, &LAYER_QUOTA),
    ("prefix", Slot::Name, &LAYER_PREFIX),
    ("crypt", Slot::Protect, &LAYER_CRYPT),
    ("cache", Slot::Place, &LAYER_CACHE),
    ("fault", Slot::Target, &LAYER_FAULT),
];

impl LayerSettings {
    /// The kind, as settings name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Limit(_) => "limit",
            Self::Bandwidth(_) => "bandwidth",
            Self::Retry(_) => "retry",
            Self::ReadOnly => "read_only",
            Self::Quota(_) => "quota",
            Self::Prefix(_) => "prefix",
            Self::Crypt(_) => "crypt",
            Self::Cache(_) => "cache",
            Self::Fault(_) => "fault",
        }
    }

    fn read(kind: &str, section: &Section<'_>) -> Result<Self, ConfigError> {
        Ok(match kind {
            "log" => Self::Log,
            "limit" => Self::Limit(light::limit(section)?),
            "bandwidth" => Self::Bandwidth(light::bandwidth(section)?),
            "retry" => Self::Retry(light::retry(section)?),
            "read_only" => Self::ReadOnly,
            "quota" => Self::Quota(light::quota(section)?),
            "prefix" => Self::Prefix(light::prefix(section)?),
            "crypt" => Self::Crypt(CryptSettings::read(section)?),
            "cache" => Self::Cache(CacheSettings::read(section)?),
            _ => Self::Fault(light::fault(section)?),
        })
    }
}

/// The layers of a store or a bucket, the outermost first.
pub(super) fn read_layers(section: &Section<'_>) -> Result<Vec<LayerSettings>, ConfigError> {
    let mut layers = Vec::new();
    let mut places = Vec::new();
    for (path, table) in section.tables("layers", LAYERS_MAX)? {
        let (kind, slot, known) = kind_of(&table, &path)?;
        layers.push(LayerSettings::read(kind, &section.below(&path, table, known)?)?);
        places.push((kind, slot));
    }
    let clash = |clash: store::LayerClash| ConfigError::new(section.setting("layers"), clash.to_string());
    check_order(&places).map_err(clash)?;
    Ok(layers)
}

type Kind = (&'static str, Slot, &'static Table);

fn kind_of(table: &toml::Table, path: &str) -> Result<Kind, ConfigError> {
    let setting = format!("{path}.kind");
    let kinds = || KINDS.map(|(kind, ..)| format!("\"{kind}\"")).join(", ");
    let Some(kind) = table.get("kind") else {
        return Err(ConfigError::new(setting, format!("is missing; one of {}", kinds())));
    };
    let kind = kind.as_str().unwrap_or("?");
    let found = KINDS.iter().find(|(known, ..)| *known == kind).copied();
    found.ok_or_else(|| {
        ConfigError::new(setting, format!("\"{kind}\" is not a kind of layer: one of {}", kinds()))
    })
}
