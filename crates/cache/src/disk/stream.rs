use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use types::{BodyError, BodyErrorKind, BodyStream, Budget, ByteRange, Frame, FrameBuffer};

use super::block::OpenBlock;
use super::frame::{Access, FrameRead, Progress, ReadFailure};
use super::index::Slot;
use super::layout::PIECE_BYTES;
use super::shared::Shared;
use super::stats::CallerStats;

/// Who hears of what is read, and of what cannot be.
pub(super) struct Watch {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Arc<CallerStats>,
    /// Where the block stands in the index; `None` while it is being written.
    pub(super) slot: Option<Slot>,
}

/// The bytes of a range of a block, frame by frame.
pub(super) struct BlockStream {
    block: Arc<OpenBlock>,
    watch: Watch,
    budget: Budget,
    /// What has not been handed out.
    left: ByteRange,
    state: Step,
}

enum Step {
    Idle,
    Buffer(Pin<Box<dyn Future<Output = FrameBuffer> + Send>>),
    Reading(JoinHandle<Result<FrameRead, ReadFailure>>),
}

/// The range does not lie in the block.
#[derive(Debug)]
struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the range lies outside of the block")
    }
}

impl std::error::Error for OutOfRange {}

impl BlockStream {
    pub(super) fn new(block: Arc<OpenBlock>, watch: Watch, budget: Budget, left: ByteRange) -> Self {
        Self { block, watch, budget, left, state: Step::Idle }
    }

    /// The next frame, once it is read.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<FrameRead, ReadFailure>> {
        loop {
            let buffer = match &mut self.state {
                Step::Idle => {
                    let piece = u64::from(PIECE_BYTES);
                    let wanted = self.left.end - self.left.start / piece * piece;
                    match self.budget.try_frame(wanted) {
                        Some(buffer) => buffer,
                        None => {
                            let budget = self.budget.clone();
                            self.state = Step::Buffer(Box::pin(async move { budget.frame(wanted).await }));
                            continue;
                        }
                    }
                }
                Step::Buffer(waiting) => ready!(waiting.as_mut().poll(cx)),
                Step::Reading(task) => {
                    let outcome = ready!(Pin::new(task).poll(cx));
                    self.state = Step::Idle;
                    return Poll::Ready(match outcome {
                        Ok(read) => read,
                        Err(error) => match error.try_into_panic() {
                            Ok(panic) => std::panic::resume_unwind(panic),
                            Err(error) => Err(ReadFailure::Io(io::Error::other(error))),
                        },
                    });
                }
            };
            self.state = Step::Idle;
            if let Some(read) = self.begin(buffer).transpose() {
                return Poll::Ready(read);
            }
        }
    }

    /// Reads into the buffer: at once where the bytes are in memory, else on a blocking thread.
    fn begin(&mut self, buffer: FrameBuffer) -> Result<Option<FrameRead>, ReadFailure> {
        let mut read = FrameRead::new(self.block.clone(), self.left, buffer);
        let counters = &self.watch.shared.counters;
        if read.fill(Access::Cached)? == Progress::Done {
            counters.reads_inline.add(1);
            return Ok(Some(read));
        }
        counters.reads_blocking.add(1);
        self.state = Step::Reading(tokio::task::spawn_blocking(move || {
            read.fill(Access::Blocking)?;
            read.read_ahead();
            Ok(read)
        }));
        Ok(None)
    }

    fn failed(&self, failure: ReadFailure) -> BodyError {
        let Watch { shared, slot, .. } = &self.watch;
        let drop_block = || slot.is_some_and(|slot| shared.drop_block(slot, self.block.extent.place));
        match failure {
            ReadFailure::Unwritten => BodyErrorKind::Storage.into(),
            ReadFailure::Bad if slot.is_none() => {
                self.block.is_failed.store(true, Ordering::Relaxed);
                BodyErrorKind::Corrupt.into()
            }
            ReadFailure::Bad if drop_block() => {
                shared.counters.bad_blocks.add(1);
                BodyErrorKind::Corrupt.into()
            }
            // It gave way while it was being read.
            ReadFailure::Bad => BodyErrorKind::Storage.into(),
            ReadFailure::Io(error) => {
                drop_block();
                shared.device_failed(&error);
                BodyError::with_source(BodyErrorKind::Storage, error)
            }
        }
    }
}

impl BodyStream for BlockStream {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        if self.left.end > u64::from(self.block.extent.length) {
            return Poll::Ready(Some(Err(BodyError::with_source(BodyErrorKind::Storage, OutOfRange))));
        }
        Poll::Ready(Some(match ready!(self.poll_read(cx)) {
            Ok(read) => {
                let frame = read.into_frame(self.left);
                self.left.start += frame.len() as u64;
                self.watch.caller.bytes_read.add(frame.len() as u64);
                Ok(Frame::Data(frame))
            }
            Err(failure) => Err(self.failed(failure)),
        }))
    }
}
