use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use meta::MetaError;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode};

use crate::SqliteStats;
use crate::error::{OrMeta, from_io};

const OPERATION: &str = "move the log into the metadata database";

/// Moves the log into the database on a thread of its own, while the writer goes on appending to it.
pub(crate) struct Mover {
    start: Option<SyncSender<()>>,
    done: Receiver<Result<(), MetaError>>,
    is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl Mover {
    /// A mover that works through `connection`.
    pub(crate) fn new(connection: Connection, stats: Arc<SqliteStats>) -> Result<Self, MetaError> {
        // One pass at most is asked for and answered at a time, so neither side ever waits for room.
        let (start, passes) = sync_channel(1);
        let (answer, done) = sync_channel(1);
        let work = move || {
            for () in passes {
                let moved = checkpoint(&connection, CheckpointMode::PASSIVE, &stats).map(drop);
                if answer.send(moved).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("meta-log".to_owned()).spawn(work);
        let thread = thread.map_err(|error| from_io(error, "start the metadata log's mover"))?;
        Ok(Self { start: Some(start), done, is_busy: false, thread: Some(thread) })
    }

    /// Begins to move what is in the log, unless that is under way.
    pub(crate) fn start(&mut self) {
        if let Some(start) = self.start.as_ref().filter(|_| !self.is_busy) {
            self.is_busy = start.try_send(()).is_ok();
        }
    }

    /// Whether it is under way.
    ///
    /// # Errors
    /// Those of the pass that has ended.
    pub(crate) fn is_busy(&mut self) -> Result<bool, MetaError> {
        if self.is_busy
            && let Ok(outcome) = self.done.try_recv()
        {
            self.is_busy = false;
            outcome?;
        }
        Ok(self.is_busy)
    }

    /// Waits until it is not under way.
    ///
    /// # Errors
    /// Those of the pass.
    pub(crate) fn wait(&mut self) -> Result<(), MetaError> {
        if !std::mem::take(&mut self.is_busy) {
            return Ok(());
        }
        self.done.recv().unwrap_or(Ok(()))
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        drop(self.start.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

/// Runs one checkpoint. Says whether all was moved that `mode` promises; a reader in the way or a full device is no error.
///
/// # Errors
/// `Io` and the like from the device.
pub(crate) fn checkpoint(
    connection: &Connection,
    mode: CheckpointMode,
    stats: &SqliteStats,
) -> Result<bool, MetaError> {
    let begun = Instant::now();
    let outcome = connection.wal_checkpoint_v2(Some("main"), mode);
    stats.checkpoint_duration.observe(begun.elapsed());
    stats.checkpoints.add(1);
    match outcome {
        Ok(_) => Ok(true),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull) => Ok(false),
            _ => Err(error).or_meta(OPERATION),
        },
    }
}
