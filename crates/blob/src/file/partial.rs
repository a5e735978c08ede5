use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::active::ActiveWrite;
use super::name;
use super::writer::WriteContext;
use crate::BlobId;
use crate::fs::File;

/// How long a write that finds no room waits for the files of dropped writes to be gone.
const REMOVALS_WAIT: Duration = Duration::from_secs(10);

/// The files of dropped writes that are about to be removed: they still take room. Cloning shares the count.
#[derive(Clone, Default)]
pub(super) struct Removals(Arc<watch::Sender<Count>>);

#[derive(Default)]
struct Count {
    under_way: usize,
    ended: u64,
}

impl Removals {
    fn begin(&self) -> Removal {
        self.0.send_modify(|count| count.under_way += 1);
        Removal(self.clone())
    }

    /// How many have ended.
    pub(super) fn ended(&self) -> u64 {
        self.0.borrow().ended
    }

    /// Waits for the removals that are under way; whether there is another number of ended ones than `before`.
    pub(super) async fn done(&self, before: u64) -> bool {
        let mut count = self.0.subscribe();
        // One that takes longer is another's trouble: the write is then tried with what room there is.
        let is_late = timeout(REMOVALS_WAIT, count.wait_for(|count| count.under_way == 0)).await.is_err();
        is_late || self.ended() != before
    }
}

/// One removal under way.
struct Removal(Removals);

impl Drop for Removal {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| {
            count.under_way -= 1;
            count.ended += 1;
        });
    }
}

/// The file of a blob that nobody has acknowledged yet. Dropped, it is removed; kept, it stays.
pub(super) struct PartialFile {
    inner: Option<Inner>,
}

struct Inner {
    id: BlobId,
    context: Arc<WriteContext>,
    file: Arc<dyn File>,
    remove: bool,
    _active: ActiveWrite,
}

impl PartialFile {
    pub(super) fn new(
        id: BlobId,
        context: Arc<WriteContext>,
        file: Arc<dyn File>,
        active: ActiveWrite,
    ) -> Self {
        Self { inner: Some(Inner { id, context, file, remove: true, _active: active }) }
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
            Ok(runtime) if inner.remove => {
                let removal = inner.context.removals.begin();
                drop(runtime.spawn_blocking(move || {
                    drop(inner);
                    drop(removal);
                }));
            }
            _ => drop(inner),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.remove {
            self.context.stats.writes_abandoned.add(1);
            // Where even this fails, the next process finds the file unswept.
            let _ = self.context.fs.remove(&name::blob_path(self.id));
        }
    }
}
