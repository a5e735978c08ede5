use std::sync::Arc;

use super::active::ActiveWrite;
use super::name;
use crate::fs::{File, FileSystem};
use crate::{BlobId, BlobStats};

/// The file of a blob that nobody has acknowledged yet. Dropped, it is removed; kept, it stays.
pub(super) struct PartialFile {
    inner: Option<Inner>,
}

struct Inner {
    id: BlobId,
    fs: Arc<dyn FileSystem>,
    file: Arc<dyn File>,
    stats: Arc<BlobStats>,
    remove: bool,
    _active: ActiveWrite,
}

impl PartialFile {
    pub(super) fn new(
        id: BlobId,
        fs: Arc<dyn FileSystem>,
        file: Arc<dyn File>,
        stats: Arc<BlobStats>,
        active: ActiveWrite,
    ) -> Self {
        Self { inner: Some(Inner { id, fs, file, stats, remove: true, _active: active }) }
    }

    pub(super) fn id(&self) -> BlobId {
        self.inner().id
    }

    pub(super) fn file(&self) -> &Arc<dyn File> {
        &self.inner().file
    }

    /// The file stays.
    pub(super) fn keep(mut self) {
        if let Some(inner) = &mut self.inner {
            inner.remove = false;
        }
    }

    /// Removes the file here and now. Blocks.
    pub(super) fn discard(mut self) {
        drop(self.inner.take());
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect("only the two consuming calls and drop take it out")
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        // Removing a large file takes a while: not on a thread that serves others. Where no runtime is left to hand it to,
        // the closure is dropped, and the file removed in passing.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if inner.remove => drop(runtime.spawn_blocking(move || drop(inner))),
            _ => drop(inner),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.remove {
            self.stats.writes_abandoned.add(1);
            // Where even this fails, the next process finds the file unswept.
            let _ = self.fs.remove(&name::blob_path(self.id));
        }
    }
}
