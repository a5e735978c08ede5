use super::layers::LayerSettings;
use super::{BucketSettings, Config, CryptSettings, Foreign, MirrorWrite, StoreKind, StoreSettings};

/// What is allowed and probably not meant.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    for store in &config.stores {
        found.extend(policy(store));
        found.extend(plain_caches(config, &format!("store.{}", store.name), &store.layers, &store.kind));
    }
    for bucket in config.buckets.iter().chain([&config.other_buckets]) {
        found.extend(above_store(config, bucket));
    }
    for (path, layers) in config.layer_lists() {
        found.extend(passing(&path, layers));
    }
    found
}

/// Two targets have no majority but both.
fn policy(store: &StoreSettings) -> Option<String> {
    let StoreKind::Mirror(mirror) = &store.kind else { return None };
    let count = mirror.targets.len();
    (mirror.write == MirrorWrite::Quorum && count / 2 + 1 == count).then(|| {
        format!(
            "store.{}.write: a quorum of {count} targets is all {count}: a write waits for both, and fails while one is away; \
             \"any\" goes on with one, a third target makes a quorum of two",
            store.name
        )
    })
}

/// Encryption that hands out what it has not encrypted cannot tell what somebody else has put there.
fn passing(path: &str, layers: &[LayerSettings]) -> Vec<String> {
    let warned = |(index, layer): (usize, &LayerSettings)| match layer {
        LayerSettings::Crypt(CryptSettings { foreign: Foreign::Pass, .. }) => Some(format!(
            "{path}.layers[{index}].foreign: with \"pass\", whoever can write to the store below can put an object in place of an \
             encrypted one, and it is handed out as it is; \"refuse\" hands out nothing but what was encrypted here"
        )),
        _ => None,
    };
    layers.iter().enumerate().filter_map(warned).collect()
}

/// A cache among a bucket's layers stands above the layers of its store too.
fn above_store(config: &Config, bucket: &BucketSettings) -> Vec<String> {
    let Some(store) = config.stores.iter().find(|store| store.name == bucket.store) else {
        return Vec::new();
    };
    let below = has_crypt(&store.layers) || encrypts(config, &store.kind);
    plain(&bucket.setting(), &bucket.layers, below)
}

fn plain_caches(config: &Config, path: &str, layers: &[LayerSettings], kind: &StoreKind) -> Vec<String> {
    plain(path, layers, encrypts(config, kind))
}

/// The caches of a list that keep plain text although what is below them is encrypted.
fn plain(path: &str, layers: &[LayerSettings], is_encrypted_below: bool) -> Vec<String> {
    let warned = |(index, layer): (usize, &LayerSettings)| match layer {
        LayerSettings::Cache(cache) if is_encrypted_below && !has_crypt(&layers[..index]) => Some(format!(
            "{path}.layers[{index}]: the cache in {} keeps plain text, although a store below it is encrypted; \
             a crypt layer before the cache keeps its files encrypted too",
            cache.path.display()
        )),
        _ => None,
    };
    layers.iter().enumerate().filter_map(warned).collect()
}

fn has_crypt(layers: &[LayerSettings]) -> bool {
    layers.iter().any(|layer| matches!(layer, LayerSettings::Crypt(_)))
}

/// Whether a target of a store is encrypted, or of one of its targets.
fn encrypts(config: &Config, kind: &StoreKind) -> bool {
    kind.targets().iter().any(|target| {
        let store = config.stores.iter().find(|store| store.name == target.store);
        store.is_some_and(|store| has_crypt(&store.layers) || encrypts(config, &store.kind))
    })
}
