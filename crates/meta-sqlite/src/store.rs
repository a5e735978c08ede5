use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use bytes::Bytes;
use meta::{Commit, MetaError, MetaErrorKind, MetaRead, MetaStore, Record, Revision, ScanPage, ScanRequest};

use crate::checkpoint::LogKeeper;
use crate::connect::Connector;
use crate::error::from_io;
use crate::lock::FileLock;
use crate::log_index::LogIndex;
use crate::mover::Mover;
use crate::pool::Pool;
use crate::queue::Queue;
use crate::settle::settle;
use crate::snapshot::Snapshots;
use crate::view::{Reading, View};
use crate::writer::Writer;
use crate::{Durability, SqliteOptions, SqliteStats, schema};

/// A metadata engine in one SQLite database.
///
/// Commits of all callers queue for one writer, which puts those that wait into one transaction and synchronises once for
/// all of them. Reads run on the calling thread while the pages they need are in memory, and beside it when they wait for
/// the device.
pub struct SqliteMeta {
    view: View<Pool>,
    snapshots: Arc<Snapshots>,
    queue: Arc<Queue>,
    failed: Arc<AtomicBool>,
    writer: Option<JoinHandle<Result<(), MetaError>>>,
    _log_index: Option<LogIndex>,
    /// Given back last.
    _lock: FileLock,
}

impl SqliteMeta {
    /// Opens the database at `path`, making it where there is none, and recovers what an earlier process left behind. A file
    /// `PATH-lock` beside it keeps everyone else out.
    ///
    /// # Errors
    /// `Unavailable` where it is open already; `Corrupt` for a file that is damaged, of another application or of an
    /// unknown version; `Full`, `ReadOnly`, `Io` from the device.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, MetaError> {
        Self::connect(Connector { path: path.to_owned(), options, vfs: None })
    }

    pub(crate) fn connect(connector: Connector) -> Result<Self, MetaError> {
        let lock = FileLock::take(&connector.path)?;
        if connector.vfs.is_none() && connector.options.durability == Durability::Strict {
            settle(&connector.path)?;
        }
        let mut connection = connector.writer()?;
        let revision = schema::prepare(&mut connection, &connector.path)?;
        let is_plain = connector.vfs.is_none();
        let log_index = is_plain.then(|| LogIndex::reserve(&connector.path, &connector.options));
        let stats = Arc::new(SqliteStats::default());
        let snapshots = Arc::new(Snapshots::new());
        let queue = Arc::new(Queue::new());
        let failed = Arc::new(AtomicBool::new(false));
        let pool = Arc::new(Pool::new(connector.clone()));
        let mover = Mover::new(connector.mover()?, stats.clone())?;
        let log = LogKeeper::new(&connector.options, mover, pool.clone(), snapshots.clone(), stats.clone());
        let writer = Writer {
            connection,
            queue: queue.clone(),
            stats: stats.clone(),
            log,
            pool: pool.clone(),
            failed: failed.clone(),
            revision,
            reserved: revision,
        };
        let thread = thread::Builder::new().name("meta-sqlite".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| from_io(error, "start the metadata writer"))?;
        let view = View { source: pool, reading: Reading::new(stats) };
        Ok(Self { view, snapshots, queue, failed, writer: Some(thread), _log_index: log_index, _lock: lock })
    }

    /// What the engine has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> &Arc<SqliteStats> {
        &self.view.reading.stats
    }

    /// Whether an earlier write failed, so that commits are refused until the store is opened again.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Writes what is queued, ends all snapshots, moves the log into the database and closes it. Dropping does the same.
    /// Blocks for as long as that takes, some milliseconds as a rule.
    ///
    /// # Errors
    /// Those of moving the log; what was committed is safe in it.
    pub fn close(mut self) -> Result<(), MetaError> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<(), MetaError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        self.queue.close();
        self.snapshots.expire_all();
        self.pool().close();
        writer
            .join()
            .unwrap_or_else(|_| Err(MetaError::new(MetaErrorKind::Io, "close the metadata database")))
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.view.source
    }

    pub(crate) fn snapshots(&self) -> &Arc<Snapshots> {
        &self.snapshots
    }
}

impl Drop for SqliteMeta {
    fn drop(&mut self) {
        // Whoever wants to know of a failure closes; the next opening recovers either way.
        let _ = self.shut_down();
    }
}

#[async_trait]
impl MetaRead for SqliteMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        self.view.get(key).await
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        self.view.get_many(keys).await
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        self.view.scan(request).await
    }
}

#[async_trait]
impl MetaStore for SqliteMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        Ok(Box::new(self.snapshots.begin(self.pool().clone(), self.view.reading.clone()).await?))
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        commit.check_limits()?;
        self.queue.run(commit).await
    }
}
