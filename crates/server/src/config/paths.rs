use std::path::{Path, PathBuf};

use super::layers::{CacheSettings, LayerSettings};
use super::{BucketSettings, ConfigError, StoreKind, StoreSettings};

/// A path by which two settings are the same place.
pub(crate) fn place_of(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.canonicalize().unwrap_or(absolute)
}

/// Two stores on one path would each take the other's files for orphans.
pub(super) fn check_paths(stores: &[StoreSettings]) -> Result<(), ConfigError> {
    for (index, store) in stores.iter().enumerate() {
        let Some((name, path)) = path_of(store) else { continue };
        let same = |other: &&StoreSettings| path_of(other).is_some_and(|(_, other)| other == path);
        if let Some(other) = stores[..index].iter().find(same) {
            let message = format!("is the same as that of store \"{}\"", other.name);
            return Err(ConfigError::new(format!("store.{}.{name}", store.name), message));
        }
    }
    Ok(())
}

/// The setting that names a store's own path, and the path.
fn path_of(store: &StoreSettings) -> Option<(&'static str, PathBuf)> {
    match &store.kind {
        StoreKind::Local(local) => Some(("path", place_of(&local.path))),
        StoreKind::Memory(memory) => memory.snapshot.as_deref().map(|path| ("snapshot", place_of(path))),
        StoreKind::Mirror(mirror) => mirror.journal.as_deref().map(|path| ("journal", place_of(path))),
        StoreKind::S3(_) | StoreKind::Gcs(_) | StoreKind::Azure(_) | StoreKind::Drime(_) => None,
    }
}

/// Every list of layers with the path of its setting.
pub(super) fn layer_lists<'a>(
    stores: &'a [StoreSettings],
    buckets: impl Iterator<Item = &'a BucketSettings>,
) -> Vec<(String, &'a [LayerSettings])> {
    let of_store = |store: &'a StoreSettings| (format!("store.{}", store.name), &store.layers[..]);
    let of_bucket = |bucket: &'a BucketSettings| (bucket.setting(), &bucket.layers[..]);
    stores.iter().map(of_store).chain(buckets.map(of_bucket)).collect()
}

/// Caches that name one path are one cache, of one size; its directory is nobody else's.
pub(super) fn check_caches(
    stores: &[StoreSettings],
    buckets: &[BucketSettings],
    others: &BucketSettings,
) -> Result<(), ConfigError> {
    let mut known: Vec<(String, PathBuf, &CacheSettings)> = Vec::new();
    for (path, layers) in layer_lists(stores, buckets.iter().chain([others])) {
        for (index, layer) in layers.iter().enumerate() {
            let LayerSettings::Cache(cache) = layer else { continue };
            let (setting, place) = (format!("{path}.layers[{index}]"), place_of(&cache.path));
            if let Some((first, _, shared)) = known.iter().find(|(_, other, _)| *other == place) {
                agree(&setting, first, cache, shared)?;
            }
            if let Some(store) = stores.iter().find(|store| is_inside(&place, store)) {
                let message = format!("lies where store \"{}\" keeps its objects", store.name);
                return Err(ConfigError::new(format!("{setting}.path"), message));
            }
            known.push((setting, place, cache));
        }
    }
    for bucket in buckets.iter().chain([others]) {
        let way = WayDown { setting: bucket.setting(), layers: &bucket.layers, below: vec![&bucket.store] };
        check_way_down(stores, way, &mut Vec::new())?;
    }
    Ok(())
}

/// What stands between a request and the bytes: a list of layers and the stores beneath.
struct WayDown<'a> {
    setting: String,
    layers: &'a [LayerSettings],
    below: Vec<&'a str>,
}

impl<'a> WayDown<'a> {
    fn of(store: &'a StoreSettings) -> Self {
        let below = match &store.kind {
            StoreKind::Mirror(mirror) => mirror.targets.iter().map(|target| &*target.store).collect(),
            _ => Vec::new(),
        };
        Self { setting: format!("store.{}", store.name), layers: &store.layers, below }
    }
}

/// Caches one beneath the other need a directory each: a fetch of the upper one would wait for a turn that it holds itself. No
/// mirror is made of itself, so the way has an end.
fn check_way_down(
    stores: &[StoreSettings],
    way: WayDown<'_>,
    above: &mut Vec<(String, PathBuf)>,
) -> Result<(), ConfigError> {
    let passed = above.len();
    for (index, layer) in way.layers.iter().enumerate() {
        let LayerSettings::Cache(cache) = layer else { continue };
        let (setting, place) = (format!("{}.layers[{index}].path", way.setting), place_of(&cache.path));
        if let Some((first, _)) = above.iter().find(|(_, other)| *other == place) {
            let message = format!("is the same directory as {first}, which lies above it; give each its own");
            return Err(ConfigError::new(setting, message));
        }
        above.push((setting, place));
    }
    for store in stores.iter().filter(|store| way.below.contains(&store.name.as_str())) {
        check_way_down(stores, WayDown::of(store), above)?;
    }
    above.truncate(passed);
    Ok(())
}

fn agree(
    setting: &str,
    first: &str,
    cache: &CacheSettings,
    shared: &CacheSettings,
) -> Result<(), ConfigError> {
    let differ = [
        ("size", cache.size_bytes != shared.size_bytes),
        ("memory", cache.memory_bytes != shared.memory_bytes),
    ];
    match differ.into_iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((name, _)) => {
            let message =
                format!("is another one than {first}.{name}, of the same directory; they are one cache");
            Err(ConfigError::new(format!("{setting}.{name}"), message))
        }
    }
}

/// A cache may stand beside a store's files, in a directory of its own, and nowhere among them.
fn is_inside(place: &Path, store: &StoreSettings) -> bool {
    match &store.kind {
        StoreKind::Local(local) => {
            let dir = place_of(&local.path);
            dir == *place || place.starts_with(dir.join("blobs"))
        }
        _ => false,
    }
}
