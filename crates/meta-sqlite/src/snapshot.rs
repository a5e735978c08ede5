use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use meta::{MetaError, MetaErrorKind, MetaRead, Record, ScanPage, ScanRequest};
use parking_lot::Mutex;
use rusqlite::InterruptHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::pool::Pool;
use crate::reader::Reader;
use crate::view::{Reading, Source, View};

/// Snapshots that live at once; each holds a connection with its own files and pages. Further ones wait, so a caller must
/// not wait for a second one while it holds a first.
const SNAPSHOTS_MAX: usize = 64;
/// How long a read of a view that is to end may go on before it is interrupted, again if need be.
const INTERRUPT_EVERY: Duration = Duration::from_millis(1);

/// All views that last longer than one call, so that they can be ended when they keep the log from being emptied.
pub(crate) struct Snapshots {
    live: Mutex<Vec<Weak<Held>>>,
    room: Arc<Semaphore>,
}

/// A reader inside its view; `None` once that was ended.
struct Held {
    reader: Mutex<Option<Reader>>,
    interrupt: InterruptHandle,
}

impl Snapshots {
    pub(crate) fn new() -> Self {
        Self { live: Mutex::default(), room: Arc::new(Semaphore::new(SNAPSHOTS_MAX)) }
    }

    /// Begins a view of this moment, when there is room for one.
    pub(crate) async fn begin(&self, pool: Arc<Pool>, reading: Reading) -> Result<Snapshot, MetaError> {
        let room = self.room.clone().acquire_owned().await.expect("the semaphore is never closed");
        let reader = pool.take()?;
        reader.hold()?;
        let held = Arc::new(Held { interrupt: reader.interrupt_handle(), reader: Mutex::new(Some(reader)) });
        self.register(&held);
        Ok(Snapshot { view: View { source: held, reading }, pool, _room: room })
    }

    /// Runs one long read that may be ended from outside.
    pub(crate) fn run_long<T>(
        &self,
        reader: Reader,
        read: impl FnOnce(&Reader) -> Result<T, MetaError>,
    ) -> Result<T, MetaError> {
        let held = Arc::new(Held { interrupt: reader.interrupt_handle(), reader: Mutex::new(Some(reader)) });
        self.register(&held);
        held.read(read)
    }

    /// Ends every view; returns how many there were.
    pub(crate) fn expire_all(&self) -> u64 {
        let live = std::mem::take(&mut *self.live.lock());
        live.iter().filter_map(Weak::upgrade).map(|held| u64::from(held.expire())).sum()
    }

    fn register(&self, held: &Arc<Held>) {
        let mut live = self.live.lock();
        live.retain(|held| held.strong_count() > 0);
        live.push(Arc::downgrade(held));
    }
}

impl Source for Held {
    fn read<T>(&self, read: impl FnOnce(&Reader) -> Result<T, MetaError>) -> Result<T, MetaError> {
        let reader = self.reader.lock();
        let ended =
            || MetaError::with_source(MetaErrorKind::Unavailable, "read", "the view was held too long");
        read(reader.as_ref().ok_or_else(ended)?)
    }
}

impl Held {
    /// Whether there was a view to end.
    fn expire(&self) -> bool {
        // Again and again: a statement that begins just after an interruption needs another.
        loop {
            if let Some(mut reader) = self.reader.try_lock_for(INTERRUPT_EVERY) {
                return reader.take().is_some();
            }
            self.interrupt.interrupt();
        }
    }
}

/// The records as of one moment.
pub(crate) struct Snapshot {
    view: View<Held>,
    pool: Arc<Pool>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let reader = self.view.source.reader.lock().take();
        if let Some(reader) = reader {
            self.pool.give_back(reader);
        }
    }
}

#[async_trait]
impl MetaRead for Snapshot {
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
