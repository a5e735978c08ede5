use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use types::{
    BodyError, BodyErrorKind, BodyStream, Budget, FRAME_MAX_BYTES, FRAME_MIN_BYTES, Frame, FrameBuffer,
};

use super::chunked::{Chunks, Piece};
use super::stall::Stall;
use super::{Connection, Framing, Pool, Target};
use crate::{RemoteError, RemoteErrorKind, Stats};

/// What the body of an answer needs of its surroundings.
pub(crate) struct Surroundings {
    pub(crate) budget: Budget,
    pub(crate) stats: Arc<Stats>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) target: Target,
    /// Whether the connection may carry another request afterwards.
    pub(crate) keeps_alive: bool,
    /// The longest between two bytes.
    pub(crate) idle: Duration,
}

/// The body of an answer: bytes are read from the socket into frames of the budget.
///
/// `G` is held until the body has ended or is dropped.
pub(crate) struct Download<G> {
    /// Taken at the end and at an error.
    connection: Option<Connection>,
    decoder: Decoder,
    surroundings: Surroundings,
    stall: Stall,
    room: Room,
    /// How large the next frame is to be: as large as the service keeps filling.
    frame_bytes: usize,
    guard: Option<G>,
}

/// What a download tells whoever holds its place.
pub(crate) trait Guard: Send + Unpin + 'static {
    /// The body broke off by the service's fault.
    fn broke(&mut self);
}

enum Decoder {
    Length(u64),
    Chunked(Chunks),
    UntilClose,
}

enum Room {
    None,
    Asked(Pin<Box<dyn Future<Output = FrameBuffer> + Send>>),
    Given { frame: FrameBuffer, filled: usize },
}

/// What a step came to.
enum Step {
    Data(bytes::Bytes),
    End,
}

impl<G: Guard> Download<G> {
    pub(crate) fn new(
        connection: Connection,
        framing: Framing,
        surroundings: Surroundings,
        guard: G,
    ) -> Self {
        let decoder = match framing {
            Framing::Length(length) => Decoder::Length(length),
            Framing::Chunked => Decoder::Chunked(Chunks::new()),
            Framing::UntilClose => Decoder::UntilClose,
        };
        let mut download = Self {
            connection: Some(connection),
            decoder,
            stall: Stall::new(surroundings.idle),
            surroundings,
            room: Room::None,
            frame_bytes: FRAME_MIN_BYTES,
            guard: Some(guard),
        };
        if matches!(download.decoder, Decoder::Length(0)) {
            download.finish();
        }
        download
    }

