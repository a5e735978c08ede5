use std::sync::Arc;

use store::StoreErrorKind;
use types::{Body, ByteRange};

use super::plan::floor;
use super::{End, Fill};
use crate::error::Shared;

/// How often a reader asks again for bytes that did not come, before it gives up.
const ATTEMPTS: u32 = 3;

/// Somebody who reads an object while it is fetched. While it is there, what lies ahead of it is asked for.
pub(crate) struct FillReader {
    fill: Arc<Fill>,
    id: u64,
    range: ByteRange,
    /// The last failure that it knows of.
    failures_seen: u64,
    attempts: u32,
}

/// What a reader gets next.
pub(crate) enum Piece {
    /// Bytes of a block that is being filled, up to a position.
    Written(Body, u64),
    /// The block is there: it is to be read as any other.
    Cached,
    /// The cache's directory takes nothing in.
    Refused,
}

enum Look {
    There(Piece),
    Waiting,
    Failed(Shared),
}

impl FillReader {
    /// Begins to read a range, not empty.
    pub(crate) fn new(fill: Arc<Fill>, range: ByteRange) -> Self {
        let mut state = fill.state.lock();
        let (id, failures_seen) = (state.plan.add_reader(range), state.next_failure);
        drop(state);
        Self { fill, id, range, failures_seen, attempts: 0 }
    }

    /// What is read.
    pub(crate) fn fill(&self) -> &Arc<Fill> {
        &self.fill
    }

    /// Says how far the reader has come, and has more asked for where that makes room.
    pub(crate) fn advance(&mut self, position: u64) {
        self.attempts = 0;
        self.fill.state.lock().plan.move_reader(self.id, position);
        self.fill.pump();
    }

    /// How far the reader may go: who reads all of an object gets its last piece once the whole is verified.
    pub(crate) fn limit(&self) -> u64 {
        let size = self.fill.object.geometry.size_bytes;
        let waits = self.range == ByteRange::whole(size) && self.fill.state.lock().sums.is_some();
        if waits { floor(size - 1) } else { size }
    }

    /// Waits until there is something of the object at `position`, up to `until`.
    ///
    /// # Errors
    /// The store's, once the bytes have failed to come often enough, or cannot come.
    ///
    /// # Cancel safety
    /// Requests in flight go on.
    pub(crate) async fn wait(&mut self, position: u64, until: u64) -> Result<Piece, Shared> {
        let fill = self.fill.clone();
        loop {
            let progress = fill.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            match self.look(position, until) {
                Look::There(piece) => return Ok(piece),
                Look::Failed(error) => {
                    self.attempts += 1;
                    let is_over = matches!(error.kind(), StoreErrorKind::Conflict | StoreErrorKind::Corrupt);
                    if self.attempts >= ATTEMPTS || is_over {
                        return Err(error);
                    }
                }
                Look::Waiting => {}
            }
            {
                let mut state = fill.state.lock();
                state.plan.move_reader(self.id, position);
                state.plan.wait_at(position);
            }
            fill.pump();
            progress.await;
        }
    }

    fn look(&mut self, position: u64, until: u64) -> Look {
        let until = until.min(self.limit());
        let fill = &self.fill;
        let geometry = fill.object.geometry;
        let state = fill.state.lock();
        if let Some(End::Gone(error)) = &state.end {
            return Look::Failed(error.clone());
        }
        let number = geometry.block_of(position);
        let span = geometry.span(number);
        if let Some(written) = state.plan.written(position).filter(|_| position < until) {
            let end = written.min(until);
            let writing = state.blocks.get(&number).and_then(|filling| filling.writing.get()?.clone());
            if let Some(writing) = writing {
                let range = ByteRange { start: position - span.start, end: end - span.start };
                return Look::There(Piece::Written(writing.read(range, &fill.works.budget), end));
            }
        }
        if !state.blocks.contains_key(&number) && fill.is_cached(number) && position < until {
            return Look::There(Piece::Cached);
        }
        if matches!(state.end, Some(End::Refused)) {
            return Look::There(Piece::Refused);
        }
        let newest = state.next_failure;
        let seen = std::mem::replace(&mut self.failures_seen, newest);
        let of_mine =
            |range: &ByteRange| range.start <= position && position < range.end.max(range.start + 1);
        let failure = state.failures.iter().rev().find(|(number, range, _)| *number > seen && of_mine(range));
        let failure = failure.map(|(.., error)| error.clone());
        failure.map_or(Look::Waiting, Look::Failed)
    }
}

impl Drop for FillReader {
    fn drop(&mut self) {
        self.fill.state.lock().plan.remove_reader(self.id);
    }
}
