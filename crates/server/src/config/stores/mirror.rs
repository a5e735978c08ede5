use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use toml::Value;
use types::BucketName;

use crate::config::ConfigError;
use crate::config::section::Section;
use crate::config::table::MIRROR_TARGET;

/// A store made of stores that hold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MirrorSettings {
    /// At least two, the preferred one first.
    pub(crate) targets: Vec<TargetSettings>,
    pub(crate) write: MirrorWrite,
    pub(crate) read: MirrorRead,
    /// How long the first target may take before a second one is asked too.
    pub(crate) hedge: Option<Duration>,
    /// The journal's file, where it is not with the state.
    pub(crate) journal: Option<PathBuf>,
}

/// One target of a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetSettings {
    /// What logs, metrics and the journal call it.
    pub(crate) name: String,
    pub(crate) store: String,
    pub(crate) remote: Option<BucketName>,
    pub(crate) prefix: Option<String>,
    /// Its path in the file.
    pub(crate) setting: String,
}

/// How many targets must have a write before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MirrorWrite {
    All,
    Quorum,
    Any,
}

/// Which target is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MirrorRead {
    /// The first that can.
    Order,
    /// The one that has been quickest of late.
    Latency,
}

/// A copy on every target costs its bandwidth; more than this is a distribution network.
const TARGETS_MAX: usize = 8;

impl MirrorWrite {
    /// The policy, as settings name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Quorum => "quorum",
            Self::Any => "any",
        }
    }
}

impl MirrorSettings {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let writes = [MirrorWrite::All, MirrorWrite::Quorum, MirrorWrite::Any];
        let reads = [("order", MirrorRead::Order), ("latency", MirrorRead::Latency)];
        Ok(Self {
            targets: targets(section)?,
            write: section.choice("write", &writes.map(|write| (write.name(), write)), MirrorWrite::All)?,
            read: section.choice("read", &reads, MirrorRead::Order)?,
            hedge: section.duration("hedge")?,
            journal: section.path("journal")?,
        })
    }
}

fn targets(section: &Section<'_>) -> Result<Vec<TargetSettings>, ConfigError> {
    let mut targets = Vec::new();
    for (path, item) in section.items("targets")? {
        targets.push(match item {
            Value::String(store) => {
                TargetSettings { name: store.clone(), store, remote: None, prefix: None, setting: path }
            }
            Value::Table(table) => placed(&section.below(&path, table, &MIRROR_TARGET)?, &path)?,
            _ => return Err(ConfigError::new(path, "must be a store's name or { store = \"…\", … }")),
        });
    }
    if !(2..=TARGETS_MAX).contains(&targets.len()) {
        let message = format!("a mirror has 2 to {TARGETS_MAX} targets, this one has {}", targets.len());
        return Err(ConfigError::new(section.setting("targets"), message));
    }
    let mut names = HashSet::new();
    match targets.iter().find(|target| !names.insert(target.name.as_str())) {
        Some(twice) => Err(ConfigError::new(&twice.setting, format!("\"{}\" is there twice", twice.name))),
        None => Ok(targets),
    }
}

fn placed(section: &Section<'_>, path: &str) -> Result<TargetSettings, ConfigError> {
    let store = section.required("store")?.to_owned();
    let remote = section.text("remote")?.map(BucketName::new).transpose().map_err(|error| {
        ConfigError::new(section.setting("remote"), format!("not a bucket name: {error}"))
    })?;
    let prefix = section.prefix()?;
    let words = [Some(store.as_str()), remote.as_ref().map(BucketName::as_str), prefix.as_deref()];
    let name = words.into_iter().flatten().collect::<Vec<_>>().join("/");
    Ok(TargetSettings { name, store, remote, prefix, setting: path.to_owned() })
}
