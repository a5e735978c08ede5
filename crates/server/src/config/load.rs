use std::path::{Path, PathBuf};

use iam::AnonymousAccess;
use toml::Value;
use types::BucketName;

use super::access_keys::{check_unique, root_key};
use super::buckets::check_references;
use super::encryption::{check_digests, check_parts};
use super::layers::LayerSettings;
use super::mirrors::{check_mirrors, in_opening_order, mirrored_buckets, only_bucket};
use super::paths::{check_caches, check_paths, layer_lists};
use super::placement::check_placements;
use super::section::Section;
use super::stores::{DEFAULT_INLINE_MAX_BYTES, table_of};
use super::table::{ACCESS_KEY, BUCKET, SERVER, Table};
use super::{
    AccessKeySettings, BucketSettings, ConfigError, LocalStoreSettings, MemoryStoreSettings, RootKey,
    ServerSettings, StoreKind, StoreSettings,
};

/// The environment's variables; handed down so that tests have their own.
pub(crate) trait Environment: Send + Sync {
    /// A variable's value, where it is set and is text.
    fn variable(&self, name: &str) -> Option<String>;
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// The state directory.
    pub(crate) dir: Option<PathBuf>,
    /// The configuration file.
    pub(crate) config: Option<PathBuf>,
    /// The kind of the one store: `local` or `memory`.
    pub(crate) store: Option<String>,
    /// Settings of `[server]`: the setting, its flag, its value.
    pub(crate) server: Vec<(&'static str, &'static str, String)>,
}

/// Everything that was said, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) server: ServerSettings,
    /// Where keys and owners are kept; `None` keeps them in memory.
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) root_key: Option<RootKey>,
    pub(crate) access_keys: Vec<AccessKeySettings>,
    /// At least one; a mirror stands behind its targets.
    pub(crate) stores: Vec<StoreSettings>,
    /// Named buckets.
    pub(crate) buckets: Vec<BucketSettings>,
    /// What holds for all others.
    pub(crate) other_buckets: BucketSettings,
}

impl Config {
    /// The buckets of a store that are copies of a mirror's, by their names there.
    pub(crate) fn mirrored_buckets(&self, store: &str) -> Vec<BucketName> {
        mirrored_buckets(store, &self.stores, &self.buckets, &self.other_buckets)
    }

    /// The one bucket that a mirror holds, by its name there, where it holds one.
    pub(crate) fn only_bucket(&self, mirror: &StoreSettings) -> Option<&BucketName> {
        only_bucket(mirror, &self.stores, &self.buckets, &self.other_buckets)
    }

    /// The store that a bucket lives in, by the name that clients have for it.
    pub(crate) fn store_of(&self, bucket: &str) -> &str {
        let is_it =
            |settings: &&BucketSettings| settings.name.as_ref().is_some_and(|name| name.as_str() == bucket);
        &self.buckets.iter().find(is_it).unwrap_or(&self.other_buckets).store
    }

    /// Every list of layers with the path of the table that it stands in.
    pub(crate) fn layer_lists(&self) -> Vec<(String, &[LayerSettings])> {
        layer_lists(&self.stores, self.buckets.iter().chain([&self.other_buckets]))
    }
}

const DEFAULT_STATE_DIR: &str = "sluice-data";
const DEFAULT_STORE: &str = "default";

