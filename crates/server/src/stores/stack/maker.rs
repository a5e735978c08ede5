use std::num::NonZeroU8;
use std::time::Duration;

use layers::{Bandwidth, Fault, Limit, Prefix, Quota, ReadOnly, RequestLog, Retry};

use super::caches::{self, Caches};
use super::levels::{Leveled, check_levels, note_levels};
use super::light::made;
use super::{Stack, crypts};
use crate::config::{CacheSettings, Config, LayerSettings, StoreKind, StoreSettings};
use crate::failure::Failure;
use crate::stores::{For, Surroundings};

/// How long a listing of a cloud drive is believed unless the settings say otherwise: each folder of it is a request.
const DRIVE_LIST_TTL: Duration = Duration::from_secs(5);

/// Makes layers; what several of them share is opened once.
pub(crate) struct Maker<'a> {
    config: &'a Config,
    around: &'a Surroundings,
    caches: Caches,
}

/// Layers to make, and what they are to stand around.
pub(crate) struct List<'a> {
    pub(crate) owner: For<'a>,
    /// The outermost first.
    pub(crate) layers: &'a [LayerSettings],
    /// Stands at its place among them.
    pub(crate) prefix: Option<&'a str>,
    /// The store inside.
    pub(crate) store: &'a StoreSettings,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(config: &'a Config, around: &'a Surroundings) -> Self {
        Self { config, around, caches: Caches::default() }
    }

    /// The caches that were opened.
    pub(crate) fn into_caches(self) -> Caches {
        self.caches
    }

    /// The layers of a store or a bucket.
    ///
    /// # Errors
    /// Where a file, a directory or a key that one needs cannot be used.
    pub(crate) fn make(&mut self, list: &List<'_>) -> Result<Stack, Failure> {
        let levels = leveled(self.config, list);
        check_levels(list.owner, &levels, self.around)?;
        let mut stack = Stack { label: Some(list.owner.label()), ..Stack::default() };
        for index in 0..list.layers.len() {
            self.add(&mut stack, list, index)?;
        }
        note_levels(list.owner, &levels, self.around)?;
        if let Some(prefix) = list.prefix {
            stack.insert_name(Prefix::below(prefix));
        }
        Ok(stack)
    }

    fn add(&mut self, stack: &mut Stack, list: &List<'_>, index: usize) -> Result<(), Failure> {
        let setting = format!("{}.layers[{index}]", list.owner.setting());
        let random = || self.around.random.clone();
        match &list.layers[index] {
            LayerSettings::Log => stack.push(RequestLog::new(&stack.place())),
            LayerSettings::Limit(options) => stack.push_limit(made(&setting, Limit::new(*options))?),
            LayerSettings::Bandwidth(options) => {
                stack.push_bandwidth(made(&setting, Bandwidth::new(*options))?);
            }
            LayerSettings::Retry(options) => {
                stack.push_retry(made(&setting, Retry::new(*options, random()))?)
            }
            LayerSettings::Quota(options) => stack.push_quota(made(&setting, Quota::new(*options))?),
            LayerSettings::ReadOnly => stack.push(ReadOnly::new()),
            LayerSettings::Prefix(prefix) => stack.push(Prefix::below(prefix)),
            LayerSettings::Fault(options) => {
                stack.push_fault(made(&setting, Fault::new(*options, random()))?)
            }
            LayerSettings::Cache(settings) => {
                let cache = self.caches.open(&setting, settings, self.around)?;
                let options = caches::options(cache_name(list, index), settings, list_ttl(list, settings));
                let layer = cache.layer(options);
                let refused = |error| Failure::configuration(format!("{setting}: {error}"));
                stack.push(layer.map_err(refused)?);
            }
            LayerSettings::Crypt(settings) => {
                let level = level(self.config, list, index);
                stack.push_crypt(crypts::open(&setting, list.owner, settings, level, self.around)?);
            }
        }
        Ok(())
    }
}

/// What a cache files its blocks under: where it stands, so that the layers between it and its store are always the same.
pub(crate) fn cache_name(list: &List<'_>, index: usize) -> String {
    let is_cache = |layer: &&LayerSettings| matches!(layer, LayerSettings::Cache(_));
    let place = list.owner.setting();
    match list.layers[..index].iter().filter(is_cache).count() {
        0 => place,
        earlier => format!("{place}#{}", earlier + 1),
    }
}

