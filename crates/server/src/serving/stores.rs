use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use router::{Home, Router};
use service::{BucketSettings, Deletion, ServiceSettings};
use store::SharedStore;
use types::{BucketName, Owner};

use crate::config::{Config, StoreKind};
use crate::failure::Failure;
use crate::state::{LockFile, make_dir};
use crate::stores::{OpenedStore, Surroundings, open};

/// All stores of the configuration and the one port in front of them.
pub(super) struct Stores {
    pub(super) opened: Vec<OpenedStore>,
    pub(super) port: SharedStore,
}

/// Takes every directory that this server works on: the state directory, and those of its stores.
///
/// # Errors
/// Where one cannot be made, or another process has it.
pub(super) fn lock_directories(config: &Config) -> Result<Vec<LockFile>, Failure> {
    let mut taken: Vec<PathBuf> = Vec::new();
    let mut locks = Vec::new();
    let local = config.stores.iter().filter_map(|store| match &store.kind {
        StoreKind::Local(local) => Some(&local.path),
        StoreKind::Memory(_)
        | StoreKind::S3(_)
        | StoreKind::Gcs(_)
        | StoreKind::Azure(_)
        | StoreKind::Drime(_) => None,
    });
    for dir in config.state_dir.iter().chain(local) {
        make_dir(dir)?;
        let canonical = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        if !taken.contains(&canonical) {
            locks.push(LockFile::acquire(dir)?);
            taken.push(canonical);
        }
    }
    Ok(locks)
}

/// Opens all stores.
///
/// # Errors
/// Where one cannot be opened.
pub(super) async fn open_all(config: &Config, around: &Surroundings) -> Result<Stores, Failure> {
    let mut opened = Vec::new();
    for settings in &config.stores {
        opened.push(open(settings, around).await?);
    }
    let by_name: HashMap<&str, SharedStore> =
        opened.iter().map(|store| (store.name.as_str(), store.port())).collect();
    let find = |name: &str| {
        by_name
            .get(name)
            .cloned()
            .ok_or_else(|| Failure::configuration(format!("there is no [store.{name}]")))
    };
    let others = find(&config.other_buckets.store)?;
    let is_here = |name: &str| opened.iter().any(|store| store.name == name && store.is_here());
    let mut homes = BTreeMap::new();
    for bucket in &config.buckets {
        let Some(name) = &bucket.name else { continue };
        let is_plain = bucket.remote.is_none() && bucket.prefix.is_none() && is_here(&bucket.store);
        if is_plain && bucket.store == config.other_buckets.store {
            continue;
        }
        // A bucket of its own on this machine has its owner recorded beside it; any other has the one it is given here.
        let owner = (!is_plain).then(|| owner_of(bucket));
        let (remote, prefix) = (bucket.remote.clone(), bucket.prefix.clone());
        homes.insert(name.clone(), Home { store: find(&bucket.store)?, remote, prefix, owner });
    }
    let port = if homes.is_empty() { others } else { Arc::new(Router::new(homes, others)) };
    Ok(Stores { opened, port })
}

/// Who owns a bucket of the configuration.
pub(super) fn owner_of(bucket: &crate::config::BucketSettings) -> Owner {
    iam::owner_of(bucket.owner.as_deref().unwrap_or(iam::ROOT_NAME))
}

/// What the configuration says of S3's meaning.
pub(super) fn service_settings(config: &Config) -> ServiceSettings {
    let settings = |bucket: &crate::config::BucketSettings| BucketSettings {
        anonymous: bucket.anonymous,
        deletion: if bucket.name.is_some() { Deletion::Pinned } else { Deletion::Allowed },
        default_cache_control: bucket.default_cache_control.clone(),
    };
    let named = config.buckets.iter().filter_map(|bucket| Some((bucket.name.clone()?, settings(bucket))));
    ServiceSettings {
        region: config.server.region.clone(),
        max_object_size_bytes: config.server.max_object_size_bytes,
        buckets: named.collect::<HashMap<BucketName, _>>(),
        other_buckets: settings(&config.other_buckets),
    }
}
