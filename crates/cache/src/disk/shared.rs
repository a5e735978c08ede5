use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use types::Clock;

use super::block::OpenBlock;
use super::fs::Directory;
use super::health::{Gate, condition_of};
use super::index::Slot;
use super::journal::Journal;
use super::key::BlockKey;
use super::layout::{Extent, Place};
use super::state::{Reserved, State};
use super::stats::{CallerStats, Condition, DiskCounters};

/// What all who use one directory share.
pub(super) struct Shared {
    pub(super) directory: Box<dyn Directory>,
    /// Held for a moment only, never over a call to the disk.
    pub(super) state: Mutex<State>,
    pub(super) journal: Journal,
    /// Held by the one who makes room.
    pub(super) making_room: Mutex<()>,
    /// Whether upkeep has been asked for.
    pub(super) upkeep_asked: AtomicBool,
    /// Whether a probe is under way.
    pub(super) is_probing: AtomicBool,
    /// Bytes written since the file system was asked what it has free.
    pub(super) since_look_bytes: AtomicU64,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<DiskCounters>,
    pub(super) callers: Mutex<Vec<(Arc<str>, Arc<CallerStats>)>>,
}

impl Shared {
    /// Whether fills may be begun now.
    pub(super) fn may_fill(self: &Arc<Self>) -> bool {
        let gate = self.state.lock().health.fills(|| self.clock.now());
        self.pass(gate)
    }

    /// Whether a call may go on; asks for a probe where it is time for one.
    pub(super) fn pass(self: &Arc<Self>, gate: Gate) -> bool {
        if gate == Gate::Probe && !self.is_probing.swap(true, Ordering::AcqRel) {
            let shared = self.clone();
            let probe = move || {
                shared.probe();
                shared.is_probing.store(false, Ordering::Release);
            };
            if !spawn(probe) {
                self.is_probing.store(false, Ordering::Release);
            }
        }
        gate == Gate::Pass
    }

    /// Notes that the device failed a call.
    pub(super) fn device_failed(&self, error: &io::Error) {
        self.counters.device_failures.add(1);
        self.close(condition_of(error));
    }

    /// Has fills refused until a probe succeeds.
    pub(super) fn close(&self, condition: Condition) {
        let now = self.clock.now();
        self.state.lock().health.fail(condition, now);
    }

    /// Has the work that waits for the disk done soon, unless that is asked for already.
    pub(super) fn ask_upkeep(self: &Arc<Self>) {
        if self.upkeep_asked.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = self.clone();
        if !spawn(move || shared.upkeep()) {
            self.upkeep_asked.store(false, Ordering::Release);
        }
    }

    /// Gives out a place for a block without a call to the disk.
    pub(super) fn reserve(&self, key: &BlockKey, wanted: Extent) -> Result<OpenBlock, Reserved> {
        match self.state.lock().reserve(&wanted) {
            Reserved::Yes(place, file) => {
                Ok(OpenBlock::filling(key.clone(), Extent { place, ..wanted }, file))
            }
            refused => Err(refused),
        }
    }

    /// Takes the block in this slot out if it is still the one at `place`; whether it was.
    pub(super) fn drop_block(self: &Arc<Self>, slot: Slot, place: Place) -> bool {
        let is_there = {
            let mut state = self.state.lock();
            state.index.entry_at(slot, place).is_some() && state.remove(slot).is_some()
        };
        if is_there {
            self.ask_upkeep();
        }
        is_there
    }
}

impl Drop for Shared {
    /// Records of removals may wait still; what is lost of them costs a look at a block that is not there.
    fn drop(&mut self) {
        let _ = self.journal.flush(&self.state);
    }
}

/// Runs `work` on a blocking thread; false outside of a runtime.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> bool {
    let handle = tokio::runtime::Handle::try_current();
    handle.map(|handle| drop(handle.spawn_blocking(work))).is_ok()
}

/// Runs `work` on a blocking thread, to its end also when the caller is dropped. `None` where the process is shutting down.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => Some(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}
