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

use super::remote::RemoteStore;
use super::{local, memory, readings, remote};
use crate::config::{Durability, Environment, StoreKind, StoreSettings};
use crate::failure::Failure;

/// What every store is given.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) durability: Durability,
    /// Where frames come from.
    pub(crate) budget: Budget,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Where stores elsewhere keep what their services have no room for; `None` keeps it in memory.
    pub(crate) state_dir: Option<PathBuf>,
    /// Where the credentials of services are looked for.
    pub(crate) environment: Arc<dyn Environment>,
}

/// A store of the configuration, open. Cloning shares it.
#[derive(Clone)]
pub(crate) struct OpenedStore {
    pub(crate) name: String,
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
    Local { native: NativeStore, dir: PathBuf, meta: Arc<SqliteMeta>, blobs: Arc<FileBlobs> },
    /// Memory, and the file that outlives it.
    Memory { native: NativeStore, meta: MemoryMeta, blobs: Arc<MemoryBlobs>, snapshot: Option<SnapshotPlan> },
    /// A service elsewhere.
    Remote(Arc<RemoteStore>),
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
        self.observe.wrap(match &self.engine {
            Engine::Local { native, .. } | Engine::Memory { native, .. } => Arc::new(native.clone()),
            Engine::Remote(remote) => remote.port(),
        })
    }

    /// Its kind, as settings name it.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.engine {
            Engine::Local { .. } => "local",
            Engine::Memory { .. } => "memory",
            Engine::Remote(remote) => remote.kind(),
        }
    }

    /// Whether it works on this machine alone.
    pub(crate) fn is_here(&self) -> bool {
        !matches!(self.engine, Engine::Remote(_))
    }

    /// Removes what nothing refers to any more, in the background, until `stop` turns true.
    pub(crate) fn collect(&self, mut stop: watch::Receiver<bool>) -> impl Future<Output = ()> + Send + use<> {
        let engine = self.engine.clone();
        async move {
            // A sender that is gone is a server that has stopped.
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            match engine {
                Engine::Local { native, .. } | Engine::Memory { native, .. } => {
                    native.run_collector(stopped).await;
                }
                Engine::Remote(remote) => remote.run(Box::pin(stopped)).await,
            }
        }
    }

    /// What its rooms have counted.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let mut all = readings::observed(self.observe.stats());
        match &self.engine {
            Engine::Local { native, meta, blobs, .. } => {
                all.extend(readings::native(native.stats()));
                all.extend(readings::sqlite(meta.stats()));
                all.extend(readings::blobs(blobs.stats()));
            }
            Engine::Memory { native, blobs, .. } => {
                all.extend(readings::native(native.stats()));
                all.extend(readings::blobs(blobs.stats()));
            }
            Engine::Remote(remote) => all.extend(remote.readings()),
        }
        all.into_iter().map(|reading| reading.label("store", self.name.as_str())).collect()
    }
}

/// Opens a store, making what is not there. A service elsewhere is not asked for anything yet.
///
/// # Errors
/// Where its files cannot be used: which, and what to do.
pub(crate) async fn open(settings: &StoreSettings, around: &Surroundings) -> Result<OpenedStore, Failure> {
    let name = &settings.name;
    match &settings.kind {
        StoreKind::Local(local) => local::open(name, local, around).await,
        StoreKind::Memory(memory) => memory::open(name, memory, around),
        StoreKind::S3(_) | StoreKind::Gcs(_) | StoreKind::Azure(_) | StoreKind::Drime(_) => {
            remote::open(settings, around).await
        }
    }
}
