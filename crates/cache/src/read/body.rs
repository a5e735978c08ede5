use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use store::{StoreError, StoreErrorKind};
use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Frame};

use super::Opening;
use crate::error::Shared;
use crate::fill::{FillReader, Piece};
use crate::stats::Stats;

/// How often bytes of one read may turn out bad, or another's that has gone, before the rest is read past the cache.
const BAD_MAX: u32 = 8;

/// The bytes of a range on their way out.
pub(super) struct Reading {
    opening: Arc<Opening>,
    range: ByteRange,
    /// What has not been handed out.
    left: ByteRange,
    state: State,
    /// Our place among those who wait for what is fetched, once we have waited.
    reader: Option<FillReader>,
    bad: u32,
}

type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum State {
    /// Between two pieces.
    Between,
    /// A piece up to a position.
    Piece(Body, u64),
    /// The next piece is on its way.
    Waiting(Soon<(FillReader, Result<Piece, Shared>)>),
    /// The rest is about to come past the cache.
    Passing(Soon<Result<Body, StoreError>>),
    /// The rest comes past the cache.
    Passed(Body),
}

impl Reading {
    /// Begins to read a range that is not empty. What is not cached is waited for, so that a failure to get any of it is told
    /// before the first byte.
    pub(super) async fn begin(opening: Arc<Opening>, range: ByteRange) -> Result<Self, StoreError> {
        let fill = opening.fill.lock().clone();
        let reader = fill.map(|fill| FillReader::new(fill, range));
        let mut reading = Self { opening, range, left: range, state: State::Between, reader, bad: 0 };
        // Once; again where what was waited for was another's.
        while matches!(reading.state, State::Between) {
            if let Some((body, until)) = reading.block() {
                reading.state = State::Piece(body, until);
                break;
            }
            let mut reader = reading.take_reader();
            let piece = reader.wait(range.start, range.end).await;
            reading.waited(reader, piece).map_err(|error| error.store_error())?;
            if reading.reader.is_some() {
                break;
            }
        }
        if let State::Passing(passing) = &mut reading.state {
            let body = passing.await?;
            reading.state = State::Passed(body);
        }
        Ok(reading)
    }

    /// What the cache has of the block at the position reached.
    fn block(&self) -> Option<(Body, u64)> {
        let Opening { object, disk, works, .. } = &*self.opening;
        let position = self.left.start;
        let limit = self.reader.as_ref().map_or(u64::MAX, FillReader::limit);
        if position >= limit {
            return None;
        }
        let number = object.geometry.block_of(position);
        let span = object.geometry.span(number);
        let until = self.left.end.min(span.end).min(limit);
        let block = disk.get(&object.block(number))?;
        let within = ByteRange { start: position - span.start, end: until - span.start };
        Some((block.read(within, &works.budget), until))
    }

    fn take_reader(&mut self) -> FillReader {
        match self.reader.take() {
            Some(reader) => reader,
            None => FillReader::new(self.opening.fill(), self.range),
        }
    }

    /// Takes what was waited for. Where it was to come for another object of the same content, which has gone, it is looked for
    /// anew.
    fn waited(&mut self, reader: FillReader, piece: Result<Piece, Shared>) -> Result<(), Shared> {
        self.state = match piece {
            Ok(Piece::Written(body, until)) => State::Piece(body, until),
            Ok(Piece::Cached) => State::Between,
            Ok(Piece::Refused) => self.passing(),
            Err(error) if is_gone(&error) && self.opening.leave(reader.fill()) => {
                self.state = self.again();
                return Ok(());
            }
            Err(error) => {
                self.reader = Some(reader);
                return Err(error);
            }
        };
        self.reader = Some(reader);
        Ok(())
    }

    fn passing(&self) -> State {
        let (opening, left) = (self.opening.clone(), self.left);
        State::Passing(Box::pin(async move { opening.pass(left).await }))
    }

    /// Looks for the next piece.
    fn next(&mut self) -> State {
        if let Some((body, until)) = self.block() {
            return State::Piece(body, until);
        }
        let (mut reader, left) = (self.take_reader(), self.left);
        State::Waiting(Box::pin(async move {
            let piece = reader.wait(left.start, left.end).await;
            (reader, piece)
        }))
    }

    /// Keeps a small object in memory that is read from disk, and so for the second time at least.
    fn keep_small(&self, data: &[u8]) {
        if self.left.start == 0 && self.reader.is_none() {
            self.opening.small.put(&self.opening.object, data);
        }
    }

    /// Bytes are handed out.
    fn hand_out(&mut self, count: u64) {
        let crossed = (self.left.start ^ (self.left.start + count)) >= crate::fill::PIECE_BYTES;
        self.left.start += count;
        self.opening.works.stats.bytes_served.add(count);
        if let Some(reader) = self.reader.as_mut().filter(|_| crossed) {
            reader.advance(self.left.start);
        }
    }

    /// Cached bytes cannot be read: they are fetched again, from the byte reached on.
    fn bad(&mut self) -> State {
        let object = &self.opening.object;
        self.opening.works.stats.refetches.add(1);
        self.opening.disk.remove(&object.block(object.geometry.block_of(self.left.start)));
        self.again()
    }

    /// Goes on after bytes that were not to be had.
    fn again(&mut self) -> State {
        self.bad += 1;
        if self.bad > BAD_MAX { self.passing() } else { State::Between }
    }
}

impl BodyStream for Reading {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                _ if this.left.is_empty() => {
                    this.reader = None;
                    return Poll::Ready(None);
                }
                State::Between => this.state = this.next(),
                State::Waiting(waiting) => {
                    let (reader, piece) = ready!(waiting.as_mut().poll(cx));
                    if let Err(error) = this.waited(reader, piece) {
                        return Poll::Ready(Some(Err(error.body_error())));
                    }
                }
                State::Piece(_, until) if *until == this.left.start => this.state = State::Between,
                State::Piece(body, until) => {
                    let fitting = *until - this.left.start;
                    match ready!(body.poll_frame(cx)) {
                        Some(Ok(Frame::Data(data))) if data.len() as u64 <= fitting => {
                            this.keep_small(&data);
                            this.hand_out(data.len() as u64);
                            return Poll::Ready(Some(Ok(Frame::Data(data))));
                        }
                        Some(Ok(Frame::Trailer(_))) => {}
                        Some(_) | None => this.state = this.bad(),
                    }
                }
                State::Passing(passing) => match ready!(passing.as_mut().poll(cx)) {
                    Ok(body) => this.state = State::Passed(body),
                    Err(error) => {
                        return Poll::Ready(Some(Err(BodyError::with_source(BodyErrorKind::Storage, error))));
                    }
                },
                State::Passed(body) => return Poll::Ready(ready!(body.poll_frame(cx))),
            }
        }
    }
}

/// Whether what was to be read is not there any more. What was wrong is another matter: some of it may have been handed out.
fn is_gone(error: &Shared) -> bool {
    matches!(error.kind(), StoreErrorKind::Conflict)
}

/// A body that comes past the cache, counted.
pub(super) struct Counted {
    pub(super) inner: Body,
    pub(super) stats: Arc<Stats>,
}

impl BodyStream for Counted {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = ready!(self.inner.poll_frame(cx));
        if let Some(Ok(Frame::Data(data))) = &frame {
            self.stats.bytes_passed.add(data.len() as u64);
        }
        Poll::Ready(frame)
    }
}
