use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use types::{Body, BodyError, BodyErrorKind, BodyStream, Budget, ByteRange, Frame, FrameBuffer};

use super::failure::{ReadFailure, joined};
use super::footer::{FOOTER_BYTES, Footer};
use super::frame::{Access, FrameRead, Progress};
use super::layout::{BLOCK_BYTES, Layout, PAGE_MAX_BYTES};
use super::table::{TablePage, last_page};
use crate::fs::File;
use crate::{BlobId, BlobReader, BlobStats};

/// The end of the file that holds the footer and the last page of the table whatever the size.
const TAIL_BYTES: usize = PAGE_MAX_BYTES as usize + FOOTER_BYTES;

/// A blob's open file, its footer and last page verified.
pub(super) struct OpenBlob {
    pub(super) file: Arc<dyn File>,
    pub(super) id: BlobId,
    pub(super) layout: Layout,
    last_page: Option<Arc<TablePage>>,
}

impl OpenBlob {
    /// Reads the end of the file; `None` where that would block and must not.
    pub(super) fn load(file: Arc<dyn File>, id: BlobId, access: Access) -> Result<Option<Self>, ReadFailure> {
        let file_bytes = file.size_bytes()?;
        let mut tail = [0; TAIL_BYTES];
        let tail = &mut tail[..usize::try_from(file_bytes).unwrap_or(usize::MAX).min(TAIL_BYTES)];
        let tail_start = file_bytes - tail.len() as u64;
        if access.read(&*file, tail_start, tail)? == Progress::WouldBlock {
            return Ok(None);
        }
        let footer = tail.last_chunk().ok_or(ReadFailure::Damaged("the file is too short"))?;
        let Footer { id: found, layout } = Footer::decode(footer)?;
        if found != id || layout.file_bytes() != file_bytes {
            return Err(ReadFailure::Damaged("the footer is another file's"));
        }
        let page = last_page(layout).map(|index| {
            let span = layout.page_span(index);
            let bytes = &tail[(span.start - tail_start) as usize..(span.end - tail_start) as usize];
            TablePage::decode(bytes, id, index).map(Arc::new)
        });
        Ok(Some(Self { file, id, layout, last_page: page.transpose()? }))
    }
}

/// Reads an open blob.
pub(super) struct FileReader {
    pub(super) blob: Arc<OpenBlob>,
    pub(super) budget: Budget,
    pub(super) stats: Arc<BlobStats>,
}

impl BlobReader for FileReader {
    fn size_bytes(&self) -> u64 {
        self.blob.layout.size_bytes
    }

    fn read(&self, range: ByteRange) -> Body {
        let stream = BlockStream {
            blob: self.blob.clone(),
            budget: self.budget.clone(),
            stats: self.stats.clone(),
            page: self.blob.last_page.clone(),
            left: range,
            state: State::Idle,
        };
        Body::new(stream, Some(range.len()))
    }
}

/// The bytes of a range, frame by frame. A frame holds whole blocks of one page of the table.
struct BlockStream {
    blob: Arc<OpenBlob>,
    budget: Budget,
    stats: Arc<BlobStats>,
    /// The page used last.
    page: Option<Arc<TablePage>>,
    /// What has not been handed out.
    left: ByteRange,
    state: State,
}

enum State {
    Idle,
    Buffer(Pin<Box<dyn Future<Output = FrameBuffer> + Send>>),
    Reading(tokio::task::JoinHandle<Result<FrameRead, ReadFailure>>),
}

impl BodyStream for BlockStream {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        if self.left.end > self.blob.layout.size_bytes {
            return Poll::Ready(Some(Err(BodyErrorKind::Storage.into())));
        }
        let read = loop {
            match &mut self.state {
                State::Idle => {
                    let wanted = self.left.end - self.left.start / BLOCK_BYTES * BLOCK_BYTES;
                    match self.budget.try_frame(wanted) {
                        Some(buffer) => match self.begin(buffer) {
                            Ok(Some(read)) => break Ok(read),
                            Ok(None) => {}
                            Err(failure) => break Err(failure),
                        },
                        None => {
                            let budget = self.budget.clone();
                            self.state = State::Buffer(Box::pin(async move { budget.frame(wanted).await }));
                        }
                    }
                }
                State::Buffer(waiting) => {
                    let buffer = ready!(waiting.as_mut().poll(cx));
                    self.state = State::Idle;
                    match self.begin(buffer) {
                        Ok(Some(read)) => break Ok(read),
                        Ok(None) => {}
                        Err(failure) => break Err(failure),
                    }
                }
                State::Reading(task) => {
                    let outcome = ready!(Pin::new(task).poll(cx));
                    self.state = State::Idle;
                    break joined(outcome).map_err(ReadFailure::Io).flatten();
                }
            }
        };
        Poll::Ready(Some(self.hand_out(read)))
    }
}

impl BlockStream {
    /// Reads into the buffer: at once where the bytes are in memory, else on a blocking thread.
    fn begin(&mut self, buffer: FrameBuffer) -> Result<Option<FrameRead>, ReadFailure> {
        let mut read = FrameRead::new(self.blob.clone(), self.page.clone(), self.left, buffer);
        if read.fill(Access::Cached)? == Progress::Done {
            self.stats.reads_inline.add(1);
            return Ok(Some(read));
        }
        self.stats.reads_blocking.add(1);
        self.state = State::Reading(tokio::task::spawn_blocking(move || {
            read.fill(Access::Blocking)?;
            read.read_ahead();
            Ok(read)
        }));
        Ok(None)
    }

    fn hand_out(&mut self, read: Result<FrameRead, ReadFailure>) -> Result<Frame, BodyError> {
        match read {
            Ok(read) => {
                self.stats.bytes_read.add(read.verified_bytes());
                self.page = read.page.clone();
                let frame = read.into_frame(self.left);
                self.left.start += frame.len() as u64;
                Ok(Frame::Data(frame))
            }
            Err(failure) => {
                if failure.is_damage() {
                    self.stats.checksum_failures.add(1);
                }
                Err(failure.into_body_error(self.blob.id))
            }
        }
    }
}
