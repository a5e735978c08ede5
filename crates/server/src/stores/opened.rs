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

use super::mirrored::MirrorStore;
use super::remote::RemoteStore;
use super::stack::Stack;
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
    /// Where stores keep what outlives the process beside their objects; `None` keeps it in memory.
    pub(crate) state_dir: Option<PathBuf>,
    /// Where the credentials of services are looked for.
    pub(crate) environment: Arc<dyn Environment>,
}

/// A store of the configuration, open. Cloning shares it.
#[derive(Clone)]
pub(crate) struct OpenedStore {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    /// Its layers.
    pub(crate) stack: Arc<Stack>,
    /// What it is, for people.
    pub(crate) shown: String,
    observe: Observe,
    port: SharedStore,
}

/// What a store is before its layers.
pub(crate) struct Base {
    pub(crate) engine: Engine,
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
    /// Other stores.
    Mirror(Arc<MirrorStore>),
}

/// Where and when the content of a memory store is written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotPlan {
    pub(crate) path: PathBuf,
    /// How often; at shutdown only where it is not set.
    pub(crate) every: Option<Duration>,
}

impl Engine {
    fn port(&self) -> SharedStore {
        match self {
            Self::Local { native, .. } | Self::Memory { native, .. } => Arc::new(native.clone()),
            Self::Remote(remote) => remote.port(),
            Self::Mirror(mirror) => mirror.port(),
        }
    }
}

impl OpenedStore {
    /// A store with its layers around it.
    ///
    /// # Errors
    /// Where the layers stand in the wrong order.
    pub(super) fn new(name: &str, base: Base, stack: Stack) -> Result<Self, Failure> {
        let observe = Observe::new();
        let port = observe.wrap(stack.wrap(base.engine.port())?);
        let shown = match stack.names() {
            names if names.is_empty() => base.shown,
            names => format!("{}, behind {}", base.shown, names.join(", ")),
        };
        let (name, stack) = (name.to_owned(), Arc::new(stack));
        Ok(Self { name, engine: base.engine, stack, shown, observe, port })
    }

    /// The store as a port, without its layers.
    pub(crate) fn bare_port(&self) -> SharedStore {
        self.engine.port()
    }

    /// The store as a port, with its layers, watched.
    pub(crate) fn port(&self) -> SharedStore {
        self.port.clone()
    }

    /// Its kind, as settings name it.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.engine {
            Engine::Local { .. } => "local",
            Engine::Memory { .. } => "memory",
            Engine::Remote(remote) => remote.kind(),
            Engine::Mirror(_) => "mirror",
        }
    }

    /// Whether it works on this machine alone.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self.engine, Engine::Local { .. } | Engine::Memory { .. })
    }

    /// Works in the background until `stop` turns true: removes what nothing refers to any more; for a mirror, makes up for
    /// what its targets owe.
    pub(crate) fn work(&self, mut stop: watch::Receiver<bool>) -> impl Future<Output = ()> + Send + use<> {
        let engine = self.engine.clone();
        async move {
            // A sender that is gone is a server that has stopped.
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            match engine {
                Engine::Local { native, .. } | Engine::Memory { native, .. } => {
                    native.run_collector(stopped).await;
                }
                Engine::Remote(remote) => remote.run(Box::pin(stopped)).await,
                Engine::Mirror(mirror) => mirror.run(stopped).await,
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
            Engine::Mirror(mirror) => all.extend(mirror.readings()),
        }
        let mut all: Vec<_> =
            all.into_iter().map(|reading| reading.label("store", self.name.as_str())).collect();
        all.extend(self.stack.readings());
        all
    }
}

/// Opens a store that is not made of others, without its layers, making what is not there. A service elsewhere is not asked
/// for anything yet.
///
/// # Errors
/// Where its files cannot be used: which, and what to do.
pub(crate) async fn open_base(settings: &StoreSettings, around: &Surroundings) -> Result<Base, Failure> {
    match &settings.kind {
        StoreKind::Local(local) => local::open(local, around).await,
        StoreKind::Memory(memory) => memory::open(memory, around),
        StoreKind::S3(_)
        | StoreKind::Gcs(_)
        | StoreKind::Azure(_)
        | StoreKind::Drime(_)
        | StoreKind::Mirror(_) => remote::open(settings, around).await,
    }
}

/// As [`open_base`], as a store that nothing is wrapped around.
///
/// # Errors
/// As [`open_base`].
pub(crate) async fn open_bare(
    settings: &StoreSettings,
    around: &Surroundings,
) -> Result<OpenedStore, Failure> {
    OpenedStore::new(&settings.name, open_base(settings, around).await?, Stack::default())
}