/// Reads flags, environment and file, the earlier before the later.
///
/// # Errors
/// The first setting that cannot be used.
pub(crate) fn load(flags: &Flags, environment: &dyn Environment) -> Result<Config, ConfigError> {
    let (mut file, base) = read_file(flags.config.as_deref())?;
    let server = take_table(&mut file, "server")?;
    let mut section = Section::new("server", server, &SERVER, &base, environment)?;
    overlay(&mut section, flags, environment);
    let server = ServerSettings::read(&section)?;
    let root_key = root_key(environment)?;
    let access_keys = read_keys(&mut file, &base, environment)?;
    check_unique(&access_keys, root_key.as_ref())?;
    let stores = read_stores(&mut file, &base, environment)?;
    let mut stores = in_opening_order(stores)?;
    let state_dir = state_dir(flags, &server, stores.is_empty())?;
    if stores.is_empty() {
        stores.push(only_store(flags, state_dir.as_deref())?);
    } else if flags.store.is_some() {
        let message = "the configuration has [store.NAME] tables; leave the flag out";
        return Err(ConfigError::new("--store", message));
    }
    check_paths(&stores)?;
    let (buckets, other_buckets) = read_buckets(&mut file, &base, environment, &stores)?;
    if let Some((key, _)) = file.into_iter().next() {
        let message = "unknown; the file has server, access_key, store and bucket";
        return Err(ConfigError::new(key, message));
    }
    let users: Vec<_> = access_keys.iter().map(|key| key.user.as_str()).collect();
    check_references(&buckets, &stores, &users)?;
    check_references(std::slice::from_ref(&other_buckets), &stores, &users)?;
    check_placements(&buckets)?;
    check_parts(&buckets)?;
    check_digests(&stores, &buckets, &other_buckets)?;
    check_mirrors(&stores, &buckets, &other_buckets)?;
    check_caches(&stores, &buckets, &other_buckets)?;
    Ok(Config { server, state_dir, root_key, access_keys, stores, buckets, other_buckets })
}

fn read_file(path: Option<&Path>) -> Result<(toml::Table, PathBuf), ConfigError> {
    let Some(path) = path else { return Ok((toml::Table::new(), PathBuf::new())) };
    let refused = |message: String| ConfigError::new(format!("--config {}", path.display()), message);
    let text = std::fs::read_to_string(path).map_err(|error| refused(format!("cannot read it: {error}")))?;
    let table =
        text.parse::<toml::Table>().map_err(|error| refused(error.to_string().trim_end().to_owned()))?;
    Ok((table, path.parent().unwrap_or(Path::new("")).to_owned()))
}

/// The environment outranks the file, a flag the environment.
fn overlay(section: &mut Section<'_>, flags: &Flags, environment: &dyn Environment) {
    // `domains` is a list, and has no variable.
    for setting in SERVER.settings.iter().filter(|setting| setting.name != "domains") {
        let variable = format!("SLUICE_{}", setting.name.to_ascii_uppercase());
        if let Some(value) = environment.variable(&variable).filter(|value| !value.is_empty()) {
            section.overlay(setting.name, Value::String(from_here(setting.name, value)), variable);
        }
    }
    for (name, flag, value) in &flags.server {
        section.overlay(name, Value::String(value.clone()), *flag);
    }
}

/// Paths of the environment are relative to the working directory, not to the file.
fn from_here(name: &str, value: String) -> String {
    if !matches!(name, "data" | "tls_cert" | "tls_key") {
        return value;
    }
    std::path::absolute(&value).ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or(value)
}

fn take_table(file: &mut toml::Table, name: &str) -> Result<toml::Table, ConfigError> {
    match file.remove(name) {
        None => Ok(toml::Table::new()),
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(ConfigError::new(name, format!("must be a table: [{name}] or [{name}.NAME]"))),
    }
}

fn read_keys(
    file: &mut toml::Table,
    base: &Path,
    environment: &dyn Environment,
) -> Result<Vec<AccessKeySettings>, ConfigError> {
    let list = match file.remove("access_key") {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(ConfigError::new("access_key", "must be a list: [[access_key]]")),
    };
    let read = |(index, value)| {
        let path = format!("access_key[{index}]");
        let Value::Table(table) = value else { return Err(ConfigError::new(path, "must be [[access_key]]")) };
        AccessKeySettings::read(&Section::new(&path, table, &ACCESS_KEY, base, environment)?)
    };
    list.into_iter().enumerate().map(read).collect()
}

