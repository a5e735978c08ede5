use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest frame, in bytes: one large write to a socket costs a third of sixteen small ones.
pub const FRAME_MAX_BYTES: usize = 1024 * 1024;
/// The smallest frame, in bytes, used while many streams share the budget.
pub const FRAME_MIN_BYTES: usize = 64 * 1024;
/// Where a frame begins in memory, in bytes: what devices ask for that read and write it in place.
pub const FRAME_ALIGN_BYTES: usize = 4 * 1024;

const FRAME_MIN_PERMITS: usize = 1;
const FRAME_MAX_PERMITS: usize = FRAME_MAX_BYTES / FRAME_MIN_BYTES;
/// Idle buffers kept for the next frame, those used last; the allocator gives large ones back to the kernel, and faulting
/// their pages in again costs as much as copying.
const POOL_MAX_BUFFERS: usize = 16;

/// What a body that passes through here may hold at once, in largest frames: one read, one hashed, one held back until the
/// next is there, or a small body whole; and as much again that nobody holds, so that all come forward.
const PASSAGE_FRAMES: usize = 12;

/// The memory that all bodies on their way may hold together. Waiting for it is back-pressure. Cloning shares it.
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    permits: Arc<Semaphore>,
    total_permits: usize,
    passages: Arc<Semaphore>,
    pool: Mutex<Vec<Memory>>,
}

/// A frame's memory: as many bytes as were asked for, from a page's boundary on.
#[derive(Default)]
struct Memory {
    /// Longer by a page, which may lie on either side.
    bytes: Vec<u8>,
    start: usize,
}

impl Memory {
    fn new(size_bytes: usize) -> Self {
        let bytes = vec![0; size_bytes + FRAME_ALIGN_BYTES];
        let start = bytes.as_ptr().align_offset(FRAME_ALIGN_BYTES).min(FRAME_ALIGN_BYTES);
        Self { bytes, start }
    }

    fn len(&self) -> usize {
        self.bytes.len().saturating_sub(FRAME_ALIGN_BYTES)
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len()]
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        let end = self.start + self.len();
        &mut self.bytes[self.start..end]
    }
}

impl Budget {
    /// A budget of `total_bytes`, at least one largest frame.
    #[must_use]
    pub fn new(total_bytes: usize) -> Self {
        let total_permits = (total_bytes / FRAME_MIN_BYTES).clamp(FRAME_MAX_PERMITS, u32::MAX as usize);
        let passages = (total_permits / (PASSAGE_FRAMES * FRAME_MAX_PERMITS)).max(1);
        Self(Arc::new(Shared {
            permits: Arc::new(Semaphore::new(total_permits)),
            total_permits,
            passages: Arc::new(Semaphore::new(passages)),
            pool: Mutex::new(Vec::new()),
        }))
    }

