use std::sync::Arc;

use blob::BlobStore;
use meta::MetaStore;
use tokio::sync::Mutex;
use types::{Counter, Timestamp};

use crate::collector::{Discards, Sweep};
use crate::contention::Contention;
use crate::ids::DataId;
use crate::lease::Leases;
use crate::{NativeOptions, Stats};

/// The S3 namespace over a metadata engine and a blob store. Cloning shares it.
///
/// Opening one costs nothing, however many objects there are; what a crash has left is collected in the background, by
/// [`NativeStore::run_collector`] or [`NativeStore::collect_once`].
#[derive(Clone)]
pub struct NativeStore(pub(crate) Arc<Native>);

impl NativeStore {
    /// A store over what these engines hold.
    #[must_use]
    pub fn new(meta: Arc<dyn MetaStore>, blobs: Arc<dyn BlobStore>, options: NativeOptions) -> Self {
        let discards = Arc::<Discards>::default();
        Self(Arc::new(Native {
            meta,
            blobs,
            options,
            stats: Arc::default(),
            leases: Leases::new(discards.clone()),
            discards,
            sweep: Sweep::default(),
            removing: Mutex::default(),
            room_given: Counter::default(),
            contention: Contention::default(),
        }))
    }

    /// What the store has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> &Arc<Stats> {
        &self.0.stats
    }
}

/// What all clones of a [`NativeStore`] share. Each operation stands in its own file.
pub(crate) struct Native {
    pub(crate) meta: Arc<dyn MetaStore>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) options: NativeOptions,
    pub(crate) stats: Arc<Stats>,
    pub(crate) leases: Leases,
    pub(crate) discards: Arc<Discards>,
    pub(crate) sweep: Sweep,
    /// Held by who removes what was given up.
    pub(crate) removing: Mutex<()>,
    /// Removals so far, of whatever took room.
    pub(crate) room_given: Counter,
    pub(crate) contention: Contention,
}

impl Native {
    pub(crate) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    pub(crate) fn new_id(&self) -> DataId {
        DataId::new(&*self.options.clock, &*self.options.random)
    }
}
