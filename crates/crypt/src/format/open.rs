use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Budget, ByteRange, Frame};

use super::SEGMENT_BYTES;
use super::cipher::TAG_BYTES;
use super::frames::Frames;
use super::layout::{self, Span};
use super::stream_key::{Message, StreamKey};

/// A range of one stream's plain bytes.
pub(crate) struct Run {
    pub(crate) key: StreamKey,
    /// The stream's plain bytes in all.
    pub(crate) plain_bytes: u64,
    /// The bytes wanted of them: not empty.
    pub(crate) range: ByteRange,
    /// Where the stream begins in the stored object.
    pub(crate) stored_at: u64,
}

impl Run {
    fn span(&self) -> Span {
        layout::span(self.range, self.plain_bytes)
    }

    /// The stored bytes that hold the range.
    pub(crate) fn stored(&self) -> ByteRange {
        let span = self.span();
        ByteRange { start: self.stored_at + span.stored.start, end: self.stored_at + span.stored.end }
    }
}

/// One run with its next segment.
struct Running {
    run: Run,
    span: Span,
    index: u64,
    /// Stored bytes before its first segment that are of no use: the end of the stream before it, its own header.
    skip_bytes: u64,
}

/// A sealed body on its way to be plain. Each segment is opened from where it lies in the incoming frame to where it stands
/// in the outgoing one; no byte is handed out before its segment has been verified.
struct Opening {
    sealed: Body,
    runs: VecDeque<Running>,
    input: Bytes,
    held: Vec<u8>,
    trimmed: Vec<u8>,
    frames: Frames,
    left_bytes: u64,
    failed: bool,
}

/// Opens the runs, in the order in which they stand, of a body that holds all stored bytes from the first one's first
/// segment to the last one's last.
pub(crate) fn open(sealed: Body, runs: Vec<Run>, budget: Budget) -> Body {
    let length: u64 = runs.iter().map(|run| run.range.len()).sum();
    let mut place = runs.first().map_or(0, |run| run.stored().start);
    let running = runs.into_iter().map(|run| {
        let (span, stored) = (run.span(), run.stored());
        let skip_bytes = stored.start - place;
        place = stored.end;
        Running { index: span.first, span, run, skip_bytes }
    });
    let opening = Opening {
        sealed,
        runs: running.collect(),
        input: Bytes::new(),
        held: Vec::new(),
        trimmed: Vec::new(),
        frames: Frames::new(budget),
        left_bytes: length,
        failed: false,
    };
    Body::new(opening, Some(length))
}

impl Running {
    /// The segment that is next: how many plain bytes it holds, and which of them are wanted.
    fn next(&self) -> (usize, std::ops::Range<usize>) {
        let start = self.index * SEGMENT_BYTES as u64;
        let plain = (self.run.plain_bytes - start).min(SEGMENT_BYTES as u64);
        let within = |place: u64| place.clamp(start, start + plain) - start;
        let wanted = within(self.run.range.start) as usize..within(self.run.range.end) as usize;
        (plain as usize, wanted)
    }

    fn message(&self) -> Message {
        if self.index + 1 == layout::segments(self.run.plain_bytes) {
            Message::Last
        } else {
            Message::Segment
        }
    }
}

impl Opening {
    /// Takes in some of the input.
    fn step(&mut self) -> Result<(), BodyErrorKind> {
        let Some(running) = self.runs.front_mut() else {
            self.input.clear();
            return Ok(());
        };
        if running.skip_bytes > 0 {
            let count = running.skip_bytes.min(self.input.len() as u64);
            let _ = self.input.split_to(count as usize);
            running.skip_bytes -= count;
            return Ok(());
        }
        let needed = running.next().0 + TAG_BYTES;
        if self.held.is_empty() && self.input.len() >= needed {
            let segment = self.input.split_to(needed);
            return self.open_segment(&segment);
        }
        let count = self.input.len().min(needed - self.held.len());
        self.held.extend_from_slice(&self.input.split_to(count));
        if self.held.len() < needed {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let opened = self.open_segment(&held);
        self.held = held;
        self.held.clear();
        opened
    }

    fn open_segment(&mut self, sealed: &[u8]) -> Result<(), BodyErrorKind> {
        let Some(running) = self.runs.front_mut() else { return Ok(()) };
        let ((plain_bytes, wanted), message) = (running.next(), running.message());
        let key = &running.run.key;
        let open = |out: &mut [u8]| key.open(message, running.index, sealed, out);
        let opened = if wanted.len() == plain_bytes {
            self.frames.write(plain_bytes, self.left_bytes, open)
        } else {
            self.trimmed.resize(plain_bytes, 0);
            let opened = open(&mut self.trimmed);
            if opened.is_ok() {
                self.frames.put(&self.trimmed[wanted.clone()], self.left_bytes);
            }
            opened
        };
        opened.map_err(|_| BodyErrorKind::Corrupt)?;
        self.left_bytes -= wanted.len() as u64;
        running.index += 1;
        if running.index == running.span.end {
            self.runs.pop_front();
        }
        Ok(())
    }
}

impl BodyStream for Opening {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            if let Some(frame) = this.frames.full() {
                return Poll::Ready(Some(Ok(Frame::Data(frame))));
            }
            if this.failed {
                return Poll::Ready(None);
            }
            if this.runs.is_empty() {
                return Poll::Ready(this.frames.flush().map(|frame| Ok(Frame::Data(frame))));
            }
            if !this.input.is_empty() {
                if let Err(kind) = this.step() {
                    this.failed = true;
                    return Poll::Ready(Some(Err(kind.into())));
                }
                continue;
            }
            match this.sealed.poll_frame(cx) {
                Poll::Ready(Some(Ok(Frame::Data(data)))) => this.input = data,
                Poll::Ready(Some(Ok(Frame::Trailer(_)))) => {}
                Poll::Ready(Some(Err(error))) => {
                    this.failed = true;
                    return Poll::Ready(Some(Err(error)));
                }
                // The stored object is shorter than it was a moment ago.
                Poll::Ready(None) => {
                    this.failed = true;
                    return Poll::Ready(Some(Err(BodyErrorKind::Corrupt.into())));
                }
                Poll::Pending => {
                    let Some(frame) = this.frames.flush() else { return Poll::Pending };
                    return Poll::Ready(Some(Ok(Frame::Data(frame))));
                }
            }
        }
    }
}
