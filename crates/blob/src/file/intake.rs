use std::time::Duration;

use bytes::Bytes;
use types::{Body, BodyError, Budget, FRAME_MIN_BYTES, Frame, Reservation};

/// How long bytes at hand wait for more. Then they are written, small as they are, so that a slow sender does not hold
/// memory.
const FLUSH_AFTER: Duration = Duration::from_millis(20);

/// Bytes for one write.
pub(super) struct Batch {
    pub(super) frames: Vec<Bytes>,
    /// Whether the body ended behind it.
    pub(super) last: bool,
    bytes: usize,
    max_bytes: usize,
    /// The batch holds its senders' buffers: room for them is taken from the budget, where there is any. It must not be
    /// waited for: the budget may be held by frames in other batches like this one.
    _room: Option<Reservation>,
}

impl Batch {
    fn new(budget: &Budget, wanted_bytes: u64) -> Self {
        let room = budget.try_reserve(wanted_bytes);
        let max_bytes = room.as_ref().map_or(FRAME_MIN_BYTES, Reservation::bytes);
        Self { frames: Vec::new(), last: false, bytes: 0, max_bytes, _room: room }
    }

    fn end() -> Self {
        Self { frames: Vec::new(), last: true, bytes: 0, max_bytes: 0, _room: None }
    }

    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push(frame);
    }
}

/// Gathers a body's frames into batches of up to 1 MiB: one large write costs less than many small ones.
pub(super) struct Intake {
    body: Body,
    budget: Budget,
    hint_bytes: Option<u64>,
    received_bytes: u64,
}

impl Intake {
    pub(super) fn new(body: Body, budget: Budget, hint_bytes: Option<u64>) -> Self {
        Self { body, budget, hint_bytes, received_bytes: 0 }
    }

    /// Waits for the next batch: a full one, or what has come when the body ends or its sender is slow.
    ///
    /// Needs a runtime with timers.
    pub(super) async fn next_batch(&mut self) -> Result<Batch, BodyError> {
        let wanted_bytes = self.hint_bytes.map_or(u64::MAX, |hint| hint.saturating_sub(self.received_bytes));
        let Some(first) = self.next_data().await? else { return Ok(Batch::end()) };
        let mut batch = Batch::new(&self.budget, wanted_bytes);
        batch.push(first);
        // Where all has come that was announced, only the end can follow: waiting for it saves a write of its own.
        while batch.bytes < batch.max_bytes || self.hint_bytes == Some(self.received_bytes) {
            match tokio::time::timeout(FLUSH_AFTER, self.next_data()).await {
                Ok(data) => match data? {
                    Some(data) => batch.push(data),
                    None => {
                        batch.last = true;
                        break;
                    }
                },
                Err(_elapsed) => break,
            }
        }
        Ok(batch)
    }

    /// The next bytes; cancel safe, as [`Body::next_frame`] is.
    async fn next_data(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.body.next_frame().await {
            if let Frame::Data(data) = frame? {
                self.received_bytes += data.len() as u64;
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}
