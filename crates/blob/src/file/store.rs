use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use types::{Body, Budget};

use super::active::ActiveWrites;
use super::epochs::Epochs;
use super::failure::{ReadFailure, blocking, read_error, write_error};
use super::flight::Flight;
use super::frame::Access;
use super::intake::Intake;
use super::options::{Durability, FileOptions};
use super::partial::Removals;
use super::reader::{FileReader, OpenBlob};
use super::writer::WriteContext;
use super::{name, scan, watermark};
use crate::fs::{FileSystem, OsFileSystem};
use crate::{
    BlobError, BlobId, BlobInfo, BlobReader, BlobStats, BlobStore, ScanScope, WriteOptions, WrittenBlob,
};

/// How many writes use a blocking thread at once. They may all wait for a slow device; the runtime has more threads than
/// this, so that reads do not wait behind them.
const WRITES_AT_ONCE: usize = 128;

/// Blobs as files below one directory, which no other process may use. Cloning shares the store.
///
/// Its calls need a tokio runtime with timers.
#[derive(Clone)]
pub struct FileBlobs(Arc<Shared>);

struct Shared {
    fs: Arc<dyn FileSystem>,
    epochs: Arc<Epochs>,
    writes: Arc<WriteContext>,
    budget: Budget,
    stats: Arc<BlobStats>,
    /// All epochs below this one are settled.
    watermark: AtomicU64,
    durability: Durability,
}

impl FileBlobs {
    /// Opens the directory, which is made where it is missing; its parent must be there. Writes nothing else.
    ///
    /// # Errors
    /// `ReadOnly`, `Full`, `Io` from the device; `Io` too where a later release wrote the directory's state.
    pub async fn open(path: &Path, options: FileOptions) -> Result<Self, BlobError> {
        let path = path.to_owned();
        let opened = blocking(move || OsFileSystem::open(&path)).await;
        let fs = opened.map_err(|error| write_error("open the blob directory", None, error))?;
        Self::open_on(Arc::new(fs), options).await
    }

    /// Opens blobs on any file system.
    ///
    /// # Errors
    /// As [`FileBlobs::open`].
    pub async fn open_on(fs: Arc<dyn FileSystem>, options: FileOptions) -> Result<Self, BlobError> {
        let opened = blocking(move || Shared::open(fs, options)).await;
        let shared = opened.map_err(|error| write_error("open the blob directory", None, error))?;
        Ok(Self(Arc::new(shared)))
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> &Arc<BlobStats> {
        &self.0.stats
    }
}

impl Shared {
    fn open(fs: Arc<dyn FileSystem>, options: FileOptions) -> io::Result<Self> {
        let stats = Arc::<BlobStats>::default();
        let watermark = watermark::read(&*fs)?;
        let (budget, durability) = (options.budget.clone(), options.durability);
        let epochs = Arc::new(Epochs::new(fs.clone(), options, stats.clone(), watermark)?);
        let writes = Arc::new(WriteContext {
            fs: fs.clone(),
            epochs: epochs.clone(),
            active: ActiveWrites::default(),
            removals: Removals::default(),
            turns: Arc::new(Semaphore::new(WRITES_AT_ONCE)),
            stats: stats.clone(),
            durability,
        });
        Ok(Self { fs, epochs, writes, budget, stats, watermark: watermark.into(), durability })
    }

    /// Removes a file durably, and its epoch's directory with the last one.
    fn remove(&self, id: BlobId) -> io::Result<()> {
        let removed = self.fs.remove(&name::blob_path(id));
        match &removed {
            Ok(()) => self.stats.blobs_removed.add(1),
            // It may be gone only until the next power cut: an earlier process may have ended before its sync.
            Err(error) if is_absent(error) => {}
            Err(_) => return removed,
        }
        let epoch = self.epochs.epoch(name::epoch_of(id));
        self.epochs.sync_removals(&epoch)?;
        self.epochs.remove_if_empty(epoch.number);
        Ok(())
    }

