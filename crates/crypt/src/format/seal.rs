use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hash::Receipt;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Budget, Checksum, ETag, Frame};

use super::cipher::TAG_BYTES;
use super::footer::{FOOTER_BYTES, Footer};
use super::frames::Frames;
use super::header::{HEADER_BYTES, Header};
use super::stream_key::{Message, StreamKey};
use super::{SEGMENT_BYTES, Secret, layout};

/// Where an object's identity comes from when its last byte has passed.
pub(crate) enum Identified {
    /// From the digests that were taken on the way.
    Hashed(Receipt),
    /// It was known before.
    Known(ETag, Option<Checksum>),
}

/// What stands behind the last segment.
pub(crate) enum Ending {
    /// The footer of an object in one piece.
    Footer(Identified),
    /// The manifest of an object of so many plain bytes, sealed beforehand.
    Manifest(u64, Bytes),
    /// Noise up to this many stored bytes: a part of an upload.
    Padding(u64),
}

/// Asked before the end is handed out, without which nothing can become an object; false refuses it.
pub(crate) type Admission = Pin<Box<dyn Future<Output = bool> + Send>>;

/// What a sealed body came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sealed {
    /// Plain bytes.
    pub(crate) plain_bytes: u64,
    /// Noise behind them.
    pub(crate) padding_bytes: u32,
    /// What the plain body failed with.
    pub(crate) fault: Option<BodyErrorKind>,
    /// The end was refused.
    pub(crate) refused: bool,
    /// The end was handed out.
    pub(crate) ended: bool,
}

/// Where a sealing body tells what it came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct SealedReceipt(Arc<Mutex<Sealed>>);

