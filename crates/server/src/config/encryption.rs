use types::BucketName;

use super::layers::{CacheSettings, CryptKeys, CryptSettings, LayerSettings};
use super::{BucketSettings, ConfigError, StoreSettings};

/// What keys of crypt layers begin with in a bucket.
const RESERVED: &str = ".sluice/";

/// Refuses a cache that knows objects by a digest of their content and stands below encryption: what it keeps there are sealed
/// bytes, and one content is sealed to other bytes each time.
///
/// # Errors
/// The digest's setting.
pub(super) fn check_digests(
    stores: &[StoreSettings],
    buckets: &[BucketSettings],
    others: &BucketSettings,
) -> Result<(), ConfigError> {
    for bucket in buckets.iter().chain([others]) {
        let above = check_list(&bucket.setting(), &bucket.layers, None)?;
        check_store(stores, &bucket.store, above.as_deref())?;
    }
    stores.iter().try_for_each(|store| check_store(stores, &store.name, None))
}

/// `above` is the crypt layer that stands above, by its path.
fn check_store(stores: &[StoreSettings], name: &str, above: Option<&str>) -> Result<(), ConfigError> {
    let Some(store) = stores.iter().find(|store| store.name == name) else { return Ok(()) };
    let above = check_list(&format!("store.{name}"), &store.layers, above.map(str::to_owned))?;
    let mut targets = store.kind.targets().iter();
    targets.try_for_each(|target| check_store(stores, &target.store, above.as_deref()))
}

fn check_list(
    path: &str,
    layers: &[LayerSettings],
    mut above: Option<String>,
) -> Result<Option<String>, ConfigError> {
    for (index, layer) in layers.iter().enumerate() {
        let setting = format!("{path}.layers[{index}]");
        match (layer, &above) {
            (LayerSettings::Crypt(_), _) => above = Some(setting),
            (LayerSettings::Cache(CacheSettings { digest: Some(_), .. }), Some(crypt)) => {
                let message = format!(
                    "is for plain content, and {crypt} above encrypts what the cache keeps; leave it out, or put the cache before \
                     the crypt layer"
                );
                return Err(ConfigError::new(format!("{setting}.digest"), message));
            }
            _ => {}
        }
    }
    Ok(above)
}

/// Refuses parts of one bucket that do not agree on its encryption: their layers keep the bucket's keys in one place.
///
/// # Errors
/// The later of two buckets that do not agree.
pub(super) fn check_parts(buckets: &[BucketSettings]) -> Result<(), ConfigError> {
    for (index, bucket) in buckets.iter().enumerate() {
        for other in buckets[..index].iter().filter(|other| place(other) == place(bucket)) {
            check_pair(bucket, other)?;
        }
    }
    Ok(())
}

/// The store and the bucket there.
fn place(bucket: &BucketSettings) -> (&str, Option<&BucketName>) {
    (&bucket.store, bucket.remote.as_ref().or(bucket.name.as_ref()))
}

fn check_pair(bucket: &BucketSettings, other: &BucketSettings) -> Result<(), ConfigError> {
    let (mine, theirs) = (crypts(bucket), crypts(other));
    let differs = mine.iter().zip(&theirs).any(|(one, other)| !agree(one, other));
    if differs {
        let message = format!(
            "it is in the same bucket of store \"{}\" as {}, where encrypted parts share their keys, but their crypt layers have \
             other keys or names; give both the same, or one of them another remote",
            bucket.store,
            other.setting()
        );
        return Err(ConfigError::new(format!("{}.layers", bucket.setting()), message));
    }
    for (plain, encrypted, own) in [(bucket, other, &mine), (other, bucket, &theirs)] {
        let prefix = plain.prefix.as_deref().unwrap_or("");
        let meets = prefix.starts_with(RESERVED) || RESERVED.starts_with(prefix);
        if own.is_empty() && !crypts(encrypted).is_empty() && meets {
            let message = format!(
                "\"{prefix}\" holds what begins with \"{RESERVED}\", where the keys of {} are, which is encrypted; take another prefix",
                encrypted.setting()
            );
            return Err(ConfigError::new(format!("{}.prefix", plain.setting()), message));
        }
    }
    Ok(())
}

/// The crypt layers of a bucket, the innermost first.
fn crypts(bucket: &BucketSettings) -> Vec<&CryptSettings> {
    let layers = bucket.layers.iter().rev();
    layers
        .filter_map(|layer| if let LayerSettings::Crypt(crypt) = layer { Some(crypt) } else { None })
        .collect()
}

/// Whether two layers can share the keys of a bucket. A token is a way to the keys and none of them.
fn agree(one: &CryptSettings, other: &CryptSettings) -> bool {
    let same_keys = match (&one.keys, &other.keys) {
        (CryptKeys::Vault(one), CryptKeys::Vault(other)) => {
            (&one.address, &one.mount, &one.key, &one.namespace)
                == (&other.address, &other.mount, &other.key, &other.namespace)
        }
        (one, other) => one == other,
    };
    same_keys && one.names == other.names
}
