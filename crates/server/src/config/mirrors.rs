use types::BucketName;

use super::{BucketSettings, ConfigError, StoreKind, StoreSettings, TargetSettings};

/// Puts every mirror behind its targets, which is the order to open stores in.
///
/// # Errors
/// Where a target is named nowhere, or a mirror would hold itself.
pub(super) fn in_opening_order(stores: Vec<StoreSettings>) -> Result<Vec<StoreSettings>, ConfigError> {
    for target in stores.iter().flat_map(|store| store.kind.targets()) {
        if !stores.iter().any(|store| store.name == target.store) {
            return Err(ConfigError::new(&target.setting, format!("there is no [store.{}]", target.store)));
        }
    }
    let (mut ordered, mut waiting) = (Vec::<StoreSettings>::new(), stores);
    while !waiting.is_empty() {
        let is_there = |name: &str| ordered.iter().any(|store| store.name == name);
        let is_ready =
            |store: &StoreSettings| store.kind.targets().iter().all(|target| is_there(&target.store));
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        if ready.is_empty() {
            return Err(circle(&rest));
        }
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

/// Each of these stores waits for another one of them.
fn circle(stores: &[StoreSettings]) -> ConfigError {
    let mut way = vec![stores[0].name.as_str()];
    loop {
        let here = stores.iter().find(|store| Some(&store.name.as_str()) == way.last());
        let next = here.and_then(|store| {
            let waits = |target: &&TargetSettings| stores.iter().any(|other| other.name == target.store);
            store.kind.targets().iter().find(waits)
        });
        let Some(next) = next else { break };
        if let Some(begin) = way.iter().position(|name| *name == next.store) {
            way.drain(..begin);
            break;
        }
        way.push(&next.store);
    }
    let first = way.first().copied().unwrap_or_default();
    let message = format!("a mirror cannot hold itself: {} > {first}", way.join(" > "));
    ConfigError::new(format!("store.{first}.targets"), message)
}

/// A mirror is the only writer of its targets: nobody else may write to the same place.
pub(super) fn check_mirrors(
    stores: &[StoreSettings],
    buckets: &[BucketSettings],
    others: &BucketSettings,
) -> Result<(), ConfigError> {
    let mut taken: Vec<Target<'_>> = Vec::new();
    for mirror in stores {
        let held = Held::by(mirror, stores, buckets, others);
        for target in mirror.kind.targets() {
            check_remote(mirror, target, &held)?;
            let target = Target { settings: target, held: held.clone() };
            if let Some(other) = taken.iter().find(|other| other.overlaps(&target)) {
                let message = format!(
                    "its place in store \"{}\" overlaps that of {}; give one of them another remote or prefix",
                    target.settings.store, other.settings.setting
                );
                return Err(ConfigError::new(&target.settings.setting, message));
            }
            taken.push(target);
        }
    }
    for bucket in buckets {
        let Some(name) = bucket.remote.as_ref().or(bucket.name.as_ref()) else { continue };
        let prefix = bucket.prefix.as_deref().unwrap_or("");
        let is_taken = |target: &&Target<'_>| target.has(&bucket.store, name, prefix);
        if let Some(target) = taken.iter().find(is_taken) {
            let message = format!(
                "its place, bucket \"{name}\" of store \"{}\", is that of {}, and a mirror is the only writer of its targets",
                bucket.store, target.settings.setting
            );
            return Err(ConfigError::new(bucket.setting(), message));
        }
    }
    if let Some(target) =
        taken.iter().find(|target| target.settings.store == others.store && target.has_all())
    {
        let message = format!(
            "every other bucket lives in store \"{}\", all of which is {}; name the mirror, or another store",
            others.store, target.settings.setting
        );
        return Err(ConfigError::new(format!("{}.store", others.setting()), message));
    }
    Ok(())
}

/// With a name for the bucket there, a target has room for one bucket.
fn check_remote(mirror: &StoreSettings, target: &TargetSettings, held: &Held<'_>) -> Result<(), ConfigError> {
    let is_one = matches!(held, Held::Named(names) if names.len() == 1);
    if target.remote.is_none() || is_one {
        return Ok(());
    }
    let message = format!(
        "is for a mirror that holds one [bucket.NAME] and no other; what else lives in \"{}\" has no place there",
        mirror.name
    );
    Err(ConfigError::new(format!("{}.remote", target.setting), message))
}

/// Which buckets a store holds.
#[derive(Clone)]
pub(super) enum Held<'a> {
    All,
    Named(Vec<&'a BucketName>),
}

impl<'a> Held<'a> {
    /// By the names that they have in that store.
    pub(super) fn by(
        store: &StoreSettings,
        stores: &'a [StoreSettings],
        buckets: &'a [BucketSettings],
        others: &'a BucketSettings,
    ) -> Self {
        let is_here = |target: &TargetSettings| target.store == store.name;
        if others.store == store.name {
            return Self::All;
        }
        let mut names = Vec::new();
        for mirror in stores.iter().filter(|mirror| mirror.kind.targets().iter().any(is_here)) {
            match Self::by(mirror, stores, buckets, others) {
                Self::All => return Self::All,
                Self::Named(more) => names.extend(more),
            }
        }
        let named = buckets.iter().filter(|bucket| bucket.store == store.name);
        names.extend(named.filter_map(|bucket| bucket.remote.as_ref().or(bucket.name.as_ref())));
        Self::Named(names)
    }
}

/// A target and the buckets that it has.
struct Target<'a> {
    settings: &'a TargetSettings,
    held: Held<'a>,
}

impl Target<'_> {
    /// The names of its buckets there; `None` where it may have any.
    fn names(&self) -> Option<Vec<&BucketName>> {
        match (&self.settings.remote, &self.held) {
            (Some(remote), _) => Some(vec![remote]),
            (None, Held::Named(names)) => Some(names.clone()),
            (None, Held::All) => None,
        }
    }

    fn has_all(&self) -> bool {
        self.names().is_none()
    }

    fn has(&self, store: &str, bucket: &BucketName, prefix: &str) -> bool {
        let own = self.settings.prefix.as_deref().unwrap_or("");
        let is_nested = own.starts_with(prefix) || prefix.starts_with(own);
        let has_name = self.names().is_none_or(|names| names.contains(&bucket));
        self.settings.store == store && has_name && is_nested
    }

    fn overlaps(&self, other: &Self) -> bool {
        let prefix = other.settings.prefix.as_deref().unwrap_or("");
        match other.names() {
            Some(names) => names.into_iter().any(|name| self.has(&other.settings.store, name, prefix)),
            None => match self.names() {
                Some(names) => {
                    let own = self.settings.prefix.as_deref().unwrap_or("");
                    names.into_iter().any(|name| other.has(&self.settings.store, name, own))
                }
                None => {
                    let own = self.settings.prefix.as_deref().unwrap_or("");
                    self.settings.store == other.settings.store
                        && (own.starts_with(prefix) || prefix.starts_with(own))
                }
            },
        }
    }
}

/// The one bucket that a mirror holds, by its name there, where it holds one.
pub(crate) fn only_bucket<'a>(
    mirror: &StoreSettings,
    stores: &'a [StoreSettings],
    buckets: &'a [BucketSettings],
    others: &'a BucketSettings,
) -> Option<&'a BucketName> {
    match &Held::by(mirror, stores, buckets, others) {
        Held::Named(names) if names.len() == 1 => names.first().copied(),
        _ => None,
    }
}

/// The buckets of a store that are copies of a mirror's, by their names there: nobody else may touch them.
pub(crate) fn mirrored_buckets(
    store: &str,
    stores: &[StoreSettings],
    buckets: &[BucketSettings],
    others: &BucketSettings,
) -> Vec<BucketName> {
    let mirrors = stores.iter().filter(|mirror| matches!(mirror.kind, StoreKind::Mirror(_)));
    let mut found = Vec::new();
    for mirror in mirrors {
        let held = Held::by(mirror, stores, buckets, others);
        for target in mirror.kind.targets().iter().filter(|target| target.store == store) {
            let target = Target { settings: target, held: held.clone() };
            found.extend(target.names().unwrap_or_default().into_iter().cloned());
        }
    }
    found
}