/// The tables below `parent`, each as a section of the settings that `known` gives for it.
fn named_sections<'a>(
    file: &mut toml::Table,
    parent: &str,
    base: &Path,
    environment: &'a dyn Environment,
    known: impl Fn(&toml::Table, &str) -> Result<&'static Table, ConfigError>,
) -> Result<Vec<(String, Section<'a>)>, ConfigError> {
    let mut sections = Vec::new();
    for (name, value) in take_table(file, parent)? {
        let path = if name == "*" { format!("{parent}.\"*\"") } else { format!("{parent}.{name}") };
        let Value::Table(table) = value else {
            return Err(ConfigError::new(path, format!("must be a table: [{parent}.NAME]")));
        };
        let known = known(&table, &path)?;
        sections.push((name, Section::new(&path, table, known, base, environment)?));
    }
    Ok(sections)
}

fn read_stores(
    file: &mut toml::Table,
    base: &Path,
    environment: &dyn Environment,
) -> Result<Vec<StoreSettings>, ConfigError> {
    let sections = named_sections(file, "store", base, environment, table_of)?;
    sections.iter().map(|(name, section)| StoreSettings::read(name, section)).collect()
}

/// DIR, else `data`, else `./sluice-data`; memory alone without DIR keeps nothing.
fn state_dir(
    flags: &Flags,
    server: &ServerSettings,
    is_single_store: bool,
) -> Result<Option<PathBuf>, ConfigError> {
    match (&flags.dir, &server.data) {
        (Some(_), Some(_)) => Err(ConfigError::new(
            "server.data",
            "a directory is given on the command line too; use one of them",
        )),
        (Some(dir), None) | (None, Some(dir)) => Ok(Some(dir.clone())),
        (None, None) if is_single_store && flags.store.as_deref() == Some("memory") => Ok(None),
        (None, None) => Ok(Some(PathBuf::from(DEFAULT_STATE_DIR))),
    }
}

fn only_store(flags: &Flags, state_dir: Option<&Path>) -> Result<StoreSettings, ConfigError> {
    let kind = match flags.store.as_deref() {
        Some("memory") => StoreKind::Memory(MemoryStoreSettings::default()),
        None | Some("local") => StoreKind::Local(LocalStoreSettings {
            path: state_dir.unwrap_or(Path::new(DEFAULT_STATE_DIR)).to_owned(),
            inline_max_bytes: DEFAULT_INLINE_MAX_BYTES,
        }),
        Some(other) => {
            return Err(ConfigError::new("--store", format!("\"{other}\" is not \"local\" or \"memory\"")));
        }
    };
    Ok(StoreSettings { name: DEFAULT_STORE.to_owned(), kind, layers: Vec::new() })
}

fn read_buckets(
    file: &mut toml::Table,
    base: &Path,
    environment: &dyn Environment,
    stores: &[StoreSettings],
) -> Result<(Vec<BucketSettings>, BucketSettings), ConfigError> {
    let mut sections = named_sections(file, "bucket", base, environment, |_, _| Ok(&BUCKET))?;
    let is_target = |store: &&StoreSettings| {
        stores.iter().flat_map(|store| store.kind.targets()).any(|target| target.store == store.name)
    };
    // What a mirror is made of is nobody's home.
    let homes: Vec<_> = stores.iter().filter(|store| !is_target(store)).collect();
    let only = match homes[..] {
        [store] => Some(store.name.as_str()),
        _ => None,
    };
    let others = match sections.iter().position(|(name, _)| name == "*") {
        Some(place) => BucketSettings::read("*", &sections.remove(place).1, only)?,
        None => BucketSettings {
            name: None,
            store: only.map(str::to_owned).ok_or_else(|| {
                let message = "there are several stores: say with [bucket.\"*\"] store = \"NAME\" where buckets are made";
                ConfigError::new("bucket.\"*\"", message)
            })?,
            remote: None,
            prefix: None,
            owner: None,
            anonymous: AnonymousAccess::None,
            default_cache_control: None,
            layers: Vec::new(),
        },
    };
    let mut buckets = Vec::new();
    for (name, section) in &sections {
        buckets.push(BucketSettings::read(name, section, Some(&others.store))?);
    }
    Ok((buckets, others))
}
