use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use meta::{Commit, MetaError, MetaErrorKind, Revision};
use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Bytes of commits that wait or are being written; further ones wait for room before they queue.
pub(crate) const QUEUE_MAX_BYTES: usize = 16 * 1024 * 1024;
/// What a commit counts for in the queue beside its keys and values, which bounds how many there are.
const JOB_OVERHEAD_BYTES: usize = 4 * 1024;

/// A commit on its way to the writer.
pub(crate) struct Job {
    pub(crate) commit: Commit,
    pub(crate) reply: oneshot::Sender<Result<Revision, MetaError>>,
    pub(crate) arrived: Instant,
    _room: OwnedSemaphorePermit,
}

/// The bounded queue between callers and the one writer.
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            room: Arc::new(Semaphore::new(QUEUE_MAX_BYTES)),
        }
    }

    /// Queues a commit and waits for its outcome.
    ///
    /// # Cancel safety
    /// Dropped before it has queued, nothing happens; after, the commit takes effect or fails unseen.
    pub(crate) async fn run(&self, commit: Commit) -> Result<Revision, MetaError> {
        let arrived = Instant::now();
        let bytes = (commit.size_bytes() + JOB_OVERHEAD_BYTES).min(QUEUE_MAX_BYTES);
        let room = self.room.clone().acquire_many_owned(bytes as u32).await.map_err(|_| closed())?;
        let (reply, outcome) = oneshot::channel();
        self.push(Job { commit, reply, arrived, _room: room })?;
        // The writer answers every job that it takes; without an answer it has ended abnormally, outcome unknown.
        outcome.await.unwrap_or_else(|_| Err(MetaError::new(MetaErrorKind::Io, "commit")))
    }

    fn push(&self, job: Job) -> Result<(), MetaError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(closed());
        }
        state.jobs.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for a commit; `None` when the queue is closed and empty.
    pub(crate) fn wait(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            self.filled.wait(&mut state);
        }
    }

    /// Moves the commits that are there into `batch`, in order, until it holds `max_commits`.
    pub(crate) fn drain(&self, batch: &mut Vec<Job>, max_commits: usize) {
        let mut state = self.state.lock();
        let count = state.jobs.len().min(max_commits.saturating_sub(batch.len()));
        batch.extend(state.jobs.drain(..count));
    }

    /// Ends the queue for good, unanswered commits included: their callers see the outcome as unknown.
    pub(crate) fn abandon(&self) {
        self.close();
        self.state.lock().jobs.clear();
    }

    /// Refuses further commits; those that are there are still taken.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.room.close();
        self.filled.notify_all();
    }
}

fn closed() -> MetaError {
    MetaError::with_source(MetaErrorKind::Unavailable, "commit", "the metadata store is closed")
}
