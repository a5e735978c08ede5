use std::time::Duration;

use bytes::{Bytes, BytesMut};
use types::{Body, BodyError, Budget, FRAME_MIN_BYTES, Frame, Reservation};

/// How long bytes at hand wait for more. Then they are written, small as they are, so that a slow sender does not hold
/// memory.
const FLUSH_AFTER: Duration = Duration::from_millis(20);

/// Frames smaller than this are copied together: each one kept by itself would cost more memory than its bytes, and a
/// sender may make as many as it likes.
const COPY_BELOW_BYTES: usize = 4 * 1024;
/// Small frames are copied into pieces of this size.
const COPIED_PIECE_BYTES: usize = 64 * 1024;

/// Bytes for one write.
pub(super) struct Batch {
    frames: Vec<Bytes>,
    /// Small frames behind the last of `frames`.
    copied: BytesMut,
    /// Whether the body ended behind it.
    pub(super) last: bool,
    bytes: usize,
    max_bytes: usize,
    /// The batch holds its senders' buffers: room for them is taken from the budget, where there is any. It must not be
    /// waited for: the budget may be held by frames in other batches like this one. The last quarter is left for reads,
    /// which would else wait for writes whenever the device is slow.
    _room: Option<Reservation>,
}

impl Batch {
    fn new(budget: &Budget, wanted_bytes: u64) -> Self {
        let spare = budget.total_bytes() / 4;
        let has_room = budget.used_bytes() < budget.total_bytes() - spare;
        let room = has_room.then(|| budget.try_reserve(wanted_bytes)).flatten();
        let max_bytes = room.as_ref().map_or(FRAME_MIN_BYTES, Reservation::bytes);
        Self { max_bytes, ..Self::with_room(room) }
    }

    fn end() -> Self {
        Self { last: true, ..Self::with_room(None) }
    }

    fn with_room(room: Option<Reservation>) -> Self {
        Self { frames: Vec::new(), copied: BytesMut::new(), last: false, bytes: 0, max_bytes: 0, _room: room }
    }

    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if frame.len() >= COPY_BELOW_BYTES {
            self.close_piece();
            self.frames.push(frame);
            return;
        }
        if self.copied.len() + frame.len() > COPIED_PIECE_BYTES {
            self.close_piece();
        }
        self.copied.extend_from_slice(&frame);
    }

    /// The bytes, in pieces as they came, small ones joined.
    pub(super) fn frames(&mut self) -> &[Bytes] {
        self.close_piece();
        &self.frames
    }

    fn close_piece(&mut self) {
        if !self.copied.is_empty() {
            self.frames.push(std::mem::take(&mut self.copied).freeze());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(frames: Vec<Bytes>, hint_bytes: Option<u64>) -> Intake {
        Intake::new(Body::from_frames(frames), Budget::new(1 << 30), hint_bytes)
    }

    #[tokio::test]
    async fn tiny_frames_are_joined_and_large_ones_are_not_copied() {
        let large = Bytes::from(vec![7; 100_000]);
        let mut frames = vec![Bytes::from_static(b"x"); 70_000];
        frames.push(large.clone());
        frames.push(Bytes::from_static(b"y"));
        let joined: Vec<u8> = frames.iter().flat_map(|frame| frame.iter().copied()).collect();
        let mut batch = intake(frames, None).next_batch().await.unwrap();
        let found = batch.frames();
        assert_eq!(found.len(), 4);
        assert_eq!(found.concat(), joined);
        assert_eq!(found[2].as_ptr(), large.as_ptr());
    }

    #[tokio::test]
    async fn a_batch_is_full_at_one_mebibyte_and_the_last_one_knows_it() {
        let frames = vec![Bytes::from(vec![1; 300 * 1024]); 5];
        let mut intake = intake(frames, None);
        let mut sizes = Vec::new();
        loop {
            let batch = intake.next_batch().await.unwrap();
            sizes.push(batch.bytes / 1024);
            if batch.last {
                break;
            }
        }
        assert_eq!(sizes, [1200, 300]);
    }

    #[tokio::test]
    async fn where_all_has_come_that_was_announced_the_end_is_waited_for() {
        let frames = vec![Bytes::from(vec![1; 512 * 1024]); 2];
        assert!(intake(frames.clone(), Some(1 << 20)).next_batch().await.unwrap().last);
        assert!(!intake(frames, None).next_batch().await.unwrap().last);
    }
}
