use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use meta::MetaError;
use parking_lot::Mutex;

use crate::connect::{Connector, IDLE_READERS_MAX};
use crate::reader::Reader;
use crate::view::Source;

/// The readers that nobody uses at the moment. A read takes one and gives it back without waiting in between, so there
/// are never more in use than threads that read and snapshots.
pub(crate) struct Pool {
    connector: Connector,
    /// `None` once closed.
    idle: Mutex<Option<Vec<Reader>>>,
    /// Transactions that the writer has committed.
    committed: AtomicU64,
    /// Whether readers stay in their view while they are idle.
    keeps_views: AtomicBool,
}

impl Pool {
    pub(crate) fn new(connector: Connector) -> Self {
        Self {
            connector,
            idle: Mutex::new(Some(Vec::new())),
            committed: AtomicU64::new(0),
            keeps_views: AtomicBool::new(true),
        }
    }

    /// Takes the reader that was used last, whose pages are most likely still in memory, or opens one. It sees all that has
    /// been committed.
    pub(crate) fn take(&self) -> Result<Reader, MetaError> {
        let idle = self.idle.lock().as_mut().and_then(Vec::pop);
        let reader = match idle {
            Some(reader) => reader,
            None => self.connector.reader().map(Reader::new)?,
        };
        // Looked up before the view begins: it may hold more, never less.
        reader.refresh(self.committed.load(Ordering::Acquire))?;
        Ok(reader)
    }

    /// Tells that one more transaction has been committed; before anyone is told otherwise.
    pub(crate) fn note_commit(&self) {
        self.committed.fetch_add(1, Ordering::Release);
    }

    /// Ends the views of idle readers, and of others as they become idle: they keep the log from being emptied.
    pub(crate) fn end_idle_views(&self) {
        let mut idle = self.idle.lock();
        self.keeps_views.store(false, Ordering::Relaxed);
        if let Some(idle) = idle.as_mut() {
            idle.retain(|reader| reader.end().is_ok());
        }
    }

    /// Lets idle readers stay in their views again.
    pub(crate) fn keep_idle_views(&self) {
        self.keeps_views.store(true, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, reader: Reader) {
        let mut idle = self.idle.lock();
        let Some(idle) = idle.as_mut().filter(|idle| idle.len() < IDLE_READERS_MAX) else { return };
        // Looked at under the lock, so that no view slips in behind `end_idle_views`.
        if self.keeps_views.load(Ordering::Relaxed) || reader.end().is_ok() {
            idle.push(reader);
        }
    }

    /// Opens a connection that is not of the pool.
    pub(crate) fn open(&self) -> Result<Reader, MetaError> {
        self.connector.reader().map(Reader::new)
    }

    /// Closes the idle readers, and those to come as they are given back.
    pub(crate) fn close(&self) {
        drop(self.idle.lock().take());
    }
}

impl Source for Pool {
    /// Takes a reader for one read. One whose read failed is not used again.
    fn read<T>(&self, read: impl FnOnce(&Reader) -> Result<T, MetaError>) -> Result<T, MetaError> {
        let reader = self.take()?;
        let outcome = read(&reader)?;
        self.give_back(reader);
        Ok(outcome)
    }
}