    /// The body has been read to its end: the connection is free.
    fn finish(&mut self) {
        self.guard = None;
        self.room = Room::None;
        let Some(connection) = self.connection.take() else { return };
        let clean = self.surroundings.keeps_alive && connection.buffer.is_empty();
        if clean && !matches!(self.decoder, Decoder::UntilClose) {
            self.surroundings.pool.put(self.surroundings.target.clone(), connection);
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, RemoteError>> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(Step::End)) };
        match &mut self.decoder {
            Decoder::Chunked(chunks) => loop {
                match chunks.next(&mut connection.buffer) {
                    Ok(Piece::Data(data)) => return Poll::Ready(Ok(Step::Data(data))),
                    Ok(Piece::End) => return Poll::Ready(Ok(Step::End)),
                    Ok(Piece::Hungry) => {}
                    Err(broken) => {
                        return Poll::Ready(Err(RemoteErrorKind::Malformed(broken.0).into()));
                    }
                }
                let Poll::Ready(filled) = connection.poll_fill(cx) else {
                    return self.stall.poll(cx).map(|()| Err(RemoteErrorKind::TimedOut.into()));
                };
                self.stall.progress();
                if filled.map_err(reset)? == 0 {
                    return Poll::Ready(Err(reset(io::ErrorKind::UnexpectedEof.into())));
                }
            },
            Decoder::Length(0) => Poll::Ready(Ok(Step::End)),
            Decoder::Length(left) if !connection.buffer.is_empty() => {
                let count = connection.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                Poll::Ready(Ok(Step::Data(connection.buffer.split_to(count).freeze())))
            }
            Decoder::UntilClose if !connection.buffer.is_empty() => {
                Poll::Ready(Ok(Step::Data(connection.buffer.split().freeze())))
            }
            Decoder::Length(_) | Decoder::UntilClose => self.poll_direct(cx),
        }
    }

    /// Reads from the socket into a frame, as much as is there.
    fn poll_direct(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, RemoteError>> {
        ready!(self.poll_room(cx));
        let (Room::Given { frame, filled }, Some(connection)) = (&mut self.room, &mut self.connection) else {
            return Poll::Ready(Ok(Step::End));
        };
        let left = match self.decoder {
            Decoder::Length(left) => usize::try_from(left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let wanted = frame.capacity().min(left);
        while *filled < wanted {
            match connection.poll_read(cx, &mut frame.as_mut_slice()[*filled..wanted]) {
                Poll::Ready(Ok(0)) if *filled > 0 => break,
                Poll::Ready(Ok(0)) if matches!(self.decoder, Decoder::UntilClose) => {
                    return Poll::Ready(Ok(Step::End));
                }
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(reset(io::ErrorKind::UnexpectedEof.into())));
                }
                Poll::Ready(Ok(count)) => {
                    *filled += count;
                    self.stall.progress();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(reset(error))),
                Poll::Pending if *filled > 0 => break,
                Poll::Pending => {
                    return self.stall.poll(cx).map(|()| Err(RemoteErrorKind::TimedOut.into()));
                }
            }
        }
        Poll::Ready(Ok(Step::Data(self.take_frame())))
    }

    fn take_frame(&mut self) -> bytes::Bytes {
        let Room::Given { frame, filled } = std::mem::replace(&mut self.room, Room::None) else {
            return bytes::Bytes::new();
        };
        self.frame_bytes = if filled == frame.capacity() {
            (self.frame_bytes * 2).min(FRAME_MAX_BYTES)
        } else {
            filled.next_power_of_two().clamp(FRAME_MIN_BYTES, FRAME_MAX_BYTES)
        };
        frame.freeze(0..filled)
    }

    /// Room in the budget for the next frame.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.room {
                Room::Given { .. } => return Poll::Ready(()),
                Room::Asked(asked) => {
                    let frame = ready!(asked.as_mut().poll(cx));
                    self.room = Room::Given { frame, filled: 0 };
                }
                Room::None => {
                    let wanted = match self.decoder {
                        Decoder::Length(left) => left.min(self.frame_bytes as u64),
                        _ => self.frame_bytes as u64,
                    };
                    let budget = self.surroundings.budget.clone();
                    self.room = match budget.try_frame(wanted) {
                        Some(frame) => Room::Given { frame, filled: 0 },
                        None => Room::Asked(Box::pin(async move { budget.frame(wanted).await })),
                    };
                }
            }
        }
    }

    /// Notes what was taken; the connection is free with the last byte.
    fn took(&mut self, count: usize) {
        self.surroundings.stats.received_bytes.add(count as u64);
        if let Decoder::Length(left) = &mut self.decoder {
            *left -= count as u64;
            if *left == 0 {
                self.finish();
            }
        }
    }
}

impl<G: Guard> BodyStream for Download<G> {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        Poll::Ready(match ready!(this.poll_step(cx)) {
            Ok(Step::Data(data)) => {
                this.took(data.len());
                Some(Ok(Frame::Data(data)))
            }
            Ok(Step::End) => {
                this.finish();
                None
            }
            Err(error) => {
                this.connection = None;
                this.room = Room::None;
                if matches!(error.kind, RemoteErrorKind::TimedOut) {
                    this.surroundings.stats.time_outs.add(1);
                }
                this.guard.take().iter_mut().for_each(Guard::broke);
                Some(Err(BodyError::with_source(BodyErrorKind::Storage, error)))
            }
        })
    }
}

impl<G> Drop for Download<G> {
    /// A body that nobody wanted to read frees its connection where all of it is here already, as with most refusals.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take().filter(|_| self.surroundings.keeps_alive) else {
            return;
        };
        let ended = match &mut self.decoder {
            Decoder::Length(left) => {
                let all_here = connection.buffer.len() as u64 == *left;
                connection.buffer.clear();
                all_here && matches!(self.room, Room::None)
            }
            Decoder::Chunked(chunks) => loop {
                match chunks.next(&mut connection.buffer) {
                    Ok(Piece::Data(_)) => {}
                    Ok(Piece::End) => break connection.buffer.is_empty(),
                    Ok(Piece::Hungry) | Err(_) => break false,
                }
            },
            Decoder::UntilClose => false,
        };
        if ended {
            self.surroundings.pool.put(self.surroundings.target.clone(), connection);
        }
    }
}

fn reset(error: io::Error) -> RemoteError {
    RemoteError::with_source(RemoteErrorKind::Reset, error)
}
