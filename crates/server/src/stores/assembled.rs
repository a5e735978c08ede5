use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gateway::Reading;
use router::{Home, Router};
use store::SharedStore;
use types::{BucketName, Owner};

use super::stack::{Maker, Stack};
use super::{For, OpenedStore, Surroundings, open_base};
use crate::config::{BucketSettings, Config};
use crate::failure::Failure;

/// All stores of the configuration and the one port in front of them. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Assembled {
    /// A mirror stands behind its targets.
    pub(crate) opened: Vec<OpenedStore>,
    /// The layers that are buckets' own, by the bucket's name; `None` are those of all others.
    pub(crate) buckets: Vec<(Option<BucketName>, Arc<Stack>)>,
    pub(crate) port: SharedStore,
}

/// Opens all stores with their layers, and puts those of buckets around their homes.
///
/// # Errors
/// Where one cannot be opened.
pub(crate) async fn assemble(config: &Config, around: &Surroundings) -> Result<Assembled, Failure> {
    let mut maker = Maker::new(around);
    let mut opened: Vec<OpenedStore> = Vec::new();
    for settings in &config.stores {
        let base = open_base(settings, around).await?;
        let stack = maker.make(For::Store(&settings.name), &settings.layers, None).await?;
        opened.push(OpenedStore::new(&settings.name, base, stack)?);
    }
    let mut homes = Homes { config, opened: &opened, bases: bases(&opened), stacks: Vec::new() };
    let port = homes.port(&mut maker).await?;
    let buckets = homes.stacks;
    Ok(Assembled { opened, buckets, port })
}

fn bases(opened: &[OpenedStore]) -> HashMap<String, SharedStore> {
    opened.iter().map(|store| (store.name.clone(), store.port())).collect()
}

/// Where buckets live, while it is put together.
struct Homes<'a> {
    config: &'a Config,
    opened: &'a [OpenedStore],
    bases: HashMap<String, SharedStore>,
    stacks: Vec<(Option<BucketName>, Arc<Stack>)>,
}

impl Homes<'_> {
    async fn port(&mut self, maker: &mut Maker<'_>) -> Result<SharedStore, Failure> {
        let config = self.config;
        let others = self.home(&config.other_buckets, maker).await?;
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
            let mut home = self.home(bucket, maker).await?;
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
    async fn home(&mut self, bucket: &BucketSettings, maker: &mut Maker<'_>) -> Result<Home, Failure> {
        let missing = || Failure::configuration(format!("there is no [store.{}]", bucket.store));
        let base = self.bases.get(&bucket.store).cloned().ok_or_else(missing)?;
        let remote = bucket.remote.clone();
        if bucket.layers.is_empty() {
            return Ok(Home { remote, prefix: bucket.prefix.clone(), ..Home::new(base) });
        }
        // The prefix stands inside limits and quotas, so that they are this bucket's.
        let owner = For::Bucket(bucket.name.as_ref().map(BucketName::as_str));
        let stack = maker.make(owner, &bucket.layers, bucket.prefix.as_deref()).await?;
        let store = stack.wrap(base.clone())?;
        self.stacks.push((bucket.name.clone(), Arc::new(stack)));
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
    /// What all rooms have counted.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let stores = self.opened.iter().flat_map(OpenedStore::readings);
        stores.chain(self.buckets.iter().flat_map(|(_, stack)| stack.readings())).collect()
    }
}
