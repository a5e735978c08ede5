use iam::AnonymousAccess;
use types::BucketName;

use super::layers::{LayerSettings, read_layers};
use super::section::Section;
use super::{ConfigError, StoreSettings};

/// One `[bucket.NAME]`, or what holds for all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketSettings {
    /// The bucket; `None` is `"*"`.
    pub(crate) name: Option<BucketName>,
    /// The store it lives in.
    pub(crate) store: String,
    /// Its name in that store; the same name where none is given.
    pub(crate) remote: Option<BucketName>,
    /// What all its keys begin with there.
    pub(crate) prefix: Option<String>,
    /// The user that owns it; root where none is named.
    pub(crate) owner: Option<String>,
    pub(crate) anonymous: AnonymousAccess,
    pub(crate) default_cache_control: Option<String>,
    /// Around the store for this bucket, the outermost first.
    pub(crate) layers: Vec<LayerSettings>,
}

impl BucketSettings {
    /// The path of its table in the file.
    pub(crate) fn setting(&self) -> String {
        self.name.as_ref().map_or("bucket.\"*\"".to_owned(), |name| format!("bucket.{name}"))
    }

    pub(super) fn read(
        name: &str,
        section: &Section<'_>,
        default_store: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let name = match name {
            "*" => None,
            name => Some(BucketName::new(name).map_err(|error| {
                ConfigError::new(format!("bucket.{name}"), format!("not a bucket name: {error}"))
            })?),
        };
        let store = section.text("store")?.or(default_store).map(str::to_owned);
        let store =
            store.ok_or_else(|| ConfigError::new(section.setting("store"), "is missing; name a store"))?;
        let owner = section.text("owner")?.map(str::to_owned);
        if name.is_none() && owner.is_some() {
            let message = "other buckets belong to whoever makes them; leave the owner out";
            return Err(ConfigError::new(section.setting("owner"), message));
        }
        let (remote, prefix) = place(section, name.is_none())?;
        let anonymous = section.choice(
            "anonymous",
            &[("none", AnonymousAccess::None), ("read", AnonymousAccess::Read)],
            AnonymousAccess::None,
        )?;
        let default_cache_control = cache_control(section)?;
        let layers = read_layers(section)?;
        Ok(Self { name, store, remote, prefix, owner, anonymous, default_cache_control, layers })
    }
}

/// The bucket's name and prefix in its store.
fn place(
    section: &Section<'_>,
    is_every_other: bool,
) -> Result<(Option<BucketName>, Option<String>), ConfigError> {
    let (remote, prefix) = (section.text("remote")?, section.text("prefix")?);
    if is_every_other && let Some(named) = remote.map(|_| "remote").or(prefix.map(|_| "prefix")) {
        let message = "is for one bucket; the others have the names that they have in their store";
        return Err(ConfigError::new(section.setting(named), message));
    }
    let remote = remote.map(BucketName::new).transpose().map_err(|error| {
        ConfigError::new(section.setting("remote"), format!("not a bucket name: {error}"))
    })?;
    Ok((remote, section.prefix()?))
}

fn cache_control(section: &Section<'_>) -> Result<Option<String>, ConfigError> {
    let Some(text) = section.text("default_cache_control")? else { return Ok(None) };
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = "must be a header value: visible ASCII and spaces";
        return Err(ConfigError::new(section.setting("default_cache_control"), message));
    }
    Ok(Some(text.to_owned()))
}

/// Refuses buckets whose store or owner is named nowhere.
pub(super) fn check_references(
    buckets: &[BucketSettings],
    stores: &[StoreSettings],
    users: &[&str],
) -> Result<(), ConfigError> {
    for bucket in buckets {
        let path = bucket.setting();
        if !stores.iter().any(|store| store.name == bucket.store) {
            let message = format!("there is no [store.{}]", bucket.store);
            return Err(ConfigError::new(format!("{path}.store"), message));
        }
        if let Some(owner) = bucket.owner.as_deref().filter(|owner| *owner != iam::ROOT_NAME)
            && !users.contains(&owner)
        {
            let message = format!("no [[access_key]] has the name \"{owner}\"");
            return Err(ConfigError::new(format!("{path}.owner"), message));
        }
    }
    Ok(())
}
