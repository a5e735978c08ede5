use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use blob::{FileBlobs, MemoryBlobs};
use gateway::Reading;
use layers::Observe;
use meta::MemoryMeta;
use meta_sqlite::SqliteMeta;
use native::NativeStore;
use store::{Layer, SharedStore};
use tokio::sync::watch;
use types::{Budget, Clock, Random};

use super::{local, memory, readings};
use crate::config::{Durability, StoreKind, StoreSettings};
use crate::failure::Failure;

/// What every store is given.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) durability: Durability,
    /// Where frames come from.
    pub(crate) budget: Budget,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// A store of the configuration, open. Cloning shares it.
#[derive(Clone)]
pub(crate) struct OpenedStore {
    pub(crate) name: String,
    pub(crate) native: NativeStore,
    pub(crate) engine: Engine,
    /// Counts and times what is asked of it.
    pub(crate) observe: Observe,
    /// What it is, for people.
    pub(crate) shown: String,
}

/// What a store works on.
#[derive(Clone)]
pub(crate) enum Engine {
    /// SQLite and files in one directory.
    Local { dir: PathBuf, meta: Arc<SqliteMeta>, blobs: Arc<FileBlobs> },
    /// Memory, and the file that outlives it.
    Memory { meta: MemoryMeta, blobs: Arc<MemoryBlobs>, snapshot: Option<SnapshotPlan> },
}

/// Where and when the content of a memory store is written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotPlan {
    pub(crate) path: PathBuf,
    /// How often; at shutdown only where it is not set.
    pub(crate) every: Option<Duration>,
}

impl OpenedStore {
    /// The store as a port, watched.
    pub(crate) fn port(&self) -> SharedStore {
        self.observe.wrap(Arc::new(self.native.clone()))
    }

    /// Removes what nothing refers to any more, in the background, until `stop` turns true.
    pub(crate) fn collect(&self, mut stop: watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
        let native = self.native.clone();
        async move {
            // A sender that is gone is a server that has stopped.
            native.run_collector(async move { drop(stop.wait_for(|stop| *stop).await) }).await;
        }
    }

    /// What its rooms have counted.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let mut all = readings::native(self.native.stats());
        all.extend(readings::observed(self.observe.stats()));
        match &self.engine {
            Engine::Local { meta, blobs, .. } => {
                all.extend(readings::sqlite(meta.stats()));
                all.extend(readings::blobs(blobs.stats()));
            }
            Engine::Memory { blobs, .. } => all.extend(readings::blobs(blobs.stats())),
        }
        all.into_iter().map(|reading| reading.label("store", self.name.as_str())).collect()
    }
}

/// Opens a store, making what is not there.
///
/// # Errors
/// Where its files cannot be used: which, and what to do.
pub(crate) async fn open(settings: &StoreSettings, around: &Surroundings) -> Result<OpenedStore, Failure> {
    match &settings.kind {
        StoreKind::Local(local) => local::open(&settings.name, local, around).await,
        StoreKind::Memory(memory) => memory::open(&settings.name, memory, around),
    }
}