    fn settle(&self) -> io::Result<()> {
        let settled = self.watermark.load(Ordering::Acquire);
        let first_own = self.epochs.first_own;
        if settled >= first_own {
            return Ok(());
        }
        let earlier: Vec<u64> =
            super::epochs::list(&*self.fs)?.into_iter().filter(|epoch| *epoch < first_own).collect();
        self.epochs.make_as_seen(earlier.iter().copied().filter(|epoch| *epoch >= settled))?;
        watermark::write(&*self.fs, first_own, self.durability)?;
        self.watermark.store(first_own, Ordering::Release);
        earlier.into_iter().for_each(|epoch| self.epochs.remove_if_empty(epoch));
        Ok(())
    }

    fn load(&self, id: BlobId, access: Access) -> Result<Option<OpenBlob>, ReadFailure> {
        let path = name::blob_path(id);
        let file = match access {
            Access::Cached => self.fs.open_cached(&path),
            Access::Blocking => Some(self.fs.open(&path)?),
        };
        file.map_or(Ok(None), |file| OpenBlob::load(file, id, access))
    }

    /// Fails with `failure` as the error of opening a blob.
    fn open_failed(&self, id: BlobId, failure: ReadFailure) -> BlobError {
        if failure.is_damage() {
            self.stats.checksum_failures.add(1);
        }
        failure.into_blob_error("open", id)
    }
}

#[async_trait]
impl BlobStore for FileBlobs {
    async fn write(&self, body: Body, options: WriteOptions<'_>) -> Result<WrittenBlob, BlobError> {
        let mut intake = Intake::new(body, self.0.budget.clone(), options.size_bytes);
        let mut flight = Flight::new(self.0.writes.clone(), options);
        loop {
            let batch = match intake.next_batch().await {
                Ok(batch) => batch,
                Err(error) => return Err(flight.abandon(error).await),
            };
            let is_last = batch.last;
            flight.send(batch).await?;
            if is_last {
                return flight.finish().await;
            }
        }
    }

    async fn open(&self, id: BlobId) -> Result<Box<dyn BlobReader>, BlobError> {
        let cached = self.0.load(id, Access::Cached).map_err(|failure| self.0.open_failed(id, failure))?;
        let blob = match cached {
            Some(blob) => blob,
            None => {
                let shared = self.0.clone();
                let loaded = blocking(move || Ok(shared.load(id, Access::Blocking))).await;
                let loaded = loaded.map_err(|error| read_error("open", Some(id), error))?;
                let loaded = loaded.map_err(|failure| self.0.open_failed(id, failure))?;
                loaded.expect("a blocking load never gives up")
            }
        };
        let (budget, stats) = (self.0.budget.clone(), self.0.stats.clone());
        Ok(Box::new(FileReader { blob: Arc::new(blob), budget, stats }))
    }

    async fn remove(&self, id: BlobId) -> Result<(), BlobError> {
        let shared = self.0.clone();
        let removed = blocking(move || shared.remove(id)).await;
        removed.map_err(|error| write_error("remove", Some(id), error))
    }

    async fn scan(
        &self,
        scope: ScanScope,
        after: Option<BlobId>,
        limit: usize,
    ) -> Result<Vec<BlobInfo>, BlobError> {
        let shared = self.0.clone();
        let epochs = match scope {
            ScanScope::All => 0..u64::MAX,
            ScanScope::Unswept => shared.watermark.load(Ordering::Acquire)..shared.epochs.first_own,
        };
        let found =
            blocking(move || scan::scan(&*shared.fs, &shared.writes.active, epochs, after, limit)).await;
        found.map_err(|error| read_error("scan", None, error))
    }

    async fn settle(&self) -> Result<(), BlobError> {
        let shared = self.0.clone();
        let settled = blocking(move || shared.settle()).await;
        settled.map_err(|error| write_error("settle", None, error))
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
