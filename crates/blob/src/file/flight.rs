use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinHandle, spawn_blocking};
use types::BodyError;

use super::failure::{blocking, joined, write_error};
use super::intake::Batch;
use super::writer::{BlobWriter, CompleteFile, WriteContext};
use crate::{BlobError, BlobErrorKind, WriteHint};

/// Leave to use a blocking thread for writing.
pub(super) type Turn = OwnedSemaphorePermit;

/// A write's file while the next batch is being received.
pub(super) enum Flight {
    /// Not made yet.
    Grounded(Arc<WriteContext>),
    /// A batch is being written on a blocking thread.
    Aloft(JoinHandle<Result<Box<BlobWriter>, BlobError>>),
}

/// A write's file while no batch is being written.
pub(super) enum Landed {
    /// To be made, with the hint for it.
    New(Arc<WriteContext>, WriteHint),
    Begun(Box<BlobWriter>),
}

impl Flight {
    /// Waits for the batch being written.
    pub(super) async fn land(self, hint: WriteHint) -> Result<Landed, BlobError> {
        match self {
            Self::Grounded(context) => Ok(Landed::New(context, hint)),
            Self::Aloft(task) => {
                let landed = joined(task.await).map_err(|error| write_error("write", None, error))?;
                landed.map(Landed::Begun)
            }
        }
    }

    /// Removes what was written of a body that failed. The body's error comes first: what the device said meanwhile is of
    /// no more interest.
    pub(super) async fn abandon(self, error: BodyError) -> BlobError {
        if let Ok(Landed::Begun(writer)) = self.land(WriteHint::default()).await {
            let discarded = blocking(move || {
                writer.discard();
                Ok(())
            });
            let _ = discarded.await;
        }
        BlobError::new(BlobErrorKind::Body(error), "write", None)
    }
}

impl Landed {
    /// Has the batch written while the caller goes on.
    pub(super) fn take_off(self, mut batch: Batch, turn: Turn) -> Flight {
        Flight::Aloft(spawn_blocking(move || {
            let _turn = turn;
            self.writer()?.write(batch.frames())
        }))
    }

    /// Has the last batch written and the file completed.
    pub(super) async fn finish(self, mut batch: Batch, turn: Turn) -> Result<CompleteFile, BlobError> {
        let finished = spawn_blocking(move || {
            let _turn = turn;
            self.writer()?.finish(batch.frames())
        });
        joined(finished.await).map_err(|error| write_error("write", None, error))?
    }

    fn writer(self) -> Result<Box<BlobWriter>, BlobError> {
        match self {
            Self::New(context, hint) => BlobWriter::begin(context, hint.size_bytes),
            Self::Begun(writer) => Ok(writer),
        }
    }
}
