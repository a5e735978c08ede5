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
}

impl Pool {
    pub(crate) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Takes the reader that was used last, whose pages are most likely still in memory, or opens one.
    pub(crate) fn take(&self) -> Result<Reader, MetaError> {
        let idle = self.idle.lock().as_mut().and_then(Vec::pop);
        match idle {
            Some(reader) => Ok(reader),
            None => self.connector.reader().map(Reader::new),
        }
    }

    pub(crate) fn give_back(&self, reader: Reader) {
        let mut idle = self.idle.lock();
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < IDLE_READERS_MAX) {
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