impl SealedReceipt {
    pub(crate) fn get(&self) -> Sealed {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: impl FnOnce(&mut Sealed)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// How a body is sealed.
pub(crate) struct SealOptions {
    pub(crate) header: Header,
    pub(crate) data_key: Secret,
    pub(crate) ending: Ending,
    pub(crate) admission: Option<Admission>,
    pub(crate) budget: Budget,
}

enum Stage {
    /// Plain bytes come in.
    Filling,
    /// All have come; the end waits to be admitted.
    Admitting,
    /// Noise is put behind the last segment, a piece at a time.
    Padding(Padding),
    /// The end stands in the frames.
    Flushing,
    Done,
}

/// Noise that is still to come: sealed nothings, which nobody opens.
struct Padding {
    left: usize,
    index: u64,
    nothing: Vec<u8>,
    noise: Vec<u8>,
}

impl Padding {
    fn new(left: usize) -> Self {
        let nothing = vec![0; left.min(SEGMENT_BYTES)];
        let noise = vec![0; nothing.len() + TAG_BYTES];
        Self { left, index: 0, nothing, noise }
    }

    /// Puts the next piece.
    fn step(&mut self, key: &StreamKey, frames: &mut Frames) {
        key.seal(Message::Padding, self.index, &self.nothing, &mut self.noise);
        let piece = self.left.min(self.noise.len());
        frames.put(&self.noise[..piece], self.left as u64);
        (self.left, self.index) = (self.left - piece, self.index + 1);
    }
}

/// A plain body on its way to be a sealed stream.
///
/// A segment is sealed from where it lies in the incoming frame to where it stands in the outgoing one; only those that
/// cross a frame's end are put together first. The last one is not known before the body has ended, so one is held back.
struct Sealing {
    plain: Body,
    input: Bytes,
    held: Vec<u8>,
    index: u64,
    plain_bytes: u64,
    /// Until the first segment stands behind it.
    header: Option<[u8; HEADER_BYTES]>,
    key: StreamKey,
    ending: Ending,
    admission: Option<Admission>,
    frames: Frames,
    stage: Stage,
    receipt: SealedReceipt,
}

/// Seals a body.
pub(crate) fn seal(plain: Body, options: SealOptions) -> (Body, SealedReceipt) {
    let receipt = SealedReceipt::default();
    let length_bytes = plain.length_bytes().and_then(|length| stored_bytes(length, &options.ending));
    let sealing = Sealing {
        plain,
        input: Bytes::new(),
        held: Vec::new(),
        index: 0,
        plain_bytes: 0,
        header: Some(options.header.encode()),
        key: options.header.key(&options.data_key),
        ending: options.ending,
        admission: options.admission,
        frames: Frames::new(options.budget),
        stage: Stage::Filling,
        receipt: receipt.clone(),
    };
    (Body::new(sealing, length_bytes), receipt)
}

fn stored_bytes(plain_bytes: u64, ending: &Ending) -> Option<u64> {
    let stream = layout::sealed_stream(plain_bytes)?;
    match ending {
        Ending::Footer(_) => stream.checked_add(FOOTER_BYTES as u64),
        Ending::Manifest(_, manifest) => stream.checked_add(manifest.len() as u64),
        Ending::Padding(least) => Some(stream.max(*least)),
    }
}

impl Sealing {
    /// Takes in some of the input; a segment is sealed once a byte behind it is there.
    fn step(&mut self) {
        if self.held.is_empty() && self.input.len() > SEGMENT_BYTES {
            let segment = self.input.split_to(SEGMENT_BYTES);
            return self.seal_segment(Message::Segment, &segment);
        }
        if self.held.len() == SEGMENT_BYTES {
            let held = std::mem::take(&mut self.held);
            self.seal_segment(Message::Segment, &held);
            self.held = held;
            self.held.clear();
            return;
        }
        let count = self.input.len().min(SEGMENT_BYTES - self.held.len());
        self.held.extend_from_slice(&self.input.split_to(count));
    }

    fn seal_segment(&mut self, message: Message, plain: &[u8]) {
        let (key, index, sealed_bytes) = (&self.key, self.index, plain.len() + TAG_BYTES);
        let rest = self.input.len() + self.input.len() / SEGMENT_BYTES * TAG_BYTES;
        let wanted = (HEADER_BYTES + sealed_bytes + rest + FOOTER_BYTES) as u64;
        if let Some(header) = self.header.take() {
            self.frames.put(&header, wanted);
        }
        let Ok(()) = self.frames.write(sealed_bytes, wanted, |room| {
            key.seal(message, index, plain, room);
            Ok::<(), std::convert::Infallible>(())
        });
        self.index += 1;
        self.plain_bytes += plain.len() as u64;
    }

    /// Writes what stands behind the last segment; how much noise is to follow it.
    fn end(&mut self) -> Result<u32, BodyErrorKind> {
        let size_bytes = self.plain_bytes;
        let mut padding_bytes = 0;
        match &self.ending {
            Ending::Footer(identified) => {
                let (etag, checksum) = match identified {
                    Identified::Known(etag, checksum) => (etag.clone(), *checksum),
                    Identified::Hashed(receipt) => {
                        let digests = receipt.digests().ok_or(BodyErrorKind::Incomplete)?;
                        (digests.etag(), Some(digests.checksum))
                    }
                };
                let footer = Footer { etag, checksum, size_bytes }.seal(&self.key);
                self.frames.put(&footer, FOOTER_BYTES as u64);
            }
            Ending::Manifest(expected, _) if *expected != size_bytes => {
                return Err(BodyErrorKind::Incomplete);
            }
            Ending::Manifest(_, manifest) => self.frames.put(manifest, manifest.len() as u64),
            Ending::Padding(least) => {
                let stored = layout::sealed_stream(size_bytes).unwrap_or(u64::MAX);
                padding_bytes = u32::try_from(least.saturating_sub(stored)).unwrap_or(u32::MAX);
            }
        }
        self.receipt.set(|sealed| (sealed.plain_bytes, sealed.padding_bytes) = (size_bytes, padding_bytes));
        Ok(padding_bytes)
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame, BodyError>>> {
        self.stage = Stage::Done;
        self.receipt.set(|sealed| sealed.fault = Some(error.kind.clone()));
        Poll::Ready(Some(Err(error)))
    }

    fn poll_filling(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            if let Some(frame) = self.frames.full() {
                return Poll::Ready(Some(Ok(Frame::Data(frame))));
            }
            if !self.input.is_empty() {
                self.step();
                continue;
            }
            match self.plain.poll_frame(cx) {
                Poll::Ready(Some(Ok(Frame::Data(data)))) => self.input = data,
                Poll::Ready(Some(Ok(Frame::Trailer(_)))) => {}
                Poll::Ready(Some(Err(error))) => return self.fail(error),
                Poll::Ready(None) => {
                    let held = std::mem::take(&mut self.held);
                    self.seal_segment(Message::Last, &held);
                    self.stage = Stage::Admitting;
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    let Some(frame) = self.frames.flush() else { return Poll::Pending };
                    return Poll::Ready(Some(Ok(Frame::Data(frame))));
                }
            }
        }
    }

    fn poll_admitting(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if let Some(admission) = &mut self.admission {
            let admitted = ready!(admission.as_mut().poll(cx));
            self.admission = None;
            if !admitted {
                self.receipt.set(|sealed| sealed.refused = true);
                return self.fail(BodyErrorKind::Incomplete.into());
            }
        }
        match self.end() {
            Ok(padding_bytes) => self.stage = Stage::Padding(Padding::new(padding_bytes as usize)),
            Err(kind) => return self.fail(kind.into()),
        }
        Poll::Ready(None)
    }

    /// A frame of the noise; `None` where what is left of it stands in the frames.
    fn pad(&mut self) -> Option<Result<Frame, BodyError>> {
        loop {
            if let Some(frame) = self.frames.full() {
                return Some(Ok(Frame::Data(frame)));
            }
            match &mut self.stage {
                Stage::Padding(padding) if padding.left > 0 => padding.step(&self.key, &mut self.frames),
                _ => break,
            }
        }
        self.stage = Stage::Flushing;
        self.receipt.set(|sealed| sealed.ended = true);
        None
    }
}

impl BodyStream for Sealing {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            let polled = match self.stage {
                Stage::Filling => ready!(self.poll_filling(cx)),
                Stage::Admitting => ready!(self.poll_admitting(cx)),
                Stage::Padding(_) => self.pad(),
                Stage::Flushing => match self.frames.flush() {
                    Some(frame) => Some(Ok(Frame::Data(frame))),
                    None => {
                        self.stage = Stage::Done;
                        None
                    }
                },
                Stage::Done => return Poll::Ready(None),
            };
            if polled.is_some() {
                return Poll::Ready(polled);
            }
        }
    }
}
