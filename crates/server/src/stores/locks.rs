use std::path::{Path, PathBuf};

use crate::config::{Config, LayerSettings, StoreKind, place_of};
use crate::failure::Failure;
use crate::state::{LockFile, make_dir};

/// Takes every directory that a server works on: the state directory, and those of its stores and caches.
///
/// # Errors
/// Where one cannot be made, or another process has it.
pub(crate) fn lock_directories(config: &Config) -> Result<Vec<LockFile>, Failure> {
    let mut locks = Vec::new();
    for dir in directories(config) {
        make_dir(&dir)?;
        locks.push(LockFile::acquire(&dir)?);
    }
    Ok(locks)
}

/// Each directory once.
fn directories(config: &Config) -> Vec<PathBuf> {
    let local = config.stores.iter().filter_map(|store| match &store.kind {
        StoreKind::Local(local) => Some(local.path.as_path()),
        StoreKind::Memory(_)
        | StoreKind::S3(_)
        | StoreKind::Gcs(_)
        | StoreKind::Azure(_)
        | StoreKind::Drime(_)
        | StoreKind::Mirror(_) => None,
    });
    let state = config.state_dir.as_deref();
    let mut places: Vec<PathBuf> = Vec::new();
    let mut found: Vec<PathBuf> = Vec::new();
    for dir in state.into_iter().chain(local).chain(cache_directories(config)) {
        let place = place_of(dir);
        if !places.contains(&place) {
            places.push(place);
            found.push(dir.to_owned());
        }
    }
    found
}

/// The directories of caches, as often as they are named.
fn cache_directories(config: &Config) -> impl Iterator<Item = &Path> {
    config.layer_lists().into_iter().flat_map(|(_, layers)| layers).filter_map(|layer| match layer {
        LayerSettings::Cache(cache) => Some(cache.path.as_path()),
        _ => None,
    })
}
