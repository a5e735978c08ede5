use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use types::{Budget, Clock};

use crate::change::Changes;
use crate::disk::{BlockStore, DiskError, DiskOptions, DiskStats, Watermarks};
use crate::fill::Works;
use crate::flight::Flights;
use crate::layer::CacheLayer;
use crate::listing::Listings;
use crate::memory::Small;
use crate::name::Id;
use crate::options::{InvalidOptions, LayerOptions};
use crate::pool::Pool;
use crate::state::{KnownBucket, Table};
use crate::stats::{MemoryUse, Stats};
use crate::store_impl::{HeadOutcome, OpenOutcome};

/// About how much memory what is known of objects takes at most, in bytes. More is known on disk.
const KNOWN_MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The most buckets whose records are kept in memory.
const BUCKETS_MAX: u64 = 1024;
/// The most records that are written, and heads that are completed, in the background at a time.
pub(crate) const ERRANDS_MAX: usize = 64;

/// How to open a cache.
#[derive(Clone)]
pub struct CacheOptions {
    /// The directory of its blocks. One cache at a time uses a directory; layers that name one path share the cache.
    pub path: PathBuf,
    /// What the directory may take on its device at most, in bytes: never exceeded.
    pub size_bytes: u64,
    /// What small objects that are read often may take in memory, in bytes; 0 for none.
    pub memory_bytes: u64,
    /// How much of the device is left free.
    pub free: Watermarks,
    /// Tells how old is what is known.
    pub clock: Arc<dyn Clock>,
    /// The memory that frames of bodies come from.
    pub budget: Budget,
}

/// A cache on a local directory, for any number of layers. Cloning shares it.
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Core>);

/// What all layers of a cache share.
pub(crate) struct Core {
    pub(crate) disk: BlockStore,
    pub(crate) works: Arc<Works>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) small: Arc<Small>,
    pub(crate) table: Table,
    pub(crate) changes: Arc<Changes>,
    pub(crate) listings: Listings,
    pub(crate) buckets: Mutex<Pool<Id, Arc<KnownBucket>>>,
    pub(crate) opens: Arc<Flights<OpenOutcome>>,
    pub(crate) heads: Arc<Flights<HeadOutcome>>,
    pub(crate) errands: Arc<Semaphore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Budget,
    path: PathBuf,
}

impl Cache {
    /// Opens a directory, which is made where there is none. What it holds is known again at once. Waits for the device.
    ///
    /// # Errors
    /// Where the directory is in use, or cannot be read and written.
    pub fn open(options: CacheOptions) -> Result<Self, DiskError> {
        let CacheOptions { path, size_bytes, memory_bytes, free, clock, budget } = options;
        let disk = DiskOptions { ceiling_bytes: size_bytes, free, clock: clock.clone() };
        let disk = BlockStore::open(&path, disk)?;
        let stats = Arc::<Stats>::default();
        Ok(Self(Arc::new(Core {
            disk,
            works: Works::new(budget.clone(), stats.clone()),
            stats,
            small: Arc::new(Small::new(memory_bytes)),
            table: Table::new(KNOWN_MAX_BYTES),
            changes: Changes::new(clock.clone()),
            listings: Listings::default(),
            buckets: Mutex::new(Pool::new(BUCKETS_MAX)),
            opens: Arc::default(),
            heads: Arc::default(),
            errands: Arc::new(Semaphore::new(ERRANDS_MAX)),
            clock,
            budget,
            path,
        })))
    }

    /// A layer that keeps what it reads of its store in this cache.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub fn layer(&self, options: LayerOptions) -> Result<CacheLayer, InvalidOptions> {
        options.validate()?;
        Ok(CacheLayer::new(self.0.clone(), options))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What the layers of this cache have done.
    #[must_use]
    pub fn stats(&self) -> &Arc<Stats> {
        &self.0.stats
    }

    /// What is on disk, and what the disk has done.
    #[must_use]
    pub fn disk_stats(&self) -> DiskStats {
        self.0.disk.stats()
    }

    /// What is in memory.
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        let ((known_keys, known_bytes), (objects, object_bytes)) = (self.0.table.size(), self.0.small.size());
        let (pages, fills) = (self.0.listings.len(), self.0.works.fills());
        MemoryUse { known_keys, known_bytes, objects, object_bytes, pages, fills }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("path", &self.0.path).finish_non_exhaustive()
    }
}
