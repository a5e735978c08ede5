use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinHandle, spawn_blocking};
use types::BodyError;

use super::failure::{blocking, joined, write_error};
use super::intake::Batch;
use super::writer::{BlobWriter, Broken, WriteContext};
use crate::{BlobError, BlobErrorKind, WriteOptions, WrittenBlob};

/// Leave to use a blocking thread for writing.
type Turn = OwnedSemaphorePermit;

/// A write's file: while one batch is written to it on a blocking thread, the next is received.
pub(super) struct Flight<'a> {
    context: Arc<WriteContext>,
    options: WriteOptions<'a>,
    state: State,
    /// How many files of dropped writes were gone when the batch was sent.
    removed_before: u64,
}

enum State {
    /// No batch is being written; the file, where it is made.
    Landed(Option<Box<BlobWriter>>),
    /// A batch is being written.
    Aloft(JoinHandle<Outcome>),
}

/// What became of a batch.
enum Outcome {
    Written(Box<BlobWriter>),
    /// It waits for room.
    NoRoom(Load, BlobError),
    Failed(BlobError),
}

impl<'a> Flight<'a> {
    pub(super) fn new(context: Arc<WriteContext>, options: WriteOptions<'a>) -> Self {
        Self { context, options, state: State::Landed(None), removed_before: 0 }
    }

    /// Has a batch written while the caller goes on, once the one before is.
    pub(super) async fn send(&mut self, batch: Batch) -> Result<(), BlobError> {
        let writer = self.land().await?;
        let load = Load { context: self.context.clone(), size_bytes: self.options.size_bytes, writer, batch };
        self.launch(load).await;
        Ok(())
    }

    /// Waits for the last batch: the file is complete and stays.
    pub(super) async fn finish(mut self) -> Result<WrittenBlob, BlobError> {
        let writer =
            self.land().await?.expect("a file is made with its first batch, and the last one was sent");
        Ok(writer.keep())
    }

    /// Removes what was written of a body that failed. The body's error comes first: what the device said meanwhile is of
    /// no more interest.
    pub(super) async fn abandon(self, error: BodyError) -> BlobError {
        let writer = match self.state {
            State::Landed(writer) => writer,
            State::Aloft(task) => match joined(task.await) {
                Ok(Outcome::Written(writer)) => Some(writer),
                Ok(Outcome::NoRoom(load, _)) => load.writer,
                Ok(Outcome::Failed(_)) | Err(_) => None,
            },
        };
        discard(writer).await;
        BlobError::new(BlobErrorKind::Body(error), "write", None)
    }

    async fn launch(&mut self, load: Load) {
        let turn = self.context.turns.clone().acquire_owned().await.expect("the semaphore is never closed");
        self.removed_before = self.context.removals.ended();
        self.state = State::Aloft(spawn_blocking(move || load.write(turn)));
    }

    /// Waits for the batch being written, and for room where there is none: the batch is then written at the same place.
    async fn land(&mut self) -> Result<Option<Box<BlobWriter>>, BlobError> {
        let mut has_waited = false;
        loop {
            let task = match std::mem::replace(&mut self.state, State::Landed(None)) {
                State::Landed(writer) => return Ok(writer),
                State::Aloft(task) => task,
            };
            let outcome = joined(task.await).map_err(|error| write_error("write", None, error))?;
            match outcome {
                Outcome::Written(writer) => return Ok(Some(writer)),
                Outcome::Failed(error) => return Err(error),
                Outcome::NoRoom(load, error) => {
                    if !self.has_room_come(&mut has_waited).await {
                        discard(load.writer).await;
                        return Err(error);
                    }
                    self.launch(load).await;
                }
            }
        }
    }

    /// Whether to try once more: for what this store was about to remove anyway the first time, then for as long as who is
    /// above says so.
    async fn has_room_come(&self, has_waited: &mut bool) -> bool {
        let has_removed = self.context.removals.done(self.removed_before).await;
        if has_removed && !std::mem::replace(has_waited, true) {
            return true;
        }
        match self.options.room {
            Some(room) => room.make_room().await,
            None => false,
        }
    }
}

/// A batch and the file that it goes into.
struct Load {
    context: Arc<WriteContext>,
    size_bytes: Option<u64>,
    writer: Option<Box<BlobWriter>>,
    batch: Batch,
}

impl Load {
    /// Writes the batch; the last one completes the file. Blocks.
    fn write(mut self, _turn: Turn) -> Outcome {
        let begun = match self.writer.take() {
            Some(writer) => Ok(writer),
            None => BlobWriter::begin(&self.context, self.size_bytes),
        };
        let mut writer = match begun {
            Ok(writer) => writer,
            Err(broken) => return self.stopped(broken),
        };
        let step = match self.batch.last {
            true => writer.complete(self.batch.frames()),
            false => writer.write(self.batch.frames()),
        };
        match step {
            Ok(()) => Outcome::Written(writer),
            Err(broken) => Self { writer: Some(writer), ..self }.stopped(broken),
        }
    }

    fn stopped(self, broken: Broken) -> Outcome {
        match broken {
            Broken::NoRoom(error) => Outcome::NoRoom(self, error),
            Broken::Failed(error) => {
                if let Some(writer) = self.writer {
                    writer.discard();
                }
                Outcome::Failed(error)
            }
        }
    }
}

/// Removes what was written.
async fn discard(writer: Option<Box<BlobWriter>>) {
    let Some(writer) = writer else { return };
    let discarded = blocking(move || {
        writer.discard();
        Ok(())
    });
    // The process is shutting down where no thread takes it; dropped with the closure, the file is removed all the same.
    let _ = discarded.await;
}