fn list_ttl(list: &List<'_>, settings: &CacheSettings) -> Duration {
    let is_default = settings.mode.is_timed() && matches!(list.store.kind, StoreKind::Drime(_));
    settings.list_ttl.unwrap_or(if is_default { DRIVE_LIST_TTL } else { Duration::ZERO })
}

/// The crypt layers of a list with their levels.
fn leveled<'a>(config: &Config, list: &List<'a>) -> Vec<Leveled<'a>> {
    let crypt = |(index, layer): (usize, &'a LayerSettings)| match layer {
        LayerSettings::Crypt(settings) => Some(Leveled {
            setting: format!("{}.layers[{index}]", list.owner.setting()),
            level: level(config, list, index),
            keys: &settings.keys,
        }),
        _ => None,
    };
    list.layers.iter().enumerate().filter_map(crypt).collect()
}

/// How many crypt layers there are from the storage up to this one.
fn level(config: &Config, list: &List<'_>, index: usize) -> NonZeroU8 {
    let below = match list.owner {
        For::Store(_) => below_layers(config, list.store),
        For::Bucket(_) => crypts_in(&list.store.layers) + below_layers(config, list.store),
    };
    let level = crypts_in(&list.layers[index..]) + below;
    NonZeroU8::new(u8::try_from(level).unwrap_or(u8::MAX)).unwrap_or(NonZeroU8::MIN)
}

fn crypts_in(layers: &[LayerSettings]) -> usize {
    layers.iter().filter(|layer| matches!(layer, LayerSettings::Crypt(_))).count()
}

/// The crypt layers of a store's targets, along the longest way down.
fn below_layers(config: &Config, store: &StoreSettings) -> usize {
    let of = |name: &str| {
        let found = config.stores.iter().find(|store| store.name == name);
        found.map_or(0, |store| crypts_in(&store.layers) + below_layers(config, store))
    };
    store.kind.targets().iter().map(|target| of(&target.store)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use types::{Budget, SystemClock};

    use super::*;
    use crate::config::{Durability, Environment, Flags, load};
    use crate::random::SystemRandom;

    struct Nothing;

    impl Environment for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    /// Makes the layers of a store that is encrypted with the keys of a file, as a start does.
    fn start(dir: &Path, keyring: &str) -> Result<(), String> {
        let file = dir.join("sluice.toml");
        let keyring = format!("file:{}", dir.join(keyring).display());
        let layers = format!("[ {{ kind = \"crypt\", keyring = \"{keyring}\" }} ]");
        std::fs::write(&file, format!("[store.far]\nkind = \"memory\"\nlayers = {layers}\n")).unwrap();
        let config = load(&Flags { config: Some(file), ..Flags::default() }, &Nothing).unwrap();
        let around = Surroundings {
            durability: Durability::Relaxed,
            budget: Budget::new(16 << 20),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            state_dir: Some(dir.join("state")),
            environment: Arc::new(Nothing),
        };
        let store = &config.stores[0];
        let list = List { owner: For::Store(&store.name), layers: &store.layers, prefix: None, store };
        Maker::new(&config, &around).make(&list).map(drop).map_err(|failure| failure.to_string())
    }

    #[test]
    fn layers_that_cannot_be_made_leave_the_note_of_their_level_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let key = format!("primary = \"1\"\n[[key]]\nid = \"1\"\nsecret = \"{}=\"\n", "A".repeat(43));
        std::fs::write(dir.join("keys.toml"), key).unwrap();
        start(dir, "keys.toml").unwrap();
        let note = || std::fs::read_to_string(For::Store("far").dir(&dir.join("state")).join("crypt-1.keys"));
        let noted = note().unwrap();
        assert!(noted.contains("keys.toml"), "{noted}");
        let refused = start(dir, "unreadable.toml").unwrap_err();
        assert!(refused.contains("unreadable.toml"), "{refused}");
        assert_eq!(note().unwrap(), noted);
        // Nothing is noted of a layer that was never there.
        std::fs::remove_dir_all(dir.join("state")).unwrap();
        start(dir, "unreadable.toml").unwrap_err();
        assert!(note().is_err());
    }
}
