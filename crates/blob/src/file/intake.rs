use std::time::Duration;

use bytes::{Bytes, BytesMut};
use types::{
    Body, BodyError, Budget, FRAME_ALIGN_BYTES, FRAME_MAX_BYTES, FRAME_MIN_BYTES, Frame, FrameBuffer,
    Reservation,
};

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
    held: Held,
    /// Whether the body ended behind it.
    pub(super) last: bool,
    bytes: usize,
    max_bytes: usize,
}

/// How a batch holds its bytes.
enum Held {
    /// One behind the other in a frame of the budget, so that the device can take them from there.
    Together(FrameBuffer),
    /// As they came.
    Apart(Pieces),
    /// As the writer takes them.
    Closed(Vec<Bytes>),
}

/// Frames as they came, small ones joined.
struct Pieces {
    frames: Vec<Bytes>,
    /// Small frames behind the last of `frames`.
    copied: BytesMut,
    /// They hold their senders' buffers: room for these is taken from the budget, where there is any.
    _room: Option<Reservation>,
}

impl Batch {
    /// A batch of a body that lies `offset` bytes into its blob and has `wanted_bytes` left.
    ///
    /// Room in the budget must not be waited for: it may be held by other batches like this one. The last quarter is left for
    /// reads, which would else wait for writes whenever the device is slow.
    fn new(budget: &Budget, offset: u64, wanted_bytes: u64) -> Self {
        let spare = budget.total_bytes() / 4;
        let has_room = budget.used_bytes() < budget.total_bytes() - spare;
        if has_room
            && wanted_bytes >= FRAME_MAX_BYTES as u64
            && let Some(frame) =
                budget.try_frame(wanted_bytes).filter(|frame| frame.capacity() >= FRAME_MAX_BYTES)
        {
            // After a batch that was cut short, this one ends where the next is aligned again.
            let max_bytes = frame.capacity() - offset as usize % FRAME_ALIGN_BYTES;
            return Self { held: Held::Together(frame), last: false, bytes: 0, max_bytes };
        }
        let room = has_room.then(|| budget.try_reserve(wanted_bytes)).flatten();
        let max_bytes = room.as_ref().map_or(FRAME_MIN_BYTES, Reservation::bytes);
        let pieces = Pieces { frames: Vec::new(), copied: BytesMut::new(), _room: room };
        Self { held: Held::Apart(pieces), last: false, bytes: 0, max_bytes }
    }

    fn end() -> Self {
        Self { held: Held::Closed(Vec::new()), last: true, bytes: 0, max_bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.max_bytes
    }

    /// Takes in what there is room for, and leaves the rest.
    fn take(&mut self, frame: &mut Bytes) {
        let taken = match &mut self.held {
            Held::Together(buffer) => {
                let taken = frame.split_to(frame.len().min(self.max_bytes - self.bytes));
                buffer.as_mut_slice()[self.bytes..self.bytes + taken.len()].copy_from_slice(&taken);
                taken.len()
            }
            Held::Apart(pieces) => pieces.push(std::mem::take(frame)),
            Held::Closed(_) => 0,
        };
        self.bytes += taken;
    }

    /// The bytes, in few pieces; the first begins at a multiple of [`FRAME_ALIGN_BYTES`] where they lie together.
    pub(super) fn frames(&mut self) -> &[Bytes] {
        self.held = match std::mem::replace(&mut self.held, Held::Closed(Vec::new())) {
            Held::Together(buffer) => Held::Closed(vec![buffer.freeze(0..self.bytes)]),
            Held::Apart(mut pieces) => {
                pieces.close();
                Held::Apart(pieces)
            }
            closed @ Held::Closed(_) => closed,
        };
        match &self.held {
            Held::Apart(pieces) => &pieces.frames,
            Held::Closed(frames) => frames,
            Held::Together(_) => &[],
        }
    }
}

impl Pieces {
    fn push(&mut self, frame: Bytes) -> usize {
        let bytes = frame.len();
        if bytes >= COPY_BELOW_BYTES {
            self.close();
            self.frames.push(frame);
            return bytes;
        }
        if self.copied.len() + bytes > COPIED_PIECE_BYTES {
            self.close();
        }
        self.copied.extend_from_slice(&frame);
        bytes
    }

    fn close(&mut self) {
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
    /// The end of a frame whose beginning filled a batch.
    rest: Bytes,
}

impl Intake {
    pub(super) fn new(body: Body, budget: Budget, hint_bytes: Option<u64>) -> Self {
        Self { body, budget, hint_bytes, received_bytes: 0, rest: Bytes::new() }
    }

    /// Waits for the next batch: a full one, or what has come when the body ends or its sender is slow.
    ///
    /// Needs a runtime with timers.
    pub(super) async fn next_batch(&mut self) -> Result<Batch, BodyError> {
        let offset = self.received_bytes - self.rest.len() as u64;
        let wanted_bytes = self.hint_bytes.map_or(u64::MAX, |hint| hint.saturating_sub(offset));
        if self.rest.is_empty() {
            let Some(first) = self.next_data().await? else { return Ok(Batch::end()) };
            self.rest = first;
        }
        let mut batch = Batch::new(&self.budget, offset, wanted_bytes);
        batch.take(&mut self.rest);
        // Where all has come that was announced, only the end can follow: waiting for it saves a write of its own.
        while self.rest.is_empty() && (!batch.is_full() || self.hint_bytes == Some(self.received_bytes)) {
            match tokio::time::timeout(FLUSH_AFTER, self.next_data()).await {
                Ok(data) => match data? {
                    Some(data) => {
                        self.rest = data;
                        batch.take(&mut self.rest);
                    }
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
        let mut batch = intake(frames, Some(joined.len() as u64)).next_batch().await.unwrap();
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
        assert_eq!(sizes, [1024, 476]);
    }

    #[tokio::test]
    async fn a_large_batch_lies_together_where_a_device_can_take_it() {
        let frames: Vec<_> = (0..7).map(|seed| Bytes::from(vec![seed; 300_001])).collect();
        let joined = frames.concat();
        let (mut intake, mut found) = (intake(frames, Some(joined.len() as u64)), Vec::new());
        while found.len() < joined.len() {
            let mut batch = intake.next_batch().await.unwrap();
            for frame in batch.frames() {
                let is_aligned = frame.as_ptr().align_offset(FRAME_ALIGN_BYTES) == 0;
                assert_eq!(is_aligned, frame.len() == FRAME_MAX_BYTES);
                found.extend_from_slice(frame);
            }
            assert_eq!(batch.frames().concat().len(), batch.bytes, "the same once more");
        }
        assert!(found == joined);
    }

    #[test]
    fn after_a_batch_that_was_cut_short_the_next_but_one_is_aligned() {
        let budget = Budget::new(1 << 30);
        assert_eq!(Batch::new(&budget, 0, u64::MAX).max_bytes, FRAME_MAX_BYTES);
        let batch = Batch::new(&budget, 3 * FRAME_ALIGN_BYTES as u64 + 5, u64::MAX);
        assert_eq!(batch.max_bytes, FRAME_MAX_BYTES - 5);
    }

    #[tokio::test]
    async fn where_all_has_come_that_was_announced_the_end_is_waited_for() {
        let frames = vec![Bytes::from(vec![1; 512 * 1024]); 2];
        assert!(intake(frames.clone(), Some(1 << 20)).next_batch().await.unwrap().last);
        assert!(!intake(frames, None).next_batch().await.unwrap().last);
    }
}