    /// Takes a buffer for the next frame of a stream that has `wanted_bytes` left: as large as is useful and as the load
    /// allows, [`FRAME_MIN_BYTES`] to [`FRAME_MAX_BYTES`]. Waits while the budget is exhausted.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub async fn frame(&self, wanted_bytes: u64) -> FrameBuffer {
        let permits = self.share(wanted_bytes);
        let permit = acquire(&self.0.permits, permits).await;
        FrameBuffer {
            buffer: self.buffer(permits * FRAME_MIN_BYTES),
            shared: self.0.clone(),
            _permit: permit,
        }
    }

    /// Takes a buffer as [`Budget::frame`] does, or `None` where that would wait.
    #[must_use]
    pub fn try_frame(&self, wanted_bytes: u64) -> Option<FrameBuffer> {
        let permits = self.share(wanted_bytes);
        let permit = self.0.permits.clone().try_acquire_many_owned(permits as u32).ok()?;
        Some(FrameBuffer {
            buffer: self.buffer(permits * FRAME_MIN_BYTES),
            shared: self.0.clone(),
            _permit: permit,
        })
    }

    /// Reserves room for bytes that somebody else allocates, such as a connection's read buffer.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub async fn reserve(&self, bytes: usize) -> Reservation {
        let permits = bytes.div_ceil(FRAME_MIN_BYTES).clamp(FRAME_MIN_PERMITS, self.0.total_permits);
        Reservation { permit: acquire(&self.0.permits, permits).await }
    }

    /// Reserves room for bytes that somebody else has allocated, as much as [`Budget::try_frame`] would take, or `None`
    /// where that would wait.
    #[must_use]
    pub fn try_reserve(&self, wanted_bytes: u64) -> Option<Reservation> {
        let permits = self.share(wanted_bytes);
        let permit = self.0.permits.clone().try_acquire_many_owned(permits as u32).ok()?;
        Some(Reservation { permit })
    }

    /// Waits to be one of the bodies that pass through here, read from one place and written to another. Such a body holds
    /// frames while it waits for the next one: without a bound, many side by side would hold all frames among them and wait
    /// for ever. To be waited for before the first byte is asked for, and held until the last one is written.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub async fn passage(&self) -> Passage {
        Passage { _permit: acquire(&self.0.passages, 1).await }
    }

    /// Bytes in all.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.0.total_permits * FRAME_MIN_BYTES
    }

    /// Bytes in use now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        (self.0.total_permits - self.0.permits.available_permits()) * FRAME_MIN_BYTES
    }

    /// A sixteenth of what is free, within the frame's limits: few streams get large frames, many get small ones. A power
    /// of two, so that the pool has few sizes and mostly the one that is asked for.
    fn share(&self, wanted_bytes: u64) -> usize {
        let fair = (self.0.permits.available_permits() / 16).clamp(FRAME_MIN_PERMITS, FRAME_MAX_PERMITS);
        let wanted = wanted_bytes.clamp(1, FRAME_MAX_BYTES as u64).div_ceil(FRAME_MIN_BYTES as u64) as usize;
        wanted.next_power_of_two().min(1 << fair.ilog2())
    }

    fn buffer(&self, size_bytes: usize) -> Memory {
        let mut pool = self.0.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pool.iter().rposition(|buffer| buffer.len() == size_bytes);
        found.map(|place| pool.remove(place)).unwrap_or_else(|| Memory::new(size_bytes))
    }
}

async fn acquire(permits: &Arc<Semaphore>, count: usize) -> OwnedSemaphorePermit {
    permits.clone().acquire_many_owned(count as u32).await.expect("the semaphore is never closed")
}

/// A body's place among those that pass through here, given back on drop.
#[derive(Debug)]
#[must_use = "the place is given back on drop"]
pub struct Passage {
    _permit: OwnedSemaphorePermit,
}

/// Room in the budget, given back on drop.
#[derive(Debug)]
pub struct Reservation {
    permit: OwnedSemaphorePermit,
}

impl Reservation {
    /// How many bytes are reserved.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.permit.num_permits() * FRAME_MIN_BYTES
    }
}

/// A buffer from the budget, which begins at a multiple of [`FRAME_ALIGN_BYTES`]; freezing it gives shared bytes, and
/// dropping the last of them gives it back.
pub struct FrameBuffer {
    buffer: Memory,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl FrameBuffer {
    /// The whole buffer, for filling. Its content is unspecified, its length the frame's capacity.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self.buffer.as_mut_slice()
    }

    /// How many bytes fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The bytes of `range` as a shared frame.
    ///
    /// # Panics
    /// When the range lies outside the buffer.
    #[must_use]
    pub fn freeze(self, range: std::ops::Range<usize>) -> Bytes {
        Bytes::from_owner(self).slice(range)
    }
}

impl AsRef<[u8]> for FrameBuffer {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_slice()
    }
}

