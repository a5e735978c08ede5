use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use blob::{FileBlobs, FileOptions};
use conformance::store::StoreWorld;
use meta_sqlite::{SqliteMeta, SqliteOptions};
use native::NativeStore;
use store::SharedStore;
use tempfile::TempDir;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use types::{Budget, SystemClock};

use super::{PART_MIN_BYTES, Seeded, options};

/// Records in SQLite, blobs in files, both in a directory that goes with the world. Nothing is synced: these cases do not
/// pull the plug.
pub(crate) struct LastingWorld {
    directory: TempDir,
    /// The collector of the store opened last, which holds that store.
    collector: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl LastingWorld {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), collector: Mutex::default() }
    }

    /// The files of blobs of at least `size_bytes`.
    pub(crate) fn blob_files(&self, size_bytes: u64) -> Vec<PathBuf> {
        let mut open = vec![self.directory.path().join("blobs")];
        let mut files = Vec::new();
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() {
                    open.push(entry.path());
                } else if metadata.len() >= size_bytes {
                    files.push(entry.path());
                }
            }
        }
        files
    }

    /// A store over the directory, without a collector.
    pub(crate) async fn native(&self) -> NativeStore {
        let relaxed = SqliteOptions { durability: meta_sqlite::Durability::Relaxed, ..Default::default() };
        let meta = SqliteMeta::open(&self.directory.path().join("meta.db"), relaxed).unwrap();
        let relaxed = FileOptions {
            durability: blob::Durability::Relaxed,
            budget: Budget::new(32 << 20),
            clock: Arc::new(SystemClock),
            random: Seeded::new(7),
        };
        let blobs = FileBlobs::open(&self.directory.path().join("blobs"), relaxed).await.unwrap();
        NativeStore::new(Arc::new(meta), Arc::new(blobs), options())
    }
}

#[async_trait]
impl StoreWorld for LastingWorld {
    async fn open(&self) -> SharedStore {
        let mut collector = self.collector.lock().await;
        if let Some((stop, running)) = collector.take() {
            stop.send(()).unwrap();
            running.await.unwrap();
        }
        let store = self.native().await;
        let (stop, stopped) = oneshot::channel();
        let collecting = store.clone();
        let running = async move { collecting.run_collector(async { drop(stopped.await) }).await };
        *collector = Some((stop, tokio::spawn(running)));
        Arc::new(store)
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
