use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gateway::Reading;
use router::{Home, Router};
use store::SharedStore;
use types::{BucketName, Owner};

use super::stack::{Caches, EncryptingLayer, List, Maker, Stack};
use super::{For, OpenedStore, Surroundings, mirrored, open_base};
use crate::config::{BucketSettings, Config, StoreKind};
use crate::failure::Failure;

/// All stores of the configuration and the one port in front of them. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Assembled {
    pub(crate) config: Arc<Config>,
    /// A mirror stands behind its targets.
    pub(crate) opened: Vec<OpenedStore>,
    /// The buckets that have layers of their own.
    pub(crate) buckets: Vec<LayeredBucket>,
    pub(crate) caches: Caches,
    pub(crate) port: SharedStore,
}

/// A bucket with layers of its own.
#[derive(Clone)]
pub(crate) struct LayeredBucket {
    /// `None` are all that the configuration does not name.
    pub(crate) name: Option<BucketName>,
    /// The store beneath its layers.
    pub(crate) store: String,
    pub(crate) stack: Arc<Stack>,
    /// The store with the layers.
    pub(crate) port: SharedStore,
}

/// Opens all stores with their layers, and puts those of buckets around their homes.
///
/// # Errors
/// Where one cannot be opened.
pub(crate) async fn assemble(config: Arc<Config>, around: &Surroundings) -> Result<Assembled, Failure> {
    let mut maker = Maker::new(&config, around);
    let mut opened: Vec<OpenedStore> = Vec::new();
    for store in &config.stores {
        let base = match &store.kind {
            StoreKind::Mirror(mirror) => mirrored::open(&config, store, mirror, &opened, around).await?,
            _ => open_base(store, around).await?,
        };
        let owner = For::Store(&store.name);
        let stack = maker.make(&List { owner, layers: &store.layers, prefix: None, store })?;
        opened.push(OpenedStore::new(&store.name, base, stack)?);
    }
    let mut homes = Homes { config: &config, opened: &opened, bases: bases(&opened), layered: Vec::new() };
    let port = homes.port(&mut maker)?;
    let (buckets, caches) = (homes.layered, maker.into_caches());
    Ok(Assembled { config, opened, buckets, caches, port })
}

fn bases(opened: &[OpenedStore]) -> HashMap<String, SharedStore> {
    opened.iter().map(|store| (store.name.clone(), store.port())).collect()
}

/// Where buckets live, while it is put together.
struct Homes<'a> {
    config: &'a Config,
    opened: &'a [OpenedStore],
    bases: HashMap<String, SharedStore>,
    layered: Vec<LayeredBucket>,
}

impl Homes<'_> {
    fn port(&mut self, maker: &mut Maker<'_>) -> Result<SharedStore, Failure> {
        let config = self.config;
        let others = self.home(&config.other_buckets, maker)?;
        let mut homes = BTreeMap::new();
        for bucket in &config.buckets {
            let Some(name) = &bucket.name else { continue };
            let is_plain = self.is_plain(bucket);
            if is_plain && bucket.layers.is_empty() && bucket.store == config.other_buckets.store {
                // Where every other bucket has layers, this one is there to have none.
                if config.other_buckets.layers.is_empty() {
                    continue;
                }
            }
            let mut home = self.home(bucket, maker)?;
            // A bucket of its own on this machine has its owner recorded beside it; any other has the one it is given here.
            home.owner = (!is_plain).then(|| owner_of(bucket));
            homes.insert(name.clone(), home);
        }
        let hidden: BTreeSet<_> = config.mirrored_buckets(&config.other_buckets.store).into_iter().collect();
        if homes.is_empty() && hidden.is_empty() {
            return Ok(others.store);
        }
        Ok(Arc::new(Router::hiding(hidden, homes, others)))
    }

    /// The home of a bucket, with the layers that are its own.
    fn home(&mut self, bucket: &BucketSettings, maker: &mut Maker<'_>) -> Result<Home, Failure> {
        let missing = || Failure::configuration(format!("there is no [store.{}]", bucket.store));
        let base = self.bases.get(&bucket.store).cloned().ok_or_else(missing)?;
        let remote = bucket.remote.clone();
        if bucket.layers.is_empty() {
            return Ok(Home { remote, prefix: bucket.prefix.clone(), ..Home::new(base) });
        }
        // The prefix stands inside limits and quotas, so that they are this bucket's.
        let owner = For::Bucket(bucket.name.as_ref().map(BucketName::as_str));
        let store = self.config.stores.iter().find(|store| store.name == bucket.store).ok_or_else(missing)?;
        let (layers, prefix) = (&bucket.layers, bucket.prefix.as_deref());
        let stack = maker.make(&List { owner, layers, prefix, store })?;
        let store = stack.wrap(base.clone())?;
        self.layered.push(LayeredBucket {
            name: bucket.name.clone(),
            store: bucket.store.clone(),
            stack: Arc::new(stack),
            port: store.clone(),
        });
        Ok(Home { base, remote, ..Home::new(store) })
    }

    /// Whether a bucket is one of its store on this machine, under its own name.
    fn is_plain(&self, bucket: &BucketSettings) -> bool {
        let is_here = self.opened.iter().any(|store| store.name == bucket.store && store.is_here());
        bucket.remote.is_none() && bucket.prefix.is_none() && is_here
    }
}

/// Who owns a bucket of the configuration.
pub(crate) fn owner_of(bucket: &BucketSettings) -> Owner {
    iam::owner_of(bucket.owner.as_deref().unwrap_or(iam::ROOT_NAME))
}

impl Assembled {
    /// Every layer that encrypts.
    pub(crate) fn encrypting(&self) -> Vec<EncryptingLayer> {
        let of_stores = self.opened.iter().map(|store| &store.stack);
        let stacks = of_stores.chain(self.buckets.iter().map(|bucket| &bucket.stack));
        stacks.flat_map(|stack| stack.crypts.clone()).collect()
    }

    /// What all rooms have counted.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let stores = self.opened.iter().flat_map(OpenedStore::readings);
        let buckets = self.buckets.iter().flat_map(|bucket| bucket.stack.readings());
        stores.chain(buckets).chain(self.caches.readings()).collect()
    }
}