impl Drop for FrameBuffer {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut pool = self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // The oldest goes: it may be of a size that nobody asks for any more.
        let given_up = (pool.len() == POOL_MAX_BUFFERS).then(|| pool.remove(0));
        pool.push(buffer);
        drop(pool);
        drop(given_up);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn few_streams_get_large_frames_and_many_get_small_ones() {
        let budget = Budget::new(32 * FRAME_MAX_BYTES);
        let first = budget.try_frame(u64::MAX).unwrap();
        assert_eq!(first.capacity(), FRAME_MAX_BYTES);
        assert_eq!(budget.try_frame(1).unwrap().capacity(), FRAME_MIN_BYTES);
        let held: Vec<_> = std::iter::from_fn(|| budget.try_frame(u64::MAX)).collect();
        assert_eq!(held.last().unwrap().capacity(), FRAME_MIN_BYTES);
        assert_eq!(budget.used_bytes(), 32 * FRAME_MAX_BYTES);
    }

    #[test]
    fn frames_begin_at_a_page_when_new_and_when_used_again() {
        let budget = Budget::new(32 * FRAME_MAX_BYTES);
        for wanted_bytes in [1, FRAME_MAX_BYTES as u64, 1, FRAME_MAX_BYTES as u64] {
            let mut frame = budget.try_frame(wanted_bytes).unwrap();
            let (length, capacity) = (frame.as_mut_slice().len(), frame.capacity());
            assert_eq!(
                (length, frame.as_mut_slice().as_ptr().align_offset(FRAME_ALIGN_BYTES)),
                (capacity, 0)
            );
            assert_eq!(frame.freeze(0..capacity).as_ptr().align_offset(FRAME_ALIGN_BYTES), 0);
        }
    }

    #[test]
    fn sizes_are_few_and_those_used_last_are_kept() {
        let budget = Budget::new(1024 * FRAME_MAX_BYTES);
        let capacity = |wanted_bytes| budget.try_frame(wanted_bytes).map(|frame| frame.capacity()).unwrap();
        let step = FRAME_MIN_BYTES as u64;
        let sizes = [0, 1, step, step + 1, 3 * step, 5 * step, 9 * step, u64::MAX].map(capacity);
        assert_eq!(sizes.map(|size| size / FRAME_MIN_BYTES), [1, 1, 1, 2, 4, 8, 16, 16]);
        let hold = |wanted_bytes, count| {
            (0..count).map(|_| budget.try_frame(wanted_bytes).unwrap()).collect::<Vec<_>>()
        };
        drop(hold(1, POOL_MAX_BUFFERS));
        let large = budget.try_frame(u64::MAX).unwrap();
        let place = large.as_ref().as_ptr();
        drop(large);
        assert_eq!(budget.try_frame(u64::MAX).unwrap().as_ref().as_ptr(), place);
        drop(hold(u64::MAX, 2 * POOL_MAX_BUFFERS));
        assert_eq!(budget.0.pool.lock().unwrap().len(), POOL_MAX_BUFFERS);
    }

    #[test]
    fn as_many_bodies_pass_as_the_budget_has_room_for() {
        let mut cx = Context::from_waker(Waker::noop());
        for (total_bytes, count) in
            [(0, 1), (PASSAGE_FRAMES * FRAME_MAX_BYTES, 1), (100 * FRAME_MAX_BYTES, 8)]
        {
            let budget = Budget::new(total_bytes);
            let mut passing = Vec::new();
            while let Poll::Ready(passage) = pin!(budget.passage()).poll(&mut cx) {
                passing.push(passage);
            }
            assert_eq!(passing.len(), count);
            passing.pop();
            assert!(pin!(budget.passage()).poll(&mut cx).is_ready());
        }
    }

    #[test]
    fn an_exhausted_budget_waits_and_a_dropped_frame_wakes() {
        let budget = Budget::new(FRAME_MAX_BYTES);
        let held: Vec<_> = std::iter::from_fn(|| budget.try_frame(u64::MAX)).collect();
        let mut waiting = pin!(budget.frame(1));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let bytes = held.into_iter().map(|frame| frame.freeze(3..5)).next_back().unwrap();
        assert_eq!(bytes.len(), 2);
        assert!(matches!(waiting.poll(&mut cx), Poll::Ready(_)));
    }
}
